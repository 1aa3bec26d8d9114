"""The gradients, a tile of examples at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..backward import ARGUMENTS, MISTAKES, RESULTS, Gradients, with_
from ..backward import make_case as network_case
from ..backward import reference as gradients_of
from ..format import Arguments, Bench, Check, Exercise, Fact, Mistake, Sizes, Tier, as_arrays_come
from ..networks import Array

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 8, "T": 3}
WIDE = {"n_x": 3, "n_h": 32, "n_y": 1, "T": 256}
MANY = ({**WIDE, "m": 4_001}, {**WIDE, "m": 40_001})
TALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 512}
right = with_()


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, W1, b1, W2, b2, T."""
    return *network_case(random, sizes, dtype), sizes["T"]


def reference(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, T: int) -> Gradients:
    """By the package's reference, of all examples."""
    return gradients_of(X, Y, W1, b1, W2, b2)


def whole(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, T: int) -> Gradients:
    """All examples at once."""
    found: Gradients = right(X, Y, W1, b1, W2, b2)
    return found


def tiles(X: Array, Y: Array, *parameters: Array) -> Iterator[tuple[int, Gradients]]:
    """Of each tile how many examples it has, and its gradients, which are sums over them."""
    *parameters_, T = parameters
    for s in range(0, X.shape[1], int(T)):
        x, y = X[:, s : s + int(T)], Y[:, s : s + int(T)]
        found = right(x, y, *parameters_)
        yield x.shape[1], tuple(each * x.shape[1] for each in found)


def summed(chosen: Callable[[list[Any], int, int], Any], last: int | None = None) -> Callable[..., Any]:
    """All gradients, or one of them, from the tiles' sums in a wrong way; the others rightly."""

    def gradients(*arguments: Any) -> Any:
        m, T = arguments[0].shape[1], arguments[-1]
        found = list(tiles(*arguments))
        wrong = [chosen([(t, each[i]) for t, each in found], m, T) for i in range(4)]
        good = [sum(each[i] for _, each in found) / m for i in range(4)]
        return tuple(wrong if last is None else [*good[:last], wrong[last], *good[last + 1 :]])

    return gradients


def of_last(found: list[Any], m: int, T: int) -> Any:
    """Overwritten in each tile."""
    return found[-1][1] / m


def without_tile(mistake: Mistake) -> Mistake:
    """A mistake of exercise 5, which knows of no T."""
    return Mistake(mistake.message, lambda *arguments: mistake.formula(*arguments[:-1]))


def same_memory(allocated: Sequence[int]) -> str | None:
    """Ten times the examples take no more memory."""
    if allocated[1] <= 1.1 * allocated[0] + 4096:
        return None
    return (
        f"{allocated[0]:,} bytes are allocated at once for m = 4,001 and T = 256, and {allocated[1]:,} for m = 40,001: "
        "they grow with m. Slice X and Y in the loop over tiles, and keep nothing of a tile but its part of the sums."
    )


def steps_of_tiles(steps: Sequence[int]) -> str | None:
    """Python executes steps for tiles, not for examples."""
    if steps[1] <= 1.2 * steps[0]:
        return None
    return (
        f"Python executes {steps[0]:,} steps for 4 tiles of T = 16, and {steps[1]:,} for 4 of T = 128: there is a "
        "loop over examples. One operation of NumPy takes all T of a tile."
    )


EXERCISE = Exercise(
    title="Forward and backward in one tile",
    function="gradients",
    arguments=(*ARGUMENTS, "T"),
    results=RESULTS,
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("a small network, and a last tile of two", (SMALL,), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1, "T": 1},)),
        Check("T divides m", ({**SMALL, "m": 9}, {**SMALL, "m": 3})),
        Check("a tile larger than all examples", ({**SMALL, "T": 64},)),
        Check("as many examples a tile as units", ({"n_x": 4, "n_h": 4, "n_y": 4, "m": 10, "T": 4},)),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101, "T": 17},)),
        Check("larger than the cache", ({"n_x": 2, "n_h": 4, "n_y": 1, "m": 150_001, "T": 1024},)),
        *as_arrays_come(SMALL),
    ),
    mistakes=(
        Mistake(
            "The last tile has fewer examples, and is left out: range(0, m, T) may go over the end.",
            summed(lambda found, m, T: sum(d * (t == T) for t, d in found) / m),
        ),
        Mistake(
            "All gradients are those of the last tile: add each tile's part, +=, where = overwrites.", summed(of_last)
        ),
        Mistake("dW1 is that of the last tile: add each tile's part, +=, where = overwrites.", summed(of_last, 0)),
        Mistake("db1 is that of the last tile: add each tile's part, +=, where = overwrites.", summed(of_last, 1)),
        Mistake("dW2 is that of the last tile: add each tile's part, +=, where = overwrites.", summed(of_last, 2)),
        Mistake("db2 is that of the last tile: add each tile's part, +=, where = overwrites.", summed(of_last, 3)),
        Mistake(
            "The sums are divided by T = {T}, and should be by m = {m}: it is the mean over all examples.",
            summed(lambda found, m, T: sum(d for _, d in found) / T),
        ),
        Mistake(
            "Each tile is divided by its own number of examples: the mean over all is the sum of the tiles' sums, "
            "divided by m once.",
            summed(lambda found, m, T: sum(d / t for t, d in found)),
        ),
        Mistake(
            "It is the mean of the tiles' means: the last tile has fewer examples, which count for more so.",
            summed(lambda found, m, T: sum(d / t for t, d in found) / len(found)),
        ),
        Mistake(
            "The sums are divided by m = {m} in the loop, again for each tile that follows: divide after it.",
            summed(lambda found, m, T: sum(d / float(m) ** (len(found) - i) for i, (_, d) in enumerate(found))),
        ),
        Mistake("There is only the first tile in the gradients.", summed(lambda found, m, T: found[0][1] / m)),
        Mistake(
            "The first tile is left out: begin at 0.", summed(lambda found, m, T: sum(d for _, d in found[1:]) / m)
        ),
        *map(without_tile, MISTAKES),
    ),
    facts=(
        Fact("the same memory for ten times the examples", "bytes", MANY, same_memory, points=2, dtype="float32"),
        Fact("no loop over examples", "steps", ({**TALL, "m": 64, "T": 16}, {**TALL, "T": 128}), steps_of_tiles),
    ),
    bench=Bench(
        sizes={"n_x": 4, "n_h": 64, "n_y": 1, "m": 20_000, "T": 512},
        baseline=whole,
        baseline_is="all examples at once, a new array for each operation",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "tanh, and after it the arithmetic and the calls of NumPy; memory no more. Each operation still goes "
                "through the tile anew, 128 KB from L2. To stay in registers in between needs compiled code",
            ),
            Tier("silver", 0.6, "a temporary or two more of (n_h, T) in each tile"),
            Tier("bronze", 0.4, "a new array of (n_h, T) for each operation, or something that is computed twice"),
        ),
        below="arrays of (n_h, m) that go through memory in each operation, or tiles so small that calls take the time",
    ),
)
