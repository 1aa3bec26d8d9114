"""Gradient descent inside one compiled call, which several threads may make together."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ..optimizers import gradient_descent
from .compiling import helper, inline
from .copying import make_copying
from .simd import element, load, load_first, put, store, store_first
from .threads import barrier

# A run's settings and what it keeps between calls, to go on exactly where it stopped: one array of float64, because
# each argument of a call costs time. ARRIVALS and GIVEN_UP are 64-bit integers for `barrier`. From PARTS on, the cost of
# each group of examples; from COSTS on, the costs that are recorded.
TILE, CHUNK, GROUP, GROUPS, THREADS, PIECES, EPOCHS, COST_EVERY, LEARNING_RATE = range(9)
EPOCH, START, FAILED, BASE, ARRIVALS, GIVEN_UP, PARTS = range(9, 16)
MOST_GROUPS = 16
COSTS = PARTS + MOST_GROUPS

_gradient_descent = inline(gradient_descent)


def make_descend(L: int) -> Callable[..., Any]:
    """The update of n parameters, in vectors of L lanes."""

    @helper
    def descend(P, p, G, g, n, learning_rate):
        whole = n // L * L
        for e in range(0, whole, L):
            store(P, p + e, _gradient_descent(load(P, p + e, L), load(G, g + e, L), learning_rate))
        if whole < n:
            old, slope = load_first(P, p + whole, n - whole, L), load_first(G, g + whole, n - whole, L)
            store_first(P, p + whole, _gradient_descent(old, slope, learning_rate), n - whole)

    return descend


def make_parameters_in_place(L: int) -> SimpleNamespace:
    """What a run does with parameters that stay in their own arrays; their gradients lie in the scratch memory."""
    descend, copying = make_descend(L), make_copying(L)
    copy, fill = copying.copy, copying.fill

    @inline
    def begin(W1, b1, W2, b2, S, at, rank, threads):
        pass  # the parameters are used where they are

    @inline
    def clear(S, at):
        fill(S, at.gradient, at.slab, 0)

    @inline
    def update(W1, b1, W2, b2, dW1, S, at, learning_rate):
        # one step of gradient descent; gives back a number that is NaN or infinite if an output's bias is
        descend(W1, 0, S, at.gradient, W1.size, learning_rate)
        descend(b1, 0, S, at.gradient + at.b1, b1.size, learning_rate)
        descend(W2, 0, S, at.gradient + at.W2, W2.size, learning_rate)
        descend(b2, 0, S, at.gradient + at.b2, b2.size, learning_rate)
        probe = 0.0
        for y in range(b2.size):
            probe += element(b2, y)
        return probe

    @inline
    def give(gradients, W1, b1, W2, b2, S, at, rank, threads):
        # the gradients, from the scratch memory to their arrays
        if gradients and rank == 0:
            copy(S, at.gradient, W1.size, 1, 1, W1.size, W1, 0, W1.size, W1.size)
            copy(S, at.gradient + at.b1, b1.size, 1, 1, b1.size, b1, 0, b1.size, b1.size)
            copy(S, at.gradient + at.W2, W2.size, 1, 1, W2.size, W2, 0, W2.size, W2.size)
            copy(S, at.gradient + at.b2, b2.size, 1, 1, b2.size, b2, 0, b2.size, b2.size)

    return SimpleNamespace(begin=begin, clear=clear, update=update, give=give)


def make_run(step: SimpleNamespace, L: int) -> Callable[..., Any]:
    """The function that runs `step` over the data, epoch after epoch."""
    locate, begin, clear, accumulate = step.locate, step.begin, step.clear, step.accumulate
    update, give = step.update, step.give

    @helper
    def add_slabs(S, at, groups, rank, threads):
        # the gradients of all groups, added up in the first one's slab in the order of the groups; each thread adds a part
        vectors = at.slab // L
        for v in range(vectors * rank // threads, vectors * (rank + 1) // threads):
            total = load(S, at.gradient + v * L, L)
            for g in range(1, groups):
                total = total + load(S, at.gradient + g * at.slab + v * L, L)
            store(S, at.gradient + v * L, total)

    def run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, S, control, rank):
        # X (n_x, m), Y (n_y, m), parameters and gradients in their shapes, S: scratch memory. Goes through `pieces`
        # chunks of each group of examples at most, up to `epochs`. With cost_every = 0 it goes through all examples
        # once, leaves the parameters as they are, and gives back the cost. Thread `rank` takes each threads-th group.
        n_x, m = X.shape
        n_y, n_h = W2.shape
        itemsize = X.itemsize
        if (
            Y.shape != (n_y, m)
            or W1.shape != (n_h, n_x)
            or b1.shape != (n_h, 1)
            or b2.shape != (n_y, 1)
            or (X.strides[0] | X.strides[1] | Y.strides[0] | Y.strides[1]) % itemsize
        ):
            raise ValueError("shapes do not fit")
        T, chunk, group, groups = int(control[TILE]), int(control[CHUNK]), int(control[GROUP]), int(control[GROUPS])
        threads, pieces, target = int(control[THREADS]), int(control[PIECES]), int(control[BASE])
        epochs, cost_every, learning_rate = int(control[EPOCHS]), int(control[COST_EVERY]), control[LEARNING_RATE]
        epoch, start, cost = int(control[EPOCH]), int(control[START]), 0.0
        train = cost_every > 0
        first = locate(X, b1, b2, T, 0, groups, rank)
        begin(W1, b1, W2, b2, S, first, rank, threads)
        if threads > 1:
            target += threads
            if not barrier(control, ARRIVALS, GIVEN_UP, target):
                return 0.0
        for _ in range(pieces):
            with_cost = not train or epoch % cost_every == 0
            for g in range(rank, groups, threads):
                at = locate(X, b1, b2, T, g, groups, rank)
                if start == 0:
                    clear(S, at)
                    control[PARTS + g] = 0.0
                t, end = g * group + start, min(g * group + min(start + chunk, group), m)
                control[PARTS + g] += accumulate(
                    X, Y, t, end, W1, b1, W2, b2, dW1, S, at, T, 1.0 / m, with_cost, start > 0
                )
            start += chunk
            if start < group:
                continue
            start = 0
            if threads > 1:
                target += threads
                if not barrier(control, ARRIVALS, GIVEN_UP, target):
                    return 0.0
            if groups > 1:
                add_slabs(S, first, groups, rank, threads)
            if threads > 1:
                target += threads
                if not barrier(control, ARRIVALS, GIVEN_UP, target):
                    return 0.0
            if rank == 0:
                cost = 0.0
                for g in range(groups):
                    cost += control[PARTS + g]
                if train:
                    if with_cost:
                        control[COSTS + epoch // cost_every] = cost / m
                    if not math.isfinite(cost) or not math.isfinite(
                        update(W1, b1, W2, b2, dW1, S, first, learning_rate)
                    ):
                        control[FAILED] = 1.0
            if not train:
                break
            if threads > 1:
                target += threads
                if not barrier(control, ARRIVALS, GIVEN_UP, target):
                    return 0.0
            if control[FAILED] != 0.0:
                break
            epoch += 1
            if epoch == epochs:
                break
        if train:
            give(False, W1, b1, W2, b2, S, first, rank, threads)
        else:
            give(True, dW1, db1, dW2, db2, S, first, rank, threads)
        if threads > 1:
            target += threads
            if not barrier(control, ARRIVALS, GIVEN_UP, target):
                return 0.0
        if train and rank == 0:
            control[EPOCH], control[START] = epoch, start
        return cost / m

    return run
