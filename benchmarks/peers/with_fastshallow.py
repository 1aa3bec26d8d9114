"""fastshallow, and NumPy, which is its backend `numpy`: examples are columns."""

from __future__ import annotations

from functools import partial

import fastshallow as fs
from fastshallow.measuring import Arguments

from .implementations import Task, Training


def train(arguments: Arguments, learning_rate: float, threads: int, backend: str = "auto") -> Training:
    """Give `fs.train`."""
    X, Y, parameters = arguments
    kind = {"parameters": parameters, "backend": backend, "threads": or_all(threads)}
    return lambda epochs: fs.train(X, Y, epochs=epochs, learning_rate=learning_rate, **kind).parameters


numpy_train = partial(train, backend="numpy")


def batches(task: Task, threads: int) -> Training:
    """Give `fs.train`, with mini-batches."""
    X, Y, parameters = task.arguments
    kind = {"parameters": parameters, "output": task.output, "backend": "fused", "threads": or_all(threads), "seed": 1}
    step = {"optimizer": "adam", "learning_rate": task.learning_rate, "batch_size": task.batch_size, "shuffle": True}
    return lambda epochs: fs.train(X, Y, epochs=epochs, **step, **kind).parameters


def or_all(threads: int) -> int | None:
    """What `threads` of fastshallow is: 1, or its own choice."""
    return 1 if threads == 1 else None
