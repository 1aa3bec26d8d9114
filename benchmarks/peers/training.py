"""The course's exercise: 10,000 iterations of gradient descent over the 400 points of the planar flower, 2-4-1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import fastshallow as fs
from fastshallow.command.console import digits, seconds_text
from fastshallow.measuring import Case, WrongAnswerError, compare

from .implementations import Implementation

LEARNING_RATE = 1.2
VALIDATED = 200  # iterations, where the cost falls most steeply


@dataclass(frozen=True)
class Trained:
    """Seconds for all iterations, of which so many were timed, and the cost they led to."""

    name: str
    dtype: str
    seconds: float
    iterations: int
    timed: int
    cost: float
    apart: float  # the cost's distance from NumPy's after VALIDATED iterations


def measure(
    implementations: Sequence[Implementation], dtype: str, threads: int, iterations: int, seconds: float
) -> list[Trained]:
    """Check that every implementation is on NumPy's path, then time them by turns."""
    X, Y = (array.astype(dtype) for array in fs.datasets.planar_flower())
    start = fs.initialize_parameters(n_x=2, n_h=4, n_y=1, seed=2, dtype=dtype)

    def cost(parameters: fs.Parameters) -> float:
        return fs.cost_and_gradients(X, Y, parameters, backend="numpy")[0]

    reference = cost(fs.train(X, Y, epochs=VALIDATED, parameters=start, backend="numpy").parameters)
    taking_part = [one for one in implementations if one.train]
    timed = {one.name: max(1, round(one.share * iterations)) for one in taking_part}
    runs = {one.name: one.make_training((X, Y, start), LEARNING_RATE, threads) for one in taking_part}
    apart = {name: abs(cost(run(VALIDATED)) - reference) for name, run in runs.items()}
    for name, distance in apart.items():
        if not distance <= tolerance(dtype):
            raise WrongAnswerError(f"{name} is {distance:.2g} from numpy after {VALIDATED} iterations in {dtype}")
    times = compare({name: partial(run, timed[name]) for name, run in runs.items()}, seconds=seconds)
    return [
        Trained(name, dtype, times[name].minimum * iterations / n, iterations, n, cost(runs[name](n)), apart[name])
        for name, n in timed.items()
    ]


def tolerance(dtype: str) -> float:
    """How far two costs may lie apart: ten times as far as after one step (1e-3 of it was seen)."""
    return 10 * Case(2, 4, 1, 400, dtype=dtype).tolerance


def table(trained: Sequence[Trained]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: times, speed against NumPy's, and the cost at the end."""
    seconds = {one.name: one.seconds for one in trained}
    rows = []
    for one in trained:
        ratio = digits(seconds["numpy"] / one.seconds) if "numpy" in seconds else "-"
        note = "" if one.timed == one.iterations else f"{one.timed:,} timed, scaled"
        if one.seconds < seconds.get("fastshallow", 0.0):
            note = f"faster than fastshallow {note}".strip()
        per_iteration = seconds_text(one.seconds / one.iterations)
        rows.append([one.name, seconds_text(one.seconds), per_iteration, ratio, f"{one.cost:.6f}", note])
    return ["", "time", "an iteration", "x numpy", "cost", ""], rows
