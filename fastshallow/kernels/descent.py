"""The update of the parameters, and where they and their gradients lie when they stay in their own arrays."""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import helper, inline
from .copying import make_copying
from .simd import element, hsum, load_first, store_first, zeros


def make_descent(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """`descend`, the optimizer's rule, and `add_decay`, for n parameters in vectors of L lanes."""
    rule, states, clipped = formulas.rule, formulas.states, formulas.clipped

    @inline
    def step(P, p, G, g, S, s, state_slab, n, coefficients):
        # n <= L parameters, gradients and states; coefficients[0] is what scales the gradients
        dw = load_first(G, g, n, L)
        if clipped:
            dw = dw * coefficients[0]
        first = load_first(S, s, n, L) if states > 0 else zeros(S, L)
        second = load_first(S, s + state_slab, n, L) if states > 1 else zeros(S, L)
        w, first, second = rule(load_first(P, p, n, L), dw, first, second, *coefficients[1:])
        store_first(P, p, w, n)
        if states > 0:
            store_first(S, s, first, n)
        if states > 1:
            store_first(S, s + state_slab, second, n)

    @helper
    def descend(P, p, G, g, S, s, state_slab, n, coefficients):
        # the parameters from P[p], their gradients from G[g], their states from S[s] and S[s + state_slab]
        whole = n // L * L
        for e in range(0, whole, L):
            step(P, p + e, G, g + e, S, s + e, state_slab, L, coefficients)
        if whole < n:
            step(P, p + whole, G, g + whole, S, s + whole, state_slab, n - whole, coefficients)

    @helper
    def add_decay(P, p, G, g, n, decay):
        # the gradients += decay * the weights; gives back the sum of the weights' squares
        total = 0.0
        for e in range(0, n, L):
            w = load_first(P, p + e, n - e, L)
            store_first(G, g + e, load_first(G, g + e, n - e, L) + decay * w, n - e)
            total += hsum(w * w)
        return total

    @helper
    def sum_squares(G, g, n):
        # of n gradients from G[g]
        total = 0.0
        for e in range(0, n, L):
            dw = load_first(G, g + e, n - e, L)
            total += hsum(dw * dw)
        return total

    return SimpleNamespace(descend=descend, add_decay=add_decay, sum_squares=sum_squares)


def make_parameters_in_place(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """What a run does with parameters that stay in their own arrays; their gradients lie in the scratch memory."""
    descent, copying = make_descent(formulas, L), make_copying(L)
    descend, add_decay, sum_squares = descent.descend, descent.add_decay, descent.sum_squares
    copy, fill = copying.copy, copying.fill

    @inline
    def begin(W1, b1, W2, b2, S, at, rank, threads):
        pass  # the parameters are used where they are

    @inline
    def clear(S, at):
        fill(S, at.gradient, at.slab, 0)

    @inline
    def regularize(W1, W2, dW1, S, at, decay):
        # the weights' gradients += decay * weights; gives back the sum of the weights' squares
        squares = add_decay(W1, 0, S, at.gradient, W1.size, decay)
        return squares + add_decay(W2, 0, S, at.gradient + at.W2, W2.size, decay)

    @inline
    def squares(dW1, S, at):
        # the sum of the squares of all gradients
        return sum_squares(S, at.gradient, at.slab)

    @inline
    def update(W1, b1, W2, b2, dW1, S, at, coefficients):
        # one step of the optimizer; gives back a number that is NaN or infinite if an output's bias is
        g, s = at.gradient, at.state
        descend(W1, 0, S, g, S, s, at.slab, W1.size, coefficients)
        descend(b1, 0, S, g + at.b1, S, s + at.b1, at.slab, b1.size, coefficients)
        descend(W2, 0, S, g + at.W2, S, s + at.W2, at.slab, W2.size, coefficients)
        descend(b2, 0, S, g + at.b2, S, s + at.b2, at.slab, b2.size, coefficients)
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

    return SimpleNamespace(begin=begin, clear=clear, regularize=regularize, squares=squares, update=update, give=give)
