"""The output layer on a buffer of scores, examples in lanes: A2, and the error dZ2 with the cost.

A buffer holds a row for each output; lane t of each row belongs to example t.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .compiling import inline
from .simd import keep_first, load, store, zeros


def make_output_layer(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """`values` and `errors` for a block of L examples."""
    value, loss, normalized = formulas.output_value, formulas.output_loss, formulas.normalized

    @inline
    def normalizers(S, z, ld, n_y):
        # the largest score of each example, and the sum of exp(score - largest)
        shift, total = load(S, z, L), zeros(S, L)
        if normalized:
            for y in range(1, n_y):
                shift = np.maximum(shift, load(S, z + y * ld, L))
            for y in range(n_y):
                total = total + np.exp(load(S, z + y * ld, L) - shift)
        return shift, total

    @inline
    def values(S, z, ld, n_y):
        # Z2 -> A2, in place
        shift, total = normalizers(S, z, ld, n_y)
        for y in range(n_y):
            store(S, z + y * ld, value(load(S, z + y * ld, L), shift, total))

    @inline
    def errors(S, z, ld, y_, ld_y, n_y, n, scale, with_cost):
        # Z2 -> scale * dZ2 = scale * (A2 - Y), in place, and the cost of each of the first n examples; zero in the rest
        shift, total = normalizers(S, z, ld, n_y)
        cost = zeros(S, L)
        for y in range(n_y):
            score, label = load(S, z + y * ld, L), load(S, y_ + y * ld_y, L)
            store(S, z + y * ld, keep_first((value(score, shift, total) - label) * scale, n))
            if with_cost:
                cost = cost + loss(score, label, shift, total)
        return keep_first(cost, n)

    return SimpleNamespace(values=values, errors=errors)
