"""Training: full-batch gradient descent, wholly inside compiled code or, for the other backends, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import dispatch
from .activations import Activation, activation
from .checks import check_finite, check_labels, check_parameters, check_threads, check_x, check_y
from .functional import named_backend
from .losses import Output, output_layer
from .network import History, Network
from .optimizers import gradient_descent
from .parameters import Parameters, Scale, Seed, initialize_parameters, positive_integer

PIECE = 0.1  # seconds between two looks at progress and interrupts

Progress = Callable[[int, int, float], Any]
Recorded = tuple[Parameters, int, NDArray[np.float64], str | None]


class DivergenceError(ArithmeticError):
    """The cost, or a parameter, has become NaN or infinite."""


def train(
    X: ArrayLike,
    Y: ArrayLike,
    n_h: int = 4,
    hidden: str | Activation = "tanh",
    output: str | Output = "sigmoid",
    epochs: int = 10_000,
    learning_rate: float = 1.2,
    scale: Scale = 0.01,
    seed: Seed = None,
    backend: str = "auto",
    threads: int | None = None,
    *,
    parameters: Parameters | None = None,
    cost_every: int = 1,
    progress: Progress | None = None,
) -> Network:
    """Train a network with one hidden layer by full-batch gradient descent.

    Parameters
    ----------
    X : (n_x, m)
        Examples as columns; float32 is trained in float32, everything else in float64.
    Y : (n_y, m)
        What to learn: labels from 0 to 1 (``output="sigmoid"``), one-hot columns (``"softmax"``) or numbers
        (``"identity"``).
    n_h
        Hidden units.
    hidden, output
        As for `forward`.
    epochs
        Steps, each over all examples.
    learning_rate
        alpha in W := W - alpha dW.
    scale, seed
        How the parameters begin: see `initialize_parameters`.
    backend
        ``"fused"`` runs wholly inside compiled code; the others take one step after the other. ``"auto"`` picks.
    threads
        1 or None: this version computes on one thread.
    parameters
        Parameters to begin with, instead of `n_h`, `scale` and `seed`. They are not changed.
    cost_every
        Record the cost of every so many-th epoch, as it is before the epoch's update.
    progress
        Called as ``progress(epoch, epochs, cost)`` about every 0.1 s and at the end: epochs done, epochs in all, and the
        last recorded cost (NaN if there is none yet).

    Returns
    -------
    Network
        Ctrl-C ends training within about 0.1 s and gives back the network as it is, with ``history.stopped`` set to
        ``"interrupted"``.

    Raises
    ------
    ValueError, TypeError
        For an argument of wrong shape, dtype or value, by its name.
    DivergenceError
        When the cost or a parameter becomes NaN or infinite.

    Notes
    -----
    Deep Learning Specialization, Course 1, Week 3: "Gradient descent for neural networks".
    """
    g, loss = activation(hidden), output_layer(output)
    X = check_x(X)
    Y = check_y(Y, X, None if parameters is None else np.shape(parameters[2])[0])
    check_finite(X)
    check_labels(Y, loss.name)
    check_threads(threads)
    epochs, cost_every = positive_integer("epochs", epochs), positive_integer("cost_every", cost_every)
    learning_rate = _learning_rate(learning_rate)
    if parameters is None:
        parameters = initialize_parameters(X.shape[0], n_h, Y.shape[0], scale, seed, X.dtype)
    p = check_parameters(parameters, X)
    if backend == "auto":
        (n_y, n_h), (n_x, m) = p.W2.shape, X.shape
        backend = dispatch.explain(n_x, n_h, n_y, m, X.dtype).backend
    module = named_backend(backend)
    run = _compiled if backend == "fused" else _stepwise
    descent = run(module, X, Y, p, g, loss, epochs, learning_rate, cost_every, progress or (lambda *_: None))
    return Network(descent.parameters, g, loss, descent.history())


class _Descent:
    """A run of gradient descent: what it has reached, and the costs so far."""

    def __init__(self, p: Parameters, epochs: int, learning_rate: float, cost_every: int) -> None:
        self.parameters = p
        self.epochs, self.learning_rate, self.cost_every = epochs, learning_rate, cost_every
        self.epoch = 0
        self.costs = np.full((epochs - 1) // cost_every + 1, math.nan)
        self.stopped: str | None = None
        self.seconds = 0.0

    def last_cost(self) -> float:
        return float(self.costs[(self.epoch - 1) // self.cost_every]) if self.epoch else math.nan

    def history(self) -> History:
        count = (self.epoch + self.cost_every - 1) // self.cost_every
        return History(np.arange(count) * self.cost_every, self.costs[:count].copy(), self.seconds, self.stopped)

    def diverged(self) -> DivergenceError:
        cost = self.costs[self.epoch // self.cost_every]
        what = (
            f"the cost became {cost}"
            if not math.isfinite(cost) and self.epoch % self.cost_every == 0
            else ("a parameter became NaN or infinite")
        )
        return DivergenceError(
            f"{what} at iteration {self.epoch}, with learning rate {self.learning_rate:g}: "
            "try a smaller learning_rate, features of mean 0 and variance 1, or a smaller scale"
        )


def _compiled(
    fused: Any,
    X: NDArray[Any],
    Y: NDArray[Any],
    p: Parameters,
    hidden: Activation,
    output: Output,
    epochs: int,
    learning_rate: float,
    cost_every: int,
    progress: Progress,
) -> _Descent:
    descent = _Descent(Parameters(*(array.copy() for array in p)), epochs, learning_rate, cost_every)
    compiled = fused.Descent(X, Y, descent.parameters, hidden, output, epochs, learning_rate, cost_every)
    descent.costs = compiled.costs
    start, pieces, finite = perf_counter(), 1, True
    try:
        while finite and descent.epoch < epochs:
            before = perf_counter()
            finite = compiled.run(pieces)
            pieces = max(1, int(pieces * min(10.0, PIECE / max(perf_counter() - before, 1e-6))))
            descent.epoch = compiled.epoch
            if finite:
                progress(descent.epoch, epochs, descent.last_cost())
    except KeyboardInterrupt:
        descent.epoch, descent.stopped = compiled.epoch, "interrupted"
    if not finite:
        raise descent.diverged()
    descent.seconds = perf_counter() - start
    return descent


def _stepwise(
    backend: Any,
    X: NDArray[Any],
    Y: NDArray[Any],
    p: Parameters,
    hidden: Activation,
    output: Output,
    epochs: int,
    learning_rate: float,
    cost_every: int,
    progress: Progress,
) -> _Descent:
    descent = _Descent(p, epochs, learning_rate, cost_every)
    start = shown = perf_counter()
    try:
        for epoch in range(epochs):
            cost, gradients = backend.cost_and_gradients(X, Y, descent.parameters, hidden, output)
            if epoch % cost_every == 0:
                descent.costs[epoch // cost_every] = cost
            if not math.isfinite(cost):
                raise descent.diverged()
            descent.parameters, descent.epoch = (
                Parameters(*(gradient_descent(w, dw, learning_rate) for w, dw in zip(descent.parameters, gradients))),
                epoch + 1,
            )
            if perf_counter() - shown > PIECE:
                shown = perf_counter()
                progress(descent.epoch, epochs, descent.last_cost())
        progress(descent.epoch, epochs, descent.last_cost())
    except KeyboardInterrupt:
        descent.stopped = "interrupted"
    descent.seconds = perf_counter() - start
    return descent


def _learning_rate(learning_rate: float) -> float:
    if isinstance(learning_rate, bool) or not isinstance(learning_rate, (int, float, np.number)):
        raise TypeError(f"learning_rate must be a number, not {learning_rate!r}")
    if not 0.0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be positive and finite, not {learning_rate}")
    return float(learning_rate)
