"""Training one step after the other, each a call of a backend: the reference of the compiled loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formulas import Activation, Dropout, Parameters, leaky_relu_of
from .settings import Data, Settings

Rates = Callable[[int, int], NDArray[np.float64]]  # (first epoch, how many) -> their learning rates


class Stepwise:
    """A run of training that goes on, some steps at a time, from where it stopped.

    Attributes
    ----------
    epoch, step
        Epochs done, and steps done in all.
    parameters, hidden
        As the last step left them, a learned slope too.
    failure
        What became NaN or infinite, once `run` has given back False.
    finished
        Why there are no more steps to take, or None.
    """

    def __init__(
        self, data: Data, p: Parameters, settings: Settings, rates: Rates, backend: Any, state: dict[str, Any]
    ) -> None:
        self._data, self._settings, self._rates, self._backend = data, settings, rates, backend
        self._size = data.batch_size(settings)
        self._orders = data.orders(settings)
        self._dropout = Dropout(settings.dropout, settings.key) if settings.dropout else None
        self._gradients: Any = ()
        self.parameters = p
        self._slope: tuple[NDArray[Any], ...] = ()  # or a fifth parameter (1, 1)
        if settings.hidden.learned:
            self._slope = (np.full((1, 1), state.get("slope", settings.hidden.slope), p.W1.dtype),)
        self._names = Parameters._fields + ("slope",) * len(self._slope)
        self.failure, self.finished = "", None
        self._begin(int(state.get("epoch", 0)))
        self._first = -(-self.epoch // settings.cost_every)
        self._costs: list[float] = []
        self._position, self._mean = int(state.get("position", 0)), float(state.get("sum", 0.0))
        self._states = [
            [
                np.array(state.get(f"state{k}_{name}", np.zeros_like(each)))
                for name, each in zip(self._names, (*p, *self._slope), strict=True)
            ]
            for k in (0, 1)
        ]

    @property
    def hidden(self) -> Activation:
        """The activation as the last step left it."""
        return leaky_relu_of(float(self._slope[0][0, 0])) if self._slope else self._settings.hidden

    @property
    def step(self) -> int:
        """Steps done."""
        return self.epoch * -(-self._data.m // self._size) + self._position // self._size

    def run(self, until: int, seconds: float) -> bool:
        """Take steps up to epoch `until` or for about so many seconds; give back whether all is still finite."""
        end = perf_counter() + seconds
        while self.epoch < until:
            if not self._take_step():
                return False
            if perf_counter() >= end:
                break
        return True

    def costs(self, begin: int, end: int) -> list[float]:
        """The recorded costs of these numbers, none from before this run went on."""
        return self._costs[begin - self._first : end - self._first]

    def state(self) -> dict[str, Any]:
        """All that a run needs, beside its parameters, to go on exactly."""
        arrays = {
            f"state{k}_{name}": array
            for k in range(self._settings.optimizer.states)
            for name, array in zip(self._names, self._states[k], strict=True)
        }
        if self._slope:
            arrays["slope"] = self._slope[0][0, 0]
        return {"epoch": self.epoch, "position": self._position, "sum": self._mean, **arrays}

    def largest_gradient(self) -> float:
        """The largest element of the last step's gradients, in absolute value; NaN if one is."""
        return largest(self._gradients)

    def _begin(self, epoch: int) -> None:
        self.epoch, self._position, self._mean = epoch, 0, 0.0
        self._order: NDArray[Any] | None = None
        self._rate: float | None = None

    def _examples(self) -> Any:
        examples: Any = slice(self._position, self._position + self._size)
        if self._orders:
            if self._order is None:
                self._order = np.empty(self._data.m, np.intp)
                self._orders.fill(self.epoch, self._order[None])
            examples = self._order[examples]
        return examples

    def _batch(self, examples: Any) -> Data:
        return self._data.batch(examples)

    def _take_step(self) -> bool:
        settings, examples = self._settings, self._examples()
        batch = self._batch(examples)
        if self._rate is None:
            self._rate = float(self._rates(self.epoch, 1)[0])
        recorded = self.epoch % settings.cost_every == 0
        cost, gradients = self._cost_and_gradients(batch, examples)
        self._gradients = gradients
        if recorded and not math.isfinite(cost):
            self.failure = f"the cost became {cost}"
            return False
        optimizer = settings.optimizer
        with np.errstate(all="ignore"):
            numbers = [*map(float, optimizer.coefficients(self.step + 1.0, self._rate, *optimizer.hyperparameters))]
            scale = clip_scale(gradients, settings.clip_norm)
            if scale != 1.0:
                gradients = tuple(scale * each for each in gradients)
            learned: list[Any] = [*self.parameters, *self._slope]
            updated: list[Any] = [
                optimizer.rule(*each, *numbers) for each in zip(learned, gradients, *self._states, strict=True)
            ]
        learned, *self._states = map(list, zip(*updated, strict=True))
        self.parameters, self._slope = Parameters(*learned[:4]), tuple(learned[4:])
        self._mean += cost * (batch.m / self._data.m)
        if not np.isfinite(self.parameters.b2).all():  # which all that is not finite reaches
            self.failure = "a parameter became NaN or infinite"
            return False
        self._position += self._size
        if self._position >= self._data.m:
            if recorded:
                self._costs.append(self._mean)
            self._begin(self.epoch + 1)
        return True

    def _cost_and_gradients(self, batch: Data, examples: Any) -> tuple[float, tuple[NDArray[Any], ...]]:
        settings, p = self._settings, self.parameters
        more: dict[str, Any] = {} if batch.weights is None else {"weights": batch.weights.astype(batch.X.dtype)}
        if self._dropout:
            places = np.arange(*examples.indices(self._data.m)) if isinstance(examples, slice) else examples
            more["mask"] = self._dropout.mask(self.epoch, places, len(p.W1), batch.X.dtype)
        if self._slope:
            more["learned"] = True
        total = float(batch.m)
        if settings.by_weight and batch.weights is not None:
            total = float(batch.weights.sum())
            more["weights"] *= batch.m / total
        cost, gradients = self._backend.cost_and_gradients(batch.X, batch.Y, p, self.hidden, settings.output, **more)
        if settings.averaged:
            cost /= len(batch.Y)
        cost, decayed = regularized(cost, Parameters(*gradients[:4]), p, settings.l2, total)
        return cost, (*decayed, *gradients[4:])


def regularized(cost: float, gradients: Parameters, p: Parameters, l2: float, m: float) -> tuple[float, Parameters]:
    """The cost + l2 / (2 m) * the sum of the squared weights, and its gradients."""
    if not l2:
        return cost, gradients
    with np.errstate(all="ignore"):
        decayed = gradients._replace(W1=gradients.W1 + l2 / m * p.W1, W2=gradients.W2 + l2 / m * p.W2)
        return cost + l2 / (2 * m) * squares((p.W1, p.W2)), decayed


def clip_scale(gradients: Any, clip_norm: float | None) -> float:
    """What makes the norm of all gradients together at most `clip_norm`."""
    if clip_norm is None:
        return 1.0
    norm = math.sqrt(squares(gradients))
    return clip_norm / norm if norm > clip_norm else 1.0


def squares(arrays: Any) -> float:
    """The sum of the squares of all elements."""
    return sum(float(np.square(each).sum(dtype=np.float64)) for each in arrays)


def largest(arrays: Any) -> float:
    """The largest absolute value of all elements; NaN if one is."""
    return float(np.max([np.abs(each).max() for each in arrays]))
