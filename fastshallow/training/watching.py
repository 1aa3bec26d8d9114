"""What is looked at after an epoch: validation examples, whether to stop, and the adaptive learning rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import normalizers
from ..data import by_pieces
from ..formulas import OUTPUTS, Activation, Adaptive, Output, Parameters, leaky_relu_of
from .history import Record
from .settings import Data, Settings


class Watch:
    """Looks at a run after each recorded epoch, and keeps what it has to remember of earlier ones."""

    def __init__(
        self, settings: Settings, validation: Data | None, backend: Any, threads: int | None, state: dict[str, Any]
    ) -> None:
        self._settings = settings
        self._validation = None if validation is None else validation._replace(weights=None)
        self._backend, self._threads = backend, threads
        self._best, self._waited = float(state.get("best", math.inf)), int(state.get("waited", 0))
        self._lowest, self._idle = float(state.get("lowest", math.inf)), int(state.get("idle", 0))
        self._factor = float(state.get("factor", 1.0))  # of the adaptive learning rate
        self._adaptive = settings.schedule if isinstance(settings.schedule, Adaptive) else None
        self._restores = validation is not None and settings.patience is not None
        self.best: tuple[Parameters, Activation] | None = None
        self._least = float(state.get("least", math.inf))  # validation cost, that of `best`
        if "best_W1" in state:
            p = Parameters(*(np.array(state[f"best_{name}"]) for name in Parameters._fields))
            self.best = p, leaky_relu_of(float(state["best_slope"])) if settings.hidden.learned else settings.hidden

    @property
    def active(self) -> bool:
        """Whether there is anything to look at."""
        return self._validation is not None or self._settings.patience is not None or self._adaptive is not None

    def prepare(self, parameters: Parameters, hidden: Activation) -> None:
        """Compile what will be needed, before the clock begins."""
        if self._validation is not None:
            self._validate(parameters, hidden)

    def until(self, epoch: int) -> int:
        """The epoch up to which training may go before the next look."""
        every, epochs = self._settings.cost_every, self._settings.epochs
        return min(epochs, -(-epoch // every) * every + 1) if self.active else epochs

    def rates(self, first: int, count: int) -> NDArray[np.float64]:
        """The learning rates of `count` epochs from number `first`."""
        return self._factor * self._settings.schedule.rates(first, count, self._settings.epochs)

    def look(self, record: Record, parameters: Parameters, hidden: Activation) -> str | None:
        """Look at what the last epoch has led to; give back why training should stop, if it should."""
        epoch, watched = record.epoch - 1, record.last("cost")
        if self._validation is not None:
            watched, score = self._validate(parameters, hidden)
            record.note(watched, score)
            if self._restores and watched < self._least:
                self._least, record.best_epoch = watched, epoch
                self.best = Parameters(*(each.copy() for each in parameters)), hidden
        return self._adapt(record.last("cost"), record.last("learning_rate")) or self._wait(watched)

    def _validate(self, parameters: Parameters, hidden: Activation) -> tuple[float, float]:
        """The cost and the score of the validation examples."""
        assert self._validation is not None
        data = self._validation
        return cost_and_score(data, parameters, hidden, self._settings.output, self._backend, self._threads)

    def _wait(self, watched: float) -> str | None:
        if self._settings.patience is None:
            return None
        self._waited = 0 if watched < self._best - self._settings.tolerance else self._waited + 1
        self._best = min(self._best, watched)
        return "no improvement" if self._waited >= self._settings.patience else None

    def _adapt(self, cost: float, rate: float) -> str | None:
        rule = self._adaptive
        if rule is None:
            return None
        self._idle = self._idle + 1 if cost > self._lowest - rule.tolerance else 0
        self._lowest = min(self._lowest, cost)
        if self._idle > rule.patience:
            if rate <= rule.minimum:
                return "no improvement"
            self._factor, self._idle = self._factor * rule.factor, 0
        return None

    def state(self) -> dict[str, Any]:
        """All that has to be remembered."""
        numbers = {"best": self._best, "waited": self._waited, "lowest": self._lowest, "idle": self._idle}
        numbers |= {"factor": self._factor, "least": self._least}
        if self.best is None:
            return numbers
        best, hidden = self.best[0]._asdict(), self.best[1]
        if self._settings.hidden.learned:
            best["slope"] = hidden.slope
        return numbers | {f"best_{name}": value for name, value in best.items()}


def cost_and_score(
    data: Data, p: Parameters, hidden: Activation, output: Output, backend: Any, threads: int | None
) -> tuple[float, float]:
    """The mean loss of examples, as they are weighted, and how good a network's answers to them are."""
    forward, scores = backend.forward, OUTPUTS["identity"]
    Z2 = by_pieces(lambda piece: forward(piece, p, hidden, scores, threads), data.X)
    return cost_of(output, Z2, data.Y, data.weights), score_of(output, Z2, data.Y)


def cost_of(output: Output, Z2: NDArray[Any], Y: NDArray[Any], weights: NDArray[np.float64] | None = None) -> float:
    """The mean loss of scores Z2 (n_y, m) for Y (n_y, m), of examples whose weights (m,) have mean 1."""
    with np.errstate(all="ignore"):
        losses = output.loss(Z2, Y, *normalizers(Z2, output))
        if weights is not None:
            losses = losses * weights
    return float(losses.sum(dtype=np.float64) / Y.shape[1])


def score_of(output: Output, Z2: NDArray[Any], Y: NDArray[Any]) -> float:
    """How good scores Z2 (n_y, m) are: accuracy, or for numbers the outputs' mean R2 (NaN if one is constant)."""
    if output.numbers:
        with np.errstate(all="ignore"):
            A2 = output.value(Z2, None, None)
            error, spread = np.mean((A2 - Y) ** 2, axis=1), np.var(Y, axis=1)
            return 1.0 - float(np.mean(error / spread)) if spread.all() else math.nan
    if output.normalized:
        return float(np.count_nonzero(np.argmax(Z2, axis=0) == np.argmax(Y, axis=0)) / Y.shape[1])
    return float(np.count_nonzero((Z2 > 0.0) == (Y > 0.5)) / Z2.size)
