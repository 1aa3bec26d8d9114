"""All examples at once: A2, the cost, and the first of the gradients, which is a sum over examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Mistake, Sizes, Tier, as_arrays_come, no_loop
from ..networks import Array, network, probabilities, sigmoid, step

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5}


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, W1, b1, W2, b2."""
    return network(random, sizes, dtype)


def reference(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, float, Array]:
    """By the package's reference."""
    found = step(X, Y, W1, b1, W2, b2)
    return probabilities(X, W1, b1, W2, b2), found[0], found[4]


def entropy(A2: Array, Y: Array) -> Any:
    """The loss of each example and output."""
    return -(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))


def with_(
    hidden: Callable[[Array], Any] = np.tanh,
    output: Callable[[Array], Any] = sigmoid,
    b1_: Callable[[Array], Any] = lambda b: b,
    b2_: Callable[[Array], Any] = lambda b: b,
    cost: Callable[[Array, Array], Any] = lambda A2, Y: entropy(A2, Y).sum() / Y.shape[1],
    db2: Callable[[Array], Any] = lambda d: d.sum(axis=1, keepdims=True) / d.shape[1],
    error: Callable[[Array, Array], Any] = lambda A2, Y: A2 - Y,
) -> Callable[..., Any]:
    """The step, with a part replaced."""

    def forward(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
        A2 = output(W2 @ hidden(W1 @ X + b1_(b1)) + b2_(b2))
        return A2, cost(A2, Y), db2(error(A2, Y))

    return forward


def one_by_one(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, float, Array]:
    """A loop over examples."""
    m = X.shape[1]
    A2, cost, db2 = np.empty(Y.shape, X.dtype), 0.0, np.zeros(b2.shape, X.dtype)
    for t in range(m):
        x, y = X[:, t : t + 1], Y[:, t : t + 1]
        a2 = sigmoid(W2 @ np.tanh(W1 @ x + b1) + b2)
        A2[:, t : t + 1] = a2
        cost += float(entropy(a2, y).sum())
        db2 += a2 - y
    return A2, cost / m, db2 / m


EXERCISE = Exercise(
    title="All examples at once",
    function="forward",
    arguments=("X", "Y", "W1", "b1", "W2", "b2"),
    results=("A2", "cost", "db2"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same", "apply_along_axis": "it is a loop in Python"},
    checks=(
        Check("a small network", (SMALL,), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1},)),
        Check("one example", ({"n_x": 3, "n_h": 4, "n_y": 2, "m": 1},)),
        Check(
            "as many examples as units or features",
            ({"n_x": 2, "n_h": 5, "n_y": 1, "m": 5}, {"n_x": 4, "n_h": 3, "n_y": 4, "m": 4}),
        ),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101},)),
        Check("larger than the cache", ({"n_x": 2, "n_h": 4, "n_y": 1, "m": 60_013},)),
        *as_arrays_come(SMALL, {"n_x": 3, "n_h": 4, "n_y": 2, "m": 9}),
    ),
    mistakes=(
        Mistake(
            "b1 is made flat: (n_h, m) + (n_h,) adds along the examples, where m = n_h lets it. A column (n_h, 1) adds "
            "along the units.",
            with_(b1_=np.ravel),
        ),
        Mistake("b2 is made flat: leave it the column (n_y, 1).", with_(b2_=np.ravel)),
        Mistake("b1 is left out.", with_(b1_=lambda b: 0)),
        Mistake("b2 is left out.", with_(b2_=lambda b: 0)),
        Mistake("The hidden units have the sigmoid; they should have tanh.", with_(hidden=sigmoid)),
        Mistake("The hidden units have no activation: A1 = tanh(Z1).", with_(hidden=lambda z: z)),
        Mistake("The output has tanh; it should have the sigmoid.", with_(output=np.tanh)),
        Mistake(
            "db2 is summed without keepdims: the axis of the examples is gone, and b2 - db2 broadcasts to (n_y, n_y).",
            with_(db2=lambda d: d.sum(axis=1) / d.shape[1]),
        ),
        Mistake(
            "db2 is summed over everything: sum over the examples, axis=1.", with_(db2=lambda d: d.sum() / d.shape[1])
        ),
        Mistake(
            "db2 is summed over everything: sum over the examples, axis=1, so that a number an output is left.",
            with_(db2=lambda d: d.sum(keepdims=True) / d.shape[1]),
        ),
        Mistake(
            "db2 is summed over the outputs, axis=0: the examples are axis 1.",
            with_(db2=lambda d: d.sum(axis=0, keepdims=True) / d.shape[1]),
        ),
        Mistake(
            "The 1/m is left out of db2: it is the mean over m = {m} examples.",
            with_(db2=lambda d: d.sum(axis=1, keepdims=True)),
        ),
        Mistake(
            "db2 is divided by m = {m} twice: the mean has 1/m in it.",
            with_(db2=lambda d: d.mean(axis=1, keepdims=True) / d.shape[1]),
        ),
        Mistake("db2 has the wrong sign: dZ2 = A2 - Y, not Y - A2.", with_(error=lambda A2, Y: Y - A2)),
        Mistake(
            "db2 has the derivative of the sigmoid in it: with cross-entropy it falls out, and dZ2 = A2 - Y.",
            with_(error=lambda A2, Y: (A2 - Y) * A2 * (1 - A2)),
        ),
        Mistake("The 1/m is left out of the cost.", with_(cost=lambda A2, Y: entropy(A2, Y).sum())),
        Mistake(
            "The cost is divided by m = {m} twice.", with_(cost=lambda A2, Y: entropy(A2, Y).sum() / Y.shape[1] ** 2)
        ),
        Mistake(
            "The cost is the mean over outputs as well as examples: divide by m, not by n_y m.",
            with_(cost=lambda A2, Y: entropy(A2, Y).mean()),
        ),
        Mistake("The cost has the wrong sign.", with_(cost=lambda A2, Y: -entropy(A2, Y).sum() / Y.shape[1])),
        Mistake(
            "The cost lacks the examples whose y is 0: the term (1 - Y) log(1 - A2).",
            with_(cost=lambda A2, Y: -(Y * np.log(A2)).sum() / Y.shape[1]),
        ),
        Mistake(
            "The cost is half the squared error; here it is the cross-entropy.",
            with_(cost=lambda A2, Y: ((A2 - Y) ** 2).sum() / 2 / Y.shape[1]),
        ),
        Mistake(
            "The cost keeps an axis: it is one number, the sum over outputs and the mean over examples.",
            with_(cost=lambda A2, Y: entropy(A2, Y).sum(axis=1, keepdims=True) / Y.shape[1]),
        ),
    ),
    facts=(no_loop("m", "examples", {"n_x": 3, "n_h": 4, "n_y": 2}),),
    bench=Bench(
        sizes={"n_x": 2, "n_h": 4, "n_y": 1, "m": 1024},
        baseline=one_by_one,
        baseline_is="NumPy on one example after the other",
        tiers=(
            Tier(
                "gold",
                0.7,
                "the transcendental functions: tanh, exp and log of 7 numbers for each example, beside which the "
                "products take no time. For many more examples memory limits, since each operation makes a new array",
            ),
            Tier("silver", 0.4, "more passes over arrays than are needed, or functions computed twice"),
            Tier("bronze", 0.1, "arrays that are built anew, or computed in Python here and there"),
        ),
        below="Python executes something for each example",
    ),
)
