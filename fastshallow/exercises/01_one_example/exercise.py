"""One example, one number at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Fact, Mistake, Sizes, Tier
from ..networks import network, probabilities

Vector = list[float]
Matrix = list[Vector]
Scores = Callable[[Matrix, Vector, Vector], Vector]


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """x, W1, b1, W2, b2 as lists of Python's numbers."""
    X, _, W1, b1, W2, b2 = network(random, sizes, dtype)
    return X[:, 0].tolist(), W1.tolist(), b1[:, 0].tolist(), W2.tolist(), b2[:, 0].tolist()


def far(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """The same with output scores near 1000 and -1000."""
    x, W1, b1, W2, b2 = make_case(random, sizes, dtype)
    return x, W1, b1, W2, [score + 1000 * (-1) ** k for k, score in enumerate(b2)]


def reference(x: Vector, W1: Matrix, b1: Vector, W2: Matrix, b2: Vector) -> Vector:
    """By the package's reference."""
    columns = [np.array(each)[:, None] for each in (x, b1, b2)]
    A2: Vector = probabilities(columns[0], np.array(W1), columns[1], np.array(W2), columns[2])[:, 0].tolist()
    return A2


def scores(W: Matrix, a: Vector, b: Vector) -> Vector:
    """W a + b."""
    return [sum(w * value for w, value in zip(row, a, strict=True)) + bias for row, bias in zip(W, b, strict=True)]


def sigmoid(z: float) -> float:
    """Of any z."""
    return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))


def with_(
    hidden: Callable[[float], float] = math.tanh,
    output: Callable[[float], Any] = sigmoid,
    first: Scores = scores,
    second: Scores = scores,
) -> Callable[..., Vector]:
    """The network, with a part replaced."""

    def forward(x: Vector, W1: Matrix, b1: Vector, W2: Matrix, b2: Vector) -> Vector:
        return [output(z) for z in second(W2, [hidden(z) for z in first(W1, x, b1)], b2)]

    return forward


def without_bias(W: Matrix, a: Vector, b: Vector) -> Vector:
    """W a."""
    return scores(W, a, [0.0] * len(b))


def bias_each_time(W: Matrix, a: Vector, b: Vector) -> Vector:
    """The bias is added with each product."""
    return scores(W, a, [bias * len(a) for bias in b])


def never_reset(W: Matrix, a: Vector, b: Vector) -> Vector:
    """The sum goes on from unit to unit."""
    sums: Vector = []
    for z in scores(W, a, b):
        sums.append(z + (sums[-1] if sums else 0.0))
    return sums


def transposed(W: Matrix, a: Vector, b: Vector) -> Vector:
    """W[k][j] for W[j][k]."""
    return [sum(W[k][j] * a[k] for k in range(len(a))) + b[j] for j in range(len(b))]


def last_left_out(W: Matrix, a: Vector, b: Vector) -> Vector:
    """range(n - 1)."""
    return scores([row[:-1] for row in W], a[:-1], b)


def by_index(x: Vector, W1: Matrix, b1: Vector, W2: Matrix, b2: Vector) -> Vector:
    """What one writes first."""
    a1 = [0.0] * len(W1)
    for j in range(len(W1)):
        for k in range(len(x)):
            a1[j] = a1[j] + W1[j][k] * x[k]
        a1[j] = math.tanh(a1[j] + b1[j])
    a2 = [0.0] * len(W2)
    for y in range(len(W2)):
        for j in range(len(a1)):
            a2[y] = a2[y] + W2[y][j] * a1[j]
        a2[y] = sigmoid(a2[y] + b2[y])
    return a2


def naive(z: float) -> float:
    """Overflows for z below -709."""
    return 1 / (1 + math.exp(-z))


def judge(steps: Sequence[int]) -> str | None:
    """64 x 64 products more: 4096 + 64 in the second than in the first."""
    each = (steps[1] - steps[0]) / (64 * 64 - 64 * 32)
    if each <= 13:
        return None
    return (
        f"Python executes {each:.1f} steps for each product and sum, where 12 suffice: "
        "W1[j][k] looks up two lists for each number; take the row once, and go through it and x together with zip"
    )


EXERCISE = Exercise(
    title="One example, with loops",
    function="forward",
    arguments=("x", "W1", "b1", "W2", "b2"),
    results=("a2",),
    make_case=make_case,
    reference=reference,
    imports=("math",),
    checks=(
        Check("a small network", ({"n_x": 3, "n_h": 4, "n_y": 2},), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1},)),
        Check("odd and prime sizes", ({"n_x": 5, "n_h": 5, "n_y": 1}, {"n_x": 13, "n_h": 7, "n_y": 3})),
        Check("scores of 1000 and -1000", ({"n_x": 2, "n_h": 3, "n_y": 2},), make=far),
    ),
    mistakes=(
        Mistake("The hidden units have the sigmoid; they should have tanh.", with_(hidden=sigmoid)),
        Mistake("The hidden units have ReLU; they should have tanh.", with_(hidden=lambda z: max(0.0, z))),
        Mistake("The hidden units have no activation: a1 = tanh(z1).", with_(hidden=lambda z: z)),
        Mistake("These are the scores z2; the sigmoid makes them probabilities.", with_(output=lambda z: z)),
        Mistake("The output has tanh; it should have the sigmoid.", with_(output=math.tanh)),
        Mistake("b1 is left out.", with_(first=without_bias)),
        Mistake("b2 is left out.", with_(second=without_bias)),
        Mistake("Both biases are left out.", with_(first=without_bias, second=without_bias)),
        Mistake(
            "b1 is added n_x = {n_x} times: it belongs before or after the loop over k, not into it.",
            with_(first=bias_each_time),
        ),
        Mistake("b2 is added n_h = {n_h} times: once is enough.", with_(second=bias_each_time)),
        Mistake(
            "The sum of a hidden unit goes on from that of the unit before: set z to 0 inside the loop over j.",
            with_(first=never_reset),
        ),
        Mistake("The sum of an output goes on from that of the one before: start anew.", with_(second=never_reset)),
        Mistake(
            "W1 is read transposed: W1[j][k] is the weight from feature k to hidden unit j.", with_(first=transposed)
        ),
        Mistake("The last feature is left out: range(n_x) ends before n_x by itself.", with_(first=last_left_out)),
        Mistake("The last hidden unit is left out of z2.", with_(second=last_left_out)),
        Mistake(
            "math.exp(-z) overflows for z below -709. For z < 0 use exp(z) / (1 + exp(z)), which is the same number.",
            with_(output=naive),
        ),
    ),
    facts=(
        Fact(
            "few steps of Python for each product",
            "steps",
            ({"n_x": 32, "n_h": 64, "n_y": 1}, {"n_x": 64, "n_h": 64, "n_y": 1}),
            judge,
        ),
    ),
    bench=Bench(
        sizes={"n_x": 64, "n_h": 64, "n_y": 1},
        baseline=by_index,
        baseline_is="three loops with W1[j][k] * x[k]",
        tiers=(
            Tier(
                "gold",
                0.9,
                "the interpreter: each product and sum is a dozen bytecode instructions and two new number objects, "
                "20 ns or more, where the processor needs 0.1 ns. No Python loop gets past that",
            ),
            Tier("silver", 0.7, "looking up lists by index; zip hands over the numbers without it"),
            Tier("bronze", 0.4, "looking up lists by index twice for each product"),
        ),
        below="more than the two loops that are needed: is something computed again for each unit?",
    ),
)
