"""Training by L-BFGS: an epoch is one iteration, over all examples; the line search decides how far it goes."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formulas import Parameters
from .lbfgs import Minimizer
from .settings import Data, Settings
from .stepwise import largest, regularized


class Minimizing:
    """A run of training that goes on, some iterations at a time, from where it stopped: see `Stepwise`."""

    def __init__(
        self, data: Data, p: Parameters, settings: Settings, backend: Any, threads: int | None, state: dict[str, Any]
    ) -> None:
        fused = settings.backend == "fused"  # which converts a tile at a time
        self._data = data if fused else data.batch(slice(None))
        self._settings, self._backend, self._threads = settings, backend, threads
        self._shapes = [(each.shape, each.dtype) for each in p]
        self.epoch = self._first = int(state.get("epoch", 0))
        self._costs: list[float] = []
        self.failure, self.hidden = "", settings.hidden
        if "minimizer_w" in state:
            prefix = "minimizer_"
            kept = {name[len(prefix) :]: array for name, array in state.items() if name.startswith(prefix)}
            self._minimizer = Minimizer.resumed(self._evaluate, kept, settings.optimizer)
        else:
            self._minimizer = Minimizer(
                self._evaluate, np.concatenate([each.ravel() for each in p]), settings.optimizer
            )

    @property
    def parameters(self) -> Parameters:
        """As the last iteration left them."""
        return self._unpacked(self._minimizer.w)

    @property
    def step(self) -> int:
        """Iterations done."""
        return self.epoch

    @property
    def finished(self) -> str | None:
        """Why there are no more steps, if so."""
        reason = self._minimizer.reason
        return None if reason is None else reason.partition(":")[0]

    def run(self, until: int, seconds: float) -> bool:
        """Go on up to epoch `until` or for about so many seconds; give back whether all is still finite."""
        end, minimizer = perf_counter() + seconds, self._minimizer
        if not np.isfinite(minimizer.cost):
            self.failure = "the cost became NaN or infinite"
            return False
        while self.epoch < until:
            cost = minimizer.cost
            if not minimizer.step() and self.epoch:
                break  # but an epoch that finds nothing to do at the start is recorded
            if (self.epoch + 1 - self._first) > len(self._costs):
                self._costs.append(cost)
            self.epoch += 1
            if minimizer.reason or perf_counter() >= end:
                break
        return True

    def costs(self, begin: int, end: int) -> list[float]:
        """The recorded costs of these numbers, each that of an epoch before its step."""
        every = self._settings.cost_every
        return [self._costs[number * every - self._first] for number in range(begin, end)]

    def state(self) -> dict[str, Any]:
        """All that a run needs, beside its parameters, to go on exactly."""
        kept = {f"minimizer_{name}": array for name, array in self._minimizer.state().items()}
        return {"epoch": self.epoch, **kept}

    def largest_gradient(self) -> float:
        """The largest element of the gradients here, in absolute value; NaN if one is."""
        return largest((self._minimizer.gradient,))

    def _unpacked(self, w: NDArray[np.float64]) -> Parameters:
        arrays, start = [], 0
        for shape, dtype in self._shapes:
            size = shape[0] * shape[1]
            arrays.append(w[start : start + size].reshape(shape).astype(dtype))
            start += size
        return Parameters(*arrays)

    def _evaluate(self, w: NDArray[np.float64]) -> tuple[float, Any]:
        p, (X, Y, weights), settings = self._unpacked(w), self._data, self._settings
        more = {} if weights is None else {"weights": weights}
        cost, gradients = self._backend.cost_and_gradients(
            X, Y, p, settings.hidden, settings.output, self._threads, **more
        )
        cost, gradients = regularized(cost, gradients, p, settings.l2, self._data.m)
        return cost, np.concatenate([each.ravel() for each in gradients])
