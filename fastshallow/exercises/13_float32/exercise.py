"""Cost and gradients in float32, with float64 where it costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backward import ARGUMENTS, MISTAKES, with_
from ..format import Arguments, Bench, Check, Exercise, Formula, Mistake, Sizes, Tier, arrays_at_most, no_loop
from ..networks import Array, network, step

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5}
WIDE = {"n_x": 3, "n_h": 64, "n_y": 1, "m": 10_007}
Found = tuple[float, float, Array, Array, Array, Array]


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, W1, b1, W2, b2, h; in float32 h is so small that b2 + h is b2."""
    X, Y, W1, b1, W2, b2 = network(random, sizes, dtype)
    b2 += np.copysign(np.asarray(0.5, dtype), b2)
    return X, Y, W1, b1, W2, b2, 1e-8 if dtype == "float32" else float(random.uniform(0.2, 0.4))


def high_scores(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """Scores of a hundred and more, right and wrong ones: sigmoid is 0 or 1."""
    X, Y, W1, b1, W2, b2, _ = make_case(random, sizes, dtype)
    return X, Y, W1, b1, 300 * W2, b2, 0.25


def far_off(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """One example of a loss that is larger than all others together."""
    X, Y, W1, b1, W2, b2 = (np.zeros_like(each) for each in network(random, sizes, dtype))
    X[:, 0], W1[...], W2[...], b2[...] = 50, 1, 1e7, random.uniform(0.5, 1.5)
    return X, Y, W1, b1, W2, b2, 0.25


def reference(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, h: float) -> Found:
    """By the package's reference."""
    cost, *gradients = step(X, Y, W1, b1, W2, b2)
    up, down = (step(X, Y, W1, b1, W2, b2 + moved)[0] for moved in (h, -h))
    return cost, (up - down) / (2 * h), gradients[0], gradients[1], gradients[2], gradients[3]


def losses(Z2: Array, Y: Array) -> Any:
    """Without overflow, and without the logarithm of 0."""
    return np.maximum(Z2, 0) - Y * Z2 + np.log1p(np.exp(-np.abs(Z2)))


def by_logarithms(Z2: Array, Y: Array) -> Any:
    """As the course writes it."""
    A2 = 1 / (1 + np.exp(-Z2))
    return -(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))


def mean_cost(each: Array) -> Any:
    """Over examples."""
    return each.sum() / each.shape[1]


def difference(cost: Callable[[Array], float], Z2: Array, h: float) -> float:
    """Central."""
    return (cost(Z2 + h) - cost(Z2 - h)) / (2 * h)


def costs_(
    losses_: Callable[[Array, Array], Any] = losses,
    cost_: Callable[[Array], Any] = mean_cost,
    slope_: Callable[[Callable[[Array], float], Array, float], Any] = difference,
) -> Formula:
    """Cost and slope with a part replaced; the gradients are right."""

    def wrong(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, h: float) -> Any:
        Z2 = W2 @ np.tanh(W1 @ X + b1) + b2

        def cost(Z2: Array) -> Any:
            return cost_(losses_(Z2, Y))

        return cost(Z2), slope_(cost, Z2, h), *with_()(X, Y, W1, b1, W2, b2)

    return wrong


def gradients_(formula: Formula) -> Formula:
    """Wrong gradients; cost and slope are right."""
    return lambda *arguments: (*costs_()(*arguments)[:2], *formula(*arguments[:6]))


def by_formula(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, h: float) -> Any:
    """The slope from the formula that it is there to check."""
    found = costs_()(X, Y, W1, b1, W2, b2, h)
    return found[0], found[5].sum(), *found[2:]


def only_first(cost: Callable[[Array], float], Z2: Array, h: float) -> float:
    """One output is moved."""
    moved = np.zeros_like(Z2)
    moved[0] = h
    return (cost(Z2 + moved) - cost(Z2 - moved)) / (2 * h)


def in_float64(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, h: float) -> Any:
    """All of it in float64, and float32 at the end."""
    wide = [each.astype(np.float64) for each in (X, Y, W1, b1, W2, b2)]
    cost, slope, *gradients = costs_()(*wide, h)
    return float(cost), float(slope), *(each.astype(X.dtype) for each in gradients)


EXERCISE = Exercise(
    title="float32 or float64",
    function="step",
    arguments=(*ARGUMENTS, "h"),
    results=("cost", "slope", "dW1", "db1", "dW2", "db2"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("float64", (SMALL,), points=2),
        Check("float32 stays float32", (SMALL,), dtype="float32", points=3),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1},), dtype="float32"),
        Check("as many examples as units", ({"n_x": 3, "n_h": 3, "n_y": 3, "m": 3},), dtype="float32"),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101},), dtype="float32"),
        Check("larger than the cache", ({"n_x": 2, "n_h": 4, "n_y": 1, "m": 60_013},), dtype="float32"),
        Check("scores of a hundred", (SMALL, {**SMALL, "m": 40}), dtype="float32", make=high_scores),
        Check(
            "one loss larger than all others together",
            ({"n_x": 2, "n_h": 2, "n_y": 1, "m": 100_003},),
            dtype="float32",
            make=far_off,
        ),
        Check("Fortran order: the transpose of a table", ({**SMALL, "m": 9},), order="F", dtype="float32"),
        Check("strided arrays", ({**SMALL, "m": 9},), order="strided", dtype="float32"),
    ),
    mistakes=(
        Mistake(
            "slope is 0: h is lost in float32, where numbers near 1 are 1e-7 apart. Take scores or b2 to float64 "
            "before h is added, and the costs too.",
            costs_(slope_=lambda cost, Z2, h: 0.0),
        ),
        Mistake(
            "The logarithm of 0: sigmoid is 1 from Z2 = 17 on in float32 (37 in float64). Loss from Z2: "
            "max(Z2, 0) - Y Z2 + log1p(exp(-|Z2|)).",
            costs_(losses_=by_logarithms),
        ),
        Mistake(
            "The cost is that of the largest loss alone: 2e7 + 0.7 is 2e7 in float32. Sum the losses in float64.",
            costs_(cost_=lambda each: each.max() / each.shape[1]),
        ),
        Mistake("The 1/m is left out of the cost.", costs_(cost_=np.sum)),
        Mistake("The cost is a mean over outputs too: divide by m alone.", costs_(cost_=np.mean)),
        Mistake("The cost has the wrong sign.", costs_(cost_=lambda each: -mean_cost(each))),
        Mistake(
            "The cost lacks the loss of examples with Y = 0.",
            costs_(losses_=lambda Z2, Y: Y * np.log1p(np.exp(-Z2))),
        ),
        Mistake("slope is divided by h; it should be 2h.", costs_(slope_=lambda *each: 2 * difference(*each))),
        Mistake("slope is not divided by 2h.", costs_(slope_=lambda cost, Z2, h: cost(Z2 + h) - cost(Z2 - h))),
        Mistake("slope has the wrong sign: J(b2 + h) - J(b2 - h).", costs_(slope_=lambda *each: -difference(*each))),
        Mistake(
            "slope is (J(b2 + h) - J(b2)) / h: move to both sides, the error is h squared then.",
            costs_(slope_=lambda cost, Z2, h: (cost(Z2 + h) - cost(Z2)) / h),
        ),
        Mistake(
            "slope comes from the formula of db2, which it is there to check: take the difference of costs.", by_formula
        ),
        Mistake("Only the first output's bias is moved by h: move all.", costs_(slope_=only_first)),
        *(Mistake(each.message, gradients_(each.formula)) for each in MISTAKES),
    ),
    facts=(
        arrays_at_most(
            3.5,
            ("n_h", "m"),
            WIDE,
            "an array of float64 counts twice. np.zeros, astype(float) and np.float64(2) make them",
            dtype="float32",
        ),
        no_loop("m", "examples", {"n_x": 3, "n_h": 4, "n_y": 2}),
    ),
    bench=Bench(
        sizes={"n_x": 16, "n_h": 64, "n_y": 1, "m": 4096},
        baseline=in_float64,
        baseline_is="all in float64, and float32 at the end",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "tanh and the products, with twice as many numbers in a register and a cache line as in "
                "float64. What is in float64, has (n_y, m) numbers: one in n_h",
            ),
            Tier("silver", 0.65, "a product or a temporary in float64, or more temporaries than are needed"),
            Tier("bronze", 0.1, "float64 in the hidden layer: half as many numbers in each register, twice the memory"),
        ),
        below="passes over (n_h, m) that are not needed, most likely in float64",
    ),
)
