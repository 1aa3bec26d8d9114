"""The gradient of a learned slope of the leaky rectifier: the sum of dA1 * min(Z1, 0) over units and examples.

The kernels keep A1 and D1 = g'(Z1) instead of Z1: where Z1 < 0, A1 = slope * Z1. So dA1 * A1 is summed there, and
divided by the slope. dA1 = W2' dZ2 is computed once more: it takes the place of A1, or several threads share it.
"""

from __future__ import annotations

import numpy as np

from .arithmetic import Entries
from .hidden_layer import make_slope
from .marks import inline
from .simd.vectors import element, hsum, load, put, splat, zeros


@inline
def below(a, d):
    # A1 where Z1 < 0, else 0: there A1 < 0 if the slope is positive, and D1 < 0 if it is negative
    return np.where((a < 0.0) | (d < 0.0), a, 0.0)


def make_learning(L: int, examples: bool) -> Entries:
    """The entry `learn`, with units or examples side by side, for n examples."""
    slope_at = make_slope(L)

    def learn_from_units(run, place, n, _, __, ___):
        total = zeros(place.A, L)
        for t in range(n):
            for j in range(0, run.width, L):
                dA, i = zeros(place.A, L), t * run.ld_h + j
                for y in range(run.n_y):
                    dA = dA + splat(place.Z, y * run.ld_t + t, L) * load(run.W2, y * run.width + j, L)
                total = total + dA * below(load(place.A, i, L), load(place.D, i, L))
        put(place.dslope, 0, element(place.dslope, 0) + hsum(total / slope_at(run)))
        return 0.0

    def learn_from_examples(run, place, n, _, __, ___):
        total, ld = zeros(place.A, L), run.ld_t
        for j in range(run.n_h):
            for t in range(0, n, L):
                dA, i = zeros(place.A, L), j * ld + t
                for y in range(run.n_y):
                    dA = dA + splat(run.W2, y * run.n_h + j, L) * load(place.Z, y * ld + t, L)
                total = total + dA * below(load(place.A, i, L), load(place.D, i, L))
        put(place.dslope, 0, element(place.dslope, 0) + hsum(total / slope_at(run)))
        return 0.0

    return {"learn": learn_from_examples if examples else learn_from_units}
