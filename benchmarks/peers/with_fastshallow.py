"""fastshallow, and NumPy, which is its backend `numpy`: examples are columns."""

from __future__ import annotations

from functools import partial

import fastshallow as fs
from fastshallow.report import Arguments, Case

from .implementations import Step, Training


def step(case: Case, arguments: Arguments, threads: int, backend: str = "auto") -> Step:
    """Give `fs.cost_and_gradients`, as a user calls it."""
    kind = {"hidden": case.hidden, "output": case.output, "backend": backend, "threads": 1 if threads == 1 else None}
    return Step(partial(fs.cost_and_gradients, *arguments, **kind), lambda answer: answer)


numpy_step = partial(step, backend="numpy")


def train(arguments: Arguments, learning_rate: float, backend: str = "auto") -> Training:
    """Give `fs.train`."""
    X, Y, parameters = arguments

    def run(epochs: int) -> fs.Parameters:
        network = fs.train(X, Y, epochs=epochs, learning_rate=learning_rate, parameters=parameters, backend=backend)
        return network.parameters

    return run


numpy_train = partial(train, backend="numpy")
