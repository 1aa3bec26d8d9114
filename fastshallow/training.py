"""Training, wholly inside compiled code or, for the other backends, step by step."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
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
from .optimizers import Optimizer, update_rule
from .parameters import Parameters, Scale, Seed, generator, initialize_parameters, positive_integer

PIECE = 0.1  # seconds between two looks at progress and interrupts

ROOM = 2**20  # costs, and places of examples in an order, that compiled code has room for before it begins anew

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
    optimizer: str | Optimizer = "gradient_descent",
    l2: float = 0.0,
    batch_size: int | None = None,
    shuffle: bool = True,
    parameters: Parameters | None = None,
    cost_every: int = 1,
    progress: Progress | None = None,
) -> Network:
    """Train a network with one hidden layer.

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
        Times that training goes over all examples: in one step, or in one for each batch.
    learning_rate
        alpha in W := W - alpha dW, and in the formulas of the other optimizers: try 0.01 or less with ``"rmsprop"``,
        ``"adam"`` and ``"adamw"``.
    scale, seed
        How the parameters begin: see `initialize_parameters`.
    backend
        ``"fused"`` runs wholly inside compiled code; the others take one step after the other. ``"auto"`` picks.
    threads
        As for `forward`.
    optimizer
        ``"gradient_descent"``, ``"momentum"``, ``"nesterov"``, ``"rmsprop"``, ``"adam"`` or ``"adamw"``, all as PyTorch
        computes them; or an object with hyperparameters of your own, such as ``fs.Momentum(beta=0.95)`` or
        ``fs.Adam(beta1=0.9, beta2=0.999, epsilon=1e-8)``.
    l2
        Adds l2 / (2 m) times the sum of the squared weights, without the biases, to the cost, and so l2 / m times the
        weights to their gradients: scikit-learn's ``alpha``. m counts the examples of a step.
    batch_size
        Examples of a step, fewer in an epoch's last one if they do not divide m; None takes all. The cost of an epoch
        is then the mean over its batches, each taken before its update and weighted by its examples.
    shuffle
        Whether each epoch takes the examples in a new order, which `seed` draws; batches of all examples need none.
    parameters
        Parameters to begin with, instead of `n_h` and `scale`. They are not changed.
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
    learning_rate = _number("learning_rate", learning_rate, "positive")
    rule, l2 = update_rule(optimizer), _number("l2", l2, "not negative")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function of (epoch, epochs, cost), not {progress!r}")
    m = X.shape[1]
    size = m if batch_size is None else min(m, positive_integer("batch_size", batch_size))
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False, not {shuffle!r}")
    random = generator(seed)
    if p is None:
        p = initialize_parameters(X.shape[0], n_h, Y.shape[0], scale, random, X.dtype)
    if backend == "auto":
        n_y, n_h = p.W2.shape
        backend = dispatch.explain(X.shape[0], n_h, n_y, size, X.dtype).backend
    module = named_backend(backend)
    run = _compiled if backend == "fused" else _stepwise
    descent = _Descent(p, epochs, learning_rate, cost_every, rule, l2, size)
    if shuffle and size < m:
        descent.orders = lambda count: np.stack([random.permutation(m) for _ in range(count)])
    run(descent, module, X, Y, g, loss, progress or _silent, threads)
    if not all(np.isfinite(each).all() for each in descent.parameters):
        raise descent.diverged()
    return Network(descent.parameters, g, loss, descent.history())


class _Descent:
    """A run of an optimizer: its settings, what it has reached, and the costs so far."""

    def __init__(
        self,
        p: Parameters,
        epochs: int,
        learning_rate: float,
        cost_every: int,
        optimizer: Optimizer,
        l2: float,
        batch_size: int,
    ) -> None:
        self.parameters = p
        self.epochs, self.learning_rate, self.cost_every = epochs, learning_rate, cost_every
        self.optimizer, self.l2, self.batch_size = optimizer, l2, batch_size
        self.orders: Callable[[int], NDArray[Any]] | None = None  # of the examples in so many epochs
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
    descent: _Descent,
    fused: Any,
    X: NDArray[Any],
    Y: NDArray[Any],
    hidden: Activation,
    output: Output,
    progress: Progress,
    threads: int | None,
) -> None:
    epochs, cost_every = descent.epochs, descent.cost_every
    p = descent.parameters = Parameters(*(each.copy() for each in descent.parameters))
    room = max(1, ROOM // X.shape[1]) if descent.orders else ROOM * cost_every
    settings = epochs, descent.learning_rate, descent.l2, cost_every, room, descent.batch_size, descent.orders
    leg = fused.Descent(X, Y, p, hidden, output, descent.optimizer, *settings, threads)

    def take() -> None:
        descent.epoch = leg.epoch
        descent.costs.extend(leg.costs(len(descent.costs), -(-descent.epoch // cost_every)))

    start, pieces = perf_counter(), 1
    try:
        while descent.epoch < epochs:
            before = perf_counter()
            finite = leg.run(pieces)
            seconds = perf_counter() - before
            take()
            if not leg.full:  # else it had no room to go through all pieces
                pieces = max(1, int(pieces * min(10.0, PIECE / max(seconds, 1e-6))))
            if not finite:
                number, later = divmod(descent.epoch, cost_every)
                raise descent.diverged(0.0 if later else leg.costs(number, number + 1)[0])
            progress(descent.epoch, epochs, descent.last_cost())
    except KeyboardInterrupt:
        take()
        descent.stopped = "interrupted"
    descent.seconds = perf_counter() - start


def _stepwise(
    descent: _Descent,
    backend: Any,
    X: NDArray[Any],
    Y: NDArray[Any],
    hidden: Activation,
    output: Output,
    progress: Progress,
    threads: int | None,
) -> None:
    epochs, optimizer, step = descent.epochs, descent.optimizer, 0
    first, second = ([np.zeros_like(each) for each in descent.parameters] for _ in range(2))
    start = shown = perf_counter()
    try:
        for epoch in range(epochs):
            mean = 0.0
            for x, y in _batches(X, Y, descent):
                cost, gradients = backend.cost_and_gradients(x, y, descent.parameters, hidden, output)
                if descent.l2:
                    cost, gradients = _regularized(cost, gradients, descent.parameters, descent.l2, x.shape[1])
                mean += cost * (x.shape[1] / X.shape[1])
                if epoch % descent.cost_every == 0 and not math.isfinite(cost):
                    raise descent.diverged(cost)
                step += 1
                numbers = optimizer.coefficients(float(step), descent.learning_rate, *optimizer.hyperparameters)
                with np.errstate(all="ignore"):
                    stepped = [
                        optimizer.rule(*each, *numbers)
                        for each in zip(descent.parameters, gradients, first, second, strict=True)
                    ]
                parameters, first, second = (list(each) for each in zip(*stepped, strict=True))
                if not np.isfinite(parameters[3]).all():  # the outputs' biases, which all that is not finite reaches
                    raise descent.diverged()
                descent.parameters = Parameters(*parameters)
            if epoch % descent.cost_every == 0:
                descent.costs.append(mean)
            descent.epoch = epoch + 1
            if perf_counter() - shown > PIECE or descent.epoch == epochs:
                shown = perf_counter()
                progress(descent.epoch, epochs, descent.last_cost())
    except KeyboardInterrupt:
        descent.stopped = "interrupted"
    descent.seconds = perf_counter() - start


def _batches(X: NDArray[Any], Y: NDArray[Any], descent: _Descent) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """The batches of an epoch, in its order."""
    order = descent.orders(1)[0] if descent.orders else None
    for begin in range(0, X.shape[1], descent.batch_size):
        batch = slice(begin, begin + descent.batch_size)
        yield (X[:, batch], Y[:, batch]) if order is None else (X[:, order[batch]], Y[:, order[batch]])


def _regularized(cost: float, gradients: Parameters, p: Parameters, l2: float, m: int) -> tuple[float, Parameters]:
    """The cost + l2 / (2 m) * the sum of the squared weights, and its gradients."""
    with np.errstate(all="ignore"):
        squares = sum(float(np.square(W).sum(dtype=np.float64)) for W in (p.W1, p.W2))
        decayed = gradients._replace(W1=gradients.W1 + l2 / m * p.W1, W2=gradients.W2 + l2 / m * p.W2)
    return cost + l2 / (2 * m) * squares, decayed


def _number(name: str, value: float, allowed: str) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not 0.0 <= value < math.inf or (value == 0.0 and allowed == "positive"):
        raise ValueError(f"{name} must be {allowed} and finite, not {value}")
    return float(value)
