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
    def normalizers(run, place, t, L):
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
            shift, total = normalizers(run, place, t, L)
            for y in range(run.n_y):
                i = y * run.ld_t + t
                a = value(load(place.Z, i, L), shift, total)
                store(place.Z, i, a)
                odd = odd + keep_first(np.where(a == a, 0.0, 1.0), n - t)
        return hsum(odd)

    @inline
    def errors_of(run, place, t, L, count, n_y, ld, with_cost, scale):
        # those of a vector of examples from t on, of which `count` are counted; gives back their costs
        shift, total = normalizers(run, place, t, L)
        cost, factor = zeros(place.Z, L), zeros(place.Z, L) + 1.0
        if is_given(run.weights):
            factor = load(place.weights, t, L)
        for y in range(n_y):
            i = y * ld + t
            score, label = load(place.Z, i, L), load(place.Y, i, L)
            store(place.Z, i, keep_first((value(score, shift, total) - label) * (factor * scale), count))
            if with_cost:
                cost = cost + loss(score, label, shift, total)
        return keep_first(cost * factor, count)

    def errors(run, place, n, _, __, ___):
        # Z2 -> dZ2 / m of the batch, in place, zero beyond the first n examples; gives back their cost
        n_y, ld, with_cost, scale = run.n_y, run.ld_t, place.with_cost, 1.0 / place.total
        wide = n // (2 * L) * (2 * L)
        costs = zeros(place.Z, 2 * L)
        for t in range(0, wide, 2 * L):
            costs = costs + errors_of(run, place, t, 2 * L, 2 * L, n_y, ld, with_cost, scale)
        rest = zeros(place.Z, L)
        for t in range(wide, n, L):
            rest = rest + errors_of(run, place, t, L, n - t, n_y, ld, with_cost, scale)
        return hsum(costs) + hsum(rest)

    return {"outputs": outputs, "output": errors}
