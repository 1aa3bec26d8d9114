"""Training from random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backward import reference as gradients_of
from ..format import Arguments, Bench, Check, Exercise, Mistake, Sizes, Tier, no_loop
from ..networks import Array, initial, network, sigmoid

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5, "epochs": 3}
Trained = tuple[Array, Array, Array, Array]


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, n_h, epochs, learning_rate, scale, seed."""
    X, Y, *_ = network(random, sizes, dtype)
    seed = int(random.integers(1000))
    return X, Y, sizes["n_h"], sizes["epochs"], float(random.uniform(0.5, 1.0)), float(random.uniform(0.5, 1.0)), seed


def from_zero(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """The same with a scale of 0."""
    X, Y, n_h, epochs, rate, _, seed = make_case(random, sizes, dtype)
    return X, Y, n_h, epochs, rate, 0.0, seed


def drawn(seed: int, n_x: int, n_h: int, n_y: int, scale: float) -> Trained:
    """As it should be."""
    return initial(n_x, n_h, n_y, scale, seed)


def drawn_by(
    normal: Callable[[int], Callable[[int, int], Array]], biases: bool = False, swapped: bool = False
) -> Callable[..., Trained]:
    """From other numbers, or in another order."""

    def draw(seed: int, n_x: int, n_h: int, n_y: int, scale: float) -> Trained:
        numbers = normal(seed)
        W2 = scale * numbers(n_y, n_h) if swapped else None
        W1 = scale * numbers(n_h, n_x)
        b1 = scale * numbers(n_h, 1) if biases else np.zeros((n_h, 1))
        W2 = scale * numbers(n_y, n_h) if W2 is None else W2
        return W1, b1, W2, scale * numbers(n_y, 1) if biases else np.zeros((n_y, 1))

    return draw


def fresh(seed: int) -> Callable[[int, int], Array]:
    """A new generator with the same seed for each array."""
    return lambda rows, columns: np.random.default_rng(seed).standard_normal((rows, columns))


def standard(seed: int) -> Callable[[int, int], Array]:
    """One generator."""
    random = np.random.default_rng(seed)
    return lambda rows, columns: random.standard_normal((rows, columns))


def legacy(seed: int) -> Callable[[int, int], Array]:
    """The course's np.random.seed and randn."""
    random = np.random.RandomState(seed)
    return lambda rows, columns: random.randn(rows, columns)


def uniform(seed: int) -> Callable[[int, int], Array]:
    """Between 0 and 1."""
    random = np.random.default_rng(seed)
    return lambda rows, columns: random.random((rows, columns))


def columns_first(seed: int) -> Callable[[int, int], Array]:
    """The shapes the other way round."""
    random = np.random.default_rng(seed)
    return lambda rows, columns: random.standard_normal((columns, rows)).T


def unscaled(seed: int, n_x: int, n_h: int, n_y: int, scale: float) -> Trained:
    """Without the scale."""
    return initial(n_x, n_h, n_y, 1.0, seed)


def zeros(seed: int, n_x: int, n_h: int, n_y: int, scale: float) -> Trained:
    """Symmetric."""
    return np.zeros((n_h, n_x)), np.zeros((n_h, 1)), np.zeros((n_y, n_h)), np.zeros((n_y, 1))


def with_(
    draw: Callable[..., Trained] = drawn,
    more: int = 0,
    factor: Callable[[int], float] = lambda m: 1.0,
    left_out: tuple[int, ...] = (),
    order: tuple[tuple[int, ...], ...] = ((0, 1, 2, 3),),
) -> Callable[..., Any]:
    """Training, with a part replaced. `order`: what is updated together, from gradients computed anew."""

    def train(X: Array, Y: Array, n_h: int, epochs: int, learning_rate: float, scale: float, seed: int) -> Any:
        parameters = list(draw(seed, len(X), n_h, len(Y), scale))
        for _ in range(epochs + more):
            A2 = None
            for group in order:
                gradients, A2 = _gradients(X, Y, parameters, A2)
                for i in group:
                    if i not in left_out:
                        parameters[i] = parameters[i] - learning_rate * factor(X.shape[1]) * gradients[i]
        return tuple(parameters)

    return train


def _gradients(X: Array, Y: Array, parameters: list[Array], A2: Array | None) -> tuple[Trained, Array]:
    """The gradients, with A2 as it was computed before, where it was."""
    W1, b1, W2, b2 = parameters
    A1 = np.tanh(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2) if A2 is None else A2
    dZ2, m = A2 - Y, X.shape[1]
    dZ1 = (W2.T @ dZ2) * (1 - A1 * A1)
    return (dZ1 @ X.T / m, dZ1.mean(1, keepdims=True), dZ2 @ A1.T / m, dZ2.mean(1, keepdims=True)), A2


def reference(X: Array, Y: Array, n_h: int, epochs: int, learning_rate: float, scale: float, seed: int) -> Trained:
    """By the package's gradients."""
    W1, b1, W2, b2 = initial(len(X), n_h, len(Y), scale, seed)
    for _ in range(epochs):
        gradients = gradients_of(X, Y, W1, b1, W2, b2)
        W1, b1, W2, b2 = (p - learning_rate * g for p, g in zip((W1, b1, W2, b2), gradients, strict=True))
    return W1, b1, W2, b2


def with_cost(X: Array, Y: Array, n_h: int, epochs: int, learning_rate: float, scale: float, seed: int) -> Trained:
    """As the course's notebook: a function for each part, dictionaries between them, and the cost in every epoch."""
    parameters = dict(zip(("W1", "b1", "W2", "b2"), initial(len(X), n_h, len(Y), scale, seed), strict=True))
    m = X.shape[1]
    for _ in range(epochs):
        Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
        A1 = np.tanh(Z1)
        A2 = sigmoid(np.dot(parameters["W2"], A1) + parameters["b2"])
        losses = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
        float(np.squeeze(-np.sum(losses) / m))
        dZ2 = A2 - Y
        dZ1 = np.multiply(np.dot(parameters["W2"].T, dZ2), 1 - np.power(np.tanh(Z1), 2))
        gradients = {
            "W1": 1 / m * np.dot(dZ1, X.T),
            "b1": 1 / m * np.sum(dZ1, axis=1, keepdims=True),
            "W2": 1 / m * np.dot(dZ2, A1.T),
            "b2": 1 / m * np.sum(dZ2, axis=1, keepdims=True),
        }
        parameters = {name: parameters[name] - learning_rate * gradients[name] for name in parameters}
    return parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]


EXERCISE = Exercise(
    title="Symmetry, and random weights",
    function="train",
    arguments=("X", "Y", "n_h", "epochs", "learning_rate", "scale", "seed"),
    results=("W1", "b1", "W2", "b2"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    checks=(
        Check("a few epochs", (SMALL,), points=3),
        Check("no epoch: the weights as they are drawn", ({**SMALL, "epochs": 0},)),
        Check("one epoch", ({**SMALL, "epochs": 1},)),
        Check("scale 0: all units stay alike", ({**SMALL, "n_y": 1},), make=from_zero),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1, "epochs": 2},)),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101, "epochs": 5},)),
        Check("a hundred epochs", ({"n_x": 2, "n_h": 4, "n_y": 1, "m": 31, "epochs": 100},), tolerance=1e-9),
        Check("Fortran order: the transpose of a table", ({**SMALL, "m": 9},), order="F"),
    ),
    mistakes=(
        Mistake(
            "W2 is drawn before W1: the same seed, in another order, is other weights.",
            with_(drawn_by(standard, swapped=True)),
        ),
        Mistake(
            "Each array has a generator of its own with the same seed: W1 and W2 share numbers.", with_(drawn_by(fresh))
        ),
        Mistake(
            "np.random.seed and randn draw other numbers than np.random.default_rng(seed).",
            with_(drawn_by(legacy)),
        ),
        Mistake("The numbers are uniform; take standard_normal.", with_(drawn_by(uniform))),
        Mistake("The shapes are drawn the other way round, and transposed.", with_(drawn_by(columns_first))),
        Mistake("The biases are drawn too: they begin as zeros.", with_(drawn_by(standard, biases=True))),
        Mistake("The weights are not multiplied by scale.", with_(unscaled)),
        Mistake("All weights begin as 0: the hidden units are alike, and stay so.", with_(zeros)),
        Mistake(
            "W2 is updated before dZ1 is computed from it: compute all gradients, then update.",
            with_(order=((2, 3), (0, 1))),
        ),
        Mistake(
            "W1 is updated before the gradients of W2 are known: compute all gradients, then update.",
            with_(order=((0, 1), (2, 3))),
        ),
        Mistake("There is one epoch too many.", with_(more=1)),
        Mistake("There is one epoch too few.", with_(more=-1)),
        Mistake("It goes uphill: subtract the gradients.", with_(factor=lambda m: -1.0)),
        Mistake("The 1/m is left out of the gradients.", with_(factor=float)),
        Mistake("The gradients are divided by m = {m} twice.", with_(factor=lambda m: 1 / m)),
        Mistake("b1 is not updated.", with_(left_out=(1,))),
        Mistake("b2 is not updated.", with_(left_out=(3,))),
        Mistake("The biases are not updated.", with_(left_out=(1, 3))),
        Mistake("W1 and b1 are not updated.", with_(left_out=(0, 1))),
    ),
    facts=(no_loop("m", "examples", {"n_x": 3, "n_h": 4, "n_y": 2, "epochs": 2}),),
    bench=Bench(
        sizes={"n_x": 2, "n_h": 4, "n_y": 1, "m": 400, "epochs": 20},
        baseline=with_cost,
        baseline_is="the course's notebook: the cost in every epoch, and tanh twice",
        tiers=(
            Tier(
                "gold",
                0.85,
                "calls of NumPy, about twenty an epoch, and tanh and exp of a few thousand numbers. A compiled loop "
                "over epochs has no calls; that is where the way leads",
            ),
            Tier("silver", 0.65, "work in every epoch that need not be there: the cost, or tanh a second time"),
            Tier("bronze", 0.4, "several passes over the data in each epoch that give nothing new"),
        ),
        below="Python executes something for each example, or much is computed several times",
    ),
)
