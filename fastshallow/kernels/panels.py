"""The parameters where hidden units are side by side: in the scratch memory, W1 transposed in panels of units.

Where W1 stays in rows, it and its gradient are in arrays of their own, and only the rest is here.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .compiling import inline
from .copying import make_copying
from .descent import make_descent
from .layout import cut, round_up
from .simd import element


def make_panels(L: int, V: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Where panels of at most V vectors of L units begin, and how many there are."""

    @inline
    def panel_start(p, vectors):
        # the unit where one of as few panels as there can be begins, whose sizes differ by at most one vector
        return p * vectors // panel_count(vectors) * L

    @inline
    def panel_count(vectors):
        return (vectors + V - 1) // V

    return panel_start, panel_count


def make_parameters_in_panels(formulas: SimpleNamespace, L: int, V: int, rows: bool) -> SimpleNamespace:
    """What a run does with the parameters: W1 in `rows`, or in panels of at most V vectors of L units."""
    copying, descent = make_copying(L), make_descent(formulas, L)
    fill, copy, transpose = copying.fill, copying.copy, copying.transpose
    descend, add_decay, sum_squares = descent.descend, descent.add_decay, descent.sum_squares
    panel_start, panel_count = make_panels(L, V)
    sparse = formulas.sparse is not None

    @inline
    def begin(W1, b1, W2, b2, S, at, share, shares):
        # a share of the parameters -> the scratch memory: each shares-th panel
        if not rows:
            for p in range(share, panel_count(at.width // L), shares):
                j, end = panel_start(p, at.width // L), panel_start(p + 1, at.width // L)
                if end > at.n_h or at.depth != at.n_x:
                    fill(S, at.W1 + j * at.depth, (end - j) * at.depth, 0)
                transpose(W1, j * at.n_x, at.n_x, min(end, at.n_h) - j, at.n_x, S, at.W1 + j * at.depth, end - j)
        if share == 0:
            copy(b1, 0, at.n_h, 1, 1, at.n_h, S, at.b1, at.width, at.width)
            copy(W2, 0, at.n_h, 1, at.n_y, at.n_h, S, at.W2, at.width, at.width)
            copy(b2, 0, at.n_y, 1, 1, at.n_y, S, at.b2, at.n_y, at.n_y)

    @inline
    def clear(S, at):
        # dW1 is not read before it is written, unless X is sparse
        first = at.W1 if sparse else at.b1
        fill(S, at.gradient + first, at.slab - first, 0)

    @inline
    def give(gradients, W1, b1, W2, b2, S, at, share, shares):
        # a share of the gradients, or of the parameters, from the scratch memory to their arrays
        shift = at.gradient if gradients else 0
        if not rows:
            for p in range(share, panel_count(at.width // L), shares):
                j, end = panel_start(p, at.width // L), panel_start(p + 1, at.width // L)
                source = shift + at.W1 + j * at.depth
                transpose(S, source, end - j, at.n_x, min(end, at.n_h) - j, W1, j * at.n_x, at.n_x)
        if share == 0:
            copy(S, shift + at.b1, at.width, 1, 1, at.n_h, b1, 0, at.n_h, at.n_h)
            copy(S, shift + at.W2, at.width, 1, at.n_y, at.n_h, W2, 0, at.n_h, at.n_h)
            copy(S, shift + at.b2, at.n_y, 1, 1, at.n_y, b2, 0, at.n_y, at.n_y)

    @inline
    def row_numbers(W1, share, shares):
        # the first of a share of the numbers in W1, and that after its last
        vectors = round_up(W1.size, L) // L
        return cut(vectors, share, shares) * L, min(cut(vectors, share + 1, shares) * L, W1.size)

    @inline
    def regularize(W1, W2, dW1, S, at, share, shares, lower, upper, decay):
        # the weights' gradients += decay * weights; gives back the sum of the weights' squares
        if rows:
            first, last = row_numbers(W1, share, shares)
            squares = add_decay(W1, 0, dW1, 0, first, last, decay)
        else:
            squares = add_decay(S, 0, S, at.gradient, lower, min(upper, at.depth * at.width), decay)
        last = min(upper, at.W2 + at.n_y * at.width)
        return squares + add_decay(S, 0, S, at.gradient, max(lower, at.W2), last, decay)

    @inline
    def squares(dW1, S, at, share, shares, lower, upper):
        # the sum of the squares of gradients lower, ..., upper - 1, zero in padding, and of a share of W1's in rows
        total = sum_squares(S, at.gradient, lower, upper)
        if rows:
            first, last = row_numbers(dW1, share, shares)
            total += sum_squares(dW1, 0, first, last)
        return total

    @inline
    def update(W1, b1, W2, b2, dW1, S, at, share, shares, lower, upper, coefficients):
        # one step of the optimizer, for parameters lower, ..., upper - 1 and a share of W1 where it stays in rows
        if rows:
            first, last = row_numbers(W1, share, shares)
            descend(W1, 0, dW1, 0, S, at.state + at.slab, at.state_slab, first, last, coefficients)
        descend(S, 0, S, at.gradient, S, at.state, at.state_slab, lower, upper, coefficients)

    @inline
    def probe(b2, S, at):
        # a number that is NaN or infinite if an output's bias is
        total = 0.0
        for y in range(at.n_y):
            total += element(S, at.b2 + y)
        return total

    return SimpleNamespace(
        begin=begin, clear=clear, regularize=regularize, squares=squares, update=update, probe=probe, give=give
    )
