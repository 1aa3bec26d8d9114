"""The gradients, with as little memory as they take."""

from __future__ import annotations

import numpy as np

from ..backward import ARGUMENTS, MISTAKES, RESULTS, Gradients, make_case, reference, with_
from ..format import Bench, Check, Exercise, Mistake, Tier, arrays_at_most, as_arrays_come, no_loop
from ..networks import Array

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5}
WIDE = {"n_x": 3, "n_h": 64, "n_y": 1, "m": 10_007}


def with_temporaries(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Gradients:
    """As one writes it."""
    m = X.shape[1]
    A1 = np.tanh(W1 @ X + b1)
    dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - Y
    dZ1 = (W2.T @ dZ2) * (1 - A1 * A1)
    sums = dZ1.sum(axis=1, keepdims=True) / m, dZ2.sum(axis=1, keepdims=True) / m
    return dZ1 @ X.T / m, sums[0], dZ2 @ A1.T / m, sums[1]


EXERCISE = Exercise(
    title="Temporaries, and in place",
    function="gradients",
    arguments=ARGUMENTS,
    results=RESULTS,
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("a small network", (SMALL,), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1},)),
        Check("as many examples as units", ({"n_x": 3, "n_h": 3, "n_y": 3, "m": 3},)),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101},)),
        Check("larger than the cache", ({"n_x": 2, "n_h": 4, "n_y": 1, "m": 60_013},)),
        *as_arrays_come(SMALL, {"n_x": 3, "n_h": 4, "n_y": 2, "m": 9}),
    ),
    mistakes=(
        *MISTAKES,
        Mistake(
            "A1 is squared twice: 1 - A1**2 of what has become A1**2 already.", with_(slope=lambda A1, Z1: 1 - A1**4)
        ),
        Mistake(
            "dW2 is taken with A1 squared: A1 is overwritten before dW2 is computed.",
            with_(of_A1=lambda A1, Z1: A1 * A1),
        ),
        Mistake("dZ1 is multiplied by A1 squared; the 1 - ... is missing.", with_(slope=lambda A1, Z1: A1 * A1)),
        Mistake(
            "dZ1 has A1 squared - 1: np.subtract(1, A1, out=A1) is 1 - A1.", with_(slope=lambda A1, Z1: A1 * A1 - 1)
        ),
    ),
    facts=(
        arrays_at_most(3, ("n_h", "m"), WIDE, "A += b and np.tanh(A, out=A) write where there is memory already"),
        arrays_at_most(
            2, ("n_h", "m"), WIDE, "Z1, A1 and 1 - A1**2 can share one; what still needs A1 when you overwrite it?"
        ),
        no_loop("m", "examples", {"n_x": 3, "n_h": 4, "n_y": 2}),
    ),
    bench=Bench(
        sizes={"n_x": 4, "n_h": 64, "n_y": 1, "m": 20_000},
        baseline=with_temporaries,
        baseline_is="the same with a new array for each operation",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.85,
                "memory: 5 MB go through the cache of a core again in each operation, and tanh. To read them once, the "
                "work must be cut into tiles of examples that stay in the cache through all operations",
            ),
            Tier("silver", 0.7, "a temporary or two of (n_h, m)"),
            Tier(
                "bronze", 0.5, "a new array of (n_h, m) in each operation: pages handed out anew and filled with zeros"
            ),
        ),
        below="more operations on (n_h, m) than are needed",
    ),
)
