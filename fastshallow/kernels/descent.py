"""The update of the parameters, and where they and their gradients lie when they stay in their own arrays."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ..optimizers import gradient_descent
from .compiling import helper, inline
from .copying import make_copying
from .simd import element, load, load_first, store, store_first

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
