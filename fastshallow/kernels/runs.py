"""Whole runs over the data inside one compiled call, which several threads may make together."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .compiling import helper, inline
from .simd import elements, load, store
from .threads import barrier

# A run's settings and what it keeps between calls, to go on exactly where it stopped: one array of float64, because
# each argument of a call costs time. ARRIVALS and GIVEN_UP are 64-bit integers for `barrier`. After LEARNING_RATE come
# the optimizer's hyperparameters; from PARTS on, the cost of each group of examples; from COSTS on, the costs that are
# recorded, number FIRST first. Elsewhere in it lie the examples' weights, from WEIGHTS on; the order of the examples in
# each epoch, from ORDERS on; and, epoch BEGUN first, the learning rates, from RATES on, and dropout's two keys of each,
# from KEYS on. What it keeps is at KEEP: see `random_bits`.
TILE, CHUNK, GROUP, GROUPS, THREADS, PIECES, EPOCHS, COST_EVERY, L2, CLIP_NORM, BATCH = range(11)
WEIGHTS, ORDERS, RATES, KEYS, KEEP, SCALE = range(11, 17)
BEGUN, FIRST, EPOCH, POSITION, START, SUM, FAILED, BASE, ARRIVALS, GIVEN_UP, LEARNING_RATE = range(17, 28)
MOST_HYPERPARAMETERS = 4
PARTS = LEARNING_RATE + 1 + MOST_HYPERPARAMETERS
MOST_GROUPS = 16
COSTS = PARTS + MOST_GROUPS


@inline
def meet(control, threads, target):
    # waits for the other threads; `target` counts arrivals, and becomes negative if they will not come
    if threads == 1:
        return target
    target += threads
    return target if barrier(control, ARRIVALS, GIVEN_UP, target) else -1


def make_run(step: SimpleNamespace, formulas: SimpleNamespace, L: int) -> Callable[..., Any]:
    """The function that runs `step` over the data, epoch after epoch."""
    locate, begin, clear, accumulate = step.locate, step.begin, step.clear, step.accumulate
    regularize, squares, update, give = step.regularize, step.squares, step.update, step.give
    coefficients, settings = formulas.coefficients, formulas.settings
    regularized, shuffled, clipped = formulas.regularized, formulas.shuffled, formulas.clipped

    @helper
    def add_slabs(S, at, groups, rank, threads):
        # all groups' gradients, added up in the first one's slab in the order of the groups; each thread adds a part
        vectors = at.slab // L
        for v in range(vectors * rank // threads, vectors * (rank + 1) // threads):
            total = load(S, at.gradient + v * L, L)
            for g in range(1, groups):
                total = total + load(S, at.gradient + g * at.slab + v * L, L)
            store(S, at.gradient + v * L, total)

    def run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, S, control, rank):
        # X (n_x, m), Y (n_y, m), parameters and gradients in their shapes, S: scratch memory. Goes through `pieces`
        # chunks of each group of examples of a batch at most, up to `epochs`. With cost_every = 0 it goes through all
        # examples once, leaves the parameters as they are, and gives back the cost. Thread `rank` takes each
        # threads-th group.
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
        epochs, cost_every, l2 = int(control[EPOCHS]), int(control[COST_EVERY]), control[L2]
        size = int(control[BATCH]) if control[BATCH] > 0.0 else m  # of a batch
        epoch, position, start, cost = int(control[EPOCH]), int(control[POSITION]), int(control[START]), control[SUM]
        step = epoch * ((m + size - 1) // size) + position // size
        train = cost_every > 0
        first = locate(X, b1, b2, T, 0, groups, rank)
        begin(W1, b1, W2, b2, S, first, rank, threads)
        target = meet(control, threads, target)
        if target < 0:
            return 0.0
        for _ in range(pieces):
            with_cost = not train or epoch % cost_every == 0
            n, used = min(size, m - position), groups
            if n < size:
                used = (n + group - 1) // group
            order = int(control[ORDERS]) + (epoch - int(control[BEGUN])) * m if shuffled else 0
            key = int(control[KEYS]) + (epoch - int(control[BEGUN])) * 2
            for g in range(rank, used, threads):
                at = locate(X, b1, b2, T, g, groups, rank)
                if start == 0:
                    clear(S, at)
                    control[PARTS + g] = 0.0
                t, end = position + g * group + start, position + min(g * group + min(start + chunk, group), n)
                control[PARTS + g] += accumulate(
                    X, Y, control, order, key, t, end, W1, b1, W2, b2, dW1, S, at, T, 1.0 / n, with_cost, start > 0
                )
            start += chunk
            if start < group:
                continue
            start = 0
            target = meet(control, threads, target)
            if target < 0:
                return 0.0
            if used > 1:
                add_slabs(S, first, used, rank, threads)
            target = meet(control, threads, target)
            if target < 0:
                return 0.0
            if rank == 0:
                part = 0.0
                for g in range(used):
                    part += control[PARTS + g]
                if train:
                    if regularized:
                        part += l2 / 2.0 * regularize(W1, W2, dW1, S, first, l2 / n)
                    scale = 1.0  # of the gradients
                    if clipped:
                        norm = math.sqrt(squares(dW1, S, first))
                        scale = control[CLIP_NORM] / norm if norm > control[CLIP_NORM] else 1.0
                    control[LEARNING_RATE] = control[int(control[RATES]) + epoch - int(control[BEGUN])]
                    numbers = (scale, *coefficients(step + 1.0, *elements(control, LEARNING_RATE, settings)))
                    if not math.isfinite(part) or not math.isfinite(update(W1, b1, W2, b2, dW1, S, first, numbers)):
                        control[FAILED] = 1.0
                cost += part
                if train and with_cost:
                    control[COSTS + epoch // cost_every - int(control[FIRST])] = cost / m
            if not train:
                break
            target = meet(control, threads, target)
            if target < 0:
                return 0.0
            if control[FAILED] != 0.0:
                break
            step += 1
            position += size
            if position >= m:
                position, cost = 0, 0.0
                epoch += 1
                if epoch == epochs:
                    break
        if train:
            give(False, W1, b1, W2, b2, S, first, rank, threads)
        else:
            give(True, dW1, db1, dW2, db2, S, first, rank, threads)
        target = meet(control, threads, target)
        if target < 0:
            return 0.0
        if train and rank == 0:
            control[EPOCH], control[POSITION], control[START], control[SUM] = epoch, position, start, cost
        return cost / m

    return run


def make_forward(step: SimpleNamespace) -> Callable[..., Any]:
    """The function that gives A2 of all examples."""
    locate, begin, predict = step.locate, step.begin, step.predict

    def forward(X, W1, b1, W2, b2, S, A2, control, rank):
        # X (n_x, m) -> A2 (n_y, m); thread `rank` takes each threads-th tile
        m = X.shape[1]
        T, threads, target = int(control[TILE]), int(control[THREADS]), int(control[BASE])
        at = locate(X, b1, b2, T, 0, 0, rank)
        begin(W1, b1, W2, b2, S, at, rank, threads)
        target = meet(control, threads, target)
        if target < 0:
            return
        for start in range(rank * T, m, threads * T):
            predict(X, start, min(T, m - start), W1, b1, W2, b2, S, at, A2)
        meet(control, threads, target)

    return forward
