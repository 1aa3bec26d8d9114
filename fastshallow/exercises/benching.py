"""Time a submission that is right, and give it a tier, or say that the machine is too noisy for one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .catalog import Lesson
from .differences import difference
from .format import Bench, Tier, results_of
from .process import Limits, Process

BESIDE = 0.05  # how far from an interval a process of other layout in memory may lie
LIMIT = 60.0  # seconds


class WrongError(Exception):
    """The answer was wrong while it was timed."""


@dataclass(frozen=True)
class Ratio:
    """How many times as fast, and the interval in which that lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measurement:
    """Seconds of a call, and how many times as fast it is as others."""

    seconds: float
    baseline: Ratio
    solution: Ratio
    tier: str | None  # None where it cannot be told
    remark: str  # what limits it, or between which tiers it lies


def bench(lesson: Lesson, path: Path, seconds: float = 2.0) -> Measurement:
    """Time the submission at `path`, which `check` has found right, for so many seconds beside each of the others."""
    exercise = lesson.exercise
    arguments = exercise.make_case(np.random.default_rng(), exercise.bench.sizes, exercise.bench.dtype)
    with Process(path, Limits(call=LIMIT), lesson.name) as process:
        reply = process.ask("bench", function=exercise.function, arguments=arguments, seconds=seconds)
    wide = [np.asarray(a, np.float64) if isinstance(a, np.ndarray) else a for a in reply["arguments"]]
    expected = results_of(exercise.reference(*wide))
    wrong = difference(exercise, reply["answer"], expected, exercise.bench.sizes, exercise.bench.dtype)[1]
    if wrong:
        raise WrongError(f"while it is timed, the answer is wrong: {wrong}")
    solution = Ratio(**reply["solution"])
    return Measurement(reply["seconds"], Ratio(**reply["baseline"]), solution, *tier_of(exercise.bench, solution))


def tier_of(bench: Bench, ratio: Ratio) -> tuple[str | None, str]:
    """The tier in which the whole interval lies, and what limits it; None where it lies across a border."""
    best, worst = (_tier(bench, edge) for edge in (ratio.high * (1 + BESIDE), ratio.low / (1 + BESIDE)))
    if best is worst:
        return (best.name, best.limit) if best else ("none", bench.below)
    names = [each.name if each else "none" for each in (worst, best)]
    return None, f"between {' and '.join(names)}: the machine is too noisy, or it lies on the border; run it again"


def _tier(bench: Bench, ratio: float) -> Tier | None:
    return next((tier for tier in bench.tiers if ratio >= tier.least), None)
