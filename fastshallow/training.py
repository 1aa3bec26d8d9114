"""Training: full-batch gradient descent, wholly inside compiled code or, for the other backends, step by step."""

from __future__ import annotations

import math
from array import array
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

ROOM = 2**20  # costs that compiled code has room for before it begins anew: memory grows with what is recorded

Progress = Callable[[int, int, float], Any]


def _silent(epoch: int, epochs: int, cost: float) -> None:
    """Show no progress."""


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
        As for `forward`.
    parameters
        Parameters to begin with, instead of `n_h`, `scale` and `seed`. They are not changed.
    cost_every
        Record the cost of every so many-th epoch, as it is before the epoch's update.
    progress
        Called as ``progress(epoch, epochs, cost)`` about every 0.1 s and at the end: epochs done, epochs in all, and
        the last recorded cost (NaN if there is none yet).

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
    p = None if parameters is None else check_parameters(parameters, X, "parameters")
    Y = check_y(Y, X, p and len(p.W2))
    check_finite(X)
    check_labels(Y, loss.name)
    check_threads(threads)
    epochs, cost_every = positive_integer("epochs", epochs), positive_integer("cost_every", cost_every)
    learning_rate = _learning_rate(learning_rate)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function of (epoch, epochs, cost), not {progress!r}")
    if p is None:
        p = initialize_parameters(X.shape[0], n_h, Y.shape[0], scale, seed, X.dtype)
    if backend == "auto":
        (n_y, n_h), (n_x, m) = p.W2.shape, X.shape
        backend = dispatch.explain(n_x, n_h, n_y, m, X.dtype).backend
    module = named_backend(backend)
    run = _compiled if backend == "fused" else _stepwise
    descent = run(module, X, Y, p, g, loss, epochs, learning_rate, cost_every, progress or _silent, threads)
    if not all(np.isfinite(each).all() for each in descent.parameters):
        raise descent.diverged()
    return Network(descent.parameters, g, loss, descent.history())


class _Descent:
    """A run of gradient descent: what it has reached, and the costs so far."""

    def __init__(self, p: Parameters, epochs: int, learning_rate: float, cost_every: int) -> None:
        self.parameters = p
        self.epochs, self.learning_rate, self.cost_every = epochs, learning_rate, cost_every
        self.epoch = 0
        self.costs = array("d")
        self.stopped: str | None = None
        self.seconds = 0.0

    def last_cost(self) -> float:
        return self.costs[-1] if self.costs else math.nan

    def history(self) -> History:
        count = -(-self.epoch // self.cost_every)  # an interrupt may fall between a cost and its update
        return History(np.arange(count) * self.cost_every, np.array(self.costs[:count]), self.seconds, self.stopped)

    def diverged(self, cost: float = 0.0) -> DivergenceError:
        what = "a parameter became NaN or infinite" if math.isfinite(cost) else f"the cost became {cost}"
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
    threads: int | None,
) -> _Descent:
    descent = _Descent(Parameters(*(each.copy() for each in p)), epochs, learning_rate, cost_every)
    room = ROOM * cost_every

    def begin(first: int) -> tuple[int, Any]:
        count = min(room, epochs - first)
        return first, fused.Descent(X, Y, descent.parameters, hidden, output, count, learning_rate, cost_every, threads)

    def take(first: int, leg: Any) -> None:
        descent.epoch = first + leg.epoch
        recorded = -(-leg.epoch // cost_every)
        descent.costs.extend(leg.costs[len(descent.costs) - first // cost_every : recorded])

    leg = begin(0)
    start, pieces = perf_counter(), 1
    try:
        while descent.epoch < epochs:
            if descent.epoch == leg[0] + room:
                leg = begin(descent.epoch)
            before = perf_counter()
            finite = leg[1].run(pieces)
            seconds = perf_counter() - before
            take(*leg)
            if descent.epoch < leg[0] + room:  # else it had no room to go through all pieces
                pieces = max(1, int(pieces * min(10.0, PIECE / max(seconds, 1e-6))))
            if not finite:
                recorded = descent.epoch % cost_every == 0
                raise descent.diverged(leg[1].costs[(descent.epoch - leg[0]) // cost_every] if recorded else 0.0)
            progress(descent.epoch, epochs, descent.last_cost())
    except KeyboardInterrupt:
        take(*leg)
        descent.stopped = "interrupted"
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
    threads: int | None,
) -> _Descent:
    descent = _Descent(p, epochs, learning_rate, cost_every)
    start = shown = perf_counter()
    try:
        for epoch in range(epochs):
            cost, gradients = backend.cost_and_gradients(X, Y, descent.parameters, hidden, output)
            if epoch % cost_every == 0:
                descent.costs.append(cost)
                if not math.isfinite(cost):
                    raise descent.diverged(cost)
            with np.errstate(all="ignore"):
                stepped = [
                    gradient_descent(w, dw, learning_rate) for w, dw in zip(descent.parameters, gradients, strict=True)
                ]
            if not np.isfinite(stepped[3]).all():  # the outputs' biases, which all that is not finite reaches
                raise descent.diverged()
            descent.parameters, descent.epoch = Parameters(*stepped), epoch + 1
            if perf_counter() - shown > PIECE or descent.epoch == epochs:
                shown = perf_counter()
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
