"""Whole runs over the data inside one compiled call, which several threads may make together."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .compiling import helper, inline
from .layout import cut
from .simd import element, elements, load, put, store
from .threads import BASE, THREADS, close, join, meet, take

# A run's settings and what it keeps between calls, to go on exactly where it stopped: one array of float64, because
# each argument of a call costs time. It begins with what `threads` keeps. After LEARNING_RATE come the optimizer's
# hyperparameters; from PARTS on, the cost of each group of examples; from SQUARES and NORMS on, the sums of the squares
# of each share of the weights and of the gradients; from COSTS on, the costs that are recorded, number FIRST first.
# Elsewhere in it lie the examples' weights, from WEIGHTS on; the order of the examples in each epoch, from ORDERS on;
# and, epoch BEGUN first, the learning rates, from RATES on, and dropout's two keys of each, from KEYS on. What it keeps
# is at KEEP: see `random_bits`. A learned slope is at SLOPE between calls.
TILE, CHUNK, GROUP, GROUPS, SHARES, PIECES, EPOCHS, COST_EVERY, L2, CLIP_NORM = range(THREADS + 1, THREADS + 11)
BATCH, WEIGHTS, ORDERS, RATES, KEYS, KEEP, SCALE, BEGUN, FIRST = range(CLIP_NORM + 1, CLIP_NORM + 10)
EPOCH, POSITION, START, SUM, FAILED, SLOPE, LEARNING_RATE = range(FIRST + 1, FIRST + 8)
MOST_HYPERPARAMETERS = 4
PARTS = LEARNING_RATE + 1 + MOST_HYPERPARAMETERS
MOST_PARTS = 16
SQUARES = PARTS + MOST_PARTS
NORMS = SQUARES + MOST_PARTS
COSTS = NORMS + MOST_PARTS


def make_run(step: SimpleNamespace, formulas: SimpleNamespace, L: int) -> Callable[..., Any]:
    """The function that runs `step` over the data, epoch after epoch."""
    locate, begin, clear, accumulate = step.locate, step.begin, step.clear, step.accumulate
    regularize, squares, update, probe, give = step.regularize, step.squares, step.update, step.probe, step.give
    coefficients, settings = formulas.coefficients, formulas.settings
    itemsize, x_itemsize = formulas.itemsize, formulas.x_itemsize
    regularized, shuffled, clipped = formulas.regularized, formulas.shuffled, formulas.clipped
    learned = formulas.learned
    stages: Any = step.stages or 4 * (None,)
    load_tile, hidden_units, errors, hidden_errors = stages

    @inline
    def share_examples(
        X, Y, W1, b1, W2, b2, dW1, S, control, rank, target, sizes, order, key, position, start, n, with_cost
    ):
        # adds the gradients of the next chunk of each group of the n examples from `position` on; a part is a group
        T, chunk, group, groups, _, threads = sizes
        parts = groups if n == groups * group else (n + group - 1) // group
        g = take(control, threads, target, parts, -1)
        while g < parts:
            at = locate(X, b1, b2, T, g, groups, rank)
            if start == 0:
                clear(S, at)
                control[PARTS + g] = 0.0
            t, stop = position + g * group + start, position + min(g * group + min(start + chunk, group), n)
            control[PARTS + g] += accumulate(
                X, Y, control, order, key, t, stop, W1, b1, W2, b2, dW1, S, at, T, 1.0 / n, with_cost, start > 0
            )
            g = take(control, threads, target, parts, g)
        return meet(control, threads, target, parts)

    @inline
    def share_units(
        X, Y, W1, b1, W2, b2, dW1, S, control, rank, target, sizes, order, key, position, start, n, with_cost
    ):
        # as share_examples, of one group; the products of a tile are shared, and a part is a share of the units
        T, chunk, _, groups, shares, threads = sizes
        at = locate(X, b1, b2, T, 0, groups, rank)
        for t in range(position + start, position + min(start + chunk, n), T):
            count, more = min(T, position + n - t), t > position
            for stage in range(4):
                parts = shares if stage % 2 == 1 else 1
                part = take(control, threads, target, parts, -1)
                while part < parts:
                    if stage == 0:
                        if not more:
                            clear(S, at)
                            control[PARTS] = 0.0
                        load_tile(X, control, order, key, t, count, S, at)
                    elif stage == 1:
                        hidden_units(W1, control, S, at, count, part, shares)
                    elif stage == 2:
                        control[PARTS] += errors(Y, control, order, t, count, S, at, 1.0 / n, with_cost)
                    else:
                        hidden_errors(X, dW1, S, at, count, part, shares, more)
                    part = take(control, threads, target, parts, part)
                target = meet(control, threads, target, parts)
        return target

    accumulate_chunks = share_units if step.stages else share_examples

    @helper
    def add_slabs(S, at, groups, lower, upper):
        # elements `lower`, ..., upper - 1 of all groups' gradients, added up in the first one's slab in their order
        for e in range(at.gradient + lower, at.gradient + upper, L):
            total = load(S, e, L)
            for g in range(1, groups):
                total = total + load(S, e + g * at.slab, L)
            store(S, e, total)

    @inline
    def rule_numbers(control, step, scale):
        # what scales the gradients, and the coefficients of the optimizer's rule
        return (scale,) + coefficients(step, *elements(control, LEARNING_RATE, settings))  # noqa: RUF005  Numba's trap

    @inline
    def clip_scale(control, shares):
        # what makes the norm of all gradients at most CLIP_NORM
        total = 0.0
        for g in range(shares):
            total += control[NORMS + g]
        norm = math.sqrt(total)
        return control[CLIP_NORM] / norm if norm > control[CLIP_NORM] else 1.0

    def run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, S, control, rank, call):
        # X (n_x, m), Y (n_y, m), parameters and gradients in their shapes, S: scratch memory. Goes through `pieces`
        # chunks of each group of examples of a batch at most, up to `epochs`. With cost_every = 0 it goes through all
        # examples once, leaves the parameters as they are, and gives back the cost. All threads of a `call` run this.
        n_x, m = X.shape
        n_y, n_h = W2.shape
        if (
            Y.shape != (n_y, m)
            or W1.shape != (n_h, n_x)
            or b1.shape != (n_h, 1)
            or b2.shape != (n_y, 1)
            or (X.strides[0] | X.strides[1]) % x_itemsize
            or (Y.strides[0] | Y.strides[1]) % itemsize
        ):
            raise ValueError("shapes do not fit")
        T, chunk, group, groups = int(control[TILE]), int(control[CHUNK]), int(control[GROUP]), int(control[GROUPS])
        shares, threads, target = int(control[SHARES]), int(control[THREADS]), int(control[BASE])
        pieces, epochs, cost_every = int(control[PIECES]), int(control[EPOCHS]), int(control[COST_EVERY])
        size = int(control[BATCH]) if control[BATCH] > 0.0 else m  # of a batch
        epoch, position, start = int(control[EPOCH]), int(control[POSITION]), int(control[START])
        begun = int(control[BEGUN])
        orders, keys, rates = (
            int(control[ORDERS]) - begun * m,
            int(control[KEYS]) - 2 * begun,
            int(control[RATES]) - begun,
        )
        if not join(control, threads, rank, call):
            return 0.0
        sizes = T, chunk, group, groups, shares, threads
        step = epoch * ((m + size - 1) // size) + position // size
        train = cost_every > 0
        first = locate(X, b1, b2, T, 0, groups, rank)
        part = take(control, threads, target, shares, -1)
        while part < shares:
            begin(W1, b1, W2, b2, S, first, part, shares)
            if part == 0:
                control[LEARNING_RATE] = control[rates + epoch]
                if learned:
                    put(S, first.slope, control[SLOPE])
            part = take(control, threads, target, shares, part)
        target = meet(control, threads, target, shares)
        for _ in range(pieces):
            with_cost = not train or epoch % cost_every == 0
            n = min(size, m - position)
            order, key = orders + epoch * m if shuffled else 0, keys + 2 * epoch
            target = accumulate_chunks(
                X, Y, W1, b1, W2, b2, dW1, S, control, rank, target, sizes, order, key, position, start, n, with_cost
            )
            start += chunk
            if start < group:
                continue
            start, used = 0, (n + group - 1) // group
            part = take(control, threads, target, shares, -1)
            while part < shares:
                lower, upper = cut(first.slab // L, part, shares) * L, cut(first.slab // L, part + 1, shares) * L
                if used > 1:
                    add_slabs(S, first, used, lower, upper)
                if train:
                    if regularized:
                        decay = control[L2] / n
                        control[SQUARES + part] = regularize(W1, W2, dW1, S, first, part, shares, lower, upper, decay)
                    if clipped:
                        control[NORMS + part] = squares(dW1, S, first, part, shares, lower, upper)
                    else:
                        numbers = rule_numbers(control, step + 1.0, 1.0)
                        update(W1, b1, W2, b2, dW1, S, first, part, shares, lower, upper, numbers)
                part = take(control, threads, target, shares, part)
            target = meet(control, threads, target, shares)
            if train and clipped:
                part = take(control, threads, target, shares, -1)
                while part < shares:
                    lower, upper = cut(first.slab // L, part, shares) * L, cut(first.slab // L, part + 1, shares) * L
                    numbers = rule_numbers(control, step + 1.0, clip_scale(control, shares))
                    update(W1, b1, W2, b2, dW1, S, first, part, shares, lower, upper, numbers)
                    part = take(control, threads, target, shares, part)
                target = meet(control, threads, target, shares)
            part = take(control, threads, target, 1, -1)
            while part < 1:
                cost = control[SUM] if position > 0 else 0.0
                for g in range(used):
                    cost += control[PARTS + g]
                if regularized:
                    for g in range(shares):
                        cost += control[L2] / 2.0 * control[SQUARES + g]
                control[SUM] = cost
                if train and with_cost:
                    control[COSTS + epoch // cost_every - int(control[FIRST])] = cost / m
                if train and not (math.isfinite(cost) and math.isfinite(probe(b2, S, first))):
                    control[FAILED] = step + 1.0
                control[LEARNING_RATE] = control[rates + min(epoch + (position + size >= m), epochs - 1)]
                part = take(control, threads, target, 1, part)
            target = meet(control, threads, target, 1)
            step += 1
            if not train or control[FAILED] == step:
                break
            position += size
            if position >= m:
                position = 0
                epoch += 1
                if epoch == epochs:
                    break
        part = take(control, threads, target, shares, -1)
        while part < shares:
            if train:
                give(False, W1, b1, W2, b2, S, first, part, shares)
            else:
                give(True, dW1, db1, dW2, db2, S, first, part, shares)
            part = take(control, threads, target, shares, part)
        target = meet(control, threads, target, shares)
        if rank > 0:
            return 0.0
        close(control, threads)
        if train:
            control[EPOCH], control[POSITION], control[START] = epoch, position, start
            if learned:
                control[SLOPE] = element(S, first.slope)
        return control[SUM] / m

    return run


def make_forward(step: SimpleNamespace, learned: bool) -> Callable[..., Any]:
    """The function that gives A2 of all examples."""
    locate, begin, predict = step.locate, step.begin, step.predict

    def forward(X, W1, b1, W2, b2, S, A2, control, rank, call):
        # X (n_x, m) -> A2 (n_y, m); a part is a run of tiles
        m = X.shape[1]
        T, shares, threads = int(control[TILE]), int(control[SHARES]), int(control[THREADS])
        target = int(control[BASE])
        if not join(control, threads, rank, call):
            return
        at = locate(X, b1, b2, T, 0, 0, rank)
        part = take(control, threads, target, shares, -1)
        while part < shares:
            begin(W1, b1, W2, b2, S, at, part, shares)
            if learned and part == 0:
                put(S, at.slope, control[SLOPE])
            part = take(control, threads, target, shares, part)
        target = meet(control, threads, target, shares)
        tiles = (m + T - 1) // T
        parts = min(tiles, MOST_PARTS * MOST_PARTS)
        part = take(control, threads, target, parts, -1)
        while part < parts:
            for start in range(tiles * part // parts * T, min(tiles * (part + 1) // parts * T, m), T):
                predict(X, start, min(T, m - start), W1, b1, W2, b2, S, at, A2)
            part = take(control, threads, target, parts, part)
        meet(control, threads, target, parts)
        if rank == 0:
            close(control, threads)

    return forward
