"""The slope of the leaky rectifier as one more parameter, which lies in the scratch memory at `at.slope`.

Its gradient, the sum of dA1 * min(Z1, 0) over units and examples, follows that of b2. The kernels keep A1 and
D1 = g'(Z1) instead of Z1: where Z1 < 0, A1 = slope * Z1. So they sum dA1 * A1 there, and divide by the slope.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .compiling import inline
from .simd import element, hsum, load, put, splat, zeros

TINY = 1e-20  # the slope is divided by: nearer to 0 it counts as this, which no sum of weights times units can tell


def make_learned_slope(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """The slope and its gradient in vectors of L lanes."""
    learned = formulas.learned

    @inline
    def slope_at(S, i):
        # the slope in each lane; zeros if nothing is to be learned
        if not learned:
            return zeros(S, L)
        slope = splat(S, i, L)
        return np.where(np.abs(slope) < TINY, TINY, slope)

    @inline
    def below(a, d, slope):
        # A1 where Z1 < 0, else 0: there A1 < 0 if the slope is positive, and D1 < 0 if it is negative
        return np.where((a < 0.0) | (d < 0.0), a, 0.0)

    @inline
    def add_slope(S, i, total, slope):
        # adds to the slope's gradient, from sums of dA1 * A1
        put(S, i, element(S, i) + hsum(total / slope))

    # Both compute dA1 = W2' dZ2 once more: it takes the place of A1, or several threads share it.

    @inline
    def add_from_units(S, at, n):
        # the gradient of n examples; units are side by side in A1, D1 and W2
        total, slope = zeros(S, L), slope_at(S, at.slope)
        for t in range(n):
            for j in range(0, at.width, L):
                dA, i = zeros(S, L), t * at.ld_h + j
                for y in range(at.n_y):
                    dA = dA + splat(S, at.Z + y * at.ld_t + t, L) * load(S, at.W2 + y * at.width + j, L)
                total = total + dA * below(load(S, at.A + i, L), load(S, at.D + i, L), slope)
        add_slope(S, at.gradient + at.slope, total, slope)

    @inline
    def add_from_examples(W2, S, at, a, d, z, n_h, n_y, ld, n):
        # the gradient of n examples, side by side in A1, D1 and dZ2, whose rows begin at a, d and z
        total, slope = zeros(S, L), slope_at(S, at.slope)
        for j in range(n_h):
            for t in range(0, n, L):
                dA, i = zeros(S, L), j * ld + t
                for y in range(n_y):
                    dA = dA + splat(W2, y * n_h + j, L) * load(S, z + y * ld + t, L)
                total = total + dA * below(load(S, a + i, L), load(S, d + i, L), slope)
        add_slope(S, at.gradient + at.b2 + n_y, total, slope)

    return SimpleNamespace(
        slope_at=slope_at,
        below=below,
        add_slope=add_slope,
        add_from_units=add_from_units,
        add_from_examples=add_from_examples,
    )
