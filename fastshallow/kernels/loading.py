"""A tile of X on its way into the scratch memory, where hidden units are side by side in the lanes."""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import inline
from .copying import make_copying
from .layout import LINE, round_up
from .simd import element, prefetch


def make_loading(formulas: SimpleNamespace, L: int, R: int, rows: bool) -> SimpleNamespace:
    """`steps`, `load_x` and `expect` for vectors of L lanes and register tiles of R rows; W1 in `rows` or panels."""
    shuffled, itemsize, copying = formulas.shuffled, formulas.x_itemsize, make_copying(L, kind=formulas.x_kind)
    fill, copy, transpose = copying.fill, copying.copy, copying.transpose

    @inline
    def steps(X, at):
        # of X in the scratch memory: from example to example, from feature to feature
        if not rows and not shuffled and abs(X.strides[1]) <= abs(X.strides[0]):
            return 1, at.ld_t
        return at.ld_x, 1

    @inline
    def load_x(X, order, i, start, n, k, stop, S, at):
        # features k, ..., stop - 1 of n examples of X -> the scratch memory, with zeros up to whole register tiles
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        source, features, padded = start * column + k * row, stop - k, round_up(n, R)
        x_row, x_step = steps(X, at)
        if x_row == 1:
            copy(X, source, row, column, features, n, S, at.X, x_step, round_up(padded, L))
            for f in range(features, round_up(features, R)):
                fill(S, at.X + f * x_step, padded, 0)
            return
        if shuffled:
            for t in range(n):
                source = int(element(order, i + start + t)) * column + k * row
                copy(X, source, 0, row, 1, features, S, at.X + t * x_row, x_row, x_row)
        elif rows and column == 1:
            transpose(X, source, row, features, n, S, at.X, x_row)
            for t in range(n):
                fill(S, at.X + t * x_row + features, x_row - features, 0)
        else:
            copy(X, source, column, row, n, features, S, at.X, x_row, x_row)
        fill(S, at.X + n * x_row, (padded - n) * x_row, 0)

    @inline
    def expect(X, t, t_end, k, k_end):
        # asks for features k, ..., k_end - 1 of examples t, ..., t_end - 1 while there is other work
        row, column = X.strides[0] // itemsize, X.strides[1] // itemsize
        if abs(column) <= abs(row):
            for f in range(k, k_end):
                for e in range(t, t_end, LINE // itemsize):
                    prefetch(X, e * column + f * row)
        else:
            for e in range(t, t_end):
                for f in range(k, k_end, LINE // itemsize):
                    prefetch(X, e * column + f * row)

    return SimpleNamespace(steps=steps, load_x=load_x, expect=expect)
