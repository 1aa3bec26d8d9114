"""The output layer on a buffer of scores, examples in lanes: A2, and the error dZ2 with the cost.

A buffer holds a row for each output; lane t of each row belongs to example t.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from .compiling import helper, inline
from .runs import WEIGHTS
from .simd import element, keep_first, load, put, store, zeros


def make_weights(shuffled: bool) -> Callable[..., None]:
    """`weights`, which brings those of n examples into a buffer."""

    @helper
    def weights(control, i, begin, n, S, j):
        # of examples begin, ..., or of those that stand there in the order that begins at control[i]
        first = int(control[WEIGHTS])
        for t in range(n):
            example = int(element(control, i + begin + t)) if shuffled else begin + t
            put(S, j + t, element(control, first + example))

    return weights


def make_output_layer(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """`values` and `errors` for a block of L examples."""
    value, loss, normalized = formulas.output_value, formulas.output_loss, formulas.normalized
    weighted = formulas.weighted

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
        # Z2 -> scale * dZ2 = scale * (A2 - Y), in place, and the cost of each of the first n examples; zero in the
        # rest. After the rows of Y comes one of weights, if the examples have any.
        shift, total = normalizers(S, z, ld, n_y)
        cost = zeros(S, L)
        factor = zeros(S, L) + scale
        if weighted:
            factor = factor * load(S, y_ + n_y * ld_y, L)
        for y in range(n_y):
            score, label = load(S, z + y * ld, L), load(S, y_ + y * ld_y, L)
            store(S, z + y * ld, keep_first((value(score, shift, total) - label) * factor, n))
            if with_cost:
                cost = cost + loss(score, label, shift, total)
        if weighted:
            cost = cost * load(S, y_ + n_y * ld_y, L)
        return keep_first(cost, n)

    return SimpleNamespace(values=values, errors=errors)
