"""Means, deviations and a standardized first layer, in one reading of X."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Fact, Mistake, Sizes, Tier, as_arrays_come
from ..networks import Array

SMALL = {"n_x": 3, "n_h": 4, "m": 8, "T": 3}
WIDE = {"n_x": 8, "n_h": 4, "T": 1024}
TALL = {"n_x": 3, "n_h": 4}


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str, far: float = 2.0) -> Arguments:
    """X with other means and deviations for each feature, W1, b1, T."""
    n_x, n_h, m = sizes["n_x"], sizes["n_h"], sizes["m"]
    X = random.standard_normal((n_x, m), np.float32).astype(dtype, copy=False)
    X *= random.uniform(0.5, 2, (n_x, 1)).astype(dtype)
    X += (far * random.uniform(0.5, 1, (n_x, 1))).astype(dtype)
    W1, b1 = random.standard_normal((n_h, n_x)), random.standard_normal((n_h, 1))
    return X, W1.astype(dtype), b1.astype(dtype), sizes.get("T", 0)


def far_off(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """Means of many deviations."""
    return make_case(random, sizes, dtype, 1e8)


def reference(X: Array, W1: Array, b1: Array, T: int) -> tuple[Array, Array, Array, Array]:
    """As the mathematics has it, in two readings."""
    found: tuple[Array, Array, Array, Array] = with_()(X, W1, b1, T)
    return found


def columns(X: Array, T: int) -> list[Array]:
    """The tiles."""
    return [X[:, s : s + (T or 4096)] for s in range(0, X.shape[1], T or 4096)]


def mean(X: Array, T: int) -> Any:
    """Of each feature."""
    return X.mean(axis=1, keepdims=True)


def deviation(X: Array, T: int) -> Any:
    """Of each feature, divided by m."""
    return X.std(axis=1, keepdims=True)


def with_(
    mu_: Callable[[Array, int], Any] = mean,
    sigma_: Callable[[Array, int], Any] = deviation,
    W_: Callable[[Array, Array], Any] = lambda W1, sigma: W1 / sigma.T,
    b_: Callable[..., Any] = lambda b1, W, W1, mu: b1 - W @ mu,
) -> Callable[..., Any]:
    """The answer, with a part replaced."""

    def standardized(X: Array, W1: Array, b1: Array, T: int) -> Any:
        mu, sigma = mu_(X, T), sigma_(X, T)
        W = W_(W1, sigma)
        return mu, sigma, W, b_(b1, W, W1, mu)

    return standardized


def sum_of(values: Sequence[Any]) -> Any:
    """Of arrays."""
    return np.add.reduce(list(values))


def within(X: Array, T: int) -> Any:
    """The tiles' own squares alone."""
    return np.sqrt(sum_of([x.var(axis=1, keepdims=True) * x.shape[1] for x in columns(X, T)]) / X.shape[1])


def short_cut(X: Array, T: int) -> Any:
    """The mean of squares and the square of the mean."""
    return np.sqrt(np.mean(X * X, axis=1, keepdims=True) - mean(X, T) ** 2)


def full_tiles(X: Array, T: int) -> Array:
    """Without a last one that has fewer examples."""
    return X[:, : X.shape[1] // (T or 4096) * (T or 4096)]


def one_pass(X: Array, W1: Array, b1: Array, T: int) -> Any:
    """A sum of X, which reads it once."""
    return X.sum(axis=1)


def same_memory(allocated: Sequence[int]) -> str | None:
    """Ten times the examples take no more memory."""
    if allocated[1] <= 1.1 * allocated[0] + 4096:
        return None
    return (
        f"{allocated[0]:,} bytes are allocated at once for m = 10,001, T = 1024, and {allocated[1]:,} for m = 100,001: "
        "they grow with m. What is as large as X goes to memory and back."
    )


def steps_of_tiles(steps: Sequence[int]) -> str | None:
    """Python executes steps for tiles, not for examples."""
    if steps[1] <= 1.2 * steps[0]:
        return None
    return (
        f"Python executes {steps[0]:,} steps for 4 tiles of T = 16, and {steps[1]:,} for 4 of T = 128: there is a loop "
        "over examples. One operation of NumPy takes all T of a tile."
    )


EXERCISE = Exercise(
    title="The memory wall",
    function="standardized",
    arguments=("X", "W1", "b1", "T"),
    results=("mu", "sigma", "W", "b"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("a small table, and a last tile of two", (SMALL,), points=2),
        Check("one feature, one unit", ({"n_x": 1, "n_h": 1, "m": 5, "T": 2},)),
        Check("T divides m", ({**SMALL, "m": 9},)),
        Check("a tile larger than all examples", ({**SMALL, "T": 64},)),
        Check("T is 0: it is yours to choose", ({**SMALL, "T": 0},)),
        Check("as many examples as features and units", ({"n_x": 4, "n_h": 4, "m": 4, "T": 3},)),
        Check("means far from 0", ({**SMALL, "m": 50},), make=far_off, tolerance=1e-6),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "m": 101, "T": 17},)),
        Check("larger than the cache", ({"n_x": 4, "n_h": 3, "m": 300_001, "T": 0},), dtype="float32"),
        *as_arrays_come(SMALL),
    ),
    mistakes=(
        Mistake("What lies between the tiles is left out of sigma: q += d**2 n t / (n + t).", with_(sigma_=within)),
        Mistake(
            "sigma is the mean of the tiles' deviations: sums of squares add, deviations do not.",
            with_(sigma_=lambda X, T: np.mean([x.std(axis=1, keepdims=True) for x in columns(X, T)], axis=0)),
        ),
        Mistake(
            "mu is the mean of the tiles' means: the last tile has fewer examples, which count for more so.",
            with_(mu_=lambda X, T: np.mean([mean(x, T) for x in columns(X, T)], axis=0)),
        ),
        Mistake(
            "The mean of the squares and the square of the mean cancel where mu is large: subtract a tile's mean.",
            with_(sigma_=short_cut),
        ),
        Mistake(
            "The last tile, which has fewer examples, is left out: range(0, m, T) may go over the end.",
            with_(lambda X, T: mean(full_tiles(X, T), T), lambda X, T: deviation(full_tiles(X, T), T)),
        ),
        Mistake(
            "There is only the last tile in mu and sigma.",
            with_(lambda X, T: mean(columns(X, T)[-1], T), lambda X, T: deviation(columns(X, T)[-1], T)),
        ),
        Mistake(
            "sigma is divided by m - 1; here it is by m = {m}.",
            with_(sigma_=lambda X, T: X.std(axis=1, keepdims=True, ddof=1)),
        ),
        Mistake("sigma lacks the square root: this is the variance.", with_(sigma_=lambda X, T: deviation(X, T) ** 2)),
        Mistake("sigma is not divided by m.", with_(sigma_=lambda X, T: deviation(X, T) * np.sqrt(X.shape[1]))),
        Mistake(
            "mu is that of examples, axis=0; a feature is a row, and its mean over examples is axis=1.",
            with_(mu_=lambda X, T: X.mean(axis=0, keepdims=True), b_=lambda b1, W, W1, mu: b1),
        ),
        Mistake("mu is flat: keep it the column (n_x, 1).", with_(mu_=lambda X, T: X.mean(axis=1))),
        Mistake("W is W1 times sigma; it should be divided by it.", with_(W_=lambda W1, sigma: W1 * sigma.T)),
        Mistake("W is W1 unchanged: divide each column by its feature's sigma.", with_(W_=lambda W1, sigma: W1)),
        Mistake("b is b1 - W1 mu; it should be b1 - W mu.", with_(b_=lambda b1, W, W1, mu: b1 - W1 @ mu)),
        Mistake("b is b1 + W mu: the sign is wrong.", with_(b_=lambda b1, W, W1, mu: b1 + W @ mu)),
        Mistake("b is b1 unchanged: subtract W mu.", with_(b_=lambda b1, W, W1, mu: b1)),
    ),
    facts=(
        Fact(
            "the same memory for ten times the examples",
            "bytes",
            ({**WIDE, "m": 10_001}, {**WIDE, "m": 100_001}),
            same_memory,
            points=2,
            dtype="float32",
        ),
        Fact(
            "no loop over examples", "steps", ({**TALL, "m": 64, "T": 16}, {**TALL, "m": 512, "T": 128}), steps_of_tiles
        ),
    ),
    bench=Bench(
        sizes={"n_x": 8, "n_h": 4, "m": 1_000_000, "T": 0},
        baseline=one_pass,
        baseline_is="a sum of X, which reads it once",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "reading X once, and three passes of NumPy over each tile in the cache. A compiled loop would add and "
                "square while it reads, and come to the baseline: then only fewer bytes help, as float16 or a batch "
                "that is used again while it is in the cache",
            ),
            Tier("silver", 0.6, "a temporary too many, or a tile that does not fit the cache"),
            Tier("bronze", 0.35, "X is read twice, or arrays as large as X are written and read again"),
        ),
        below="several arrays as large as X, or tiles so small that calls take the time",
    ),
)
