"""An epoch of mini-batches, in an order that is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..format import Arguments, Bench, Check, Exercise, Fact, Mistake, Sizes, Tier, arrays_at_most, as_arrays_come
from ..networks import Array, network, sigmoid, step

SMALL = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 11, "batch_size": 4}
WIDE = {"n_x": 64, "n_h": 2, "n_y": 1, "m": 10_007, "batch_size": 64}
FOUR_BATCHES = {"n_x": 3, "n_h": 4, "n_y": 2}
Trained = tuple[Array, Array, Array, Array]


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, Y, W1, b1, W2, b2, learning_rate, batch_size, seed."""
    rate, seed = float(random.uniform(0.3, 0.9)), int(random.integers(1000))
    return *network(random, sizes, dtype), rate, sizes["batch_size"], seed


def permutation(seed: int, m: int) -> Array:
    """As it should be drawn."""
    return np.random.default_rng(seed).permutation(m)


def _draws(seed: int, m: int) -> tuple[Array, Array]:
    """Two orders of one generator."""
    random = np.random.default_rng(seed)
    return random.permutation(m), random.permutation(m)


def batches(order: Array, size: int) -> Iterator[Array]:
    """One after the other; the last may be smaller."""
    for start in range(0, len(order), size):
        yield order[start : start + size]


def reference(
    X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, learning_rate: float, batch_size: int, seed: int
) -> Trained:
    """By the package's gradients."""
    for chosen in batches(permutation(seed, X.shape[1]), batch_size):
        gradients = step(X[:, chosen], Y[:, chosen], W1, b1, W2, b2)[1:]
        W1, b1, W2, b2 = (p - learning_rate * g for p, g in zip((W1, b1, W2, b2), gradients, strict=True))
    return W1, b1, W2, b2


def with_(
    order_: Callable[[int, int], Array] = permutation,
    order_of_Y: Callable[[Array, int], Array] = lambda order, seed: order,
    batches_: Callable[[Array, int], Any] = batches,
    divisor: Callable[[int, int, int], float] = lambda n, size, m: n,
    sign: float = 1.0,
    updates: Sequence[Sequence[int]] = ((0, 1, 2, 3),),
    at_first: bool = False,
) -> Callable[..., Any]:
    """The epoch, with a part replaced. `updates`: what is updated together, from gradients computed anew."""

    def epoch(
        X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, learning_rate: float, batch_size: int, seed: int
    ) -> Any:
        m = X.shape[1]
        order = order_(seed, m)
        first = parameters = [W1, b1, W2, b2]
        pairs = zip(batches_(order, batch_size), batches_(order_of_Y(order, seed), batch_size), strict=True)
        for chosen, chosen_Y in pairs:
            n, A2 = len(chosen), None
            for group in updates:
                found, A2 = _gradients(X[:, chosen], Y[:, chosen_Y], first if at_first else parameters, A2)
                rate = sign * learning_rate / divisor(n, batch_size, m)
                parameters = [p - rate * found[i] if i in group else p for i, p in enumerate(parameters)]
        return tuple(parameters)

    return epoch


def _gradients(X: Array, Y: Array, parameters: Sequence[Array], A2: Array | None) -> tuple[Trained, Array]:
    """The gradients' sums, with A2 as it was computed before, where it was."""
    W1, b1, W2, b2 = parameters
    A1 = np.tanh(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2) if A2 is None else A2
    dZ2 = A2 - Y
    dZ1 = (W2.T @ dZ2) * (1 - A1 * A1)
    return (dZ1 @ X.T, dZ1.sum(1, keepdims=True), dZ2 @ A1.T, dZ2.sum(1, keepdims=True)), A2


def dropped(order: Array, size: int) -> Iterator[Array]:
    """Without the last, smaller one."""
    return (chosen for chosen in batches(order, size) if len(chosen) == size)


def filled(order: Array, size: int) -> Iterator[Array]:
    """The last one filled up with the first examples."""
    return (order[(start + np.arange(size)) % len(order)] for start in range(0, len(order), size))


def merged(order: Array, size: int) -> Iterator[Array]:
    """The last one added to the one before."""
    whole = max(1, len(order) // size)
    return (order[i * size : (i + 1) * size if i + 1 < whole else None] for i in range(whole))


def once(order: Array, _: int) -> Iterator[Array]:
    """All examples at once."""
    yield order


def copied(
    X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, learning_rate: float, batch_size: int, seed: int
) -> Trained:
    """As the course does it: shuffled copies, a list of batches, then a step with the cost on each."""
    order = list(permutation(seed, X.shape[1]))
    shuffled_X, shuffled_Y = X[:, order], Y[:, order]
    places = [slice(start, start + batch_size) for start in range(0, X.shape[1], batch_size)]
    pairs = [(shuffled_X[:, place].copy(), shuffled_Y[:, place].copy()) for place in places]
    for x, y in pairs:
        A1 = np.tanh(np.dot(W1, x) + b1)
        A2 = sigmoid(np.dot(W2, A1) + b2)
        float(-np.sum(np.multiply(np.log(A2), y) + np.multiply(np.log(1 - A2), 1 - y)))
        dZ2 = A2 - y
        dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(np.tanh(np.dot(W1, x) + b1), 2))
        n = x.shape[1]
        W1 = W1 - learning_rate * (1 / n * np.dot(dZ1, x.T))
        b1 = b1 - learning_rate * (1 / n * np.sum(dZ1, axis=1, keepdims=True))
        W2 = W2 - learning_rate * (1 / n * np.dot(dZ2, A1.T))
        b2 = b2 - learning_rate * (1 / n * np.sum(dZ2, axis=1, keepdims=True))
    return W1, b1, W2, b2


def no_more_steps(steps: Sequence[int]) -> str | None:
    """Four batches take the same steps of Python, whatever their size."""
    if steps[1] <= 1.2 * steps[0]:
        return None
    return (
        f"Python executes {steps[0]:,} steps for four batches of 16, and {steps[1]:,} for four of 64: there is a loop "
        "over examples. np.take gathers all columns of a batch"
    )


EXERCISE = Exercise(
    title="Mini-batches, and gather",
    function="epoch",
    arguments=("X", "Y", "W1", "b1", "W2", "b2", "learning_rate", "batch_size", "seed"),
    results=("W1", "b1", "W2", "b2"),
    make_case=make_case,
    reference=reference,
    imports=("numpy",),
    refused={"vectorize": "it is a loop in Python all the same"},
    checks=(
        Check("two batches and a smaller one", (SMALL,), points=3),
        Check("batches that fit", ({**SMALL, "m": 12},)),
        Check("a last batch of one", ({**SMALL, "m": 13},)),
        Check("batches of one", ({**SMALL, "m": 5, "batch_size": 1},)),
        Check("a batch larger than the data", ({**SMALL, "m": 5, "batch_size": 8},)),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "n_y": 1, "m": 1, "batch_size": 1},)),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "n_y": 3, "m": 101, "batch_size": 17},)),
        Check("larger than the cache", ({"n_x": 9, "n_h": 4, "n_y": 1, "m": 50_021, "batch_size": 4096},)),
        *as_arrays_come(SMALL),
    ),
    mistakes=(
        Mistake(
            "X is shuffled, and Y is not: example and label belong together, so one order serves both.",
            with_(order_of_Y=lambda order, seed: np.arange(len(order))),
        ),
        Mistake(
            "Y is shuffled, and X is not: example and label belong together, so one order serves both.",
            with_(lambda seed, m: np.arange(m), lambda order, seed: permutation(seed, len(order))),
        ),
        Mistake(
            "X and Y are shuffled apart: one permutation serves both.",
            with_(order_of_Y=lambda order, seed: _draws(seed, len(order))[1]),
        ),
        Mistake("Nothing is shuffled.", with_(lambda seed, m: np.arange(m))),
        Mistake(
            "np.random.seed draws another order than np.random.default_rng(seed).",
            with_(lambda seed, m: np.random.RandomState(seed).permutation(m)),
        ),
        Mistake(
            "Examples are drawn, some twice and some never: permutation(m) is an order of all.",
            with_(lambda seed, m: np.random.default_rng(seed).integers(m, size=m)),
        ),
        Mistake(
            "The order is that which sorts random numbers; take permutation(m) of the generator.",
            with_(lambda seed, m: np.argsort(np.random.default_rng(seed).random(m))),
        ),
        Mistake(
            "The order is applied the wrong way round: X[:, order] begins with example order[0].",
            with_(lambda seed, m: np.argsort(permutation(seed, m))),
        ),
        Mistake("It is the second order that the generator draws.", with_(lambda seed, m: _draws(seed, m)[1])),
        Mistake("The last, smaller batch is dropped: its examples count too.", with_(batches_=dropped)),
        Mistake("The last batch is filled up with examples from the beginning.", with_(batches_=filled)),
        Mistake("The last, smaller batch is added to the one before.", with_(batches_=merged)),
        Mistake("All examples are one batch.", with_(batches_=once)),
        Mistake(
            "The last batch is divided by the batch size, {batch_size}: it has fewer examples, and is their mean.",
            with_(divisor=lambda n, size, m: size),
        ),
        Mistake(
            "The gradients are divided by m = {m}: a batch's are means over its own examples.",
            with_(divisor=lambda n, size, m: m),
        ),
        Mistake("The gradients are sums: divide by the examples of the batch.", with_(divisor=lambda n, size, m: 1)),
        Mistake(
            "All batches have the gradients of the first weights: each begins with those that the one before has left.",
            with_(at_first=True),
        ),
        Mistake(
            "W2 is updated before dZ1 is computed from it: compute all gradients, then update.",
            with_(updates=((2, 3), (0, 1))),
        ),
        Mistake(
            "W1 is updated before the gradients of W2 are known: compute all gradients, then update.",
            with_(updates=((0, 1), (2, 3))),
        ),
        Mistake("It goes uphill: subtract the gradients.", with_(sign=-1.0)),
        Mistake("The biases are not updated.", with_(updates=((0, 2),))),
    ),
    facts=(
        Fact(
            "no loop over examples",
            "steps",
            ({**FOUR_BATCHES, "m": 64, "batch_size": 16}, {**FOUR_BATCHES, "m": 256, "batch_size": 64}),
            no_more_steps,
        ),
        arrays_at_most(0.5, ("n_x", "m"), WIDE, "gather one batch at a time, all into the same (n_x, batch_size)"),
    ),
    bench=Bench(
        sizes={"n_x": 16, "n_h": 4, "n_y": 1, "m": 50_000, "batch_size": 512},
        baseline=copied,
        baseline_is="the course's: shuffled copies of all, and the cost of each batch",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "calls of NumPy, some thirty for each batch, and the gather: an example's n_x numbers lie in n_x "
                "places, so each is a cache line of its own. Where X is used for many epochs, a copy that has examples "
                "in rows pays: there they are neighbours",
            ),
            Tier("silver", 0.65, "copies of all of X, or arrays that are made anew in each batch"),
            Tier("bronze", 0.4, "work that gives nothing new: the cost, tanh a second time"),
        ),
        below="Python executes something for each example",
    ),
)
