"""What is compared: one table drives validation, timing, what is printed and what is drawn."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # the command reads this table before the environment is set, so before NumPy is imported
    from fastshallow.measuring import Arguments


Training = Callable[[int], Any]  # iterations of gradient descent, or epochs -> the Parameters that they lead to


class Task(NamedTuple):
    """What to learn in mini-batches: Adam with the defaults of all, tanh, and a new order for each epoch."""

    name: str
    arguments: Arguments
    output: str
    batch_size: int
    learning_rate: float


class Implementation(NamedTuple):
    """A way to train, on all examples and in mini-batches (`Training`): each the name of a function of `module`."""

    name: str
    package: str
    module: str
    train: str | None
    batches: str | None
    share: float = 1.0  # of the iterations of training that are timed, and scaled to all

    def make_training(self, arguments: Arguments, learning_rate: float, threads: int) -> Training:
        return getattr(self._module(), self.train or "")(arguments, learning_rate, threads)  # type: ignore[no-any-return]

    def make_batches(self, task: Task, threads: int) -> Training:
        return getattr(self._module(), self.batches or "")(task, threads)  # type: ignore[no-any-return]

    def _module(self) -> Any:
        return import_module(f".{self.module}", __package__)


IMPLEMENTATIONS = (
    Implementation("numpy", "numpy", "with_fastshallow", "numpy_train", None),
    Implementation("fastshallow", "fastshallow", "with_fastshallow", "train", "batches"),
    Implementation("torch", "torch", "with_torch", "train", "batches", share=0.1),
    Implementation("jax", "jax", "with_jax", "train", "batches"),
    Implementation("scikit-learn", "sklearn", "with_sklearn", "train", "batches", share=0.1),
)


def present(names: Sequence[str]) -> tuple[list[Implementation], str]:
    """Those of these names that can run here, and one line about the others, or an empty text."""
    wanted = [one for one in IMPLEMENTATIONS if one.name in names]
    missing = [one.name for one in wanted if not installed(one.package)]
    line = f"Not installed, so left out: {', '.join(missing)}. To have them: pip install '.[peers]'" if missing else ""
    return [one for one in wanted if one.name not in missing], line


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
