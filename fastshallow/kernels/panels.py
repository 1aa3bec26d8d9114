"""The parameters where hidden units are side by side: on their way into panels of units, and back.

Where W1 stays in rows, only the rest is copied, with the units padded to whole vectors.
"""

from __future__ import annotations

from .arithmetic import Entries
from .copying import fill, make_copying
from .marks import inline
from .simd.vectors import shifted
from .sizes import panel_count, panel_start


def make_parameters_in_panels(L: int, rows: bool) -> Entries:
    """The entries `begin` and `give`, with W1 in `rows` or in panels of vectors of L units."""
    copying = make_copying(L)
    transpose, copy_row = copying.transpose, copying.copy_row

    @inline
    def copy_matrix(a, lda, rows, columns, b, ldb, padded):
        for r in range(rows):
            copy_row(shifted(a, r * lda), columns, shifted(b, r * ldb), padded)

    def begin(run, place, share, _, __, ___):
        # a share of the parameters, each shares-th panel, to where the kernels take them
        n_x, n_h, depth, vectors = run.n_x, run.n_h, run.depth, run.width // L
        if not rows:
            for p in range(share, panel_count(vectors), run.shares):
                j, end = panel_start(p, vectors) * L, panel_start(p + 1, vectors) * L
                panel = shifted(run.W1, j * depth)
                if end > n_h or depth != n_x:
                    fill(panel, (end - j) * depth, 0)
                transpose(shifted(run.given_W1, j * n_x), n_x, min(end, n_h) - j, n_x, panel, end - j)
        if share == 0:
            copy_row(run.given_b1, n_h, run.b1, run.width)
            copy_matrix(run.given_W2, n_h, run.n_y, n_h, run.W2, run.width, run.width)
            copy_row(run.given_b2, run.n_y, run.b2, run.n_y)
        return 0.0

    @inline
    def give_all(run, share, W1, b1, W2, b2, to_W1, to_b1, to_W2, to_b2):
        n_x, n_h, vectors = run.n_x, run.n_h, run.width // L
        if not rows:
            for p in range(share, panel_count(vectors), run.shares):
                j, end = panel_start(p, vectors) * L, panel_start(p + 1, vectors) * L
                panel = shifted(W1, j * run.depth)
                transpose(panel, end - j, n_x, min(end, n_h) - j, shifted(to_W1, j * n_x), n_x)
        if share == 0:
            copy_row(b1, n_h, to_b1, n_h)
            copy_matrix(W2, run.width, run.n_y, n_h, to_W2, n_h, n_h)
            copy_row(b2, run.n_y, to_b2, run.n_y)

    def give(run, place, share, gradients, _, __):
        # a share of the gradients, or of the parameters, to their arrays
        if gradients:
            asked = run.asked_dW1, run.asked_db1, run.asked_dW2, run.asked_db2
            give_all(run, share, run.dW1, run.db1, run.dW2, run.db2, *asked)
        else:
            given = run.given_W1, run.given_b1, run.given_W2, run.given_b2
            give_all(run, share, run.W1, run.b1, run.W2, run.b2, *given)
        return 0.0

    return {"begin": begin, "give": give}


def make_parameters_in_place(L: int) -> Entries:
    """The entry `give` where the parameters are used in their own arrays: only gradients are given."""
    copy_row = make_copying(L).copy_row

    def give(run, place, share, gradients, _, __):
        if gradients and share == 0:
            n_x, n_h, n_y = run.n_x, run.n_h, run.n_y
            copy_row(run.dW1, n_h * n_x, run.asked_dW1, n_h * n_x)
            copy_row(run.db1, n_h, run.asked_db1, n_h)
            copy_row(run.dW2, n_y * n_h, run.asked_dW2, n_y * n_h)
            copy_row(run.db2, n_y, run.asked_db2, n_y)
        return 0.0

    return {"give": give}
