"""The hidden layer's activation on a tile, after the product: Z1 without its bias in A -> A1, and D1 = g'(Z1) in D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import Entries
from .marks import inline
from .simd.columns import column_formula
from .simd.tiles import tile_load, tile_store
from .simd.vectors import keep_first, load, splat

TINY = 1e-20  # a slope that is learned is divided by: nearer to 0 it counts as this, which no sum can tell


def make_slope(L: int) -> Any:
    @inline
    def slope_at(run):
        # the slope of a leaky rectifier in each lane
        slope = splat(run.slope, 0, L)
        return np.where(np.abs(slope) < TINY, TINY, slope) if run.learned else slope

    return slope_at


def make_activation(L: int, value: Any, derivative: Any, examples: bool) -> Entries:
    """The entry `activate`, with units or examples side by side.

    The value is one of z and the slope of a leaky rectifier, the derivative of z, a and the slope.
    """
    value, derivative, slope_at = column_formula(value), column_formula(derivative), make_slope(L)
    add, keep = column_formula(lambda z, bias: z + bias), column_formula(keep_first)

    @inline
    def activate_rows(A, D, i, ld, rows, bias, slope, n):
        # vectors that are `ld` apart, side by side, so that independent chains hide each other's latency; A1 = 0 beyond
        # the first n lanes
        z = add(tile_load(A, i, ld, rows, 1, L), bias)
        a = value(z, slope)
        tile_store(A, i, ld, keep(a, n))
        tile_store(D, i, ld, derivative(z, a, slope))

    # What the records hold is read before the loops: LLVM can't know that a store leaves it as it is.

    def activate_units(run, place, t0, t1, j0, j1):
        # units j0, ..., j1 - 1 of examples t0, ..., t1 - 1; A1 = 0 for units beyond n_h
        A, D, ld, n_h, slope = place.A, place.D, run.ld_h, run.n_h, slope_at(run)
        even, whole = t0 + (t1 - t0) // 2 * 2, max(j0, min(j1, n_h // L * L))
        for j in range(j0, whole, L):
            bias = load(run.b1, j, L)
            for t in range(t0, even, 2):
                activate_rows(A, D, t * ld + j, ld, 2, bias, slope, L)
        for t in range(t0, t1):
            for j in range(j0 if t >= even else whole, j1, L):
                activate_rows(A, D, t * ld + j, ld, 1, load(run.b1, j, L), slope, n_h - j)
        return 0.0

    def activate_examples(run, place, columns, _, __, ___):
        # all units of `columns` examples, which are whole pairs of vectors
        A, D, ld, slope = place.A, place.D, run.ld_t, slope_at(run)
        for j in range(run.n_h):
            bias = splat(run.b1, j, L)
            for t in range(j * ld, j * ld + columns, 2 * L):
                activate_rows(A, D, t, L, 2, bias, slope, L)
        return 0.0

    return {"activate": activate_examples if examples else activate_units}
