"""One cell in one process: every implementation gives NumPy's answer first, then they are timed by turns."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..backends import BY_EXAMPLE
from . import timing
from .cases import Case
from .implementations import PEERS, make_step, missing

BASELINE = "numpy"


@dataclass(frozen=True)
class Measurement:
    """What one implementation took in one process: seconds a call in each turn, its own and NumPy's beside it."""

    implementation: str
    reason: str = ""
    apart: float | None = None
    first_seconds: float | None = None
    memory: int | None = None
    calls: int = 0
    seconds: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)


def measure(
    case: Case, names: Sequence[str], threads: int, seconds: float, longest: float, precision: float, pulse: list[float]
) -> list[Measurement]:
    """Validate, then time, implementations, ``numpy`` among them; what takes longer than `longest` is left out."""
    arguments = case.arguments()
    reference = case.step(BASELINE, arguments)()
    reasons = {name: missing(name, case.output) or too_slow(case, name, longest) for name in names}
    steps = {name: make_step(name, case, arguments, threads) for name, reason in reasons.items() if not reason}
    first, apart = {}, {}
    for name, step in steps.items():
        answers: list[Any] = []
        first[name] = timing.elapsed(lambda step=step, answers=answers: answers.append(step.call()))  # type: ignore[misc]
        apart[name] = case.validate(name, step.answer(answers[0]), reference)
    found = timing.compare(
        {name: step.call for name, step in steps.items()}, BASELINE, seconds=seconds, precision=precision, pulse=pulse
    )
    return [
        Measurement(name, reason)
        if reason
        else Measurement(
            name,
            "",
            apart[name],
            first[name],
            None if name in PEERS else peak(steps[name].call),  # which count their own
            found[name].calls,
            found[name].seconds.tolist(),
            found[name].baseline.tolist(),
        )
        for name, reason in reasons.items()
    ]


def peak(function: Callable[[], object]) -> int:
    """The most bytes that a call holds at a time, of NumPy's arrays and Python's objects."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def too_slow(case: Case, name: str, longest: float) -> str:
    """Judge from a few examples: why to leave a backend out, or an empty text."""
    if name not in BY_EXAMPLE:
        return ""
    few, spent = 0, 0.0
    while few < case.m and spent < longest / 50:  # one example alone would mostly be what a call takes on its own
        few = min(case.m, max(1, 8 * few))
        some = replace(case, m=few)
        step = some.step(name, some.arguments())
        step()
        spent = min(timing.elapsed(step, 1) for _ in range(3))
    expected = case.m / few * spent
    if expected <= longest:
        return ""
    return f"about {expected:,.0f} s a step" if expected >= 9.5 else f"about {expected:.2g} s a step"
