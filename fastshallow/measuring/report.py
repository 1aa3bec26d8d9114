"""How cases are validated and timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter

from ..backends import BY_EXAMPLE
from .cases import Case, WrongAnswerError
from .machine import machine

__all__ = ["Case", "WrongAnswerError", "machine"]

ROUNDS = 20  # each backend's time budget is spent in so many turns


def alternate(functions: Mapping[str, Callable[[], object]], seconds: float = 0.2) -> dict[str, float]:
    """Time functions by turns, so that what slows the machine slows all; return the best turn of each, seconds a call.

    Each gets about `seconds` in up to 20 turns, and one call at least.
    """
    calls = {name: _calls(function, seconds / ROUNDS) for name, function in functions.items()}
    best = dict.fromkeys(functions, float("inf"))
    spent = dict.fromkeys(functions, 0.0)
    for turn in range(ROUNDS):
        for name, function in functions.items():
            if turn and spent[name] >= seconds:
                continue
            elapsed = _elapsed(function, calls[name])
            spent[name] += elapsed
            best[name] = min(best[name], elapsed / calls[name])
    return best


def _calls(function: Callable[[], object], seconds: float) -> int:
    """How many calls take about `seconds`."""
    calls = 1
    while (elapsed := _elapsed(function, calls)) < seconds / 4:
        calls *= 4
    return max(1, round(calls * seconds / elapsed))


def _elapsed(function: Callable[[], object], calls: int) -> float:
    turns = range(calls)
    start = perf_counter()
    for _ in turns:
        function()
    return perf_counter() - start


@dataclass(frozen=True)
class Timing:
    """What one backend took for one case: seconds a step, or why there are none."""

    case: Case
    backend: str
    seconds: float | None = None
    ratio: float | None = None  # how many times faster than numpy
    apart: float | None = None  # how far from numpy's answer
    first_seconds: float | None = None  # of the first call, which may compile
    reason: str = ""


def compare(case: Case, backends: Iterable[str], seconds: float = 0.2, longest: float = 1.0) -> list[Timing]:
    """Validate, then time, backends, ``numpy`` among them; what would take longer than `longest` a step is left out."""
    arguments = case.arguments()
    reference = case.step("numpy", arguments)()
    left_out = {name: too_slow(case, name, longest) for name in backends}
    steps = {name: case.step(name, arguments) for name, reason in left_out.items() if not reason}
    first, apart = {}, {}
    for name, step in steps.items():
        start = perf_counter()
        answer = step()
        first[name] = perf_counter() - start
        apart[name] = case.validate(name, answer, reference)
    best = alternate(steps, seconds)
    return [
        Timing(case, name, reason=reason)
        if reason
        else Timing(case, name, best[name], best["numpy"] / best[name], apart[name], first[name])
        for name, reason in left_out.items()
    ]


def too_slow(case: Case, backend: str, longest: float) -> str:
    """Judge from a few examples: why to leave a backend out, or an empty text."""
    if backend not in BY_EXAMPLE:
        return ""
    few, elapsed = 0, 0.0
    while few < case.m and elapsed < longest / 50:  # one example alone would mostly be what a call takes on its own
        few = min(case.m, max(1, 8 * few))
        some = replace(case, m=few)
        step = some.step(backend, some.arguments())
        step()
        elapsed = _elapsed(step, 1)
    expected = case.m / few * elapsed
    if expected <= longest:
        return ""
    return f"about {expected:,.0f} s a step" if expected >= 9.5 else f"about {expected:.2g} s a step"
