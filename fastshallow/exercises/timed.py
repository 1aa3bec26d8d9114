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
    """A call that is never twice the same: before each, one number of the first argument is replaced by another."""

    def __init__(self, function: Formula, arguments: Any) -> None:
        self.function, self.arguments = function, deepcopy(arguments)
        self.answer: Any = None
        self.numbers = np.random.default_rng().standard_normal(997).tolist()
        self.turn = 0
        first = self.arguments[0]
        while isinstance(first, list) and isinstance(first[0], list):
            first = first[0]
        self.row = first[(0,) * (first.ndim - 1)] if isinstance(first, np.ndarray) else first

    def __call__(self) -> None:
        self.turn += 1
        self.row[self.turn % len(self.row)] = self.numbers[self.turn % 997]
        self.answer = self.function(*self.arguments)


def _inverse(ratio: Any) -> dict[str, float]:
    """How many times as fast yours is, where the other was measured beside it."""
    return {"value": 1 / ratio.value, "low": 1 / ratio.high, "high": 1 / ratio.low}
