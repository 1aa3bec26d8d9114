"""What is done to the parameters and their gradients whatever they mean: sums over groups, decay, norms, updates.

They lie in segments, runs of numbers with their gradients and the optimizer's states. A share is a part of each
segment, in whole vectors but at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .marks import helper, inline
from .simd.vectors import element, hsum, load, load_first, nth, put, store, store_first, zeros
from .sizes import cut
from .values import Value, as_kind

Entries = dict[str, Callable[..., Any]]


def make_shares(L: int) -> Callable[..., Any]:
    @inline
    def share_of(size, part, shares):
        # the first of a share of so many numbers, and that after its last
        vectors = (size + L - 1) // L
        return cut(vectors, part, shares) * L, min(cut(vectors, part + 1, shares) * L, size)

    return share_of


def make_arithmetic(L: int) -> Entries:
    """The entries that serve every optimizer, in vectors of L lanes."""
    share_of = make_shares(L)

    def add_slabs(run, place, part, used, _, __):
        # the gradients of all `used` groups, added up in those of the first in their order
        further = run.slab // run.itemsize
        for k in range(run.segment_count):
            segment = nth(run.segments, k)
            lower, upper = share_of(segment.size, part, run.shares)
            for e in range(lower, upper, L):  # in slabs, whole vectors are padding at worst
                total = load(segment.G, e, L)
                for g in range(1, used):
                    total = total + load(segment.G, e + g * further, L)
                store(segment.G, e, total)
        return 0.0

    def decay(run, place, part, _, __, ___):
        # the weights' gradients += l2 / m * the weights; gives back the sum of the weights' squares
        total, rate = 0.0, run.l2 / place.total
        for k in range(run.segment_count):
            segment = nth(run.segments, k)
            if segment.decays:
                lower, upper = share_of(segment.size, part, run.shares)
                for e in range(lower, upper, L):
                    w = load_first(segment.P, e, upper - e, L)
                    store_first(segment.G, e, load_first(segment.G, e, upper - e, L) + rate * w, upper - e)
                    total += hsum(w * w)
        return total

    def square(run, place, part, _, __, ___):
        # the sum of the squares of the gradients
        total = 0.0
        for k in range(run.segment_count):
            segment = nth(run.segments, k)
            lower, upper = share_of(segment.size, part, run.shares)
            for e in range(lower, upper, L):
                dw = load_first(segment.G, e, upper - e, L)
                total += hsum(dw * dw)
        return total

    def probe(run, place, _, __, ___, ____):
        # a number that is NaN or infinite if an output's bias is
        total = 0.0
        for y in range(run.n_y):
            total += element(run.b2, y)
        return total

    return {"add_slabs": add_slabs, "decay": decay, "square": square, "probe": probe}


def make_update(optimizer: Any, L: int) -> Entries:
    """The entry `update`: one step of an optimizer."""
    states, count = optimizer.states, len(optimizer.hyperparameters)
    share_of, rule, coefficients = make_shares(L), make_rule(optimizer.rule), make_coefficients(optimizer, count)

    @inline
    def one(segment, numbers, clip, e, n):
        # n <= L parameters, gradients and states
        dw = load_first(segment.G, e, n, L) * clip
        first = load_first(segment.first, e, n, L) if states > 0 else zeros(segment.P, L)
        second = load_first(segment.second, e, n, L) if states > 1 else zeros(segment.P, L)
        w, first, second = rule(load_first(segment.P, e, n, L), dw, first, second, numbers)
        store_first(segment.P, e, w, n)
        if states > 0:
            store_first(segment.first, e, first, n)
        if states > 1:
            store_first(segment.second, e, second, n)

    @helper
    def segment_step(segment, numbers, clip, lower, upper):
        whole = lower + (upper - lower) // L * L
        for e in range(lower, whole, L):
            one(segment, numbers, clip, e, L)
        if whole < upper:
            one(segment, numbers, clip, whole, upper - whole)

    def update(run, place, part, step, _, __):
        coefficients(place.numbers, step, run.rate, run.hyperparameters)
        for k in range(run.segment_count):
            segment = nth(run.segments, k)
            lower, upper = share_of(segment.size, part, run.shares)
            segment_step(segment, place.numbers, place.clip, lower, upper)
        return 0.0

    return {"update": update}


def make_coefficients(optimizer: Any, count: int) -> Callable[..., None]:
    """What writes the coefficients of a step into memory: `optimizer.coefficients`, as compiled code."""

    def coefficients(numbers: Value, step: Value, rate: Value, hyperparameters: Value) -> None:
        given = (element(hyperparameters, k) for k in range(count))
        for k, value in enumerate(optimizer.coefficients(step * 1.0, rate, *given)):
            put(numbers, k, value)

    return coefficients


def make_rule(rule: Callable[..., Any]) -> Callable[..., Any]:
    """An optimizer's rule on vectors, with its coefficients in memory."""
    count = rule.__code__.co_argcount - 4

    def apply(w: Value, dw: Value, first: Value, second: Value, numbers: Value) -> tuple[Value, ...]:
        results = rule(w, dw, first, second, *(element(numbers, k) for k in range(count)))
        return tuple(w.new(as_kind(x, w.kind, w.builder)) for x in results)

    return apply
