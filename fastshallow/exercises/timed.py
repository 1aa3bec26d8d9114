"""What times a submission, in its process: beside the baseline and the solution, in turns."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from ..measuring import compare
from .catalog import lesson
from .child import Submission
from .format import Formula


def prepare(name: str) -> Callable[[Submission, dict[str, Any]], dict[str, Any]]:
    """Get ready what the submission is compared with, before it is imported and the package is out of its reach."""
    this = lesson(name)
    baseline, solution = this.exercise.bench.baseline, this.solved()

    def bench(submission: Submission, request: dict[str, Any]) -> dict[str, Any]:
        """Time the submission; send the ratios, with its last answer and what that was an answer to."""
        written = getattr(submission.module, request["function"])
        functions = {"yours": written, "baseline": baseline, "solution": solution}
        calls = {name: _Repeated(function, request["arguments"]) for name, function in functions.items()}
        found = compare(calls, "yours", seconds=request["seconds"])
        return {
            "seconds": found["yours"].minimum,
            "baseline": _inverse(found["baseline"].ratio),
            "solution": _inverse(found["solution"].ratio),
            "answer": calls["yours"].answer,
            "arguments": calls["yours"].arguments,
        }

    return bench


class _Repeated:
    """A call that is never twice the same: in between the arguments change a little, where they are."""

    def __init__(self, function: Formula, arguments: Any) -> None:
        self.function, self.arguments = function, deepcopy(arguments)
        self.answer: Any = None
        self.first = self.arguments[0]
        self.turn = 0
        while isinstance(self.first, list) and isinstance(self.first[0], list):
            self.first = self.first[0]

    def __call__(self) -> None:
        array, self.turn = self.first, self.turn + 1
        if isinstance(array, np.ndarray):
            place = (*(0,) * (array.ndim - 1), self.turn % array.shape[-1])
            array[place] = -array[place]
        else:
            array[self.turn % len(array)] *= -1
        self.answer = self.function(*self.arguments)


def _inverse(ratio: Any) -> dict[str, float]:
    """How many times as fast yours is, where the other was measured beside it."""
    return {"value": 1 / ratio.value, "low": 1 / ratio.high, "high": 1 / ratio.low}
