"""The update of the parameters, and where they and their gradients lie when they stay in their own arrays."""

from __future__ import annotations

from types import SimpleNamespace

from .compiling import helper, inline
from .copying import make_copying
from .simd import element, hsum, load_first, store_first, zeros


def make_descent(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """`descend`, the optimizer's rule, `add_decay` and `sum_squares`, in vectors of L lanes.

    They treat parameters lower, ..., upper - 1, perhaps none, of those from P[p], whose gradients are from G[g].
    """
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
    def descend(P, p, G, g, S, s, state_slab, lower, upper, coefficients):
        # their states from S[s] and S[s + state_slab]
        e = lower
        while e + L <= upper:
            step(P, p + e, G, g + e, S, s + e, state_slab, L, coefficients)
            e += L
        if e < upper:
            step(P, p + e, G, g + e, S, s + e, state_slab, upper - e, coefficients)

    @helper
    def add_decay(P, p, G, g, lower, upper, decay):
        # the gradients += decay * the weights; gives back the sum of the weights' squares
        total = 0.0
        for e in range(lower, upper, L):
            w = load_first(P, p + e, upper - e, L)
            store_first(G, g + e, load_first(G, g + e, upper - e, L) + decay * w, upper - e)
            total += hsum(w * w)
        return total

    @helper
    def sum_squares(G, g, lower, upper):
        # of the gradients
        total = 0.0
        for e in range(lower, upper, L):
            dw = load_first(G, g + e, upper - e, L)
            total += hsum(dw * dw)
        return total

    return SimpleNamespace(descend=descend, add_decay=add_decay, sum_squares=sum_squares)


def make_parameters_in_place(formulas: SimpleNamespace, L: int) -> SimpleNamespace:
    """What a run does with parameters that stay in their own arrays; their gradients lie in the scratch memory."""
    descent, copying = make_descent(formulas, L), make_copying(L)
    descend, add_decay, sum_squares = descent.descend, descent.add_decay, descent.sum_squares
    learned = formulas.learned
    copy, fill = copying.copy, copying.fill

    @inline
    def begin(W1, b1, W2, b2, S, at, share, shares):
        pass  # the parameters are used where they are

    @inline
    def clear(S, at):
        fill(S, at.gradient, at.slab, 0)

    @inline
    def regularize(W1, W2, dW1, S, at, share, shares, lower, upper, decay):
        # the weights' gradients += decay * weights; gives back the sum of the weights' squares
        squares = add_decay(W1, 0, S, at.gradient, lower, min(upper, W1.size), decay)
        W = at.W2
        return squares + add_decay(W2, 0, S, at.gradient + W, max(lower - W, 0), min(upper - W, W2.size), decay)

    @inline
    def squares(dW1, S, at, share, shares, lower, upper):
        # the sum of the squares of gradients lower, ..., upper - 1
        return sum_squares(S, at.gradient, lower, upper)

    @inline
    def descend_within(P, i, S, at, lower, upper, coefficients):
        # the parameters of P, which begin at i among all, as far as they are lower, ..., upper - 1 there
        first, last = max(lower - i, 0), min(upper - i, P.size)
        descend(P, 0, S, at.gradient + i, S, at.state + i, at.slab, first, last, coefficients)

    @inline
    def update(W1, b1, W2, b2, dW1, S, at, share, shares, lower, upper, coefficients):
        # one step of the optimizer for parameters lower, ..., upper - 1
        descend_within(W1, 0, S, at, lower, upper, coefficients)
        descend_within(b1, at.b1, S, at, lower, upper, coefficients)
        descend_within(W2, at.W2, S, at, lower, upper, coefficients)
        descend_within(b2, at.b2, S, at, lower, upper, coefficients)
        if learned:
            i = at.b2 + b2.size
            first, last = max(lower - i, 0), min(upper - i, 1)
            descend(S, at.slope, S, at.gradient + i, S, at.state + i, at.slab, first, last, coefficients)

    @inline
    def probe(b2, S, at):
        # a number that is NaN or infinite if an output's bias is
        total = 0.0
        for y in range(b2.size):
            total += element(b2, y)
        return total

    @inline
    def give(gradients, W1, b1, W2, b2, S, at, share, shares):
        # the gradients, from the scratch memory to their arrays
        if gradients and share == 0:
            copy(S, at.gradient, W1.size, 1, 1, W1.size, W1, 0, W1.size, W1.size)
            copy(S, at.gradient + at.b1, b1.size, 1, 1, b1.size, b1, 0, b1.size, b1.size)
            copy(S, at.gradient + at.W2, W2.size, 1, 1, W2.size, W2, 0, W2.size, W2.size)
            copy(S, at.gradient + at.b2, b2.size, 1, 1, b2.size, b2, 0, b2.size, b2.size)

    return SimpleNamespace(
        begin=begin,
        clear=clear,
        regularize=regularize,
        squares=squares,
        update=update,
        probe=probe,
        give=give,
        stages=None,
    )
