"""A tile of examples on its way into a thread's buffers: X, Y and the examples' weights.

X comes from any memory order and dtype, features or examples side by side, in the order of the epoch; what is to be
subtracted from each feature is. The buffers are padded with zeros to whole register tiles.
"""

from __future__ import annotations

from .arithmetic import Entries
from .copying import AHEAD, fill, make_copying
from .marks import helper
from .simd.reading import read
from .simd.vectors import element, is_given, load, load_first, prefetch, put, shifted, splat, store, store_first
from .sizes import LINE, round_up


def make_loading(L: int, kind: int) -> Entries:
    """The entries `load_x`, of X whose numbers are of a `kind`, and `load_y`."""
    x_copying, y_copying = make_copying(L, kind), make_copying(L)
    bring_x, expect_x, gather_x = x_copying.bring, x_copying.expect, x_copying.gather
    bring_y, kind_y = y_copying.bring, 0

    @helper
    def subtract(run, place, n, k, features):
        # from n examples of features k, ...
        if run.x_next == 1:
            for f in range(features):
                shift, row = splat(run.shift, k + f, L), f * run.x_step
                for t in range(row, row + n // L * L, L):
                    store(place.X, t, load(place.X, t, L) - shift)
                t = n // L * L
                store_first(place.X, row + t, load_first(place.X, row + t, n - t, L) - shift, n - t)
        else:
            for t in range(n):
                for f in range(0, features, L):  # rows are padded to whole vectors
                    i = t * run.x_next + f
                    store(place.X, i, load(place.X, i, L) - load_first(run.shift, k + f, features - f, L))

    def load_x(run, place, begin, n, k, stop):
        # features k, ..., stop - 1 of examples begin, ..., begin + n - 1
        X, features = shifted(run.X, k * run.x_row), stop - k
        row, column, line = run.x_row, run.x_column, LINE // run.x_itemsize
        padded, wide = round_up(n, run.pad_examples), round_up(features, run.pad_features)
        if run.x_next == 1:
            if run.shuffled:
                if row == 1 and n >= L and features >= L:
                    gather_x(X, column, place.order, begin, n, features, place.X, run.x_step, line)
                else:
                    for t in range(n):
                        source = element(place.order, begin + t) * column
                        for f in range(features):
                            put(place.X, f * run.x_step + t, read(X, source + f * row, place.X, kind))
                for f in range(features):
                    fill(shifted(place.X, f * run.x_step + n), padded - n, 0)
            else:
                bring_x(shifted(X, begin * column), row, column, features, n, place.X, run.x_step, padded)
            for f in range(features, wide):
                fill(shifted(place.X, f * run.x_step), padded, 0)
        else:
            if run.shuffled:
                for t in range(n):
                    if row == 1:
                        expect_x(X, column, place.order, begin + min(t + AHEAD, n - 1), features, line)
                    x = shifted(X, element(place.order, begin + t) * column)
                    bring_x(x, 0, row, 1, features, shifted(place.X, t * run.x_next), 0, wide)
            else:
                bring_x(shifted(X, begin * column), column, row, n, features, place.X, run.x_next, wide)
            fill(shifted(place.X, n * run.x_next), (padded - n) * run.x_next, 0)
        if is_given(run.shift):
            subtract(run, place, n, k, features)
        return 0.0

    def load_y(run, place, begin, n, padded, _):
        # Y of n examples, and their weights
        row, column, ld = run.y_row, run.y_column, run.ld_t
        if run.shuffled:
            for t in range(n):
                prefetch(run.Y, element(place.order, begin + min(t + AHEAD, n - 1)) * column)
                source = element(place.order, begin + t) * column
                for y in range(run.n_y):
                    put(place.Y, y * ld + t, read(run.Y, source + y * row, place.Y, kind_y))
            for y in range(run.n_y):
                fill(shifted(place.Y, y * ld + n), padded - n, 0)
        else:
            bring_y(shifted(run.Y, begin * column), row, column, run.n_y, n, place.Y, ld, padded)
        if is_given(run.weights):
            for t in range(n):
                example = element(place.order, begin + t) if run.shuffled else begin + t
                put(place.weights, t, element(run.weights, example))
        return 0.0

    return {"load_x": load_x, "load_y": load_y}
