"""The two products of the first layer where X is sparse: only its numbers that are not zero take part.

The numbers of example t and their features are those from starts[t] up to starts[t + 1]. W1 and dW1 come in panels, as
in `first_layer`; A and D have hidden units side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .first_layer import PANELS
from .marks import helper, inline
from .simd.tiles import outer_add, tile_load, tile_store, tile_zeros
from .simd.vectors import element
from .sizes import panel_count, panel_start


def make_sparse_products(L: int) -> SimpleNamespace:
    """For n examples from `start` on, or those that stand there in the order of the epoch."""

    def make_example(v: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """One example, whose numbers are at first, ..., last - 1, and one panel of v vectors of units from unit j."""
        w = v * L

        @inline
        def forward(run, place, first, last, t, j):
            # Z1 = W1 x, without the bias
            W1 = j * run.depth
            acc = tile_zeros(place.A, 1, v, L)
            for e in range(first, last):
                acc = outer_add(acc, run.X, e, 0, run.W1, W1 + element(run.features, e) * w)
            tile_store(place.A, t * run.ld_h + j, 0, acc)

        @inline
        def backward(run, place, first, last, t, j):
            # dW1 += dZ1 x'
            dW1 = j * run.depth
            for e in range(first, last):
                row = dW1 + element(run.features, e) * w
                acc = outer_add(tile_load(place.dW1, row, 0, 1, v, L), run.X, e, 0, place.D, t * run.ld_h + j)
                tile_store(place.dW1, row, 0, acc)

        return forward, backward

    def make_over_examples(two: Callable[..., Any], three: Callable[..., Any]) -> Callable[..., Any]:
        @helper
        def over_examples(run, place, start, n):
            vectors = run.width // L
            for t in range(n):
                example = element(place.order, start + t) if run.shuffled else start + t
                first, last = element(run.starts, example), element(run.starts, example + 1)
                for p in range(panel_count(vectors)):
                    j = panel_start(p, vectors) * L
                    if panel_start(p + 1, vectors) * L - j == 3 * L:
                        three(run, place, first, last, t, j)
                    else:
                        two(run, place, first, last, t, j)

        return over_examples

    forward, backward = map(make_over_examples, *map(make_example, PANELS))
    return SimpleNamespace(forward=forward, backward=backward)
