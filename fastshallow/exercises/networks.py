"""What exercises share: random networks, the reference, and a step whose parts can be replaced by wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import cost_and_gradients, forward
from ..formulas import Parameters, initialize_parameters
from .format import Answer, Arguments, Sizes

Array = NDArray[Any]


def network(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X (n_x, m), Y (n_y, m), W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1); m is 1 if not given."""
    n_x, n_h, n_y, m = (sizes.get(name, 1) for name in ("n_x", "n_h", "n_y", "m"))
    X = random.standard_normal((n_x, m))
    Y = random.integers(2, size=(n_y, m))
    W1 = random.standard_normal((n_h, n_x)) / np.sqrt(n_x)
    W2 = random.standard_normal((n_y, n_h)) / np.sqrt(n_h)
    b1, b2 = random.standard_normal((n_h, 1)), random.standard_normal((n_y, 1))
    return tuple(each.astype(dtype) for each in (X, Y, W1, b1, W2, b2))


def probabilities(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Array:
    """A2 (n_y, m), by the reference."""
    A2: Array = forward(X, Parameters(W1, b1, W2, b2), backend="numpy")
    return A2


def scores(X: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> Array:
    """Z2 (n_y, m) of a network whose hidden units are linear, by the reference."""
    Z2: Array = forward(X, Parameters(W1, b1, W2, b2), hidden="identity", output="identity", backend="numpy")
    return Z2


def step(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[float, Array, Array, Array, Array]:
    """The cost, and dW1, db1, dW2, db2, by the reference."""
    cost, gradients = cost_and_gradients(X, Y, Parameters(W1, b1, W2, b2), backend="numpy")
    return cost, gradients.W1, gradients.b1, gradients.W2, gradients.b2


def initial(n_x: int, n_h: int, n_y: int, scale: float, seed: int) -> tuple[Array, Array, Array, Array]:
    """W1, b1, W2, b2, drawn by the package."""
    W1, b1, W2, b2 = initialize_parameters(n_x, n_h, n_y, scale=scale, seed=np.random.default_rng(seed))
    return W1, b1, W2, b2


def sigmoid(Z: Array) -> Array:
    """As the course writes it."""
    return np.asarray(1 / (1 + np.exp(-Z)))


def differences_of(cost: Callable[..., float], arguments: Arguments, wanted: tuple[int, ...]) -> Answer:
    """Gradients by central differences, for the arguments whose places are `wanted`: they know no formula."""
    found = []
    for place in wanted:
        array = arguments[place]
        gradient = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            values = []
            for h in (1e-5, -1e-5):
                moved = array.copy()
                moved[index] += h
                values.append(cost(*arguments[:place], moved, *arguments[place + 1 :]))
            gradient[index] = (values[0] - values[1]) / 2e-5
        found.append(gradient)
    return tuple(found)
