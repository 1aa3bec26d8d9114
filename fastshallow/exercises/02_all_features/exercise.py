"""One example as a column, all features and units at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Mistake, Sizes, Tier, no_loop
from ..networks import Array, network, probabilities, sigmoid

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2}


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """The column x (n_x, 1), W1, b1, W2, b2."""
    x, _, W1, b1, W2, b2 = network(random, sizes, dtype)
    return x, W1, b1, W2, b2


def with_(
    first: Callable[[Array, Array], Any] = np.matmul,
    second: Callable[[Array, Array], Any] = np.matmul,
    hidden: Callable[[Array], Any] = np.tanh,
    output: Callable[[Array], Any] = sigmoid,
    b1_: Callable[[Array], Any] = lambda b: b,
    b2_: Callable[[Array], Any] = lambda b: b,
    last: Callable[[Array], Any] = lambda a: a,
) -> Callable[..., Any]:
    """The network, with a part replaced."""

    def forward(x: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
        return last(output(second(W2, hidden(first(W1, x) + b1_(b1))) + b2_(b2)))

    return forward


def loops(x: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Array:
    """The sums one by one."""
    a1 = np.empty(b1.shape, x.dtype)
    for j in range(len(W1)):
        z = b1[j, 0]
        for k in range(len(x)):
            z += W1[j, k] * x[k, 0]
        a1[j, 0] = np.tanh(z)
    a2 = np.empty(b2.shape, x.dtype)
    for y in range(len(W2)):
        z = b2[y, 0]
        for j in range(len(a1)):
            z += W2[y, j] * a1[j, 0]
        a2[y, 0] = sigmoid(z)
    return a2


def relu(Z: Array) -> Array:
    """max(0, Z)."""
    return np.maximum(Z, 0)


EXERCISE = Exercise(
    title="All features at once",
    function="forward",
    arguments=("x", "W1", "b1", "W2", "b2"),
    results=("a2",),
    make_case=make_case,
    reference=probabilities,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same", "apply_along_axis": "it is a loop in Python"},
    checks=(
        Check("a small network", (SMALL,), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1},)),
        Check("odd and prime sizes", ({"n_x": 5, "n_h": 5, "n_y": 1}, {"n_x": 13, "n_h": 7, "n_y": 3})),
        Check("larger than the cache", ({"n_x": 1777, "n_h": 1301, "n_y": 2},)),
        Check("float32 stays float32", (SMALL,), dtype="float32"),
        Check("other orders of memory", ({"n_x": 6, "n_h": 5, "n_y": 2},), order="F"),
        Check("strided arrays", ({"n_x": 6, "n_h": 5, "n_y": 2},), order="strided"),
    ),
    mistakes=(
        Mistake(
            "W1 * x multiplies element by element; the sum over features is the matrix product W1 @ x.",
            with_(first=np.multiply),
        ),
        Mistake(
            "W1 * x.T multiplies element by element, and nothing is summed: W1 @ x is the matrix product.",
            with_(first=lambda W, x: W * x.T),
        ),
        Mistake(
            "W1 is multiplied as if it were (n_x, n_h): it is (n_h, n_x), a row a hidden unit, so W1 @ x needs no "
            "transposition.",
            with_(first=lambda W, x: W.T @ x),
        ),
        Mistake("x @ W1 has the factors in the wrong order: W1 @ x.", with_(first=lambda W, x: x @ W)),
        Mistake(
            "x is transposed: it is a column (n_x, 1) already, and W1 @ x a column (n_h, 1).",
            with_(first=lambda W, x: W @ x.T),
        ),
        Mistake(
            "W2 is multiplied as if it were (n_h, n_y): it is (n_y, n_h), so W2 @ a1 needs no transposition.",
            with_(second=lambda W, a: W.T @ a),
        ),
        Mistake("b1 is made flat: (n_h, 1) + (n_h,) broadcasts to (n_h, n_h). Leave it a column.", with_(b1_=np.ravel)),
        Mistake("b2 is made flat: (n_y, 1) + (n_y,) broadcasts to (n_y, n_y).", with_(b2_=np.ravel)),
        Mistake(
            "The result is flat, (n_y,): a column (n_y, 1) keeps its second axis, so that the next product is right.",
            with_(last=np.ravel),
        ),
        Mistake("The result is a row: it should be the column (n_y, 1).", with_(last=np.transpose)),
        Mistake("b1 is left out.", with_(b1_=lambda b: 0)),
        Mistake("b2 is left out.", with_(b2_=lambda b: 0)),
        Mistake("The hidden units have the sigmoid; they should have tanh.", with_(hidden=sigmoid)),
        Mistake("The hidden units have ReLU; they should have tanh.", with_(hidden=relu)),
        Mistake("The hidden units have no activation: a1 = tanh(z1).", with_(hidden=lambda z: z)),
        Mistake("This is z2; the sigmoid makes it probabilities.", with_(output=lambda z: z)),
        Mistake("The output has tanh; it should have the sigmoid.", with_(output=np.tanh)),
        Mistake(
            "np.sum without an axis adds up all of W1 * x to one number.", with_(first=lambda W, x: np.sum(W * x.T))
        ),
        Mistake(
            "np.sum(W1 * x.T, axis=1) loses an axis: keepdims=True keeps the column; W1 @ x does both at once.",
            with_(first=lambda W, x: np.sum(W * x.T, axis=1)),
        ),
    ),
    facts=(
        no_loop("n_x", "features", {"n_h": 3, "n_y": 2}),
        no_loop("n_h", "hidden units", {"n_x": 3, "n_y": 2}),
    ),
    bench=Bench(
        sizes={"n_x": 64, "n_h": 64, "n_y": 1},
        baseline=loops,
        baseline_is="loops over units and features, on arrays",
        tiers=(
            Tier(
                "gold",
                0.7,
                "the calls: each operation of NumPy takes 0.5 to 1 us before it computes anything, and there are ten "
                "of them, on arrays of 64 numbers. With one example at a time this is as fast as NumPy gets",
            ),
            Tier("silver", 0.35, "more operations than are needed, each of which takes 0.5 to 1 us"),
            Tier("bronze", 0.1, "many operations on small arrays: is W1 * x summed, where W1 @ x does both?"),
        ),
        below="Python executes something for each unit or each feature",
        dtype="float64",
    ),
)
