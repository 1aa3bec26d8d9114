"""Wider networks: each lane of a vector is one hidden unit.

A tile of T examples goes through forward, loss and backward while it is in cache. A1 and D1 = g'(Z1), which dZ1
replaces, are (T, n_h), units side by side; the output layer has examples side by side. Examples, features and units are
padded with zeros to whole register tiles in these buffers, so no product has an edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .arithmetic import Entries
from .copying import fill, make_copying
from .first_layer import PANELS, make_panel_products, make_row_products
from .marks import helper, inline
from .simd.tiles import inner_add, tile_hsum, tile_zeros
from .simd.vectors import bytes_further, call, element, hsum, load, prefetch, put, shifted, splat, store, zeros
from .sizes import LINE, cut, panel_count, panel_start, round_up
from .sparse_products import make_sparse_products


def make_units_in_lanes(L: int, R: int, rows: bool, sparse: bool) -> Entries:
    """The entries of a network on vectors of L units, register tiles of R rows x 2 or 3 vectors, W1 in `rows` or not.

    Where W1 stays in rows, threads may share the units: a tile then goes through the stages of `stage`.
    """
    copy_row = make_copying(L).copy_row
    row_products = make_row_products(L, 3)
    forward_rows, backward_rows = row_products.forward, row_products.backward
    dense_panels = not rows and not sparse

    @helper
    def expect(run, t, t_end, k, k_end):
        # asks for features k, ..., k_end - 1 of examples t, ..., t_end - 1 while there is other work
        row, column = run.x_row * run.x_itemsize, run.x_column * run.x_itemsize
        line = LINE // run.x_itemsize
        if abs(column) <= abs(row):
            for f in range(k, k_end):
                for e in range(t, t_end, line):
                    prefetch(bytes_further(run.X, e * column + f * row), 0)
        else:
            for e in range(t, t_end):
                for f in range(k, k_end, line):
                    prefetch(bytes_further(run.X, e * column + f * row), 0)

    def make_panel(v: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """The passes over one panel of v vectors of units."""
        products = make_panel_products(L, R, v)
        first_forward, first_backward, panel_errors = products.forward, products.backward, products.errors

        @helper
        def forward(run, place, p, panels, j, n, k, stop, then, k0, add):
            # Z1 over features k, ..., stop - 1, and after the last ones A1 and D1
            count, ahead = min(run.block, run.n_x - k0), run.block < run.n_x and not run.shuffled
            ka, kb = k0 + cut(count, p, panels), k0 + cut(count, p + 1, panels)
            for t in range(0, n, R):
                first_forward(run, place, t, j, k, stop)
                if ahead:
                    expect(run, then + t, then + t + R, ka, kb)
            if stop == run.n_x:
                call(run.activate, run, place, 0, round_up(n, R), j, j + v * L)

        @helper
        def backward(run, place, p, panels, j, n, k, stop, then, k0, add):
            # dW1 of features k, ..., stop - 1; before the last ones dW2, dZ1 and db1
            if stop == run.n_x:
                panel_errors(run, place, j, n)
            if dense_panels:
                ahead = run.block < run.n_x and not run.shuffled
                ta, tb = then + cut(n, p, panels), then + cut(n, p + 1, panels)
                for f in range(k, stop, R):
                    first_backward(run, place, j, n, k, f, add)
                    if ahead:
                        expect(run, ta, tb, k0 + f - k, min(k0 + f - k + R, run.n_x))

        return forward, backward

    def make_over_panels(pass2: Callable[..., Any], pass3: Callable[..., Any]) -> Callable[..., Any]:
        """A pass over units first, ..., last - 1 in panels of 2 or 3 vectors, for one block of features."""

        @helper
        def over_panels(run, place, n, k, stop, then, k0, add, first, last):
            vectors = (last - first) // L
            panels = panel_count(vectors)
            for p in range(panels):
                j = first + panel_start(p, vectors) * L
                if first + panel_start(p + 1, vectors) * L - j == 3 * L:
                    pass3(run, place, p, panels, j, n, k, stop, then, k0, add)
                else:
                    pass2(run, place, p, panels, j, n, k, stop, then, k0, add)

        return over_panels

    forward_panels, backward_panels = map(make_over_panels, *map(make_panel, PANELS))
    sparse_products = make_sparse_products(L)
    sparse_forward, sparse_backward = sparse_products.forward, sparse_products.backward

    @inline
    def clear_rest(run, place, n, first, last):
        # Z1 of the examples beyond n up to a whole register tile
        for t in range(n, round_up(n, R)):
            fill(shifted(place.A, t * run.ld_h + first), last - first, 0)

    @helper
    def hidden_layer(run, place, start, n, whole):
        # n examples -> A1 and D1, one block of features after the other; of `whole` register tiles, if gradients follow
        if sparse:
            sparse_forward(run, place, start, n)
        for k in range(0, 0 if sparse else run.n_x, run.block):
            stop = min(k + run.block, run.n_x)
            call(run.load_x, run, place, start, n, k, stop)
            if not rows:
                k0 = stop if stop < run.n_x else max(k - run.block, 0)
                forward_panels(run, place, n, k, stop, start, k0, False, 0, run.width)
        if rows:
            forward_rows(run, place, n, 0, run.n_h)
        if rows or sparse:
            clear_rest(run, place, n, 0, run.width)
            call(run.activate, run, place, 0, round_up(n, R) if whole else n, 0, run.width)

    @helper
    def hidden_gradients(run, place, start, n, add):
        # dW1, dW2 and db1 of n examples: back from the last block of features, which `hidden_layer` has left behind
        if sparse:
            backward_panels(run, place, n, 0, run.n_x, 0, 0, add, 0, run.width)
            sparse_backward(run, place, start, n)
            return
        final = (run.n_x - 1) // run.block * run.block
        for k in range(final, -1, -run.block):
            stop = min(k + run.block, run.n_x)
            if k < final:
                call(run.load_x, run, place, start, n, k, stop)
            k0 = k - run.block if k > 0 else 0
            backward_panels(run, place, n, k, stop, start if k > 0 else start + n, k0, add, 0, run.width)
        if rows:
            backward_rows(run, place, n, 0, run.n_h, add)

    @helper
    def scores(run, place, n):
        # A1 -> Z2 = W2 A1 + b2, examples side by side, up to a whole register tile
        for t in range(0, round_up(n, R), L):
            for y in range(run.n_y):
                acc = tile_zeros(place.A, L, 1, L)
                for j in range(0, run.width, L):
                    acc = inner_add(acc, place.A, t * run.ld_h + j, run.ld_h, run.W2, y * run.width + j, 0, L)
                store(place.Z, y * run.ld_t + t, tile_hsum(acc) + splat(run.b2, y, L))

    def predict(run, place, start, n, _, __):
        # A2 of n examples; gives back how many are NaN
        hidden_layer(run, place, start, n, False)
        scores(run, place, n)
        odd = call(run.outputs, run, place, n, 0, 0, 0)
        for y in range(run.n_y):
            copy_row(shifted(place.Z, y * run.ld_t), n, shifted(run.A2, y * run.m + start), n)
        return odd

    @helper
    def errors(run, place, start, n) -> float:
        # A1 -> dZ2, and its sums to db2; gives back the cost of n examples
        scores(run, place, n)
        call(run.load_y, run, place, start, n, n, 0)
        cost = call(run.output, run, place, n, 0, 0, 0)
        for y in range(run.n_y):
            error = zeros(place.Z, L)
            for t in range(0, n, L):
                error = error + load(place.Z, y * run.ld_t + t, L)
            put(place.db2, y, element(place.db2, y) + hsum(error))
        if run.learned:
            call(run.learn, run, place, n, 0, 0, 0)
        return cost

    def accumulate(run, place, begin, end, _, __):
        # adds the gradients of examples begin, ..., end - 1 to the sums, dW1 only if there is `more`; gives back their
        # cost
        total, add = 0.0, place.more != 0
        for start in range(begin, end, run.tile):
            n = min(run.tile, end - start)
            hidden_layer(run, place, start, n, True)
            if run.dropped:
                call(run.drop, run, place, start, n, 0, run.width)
            total += errors(run, place, start, n)
            hidden_gradients(run, place, start, n, add)
            add = True
        return total

    @inline
    def share_start(run, share):
        # of the units, up to a multiple of L; a share has two vectors or more
        return cut(run.width // (2 * L), share, run.shares) * 2 * L if share < run.shares else run.width

    def stage(run, place, number, start, n, share):
        # a tile of n examples: its features, a share of its units, its errors, the gradients of a share of the units
        if number == 0:
            call(run.load_x, run, place, start, n, 0, run.n_x)
            return 0.0
        if number == 2:
            return errors(run, place, start, n)
        j0, j1 = share_start(run, share), share_start(run, share + 1)
        if number == 1:
            clear_rest(run, place, n, j0, j1)
            forward_rows(run, place, n, j0, min(j1, run.n_h))
            call(run.activate, run, place, 0, round_up(n, R), j0, j1)
            if run.dropped:
                call(run.drop, run, place, start, n, j0, j1)
        else:
            backward_panels(run, place, n, 0, run.n_x, 0, 0, False, j0, j1)
            backward_rows(run, place, n, j0, min(j1, run.n_h), place.more != 0)
        return 0.0

    entries = {"accumulate": accumulate, "predict": predict}
    return {**entries, "stage": stage} if rows else entries
