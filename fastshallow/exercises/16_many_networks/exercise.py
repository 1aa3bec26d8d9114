"""Networks that are trained side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Mistake, Sizes, Tier, as_arrays_come, no_loop
from ..networks import Array, network, sigmoid, step

SMALL = {"K": 6, "n_x": 3, "n_h": 4, "n_y": 2, "m": 5, "epochs": 2}
Trained = tuple[Array, Array, Array, Array]


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y; W1, b1, W2, b2 and a learning rate for each of K networks; epochs."""
    X, Y, *_ = network(random, sizes, dtype)
    each = [network(random, sizes, dtype)[2:] for _ in range(sizes["K"])]
    W1, b1, W2, b2 = (np.stack(arrays) for arrays in zip(*each, strict=True))
    rates = random.uniform(0.2, 1.2, sizes["K"]).astype(dtype)
    return X, Y, W1, b1, W2, b2, rates, sizes["epochs"]


def reference(
    X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, rates: Array, epochs: int
) -> tuple[Array, ...]:
    """One after the other, by the package's gradients."""
    trained = []
    for k, rate in enumerate(rates):
        parameters: list[Array] = [W1[k], b1[k], W2[k], b2[k]]
        for _ in range(epochs):
            gradients = step(X, Y, *parameters)[1:]
            parameters = [p - rate * g for p, g in zip(parameters, gradients, strict=True)]
        trained.append(parameters)
    return tuple(np.stack(arrays) for arrays in zip(*trained, strict=True))


def one_by_one(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, rates: Array, epochs: int) -> Trained:
    """NumPy, on one network after the other."""
    W1, b1, W2, b2 = (each.copy() for each in (W1, b1, W2, b2))
    m = X.shape[1]
    for k, rate in enumerate(rates):
        for _ in range(epochs):
            A1 = np.tanh(W1[k] @ X + b1[k])
            dZ2 = sigmoid(W2[k] @ A1 + b2[k]) - Y
            dZ1 = (W2[k].T @ dZ2) * (1 - A1 * A1)
            W1[k] -= rate * (dZ1 @ X.T / m)
            b1[k] -= rate * (dZ1.sum(axis=1, keepdims=True) / m)
            W2[k] -= rate * (dZ2 @ A1.T / m)
            b2[k] -= rate * (dZ2.sum(axis=1, keepdims=True) / m)
    return W1, b1, W2, b2


def together(
    gradients: Trained, parameters: list[Array], rates: Array, changed: Callable[[Array], Array]
) -> list[Array]:
    """The updates of all parameters, each gradient changed before."""
    return [p - rates.reshape(-1, 1, 1) * changed(g) for p, g in zip(parameters, gradients, strict=True)]


def with_(
    rates_: Callable[[Array], Array] = lambda rates: rates,
    changed: Callable[[Array], Array] = lambda g: g,
    back: Callable[[Array], Any] = lambda W2: W2.transpose(0, 2, 1),
    slope: Callable[[Array], Any] = lambda A1: 1 - A1 * A1,
    biases: Callable[[Array], Any] = lambda d: d.mean(2, keepdims=True),
    m_: Callable[[int, int], float] = lambda m, K: m,
    left_out: tuple[int, ...] = (),
    order: tuple[tuple[int, ...], ...] = ((0, 1, 2, 3),),
    more: int = 0,
) -> Callable[..., Any]:
    """Training, with a part replaced. `order`: what is updated together, from gradients computed anew."""

    def train(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, rates: Array, epochs: int) -> Any:
        parameters = [W1, b1, W2, b2]
        m = m_(X.shape[1], len(W1)) / X.shape[1]
        for _ in range(epochs + more):
            A2 = None
            for group in order:
                W1, b1, W2, b2 = parameters
                A1 = np.tanh(W1 @ X + b1)
                A2 = sigmoid(W2 @ A1 + b2) if A2 is None else A2
                dZ2 = A2 - Y
                dZ1 = (back(W2) @ dZ2) * slope(A1)
                n = X.shape[1]
                found = dZ1 @ X.T / n, biases(dZ1), dZ2 @ A1.transpose(0, 2, 1) / n, biases(dZ2)
                moved = together(found, parameters, rates_(rates) / m, changed)
                parameters = [moved[i] if i in group and i not in left_out else parameters[i] for i in range(4)]
        return tuple(parameters)

    return train


def shared(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, rates: Array, epochs: int) -> Any:
    """The first network alone, for all."""
    first = with_()(X, Y, W1[:1], b1[:1], W2[:1], b2[:1], rates[:1], epochs)
    return tuple(np.broadcast_to(each, (len(W1), *each.shape[1:])) for each in first)


def over_units(X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, rates: Array, epochs: int) -> Any:
    """An update in place, by sums over the wrong axis."""
    b1 = b1.copy()
    b1 -= rates.reshape(-1, 1, 1) * (W1 @ X).sum(1, keepdims=True)
    return W1, b1, W2, b2


EXERCISE = Exercise(
    title="Many networks at once",
    function="train",
    arguments=("X", "Y", "W1", "b1", "W2", "b2", "rates", "epochs"),
    results=("W1", "b1", "W2", "b2"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("six small networks", (SMALL,), points=3),
        Check("one network", ({**SMALL, "K": 1},)),
        Check("no epoch", ({**SMALL, "epochs": 0},)),
        Check("one of everything", ({"K": 1, "n_x": 1, "n_h": 1, "n_y": 1, "m": 1, "epochs": 1},)),
        Check(
            "sizes that are equal",
            (
                {"K": 3, "n_x": 3, "n_h": 3, "n_y": 3, "m": 3, "epochs": 2},
                {"K": 5, "n_x": 2, "n_h": 4, "n_y": 1, "m": 5, "epochs": 2},
                {"K": 4, "n_x": 3, "n_h": 4, "n_y": 4, "m": 7, "epochs": 2},
            ),
        ),
        Check("odd and prime sizes", ({"K": 7, "n_x": 13, "n_h": 5, "n_y": 3, "m": 101, "epochs": 3},)),
        Check("larger than the cache", ({"K": 11, "n_x": 2, "n_h": 4, "n_y": 1, "m": 20_011, "epochs": 1},)),
        *as_arrays_come(SMALL, {**SMALL, "m": 9}),
    ),
    mistakes=(
        Mistake(
            "All networks learn with the first rate: each has its own, rates.reshape(-1, 1, 1).",
            with_(rates_=lambda rates: np.full_like(rates, rates[0])),
        ),
        Mistake(
            "All networks learn with the mean of the rates: each has its own.",
            with_(rates_=lambda rates: np.full_like(rates, rates.mean())),
        ),
        Mistake("The rates are in reverse order.", with_(rates_=lambda rates: rates[::-1])),
        Mistake("The learning rates are left out.", with_(rates_=np.ones_like)),
        Mistake(
            "The gradients are summed over the K = {K} networks: axis 0 counts networks, and none knows of another.",
            with_(changed=lambda g: np.broadcast_to(g.sum(0), g.shape)),
        ),
        Mistake(
            "The gradients are means over the K = {K} networks: axis 0 counts networks, and none knows of another.",
            with_(changed=lambda g: np.broadcast_to(g.mean(0), g.shape)),
        ),
        Mistake("All networks become the first one: each begins with its own weights.", shared),
        Mistake(
            "The biases' gradients are summed over networks and examples: sum over the examples alone, axis 2.",
            with_(biases=lambda d: d.sum((0, 2), keepdims=True) / d.shape[2]),
        ),
        Mistake("The biases' gradients are summed over units, axis 1: the examples are axis 2 now.", over_units),
        Mistake(
            "The biases' gradients are summed over units and examples: each unit has its own.",
            with_(biases=lambda d: d.sum((1, 2), keepdims=True) / d.shape[2]),
        ),
        Mistake(
            "W2.T turns all three axes round, to (n_h, n_y, K): take W2.transpose(0, 2, 1).", with_(back=np.transpose)
        ),
        Mistake("W2 is not transposed in W2ᵀ dZ2: take W2.transpose(0, 2, 1).", with_(back=lambda W2: W2)),
        Mistake("dZ1 lacks the derivative of tanh, 1 - A1 squared.", with_(slope=lambda A1: 1)),
        Mistake(
            "dZ1 has the derivative of the sigmoid; that of tanh is 1 - A1 squared.",
            with_(slope=lambda A1: A1 * (1 - A1)),
        ),
        Mistake("The 1/m is left out of the gradients.", with_(m_=lambda m, K: 1)),
        Mistake(
            "The gradients are divided by K m: the mean is over the m = {m} examples of a network.",
            with_(m_=lambda m, K: m * K),
        ),
        Mistake(
            "W2 is updated before dZ1 is computed from it: compute all gradients, then update.",
            with_(order=((2, 3), (0, 1))),
        ),
        Mistake(
            "W1 is updated before the gradients of W2 are known: compute all gradients, then update.",
            with_(order=((0, 1), (2, 3))),
        ),
        Mistake("It goes uphill: subtract the gradients.", with_(rates_=np.negative)),
        Mistake("There is one epoch too many.", with_(more=1)),
        Mistake("There is one epoch too few.", with_(more=-1)),
        Mistake("The biases are not updated.", with_(left_out=(1, 3))),
    ),
    facts=(
        no_loop("K", "networks", {"n_x": 2, "n_h": 4, "n_y": 1, "m": 7, "epochs": 2}),
        no_loop("m", "examples", {"K": 3, "n_x": 2, "n_h": 4, "n_y": 1, "epochs": 2}),
    ),
    bench=Bench(
        sizes={"K": 64, "n_x": 2, "n_h": 4, "n_y": 1, "m": 50, "epochs": 5},
        baseline=one_by_one,
        baseline_is="NumPy on one network after the other",
        tiers=(
            Tier(
                "gold",
                0.8,
                "tanh, and a few passes over (K, n_h, m) numbers. What is called, is called once for all networks; to "
                "keep a network's numbers in registers through all operations, the loops must be compiled",
            ),
            Tier(
                "silver",
                0.55,
                "products that are made for each network: the K matrices W1 in one column are one matrix (K n_h, n_x)",
            ),
            Tier("bronze", 0.25, "products of three or four axes that einsum sums in loops, or many temporaries"),
        ),
        below="Python executes something for each network",
    ),
)
