"""How training went, epoch by epoch."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENDS = ("no improvement", "converged")  # what stops a run for good
COLUMNS = ("cost", "validation_cost", "validation_score", "learning_rate", "seconds")


def _none() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class History:
    """How training went: an element for each recorded epoch.

    Attributes
    ----------
    epoch
        The numbers of the recorded epochs, from 0.
    cost
        Their costs, each taken before the epoch's update; with batches the mean over them, each before its own.
    validation_cost, validation_score
        The cost (without l2) and the score of the validation examples after the epoch: the accuracy, or R2 for numbers.
        NaN for an epoch that was interrupted; empty without validation.
    learning_rate
        The learning rate of the epoch.
    seconds
        Time from the beginning of training, without compilation, to the end of the epoch; evenly divided among epochs
        between which compiled code does not look at the clock.
    stopped
        Why training ended before its last epoch, in a word or two: None if it did not.
    best_epoch
        The epoch after which the validation cost was lowest, if its parameters were restored, else None.
    """

    epoch: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    cost: NDArray[np.float64] = field(default_factory=_none)
    validation_cost: NDArray[np.float64] = field(default_factory=_none)
    validation_score: NDArray[np.float64] = field(default_factory=_none)
    learning_rate: NDArray[np.float64] = field(default_factory=_none)
    seconds: NDArray[np.float64] = field(default_factory=_none)
    stopped: str | None = None
    best_epoch: int | None = None

    def as_dict(self) -> dict[str, NDArray[Any]]:
        """The columns that are not empty, by name: for a table, such as ``pandas.DataFrame(history.as_dict())``."""
        columns = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: column for name, column in columns.items() if isinstance(column, np.ndarray) and len(column)}

    def members(self) -> dict[str, Any]:
        """What a file keeps of it."""
        best = -1 if self.best_epoch is None else self.best_epoch
        return {"epoch": self.epoch, **self.as_dict(), "stopped": self.stopped or "", "best_epoch": best}

    @classmethod
    def of(cls, stored: dict[str, NDArray[Any]]) -> History:
        """The history that a file keeps."""
        columns = {name: np.atleast_1d(stored[name]) for name in COLUMNS if name in stored}
        best = int(stored["best_epoch"])
        stopped = str(stored["stopped"]) or None
        return cls(stored["epoch"], **columns, stopped=stopped, best_epoch=None if best < 0 else best)

    def __repr__(self) -> str:
        if not len(self.epoch):
            return "History()"
        tried = f", validation cost {self.validation_cost[-1]:.6g}" if len(self.validation_cost) else ""
        seconds = f", {self.seconds[-1]:.3g} s" if len(self.seconds) else ""
        stopped = f", stopped: {self.stopped}" if self.stopped else ""
        return f"History(cost {self.cost[-1]:.6g} at epoch {self.epoch[-1]}{tried}{seconds}{stopped})"


class Record:
    """What is written down while training goes on, and becomes its history."""

    def __init__(self, cost_every: int) -> None:
        self.every = cost_every
        self.columns = {name: array("d") for name in COLUMNS}
        self.epoch, self.elapsed = 0, 0.0  # epochs done, and the seconds that they took
        self.stopped: str | None = None
        self.best_epoch: int | None = None

    def count(self, epoch: int) -> int:
        """How many costs belong to so many epochs."""
        return -(-epoch // self.every)

    def recorded(self) -> int:
        """How many costs there are already."""
        return len(self.columns["cost"])

    def advance(self, epoch: int, costs: Any, rates: Any, seconds: float) -> None:
        """Note new costs and learning rates, with `epoch` epochs done `seconds` later."""
        ends = np.arange(self.recorded(), self.recorded() + len(costs)) * self.every + 1
        through = (ends - self.epoch) / max(1, epoch - self.epoch)
        extend(self.columns["cost"], costs)
        extend(self.columns["learning_rate"], rates)
        extend(self.columns["seconds"], self.elapsed + through * seconds)
        self.epoch, self.elapsed = epoch, self.elapsed + seconds

    def note(self, validation_cost: float, validation_score: float) -> None:
        """Note how the last epoch's parameters do on the validation examples."""
        self.columns["validation_cost"].append(validation_cost)
        self.columns["validation_score"].append(validation_score)

    def last(self, name: str) -> float:
        """The last number of a column, or NaN."""
        column = self.columns[name]
        return column[-1] if column else np.nan

    def go_on(self, history: History, epoch: int, elapsed: float) -> None:
        """Begin with what was noted before."""
        for name, column in self.columns.items():
            extend(column, getattr(history, name))
        self.best_epoch, self.epoch, self.elapsed = history.best_epoch, epoch, elapsed
        if history.stopped in ENDS:
            self.stopped = history.stopped

    def history(self, epoch: int | None = None) -> History:
        """All that was noted in so many epochs, as arrays of one length, or empty."""
        count = self.count(self.epoch if epoch is None else epoch)
        columns = {}
        for name, values in self.columns.items():
            column = columns[name] = np.full(count if values else 0, np.nan)  # an interrupt comes between two columns
            column[: len(values)] = values[:count]
        epochs, now = np.arange(count) * self.every, epoch in (None, self.epoch)
        stopped, best = (self.stopped, self.best_epoch) if now else (None, None)
        return History(epochs, **columns, stopped=stopped, best_epoch=best)


def extend(column: array[float], numbers: Any) -> None:
    """Add numbers, as bytes: one by one they would take a sixth of the time of a tiny network's steps."""
    column.frombytes(np.asarray(numbers, np.float64).tobytes())
