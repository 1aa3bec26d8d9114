"""Learning-rate schedules: the learning rate of each epoch, as a function of its number alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .parameters import number, positive_integer


@dataclass(frozen=True)
class Schedule:
    """What learning rate each epoch has. Epochs count from 0."""

    name: ClassVar[str] = "constant"

    learning_rate: float

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Schedule):
                continue
            if each.type == "int":
                checked: float = positive_integer(each.name, value)
            else:
                checked = number(
                    each.name, value, "positive" if each.name in ("learning_rate", "factor") else "not negative"
                )
            object.__setattr__(self, each.name, checked)

    def rates(self, first: int, count: int, epochs: int) -> NDArray[Any]:
        """The learning rates of `count` epochs from number `first`, in a run of so many epochs."""
        return np.full(count, self.learning_rate)


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """alpha / (1 + decay * epoch)^power.

    With power 1 it is Course 2, Week 2, "Learning rate decay"; with power 0.5 and ``decay=m``, the number of examples,
    scikit-learn's ``learning_rate="invscaling"``.
    """

    name = "inverse_scaling"

    decay: float = 1.0
    power: float = 1.0

    def rates(self, first: int, count: int, epochs: int) -> NDArray[Any]:
        """The learning rates of `count` epochs from number `first`."""
        return self.learning_rate / (1.0 + self.decay * np.arange(first, first + count)) ** self.power


@dataclass(frozen=True)
class StepDecay(Schedule):
    """alpha * factor^(epoch // every), as ``torch.optim.lr_scheduler.StepLR``."""

    name = "step"

    every: int = 30
    factor: float = 0.1

    def rates(self, first: int, count: int, epochs: int) -> NDArray[Any]:
        """The learning rates of `count` epochs from number `first`."""
        return self.learning_rate * self.factor ** (np.arange(first, first + count) // self.every)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from alpha, in the first epoch, to `final`, which an epoch after the last one would have.

    Loshchilov and Hutter 2017, without restarts; as ``torch.optim.lr_scheduler.CosineAnnealingLR``.
    """

    name = "cosine"

    final: float = 0.0

    def rates(self, first: int, count: int, epochs: int) -> NDArray[Any]:
        """The learning rates of `count` epochs from number `first`, in a run of so many epochs."""
        phase = np.pi * np.arange(first, first + count) / epochs
        return self.final + (self.learning_rate - self.final) * (1.0 + np.cos(phase)) / 2.0


@dataclass(frozen=True)
class Adaptive(Schedule):
    """alpha until training no longer helps, then alpha * factor, and so on.

    That is when the cost has failed to fall by `tolerance` below the lowest one in more than `patience` recorded epochs
    in a row. Training ends when it happens at a rate of `minimum` or less. scikit-learn's ``learning_rate="adaptive"``.
    """

    name = "adaptive"

    factor: float = 0.2
    patience: int = 10
    tolerance: float = 1e-4
    minimum: float = 1e-6


@dataclass(frozen=True)
class WarmUp(Schedule):
    """The first `epochs` epochs rise linearly, 1/n, 2/n, ..., to the rate of another schedule, which begins with them.

    The other one is a learning rate or a schedule.
    """

    name = "warm_up"

    learning_rate: float | Schedule  # type: ignore[assignment]
    epochs: int = 5

    def __post_init__(self) -> None:
        rest = schedule(self.learning_rate)
        if isinstance(rest, (Adaptive, WarmUp)):
            raise ValueError(f"learning_rate of fs.WarmUp can't be fs.{type(rest).__name__}")
        object.__setattr__(self, "learning_rate", rest)
        super().__post_init__()

    def rates(self, first: int, count: int, epochs: int) -> NDArray[Any]:
        """The learning rates of `count` epochs from number `first`, in a run of so many epochs."""
        rise = np.minimum(1.0, np.arange(first + 1, first + count + 1) / self.epochs)
        rest: Any = self.learning_rate
        return rise * rest.rates(first, count, epochs)  # type: ignore[no-any-return]


class Function(Schedule):
    """A function of your own: epoch -> learning rate."""

    name = "function"

    def __init__(self, function: Callable[[int], float]) -> None:
        object.__setattr__(self, "function", function)

    def rates(self, first: int, count: int, epochs: int) -> NDArray[Any]:
        """The learning rates of `count` epochs from number `first`."""
        function: Callable[[int], float] = self.function  # type: ignore[attr-defined]
        return np.array(
            [
                number(f"learning_rate({epoch})", function(epoch), "not negative")
                for epoch in range(first, first + count)
            ]
        )


SCHEDULES = (Schedule, InverseScaling, StepDecay, Cosine, Adaptive, WarmUp)


def schedule(learning_rate: Any) -> Schedule:
    """The schedule that this is, a constant one for a number."""
    if isinstance(learning_rate, Schedule):
        return learning_rate
    if callable(learning_rate) and not isinstance(learning_rate, type):
        return Function(learning_rate)
    if isinstance(learning_rate, (str, type)) or learning_rate is None:
        raise TypeError(
            "learning_rate must be a number, a schedule such as fs.Cosine(0.1), or a function of the epoch, "
            f"not {learning_rate!r}"
        )
    return Schedule(learning_rate)
