"""fastshallow, and NumPy, which is its backend `numpy`: examples are columns."""

from __future__ import annotations

from functools import partial

import fastshallow as fs
from fastshallow.measuring import Arguments, Case

from .implementations import Step, Task, Training


def step(case: Case, arguments: Arguments, threads: int, backend: str = "auto") -> Step:
    """Give `fs.cost_and_gradients`, as a user calls it."""
    kind = {"hidden": case.hidden, "output": case.output, "backend": backend, "threads": or_all(threads)}
    return Step(partial(fs.cost_and_gradients, *arguments, **kind), lambda answer: answer)


numpy_step = partial(step, backend="numpy")


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
