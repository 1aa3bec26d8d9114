"""Gradient descent inside one compiled call."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ..optimizers import gradient_descent
from .compiling import inline
from .simd import element, load, load_first, put, store, store_first

# A run's settings and what it keeps between calls, to go on exactly where it stopped: one array of float64, because
# each argument of a call costs time. The recorded costs follow.
TILE, CHUNK, PIECES, EPOCHS, COST_EVERY, LEARNING_RATE, EPOCH, START, COST, FAILED, COSTS = range(11)

_gradient_descent = inline(gradient_descent)


def make_descend(L: int) -> Callable[..., Any]:
    """The update of n parameters, in vectors of L lanes."""

    @inline
    def descend(P, p, G, g, n, learning_rate):
        whole = n // L * L
        for e in range(0, whole, L):
            store(P, p + e, _gradient_descent(load(P, p + e, L), load(G, g + e, L), learning_rate))
        if whole < n:
            old, slope = load_first(P, p + whole, n - whole, L), load_first(G, g + whole, n - whole, L)
            store_first(P, p + whole, _gradient_descent(old, slope, learning_rate), n - whole)

    return descend


def make_parameters_in_place(L: int) -> SimpleNamespace:
    """What a run does with parameters and gradients that stay in their own arrays."""
    descend = make_descend(L)

    @inline
    def begin(X, W1, b1, W2, b2, S, T):
        return 0  # the parameters are used where they are

    @inline
    def clear(dW1, db1, dW2, db2, S, at):
        for gradient in (dW1, db1, dW2, db2):
            for e in range(gradient.size):
                put(gradient, e, 0)

    @inline
    def update(W1, b1, W2, b2, dW1, db1, dW2, db2, S, at, learning_rate):
        # one step of gradient descent; gives back a number that is NaN or infinite if an output's bias is
        descend(W1, 0, dW1, 0, W1.size, learning_rate)
        descend(b1, 0, db1, 0, b1.size, learning_rate)
        descend(W2, 0, dW2, 0, W2.size, learning_rate)
        descend(b2, 0, db2, 0, b2.size, learning_rate)
        probe = 0.0
        for y in range(b2.size):
            probe += element(b2, y)
        return probe

    @inline
    def give(gradients, W1, b1, W2, b2, S, at):
        pass  # the parameters and their gradients are where they belong

    return SimpleNamespace(begin=begin, clear=clear, update=update, give=give)


def make_run(step: SimpleNamespace) -> Callable[..., Any]:
    """The function that runs `step` over the data, epoch after epoch."""
    begin, clear, accumulate, update, give = step.begin, step.clear, step.accumulate, step.update, step.give

    def run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, S, control):
        # X (n_x, m), Y (n_y, m), parameters and gradients in their shapes, S: scratch memory. Goes through `pieces`
        # chunks of examples at most, up to `epochs`. With cost_every = 0 it goes through all examples once, leaves
        # the parameters as they are, and gives back the cost.
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
        T, chunk, pieces = int(control[TILE]), int(control[CHUNK]), int(control[PIECES])
        epochs, cost_every, learning_rate = int(control[EPOCHS]), int(control[COST_EVERY]), control[LEARNING_RATE]
        train = cost_every > 0
        at = begin(X, W1, b1, W2, b2, S, T)
        epoch, start, cost = int(control[EPOCH]), int(control[START]), control[COST]
        for _ in range(pieces):
            if start == 0:
                clear(dW1, db1, dW2, db2, S, at)
                cost = 0.0
            stop = min(start + chunk, m)
            with_cost = not train or epoch % cost_every == 0
            cost += accumulate(X, Y, start, stop, W1, b1, W2, b2, dW1, db1, dW2, db2, S, at, T, 1.0 / m, with_cost)
            start = stop
            if start == m:
                start = 0
                if not train:
                    break
                if with_cost:
                    control[COSTS + epoch // cost_every] = cost / m
                if not math.isfinite(cost) or not math.isfinite(
                    update(W1, b1, W2, b2, dW1, db1, dW2, db2, S, at, learning_rate)
                ):
                    control[FAILED] = 1.0
                    break
                epoch += 1
                if epoch == epochs:
                    break
        if train:
            control[EPOCH], control[START], control[COST] = epoch, start, cost
            give(False, W1, b1, W2, b2, S, at)
        else:
            give(True, dW1, db1, dW2, db2, S, at)
        return cost / m

    return run
