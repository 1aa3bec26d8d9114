"""The hidden layer's activation on a tile, after the product: Z1 without its bias in A -> A1, and D1 = g'(Z1) in D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import Entries
from .marks import inline
from .simd.vectors import formula, keep_first, load, splat, store

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
    value, derivative, slope_at = formula(value), formula(derivative), make_slope(L)

    def activate_units(run, place, t0, t1, j0, j1):
        # units j0, ..., j1 - 1 of examples t0, ..., t1 - 1; A1 = 0 for units beyond n_h
        slope = slope_at(run)
        for t in range(t0, t1):
            for j in range(j0, j1, L):
                i = t * run.ld_h + j
                z = load(place.A, i, L) + load(run.b1, j, L)
                a = value(z, slope)
                store(place.A, i, keep_first(a, run.n_h - j))
                store(place.D, i, derivative(z, a, slope))
        return 0.0

    def activate_examples(run, place, columns, _, __, ___):
        # all units of `columns` examples
        slope, ld = slope_at(run), run.ld_t
        for j in range(run.n_h):
            bias = splat(run.b1, j, L)
            for t in range(j * ld, j * ld + columns, L):
                z = load(place.A, t, L) + bias
                a = value(z, slope)
                store(place.A, t, a)
                store(place.D, t, derivative(z, a, slope))
        return 0.0

    return {"activate": activate_examples if examples else activate_units}
