"""What a learner reads of a check and of a measurement, the same in a terminal and in a notebook."""

from __future__ import annotations

from ..measuring import digits, seconds_text
from .benching import Measurement, Ratio
from .catalog import Lesson
from .checking import Report

SHOWN = 20  # lines of what a submission prints


def points(count: int) -> str:
    """So many points."""
    return f"{count} point{'s' * (count != 1)}"


def verdict(report: Report) -> str:
    """The last line of a check."""
    if report.passed:
        return f"All {report.possible} points: it is right."
    return f"{report.points} of {points(report.possible)}. The same inputs again: --seed {report.seed}"


def reasons(report: Report) -> list[tuple[str, str, str]]:
    """Of each check: ok or no, its name, and why; what was told already is not told again."""
    rows, told = [], set()
    for each in report.results:
        known = (each.hint or each.reason) in told
        told.add(each.hint or each.reason)
        why = f"{each.reason}\n{each.hint}".strip()
        rows.append(("ok" if each.passed else "no", each.name, "the same" if known and why else why))
    return rows


def output(report: Report) -> str:
    """What the submission printed, the end of it."""
    return "\n".join(report.output.splitlines()[-SHOWN:])


def times(lesson: Lesson, found: Measurement) -> list[list[str]]:
    """Rows of a table: what, a call, how many times as fast yours is."""
    return [
        ["yours", seconds_text(found.seconds), "", ""],
        _row("baseline", found, found.baseline, lesson.exercise.bench.baseline_is),
        _row("solution", found, found.solution, "fastshallow exercise solution"),
    ]


TIMES = ["", "a call", "yours is so many times as fast", "what it is"]


def grade(found: Measurement) -> str:
    """The tier, and what limits the submission."""
    if found.tier is None:
        return f"Inconclusive: {found.remark}."
    if found.tier == "none":
        return f"No tier yet. What limits it: {found.remark}."
    return f"{found.tier.capitalize()}. What limits it: {found.remark}."


def _row(name: str, found: Measurement, ratio: Ratio, what: str) -> list[str]:
    interval = f"{digits(ratio.value)} ({digits(ratio.low)} to {digits(ratio.high)})"
    return [name, seconds_text(found.seconds * ratio.value), interval, what]
