"""The gradients of all parameters."""

from __future__ import annotations

import numpy as np

from ..backward import ARGUMENTS, MISTAKES, RESULTS, Gradients, make_case, reference
from ..format import Bench, Check, Exercise, Tier, as_arrays_come, no_loop
from ..networks import Array, differences_of, sigmoid, step

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5}


def by_differences(*arguments: Array) -> tuple[Array, ...]:
    """From the cost alone."""
    return differences_of(lambda *moved: step(*moved)[0], arguments, (2, 3, 4, 5))


def one_by_one(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Gradients:
    """A loop over examples, which adds up their gradients."""
    m = X.shape[1]
    dW1, db1, dW2, db2 = (np.zeros_like(each) for each in (W1, b1, W2, b2))
    for t in range(m):
        x, y = X[:, t : t + 1], Y[:, t : t + 1]
        a1 = np.tanh(W1 @ x + b1)
        dz2 = sigmoid(W2 @ a1 + b2) - y
        dz1 = (W2.T @ dz2) * (1 - a1 * a1)
        dW1 += dz1 @ x.T
        db1 += dz1
        dW2 += dz2 @ a1.T
        db2 += dz2
    return dW1 / m, db1 / m, dW2 / m, db2 / m


EXERCISE = Exercise(
    title="Backward by hand",
    function="gradients",
    arguments=ARGUMENTS,
    results=RESULTS,
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("a small network", (SMALL,), points=3),
        Check("as finite differences of the cost", (SMALL,), points=2, reference=by_differences, tolerance=1e-6),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1},)),
        Check(
            "sizes that are equal",
            ({"n_x": 3, "n_h": 3, "n_y": 3, "m": 3}, {"n_x": 4, "n_h": 2, "n_y": 4, "m": 2}),
        ),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101},)),
        Check("larger than the cache", ({"n_x": 2, "n_h": 4, "n_y": 1, "m": 60_013},)),
        *as_arrays_come(SMALL, {"n_x": 3, "n_h": 4, "n_y": 2, "m": 9}),
    ),
    mistakes=MISTAKES,
    facts=(no_loop("m", "examples", {"n_x": 3, "n_h": 4, "n_y": 2}),),
    bench=Bench(
        sizes={"n_x": 30, "n_h": 64, "n_y": 1, "m": 256},
        baseline=one_by_one,
        baseline_is="NumPy on one example after the other",
        tiers=(
            Tier(
                "gold",
                0.8,
                "tanh of (n_h, m) numbers, then the products, then the arrays that each operation makes: A1 * A1, "
                "1 - ..., W2.T @ dZ2 and their product are four of (n_h, m)",
            ),
            Tier("silver", 0.5, "something is computed twice: is tanh taken again for the derivative?"),
            Tier("bronze", 0.15, "functions or products that are computed several times"),
        ),
        below="Python executes something for each example",
    ),
)
