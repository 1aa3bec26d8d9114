"""Mini-batches on a cluster: each block goes through an epoch on its own, and what comes of them is averaged."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from ..formulas import Parameters
from ..training import Rates, Settings
from .blocks import packed, unpacked
from .sums import Vector


class Averaging:
    """A run that goes on, some epochs at a time, from where it stopped: see `Stepwise`.

    An epoch takes mini-batches in each block for itself, from the same parameters and states of the optimizer on; then
    their means over all blocks, weighted by examples, take their place.
    """

    def __init__(
        self,
        p: Parameters,
        settings: Settings,
        rates: Rates,
        average: Callable[[Vector, int, float], Vector],
        state: dict[str, Any],
    ) -> None:
        self._settings, self._rates, self._average = settings, rates, average
        self._shapes = [each.shape for each in p]
        self.parameters, self.hidden = p, settings.hidden
        self._states = [
            Parameters(*(state.get(f"state{k}_{name}", np.zeros_like(each)) for name, each in p._asdict().items()))
            for k in range(settings.optimizer.states)
        ]
        self.epoch = self._first = int(state.get("epoch", 0))
        self._costs: list[float] = []
        self.failure, self.finished = "", None

    @property
    def vector(self) -> Vector:
        """Parameters and states."""
        return packed(each for some in (self.parameters, *self._states) for each in some)  # type: ignore[no-any-return]

    @property
    def step(self) -> int:
        """Averages taken."""
        return self.epoch

    def run(self, until: int, seconds: float) -> bool:
        """Go on up to epoch `until` or for about so many seconds; give back whether all is still finite."""
        end, dtype = perf_counter() + seconds, self.parameters.W1.dtype
        while self.epoch < until:
            cost, *means = self._average(self.vector, self.epoch, float(self._rates(self.epoch, 1)[0]))
            if not np.isfinite(means).all() or not np.isfinite(cost):
                self.failure = "the cost or a parameter became NaN or infinite"
                return False
            self.parameters, *self._states = unpacked(np.array(means, dtype), self._shapes)
            self._costs.append(float(cost))
            self.epoch += 1
            if perf_counter() >= end:
                break
        return True

    def costs(self, begin: int, end: int) -> list[float]:
        """The recorded costs of these numbers: means over blocks and batches, each before its step."""
        every = self._settings.cost_every
        return [self._costs[number * every - self._first] for number in range(begin, end)]

    def state(self) -> dict[str, Any]:
        """All that a run needs, beside its parameters, to go on exactly."""
        kept = {
            f"state{k}_{name}": array for k, each in enumerate(self._states) for name, array in each._asdict().items()
        }
        return {"epoch": self.epoch, **kept}

    def largest_gradient(self) -> float:
        """Not known: blocks keep their gradients to themselves."""
        return float("nan")
