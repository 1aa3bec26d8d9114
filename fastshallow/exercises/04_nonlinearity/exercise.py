"""Linear hidden units collapse: the two layers are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Mistake, Sizes, Tier, arrays_at_most, as_arrays_come, no_loop
from ..networks import Array, network, scores, sigmoid

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5}
WIDE = {"n_x": 3, "n_h": 64, "n_y": 2, "m": 10_007}


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, W1, b1, W2, b2."""
    X, _, *parameters = network(random, sizes, dtype)
    return X, *parameters


def reference(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, Array, Array]:
    """W and b from the network's answers alone: to no input, and to each unit vector."""
    n_x = len(W1[0])
    b = scores(np.zeros((n_x, 1)), W1, b1, W2, b2)
    return scores(np.eye(n_x), W1, b1, W2, b2) - b, b, scores(X, W1, b1, W2, b2)


def with_(
    W_: Callable[[Array, Array], Any] = lambda W1, W2: W2 @ W1,
    b_: Callable[[Array, Array, Array], Any] = lambda b1, W2, b2: W2 @ b1 + b2,
    Z2_: Callable[[Array, Array, Array], Any] = lambda W, X, b: W @ X + b,
) -> Callable[..., Any]:
    """The network, with a part replaced."""

    def collapse(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
        W, b = W_(W1, W2), b_(b1, W2, b2)
        return W, b, Z2_(W, X, b)

    return collapse


def layers(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, Array, Array]:
    """Layer by layer."""
    return W2 @ W1, W2 @ b1 + b2, W2 @ (W1 @ X + b1) + b2


def with_tanh(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, Array, Array]:
    """With the nonlinearity that is to be left out."""
    return W2 @ W1, W2 @ b1 + b2, W2 @ np.tanh(W1 @ X + b1) + b2


EXERCISE = Exercise(
    title="Why a nonlinearity",
    function="collapse",
    arguments=("X", "W1", "b1", "W2", "b2"),
    results=("W", "b", "Z2"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    checks=(
        Check("a small network", (SMALL,), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1},)),
        Check(
            "sizes that are equal",
            ({"n_x": 3, "n_h": 3, "n_y": 3, "m": 3}, {"n_x": 4, "n_h": 2, "n_y": 2, "m": 4}),
        ),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 101, "n_y": 3, "m": 57},)),
        Check("larger than the cache", ({"n_x": 2, "n_h": 16, "n_y": 1, "m": 100_003},)),
        *as_arrays_come(SMALL, {"n_x": 3, "n_h": 4, "n_y": 2, "m": 9}),
    ),
    mistakes=(
        Mistake("W is W2 W1: the layer that comes later stands at the left.", with_(W_=lambda W1, W2: W1 @ W2)),
        Mistake("W2 * W1 multiplies element by element; W2 @ W1 sums over hidden units.", with_(W_=np.multiply)),
        Mistake(
            "W is transposed: it is (n_y, n_x), as W1 and W2 have outputs first.",
            lambda X, W1, b1, W2, b2: ((W2 @ W1).T, W2 @ b1 + b2, W2 @ W1 @ X + W2 @ b1 + b2),
        ),
        Mistake("b lacks W2 b1: the hidden biases go through the second layer.", with_(b_=lambda b1, W2, b2: b2)),
        Mistake("b lacks b2.", with_(b_=lambda b1, W2, b2: W2 @ b1)),
        Mistake("b1 + b2 lacks the second layer's weights: W2 b1 + b2.", with_(b_=lambda b1, W2, b2: b1 + b2)),
        Mistake(
            "W2 * b1 multiplies element by element; W2 @ b1 sums over hidden units.",
            with_(b_=lambda b1, W2, b2: W2 * b1.T + b2),
        ),
        Mistake(
            "b is flat: keep it the column (n_y, 1).",
            lambda X, W1, b1, W2, b2: (W2 @ W1, (W2 @ b1 + b2).ravel(), W2 @ W1 @ X + W2 @ b1 + b2),
        ),
        Mistake(
            "b lacks b1: W2 is summed over its units instead.", with_(b_=lambda b1, W2, b2: W2.sum(1)[:, None] + b2)
        ),
        Mistake("b is left out of Z2.", with_(Z2_=lambda W, X, b: W @ X)),
        Mistake("Z2 has tanh in it: here the hidden units are linear.", with_tanh),
        Mistake(
            "These are probabilities; Z2 are the scores before the sigmoid.",
            with_(Z2_=lambda W, X, b: sigmoid(W @ X + b)),
        ),
        Mistake("Z2 is transposed: an example is a column.", with_(Z2_=lambda W, X, b: (W @ X + b).T)),
    ),
    facts=(
        arrays_at_most(0.25, ("n_h", "m"), WIDE, "W = W2 W1 first, then X is multiplied by n_y rows only"),
        no_loop("m", "examples", {"n_x": 3, "n_h": 4, "n_y": 2}),
    ),
    bench=Bench(
        sizes={"n_x": 16, "n_h": 256, "n_y": 1, "m": 2000},
        baseline=layers,
        baseline_is="layer by layer, W2 (W1 X + b1) + b2",
        tiers=(
            Tier(
                "gold",
                0.7,
                "reading X, once, and the calls. Counting products before writing code gained more than any tuning of "
                "the two layers could",
            ),
            Tier("silver", 0.3, "something is computed that the answer does not need"),
            Tier("bronze", 0.05, "products of size n_h m: they are of the order that W2 (W1 X) has"),
        ),
        below="all the products of both layers",
    ),
)
