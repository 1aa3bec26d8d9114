"""What the exercises on the backward pass share: its formulas with parts to replace, and the common mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .format import Arguments, Mistake, Sizes
from .networks import Array, network, sigmoid, step

ARGUMENTS = ("X", "Y", "W1", "b1", "W2", "b2")
RESULTS = ("dW1", "db1", "dW2", "db2")
Gradients = tuple[Array, Array, Array, Array]


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, W1, b1, W2, b2."""
    return network(random, sizes, dtype)


def reference(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Gradients:
    """By the package's reference."""
    return step(X, Y, W1, b1, W2, b2)[1:]


def mean(d: Array) -> Any:
    """Over examples, kept as a column."""
    return d.sum(axis=1, keepdims=True) / d.shape[1]


def with_(
    dZ2_: Callable[[Array, Array, Array], Any] = lambda A2, Y, Z2: A2 - Y,
    dA1_: Callable[[Array, Array], Any] = lambda W2, dZ2: W2.T @ dZ2,
    slope: Callable[[Array, Array], Any] = lambda A1, Z1: 1 - A1 * A1,
    dZ1_: Callable[[Array, Array], Any] = np.multiply,
    dW1_: Callable[[Array, Array], Any] = lambda dZ1, X: dZ1 @ X.T / X.shape[1],
    dW2_: Callable[[Array, Array], Any] = lambda dZ2, A1: dZ2 @ A1.T / A1.shape[1],
    db1_: Callable[[Array], Any] = mean,
    db2_: Callable[[Array], Any] = mean,
    hidden: Callable[[Array], Any] = np.tanh,
    of_A1: Callable[[Array, Array], Any] = lambda A1, Z1: A1,
) -> Callable[..., Any]:
    """The gradients, with a part replaced."""

    def gradients(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Any:
        Z1 = W1 @ X + b1
        A1 = hidden(Z1)
        Z2 = W2 @ A1 + b2
        dZ2 = dZ2_(sigmoid(Z2), Y, Z2)
        dZ1 = dZ1_(dA1_(W2, dZ2), slope(A1, Z1))
        return dW1_(dZ1, X), db1_(dZ1), dW2_(dZ2, of_A1(A1, Z1)), db2_(dZ2)

    return gradients


def _times(power: int) -> Callable[..., Any]:
    """All four with another power of 1/m."""
    right = with_()
    return lambda *arguments: tuple(each * arguments[0].shape[1] ** float(power) for each in right(*arguments))


MISTAKES = (
    Mistake("The 1/m is left out of all gradients: they are means over m = {m} examples.", _times(1)),
    Mistake("All gradients are divided by m = {m} twice.", _times(-1)),
    Mistake("The 1/m is left out of dW1.", with_(dW1_=lambda dZ1, X: dZ1 @ X.T)),
    Mistake("dW1 is divided by m = {m} twice.", with_(dW1_=lambda dZ1, X: dZ1 @ X.T / X.shape[1] ** 2)),
    Mistake("The 1/m is left out of dW2.", with_(dW2_=lambda dZ2, A1: dZ2 @ A1.T)),
    Mistake("dW2 is divided by m = {m} twice.", with_(dW2_=lambda dZ2, A1: dZ2 @ A1.T / A1.shape[1] ** 2)),
    Mistake("The 1/m is left out of db1.", with_(db1_=lambda d: d.sum(axis=1, keepdims=True))),
    Mistake("The 1/m is left out of db2.", with_(db2_=lambda d: d.sum(axis=1, keepdims=True))),
    Mistake(
        "db1 is summed without keepdims: it is the column (n_h, 1), as b1.", with_(db1_=lambda d: d.sum(1) / d.shape[1])
    ),
    Mistake(
        "db2 is summed without keepdims: it is the column (n_y, 1), as b2.", with_(db2_=lambda d: d.sum(1) / d.shape[1])
    ),
    Mistake(
        "Both sums lack keepdims: db1 and db2 are columns, as b1 and b2.",
        with_(db1_=lambda d: d.sum(1) / d.shape[1], db2_=lambda d: d.sum(1) / d.shape[1]),
    ),
    Mistake(
        "db1 is summed over everything: sum over the examples, axis=1.", with_(db1_=lambda d: d.sum() / d.shape[1])
    ),
    Mistake(
        "dZ1 has the derivative of the sigmoid, A1 (1 - A1); that of tanh is 1 - A1 squared.",
        with_(slope=lambda A1, Z1: A1 * (1 - A1)),
    ),
    Mistake("dZ1 lacks the derivative of tanh: W2.T dZ2 is dA1, not dZ1.", with_(slope=lambda A1, Z1: 1)),
    Mistake(
        "The derivative is taken of Z1 as if it were A1: 1 - A1 squared, not 1 - Z1 squared.",
        with_(slope=lambda A1, Z1: 1 - Z1 * Z1),
    ),
    Mistake(
        "tanh is applied once more: the derivative at Z1 is 1 - A1 squared, where A1 has tanh in it already.",
        with_(slope=lambda A1, Z1: 1 - np.tanh(A1) ** 2),
    ),
    Mistake("The derivative is 1 - A1; it should be 1 - A1 squared.", with_(slope=lambda A1, Z1: 1 - A1)),
    Mistake(
        "dW2 is taken with Z1 in place of A1: it is W2's input that counts, and that is A1.",
        with_(of_A1=lambda A1, Z1: Z1),
    ),
    Mistake(
        "dW2 is taken with 1 - A1 squared in place of A1: is A1 overwritten before dW2 is computed?",
        with_(of_A1=lambda A1, Z1: 1 - A1 * A1),
    ),
    Mistake(
        "dZ1 has a product of matrices where an elementwise one belongs: (W2.T @ dZ2) * (1 - A1**2).",
        with_(dZ1_=np.matmul),
    ),
    Mistake(
        "dZ1 has a product of matrices where an elementwise one belongs: (W2.T @ dZ2) * (1 - A1**2), both (n_h, m).",
        with_(dZ1_=lambda dA1, slope: dA1 @ slope.T),
    ),
    Mistake(
        "W2.T * dZ2 multiplies element by element, where the sum over outputs is a product of matrices: W2.T @ dZ2.",
        with_(dA1_=lambda W2, dZ2: W2.T * dZ2),
    ),
    Mistake("W2 lacks its transposition: dA1 = W2.T @ dZ2.", with_(dA1_=lambda W2, dZ2: W2 @ dZ2)),
    Mistake("X lacks its transposition: dW1 = dZ1 @ X.T / m.", with_(dW1_=lambda dZ1, X: dZ1 @ X)),
    Mistake("A1 lacks its transposition: dW2 = dZ2 @ A1.T / m.", with_(dW2_=lambda dZ2, A1: dZ2 @ A1)),
    Mistake("dW1 is transposed: dZ1 @ X.T / m has the shape of W1.", with_(dW1_=lambda dZ1, X: X @ dZ1.T / X.shape[1])),
    Mistake(
        "dW2 is transposed: dZ2 @ A1.T / m has the shape of W2.", with_(dW2_=lambda dZ2, A1: A1 @ dZ2.T / A1.shape[1])
    ),
    Mistake("dZ2 has the wrong sign: it is A2 - Y, not Y - A2.", with_(dZ2_=lambda A2, Y, Z2: Y - A2)),
    Mistake(
        "dZ2 has the derivative of the sigmoid in it: with cross-entropy it falls out, and dZ2 = A2 - Y.",
        with_(dZ2_=lambda A2, Y, Z2: (A2 - Y) * A2 * (1 - A2)),
    ),
    Mistake("dZ2 is Z2 - Y; it should be A2 - Y.", with_(dZ2_=lambda A2, Y, Z2: Z2 - Y)),
    Mistake(
        "dZ2 is the gradient by A2; multiplied by the sigmoid's derivative it is A2 - Y.",
        with_(dZ2_=lambda A2, Y, Z2: (A2 - Y) / (A2 * (1 - A2))),
    ),
    Mistake(
        "The hidden units have the sigmoid; they should have tanh.",
        with_(hidden=sigmoid, slope=lambda A1, Z1: A1 * (1 - A1)),
    ),
)
