"""The two products of the first layer where X is sparse: only its numbers that are not zero take part.

X is a tuple of arrays: `values` and `features` of example t from starts[t] up to starts[t + 1]. W1 and dW1 come in
panels, as in `first_layer`; A and D have hidden units side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .compiling import inline
from .simd import element
from .tiles import outer_add, tile_load, tile_store, tile_zeros


def make_sparse_products(
    L: int, shuffled: bool, panel_start: Callable[..., Any], panel_count: Callable[..., Any]
) -> SimpleNamespace:
    """For n examples from `start` on, or those that stand there in the order that begins at order[i]."""

    def make_example(v):
        """One example, whose numbers are at first, ..., last - 1, and one panel of v vectors of units from unit j."""
        w = v * L

        @inline
        def forward(X, first, last, S, at, t, j):
            # Z1 = W1 x, without the bias
            W1 = at.W1 + j * at.depth
            acc = tile_zeros(S, 1, v, L)
            for e in range(first, last):
                acc = outer_add(acc, X.values, e, 0, S, W1 + element(X.features, e) * w)
            tile_store(S, at.A + t * at.ld_h + j, 0, acc)

        @inline
        def backward(X, first, last, S, at, t, j):
            # dW1 += dZ1 x'
            dW1 = at.gradient + at.W1 + j * at.depth
            for e in range(first, last):
                row = dW1 + element(X.features, e) * w
                acc = outer_add(tile_load(S, row, 0, 1, v, L), X.values, e, 0, S, at.D + t * at.ld_h + j)
                tile_store(S, row, 0, acc)

        return forward, backward

    def make_over_examples(one, two, three):
        @inline
        def over_examples(X, order, i, start, n, S, at):
            vectors = at.width // L
            for t in range(n):
                example = int(element(order, i + start + t)) if shuffled else start + t
                first, last = int(element(X.starts, example)), int(element(X.starts, example + 1))
                for p in range(panel_count(vectors)):
                    j = panel_start(p, vectors)
                    width = panel_start(p + 1, vectors) - j
                    if width == 3 * L:
                        three(X, first, last, S, at, t, j)
                    elif width == 2 * L:
                        two(X, first, last, S, at, t, j)
                    else:
                        one(X, first, last, S, at, t, j)

        return over_examples

    forward, backward = map(make_over_examples, *map(make_example, (1, 2, 3)))
    return SimpleNamespace(forward=forward, backward=backward)
