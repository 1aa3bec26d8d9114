"""The output layer on a tile of scores, examples in lanes: A2, or the error dZ2 with the cost.

Z holds a row for each output; lane t of each row belongs to example t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import Entries
from .marks import inline
from .simd.vectors import formula, hsum, is_given, keep_first, load, store, zeros


def make_output(output: Any, L: int) -> Entries:
    """The entries `outputs` and `output`, in vectors of L examples."""
    normalized = output.normalized
    value, loss = formula(output.value), formula(output.loss)
    exp = formula(np.exp)

    @inline
    def normalizers(run, place, t):
        # the largest score of each example, and the sum of exp(score - largest)
        shift, total = load(place.Z, t, L), zeros(place.Z, L)
        if normalized:
            for y in range(1, run.n_y):
                shift = np.maximum(shift, load(place.Z, y * run.ld_t + t, L))
            for y in range(run.n_y):
                total = total + exp(load(place.Z, y * run.ld_t + t, L) - shift)
        return shift, total

    def outputs(run, place, n, _, __, ___):
        # Z2 -> A2, in place; gives back how many of the first n examples' are NaN
        odd = zeros(place.Z, L)
        for t in range(0, n, L):
            shift, total = normalizers(run, place, t)
            for y in range(run.n_y):
                i = y * run.ld_t + t
                a = value(load(place.Z, i, L), shift, total)
                store(place.Z, i, a)
                odd = odd + keep_first(np.where(a == a, 0.0, 1.0), n - t)
        return hsum(odd)

    def errors(run, place, n, _, __, ___):
        # Z2 -> dZ2 / m of the batch, in place, zero beyond the first n examples; gives back their cost
        weighted, with_cost = is_given(run.weights), place.with_cost
        costs = zeros(place.Z, L)
        for t in range(0, n, L):
            shift, total = normalizers(run, place, t)
            cost, factor = zeros(place.Z, L), zeros(place.Z, L) + 1.0
            if weighted:
                factor = load(place.weights, t, L)
            scale = factor * (1.0 / place.total)
            for y in range(run.n_y):
                i = y * run.ld_t + t
                score, label = load(place.Z, i, L), load(place.Y, i, L)
                store(place.Z, i, keep_first((value(score, shift, total) - label) * scale, n - t))
                if with_cost:
                    cost = cost + loss(score, label, shift, total)
            costs = costs + keep_first(cost * factor, n - t)
        return hsum(costs)

    return {"outputs": outputs, "output": errors}
