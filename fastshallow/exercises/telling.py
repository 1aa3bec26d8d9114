"""What a learner reads of a check and of a measurement, as text and as HTML."""

from __future__ import annotations

import textwrap
from html import escape

from ..measuring import digits, seconds_text
from .benching import Measurement, Ratio
from .catalog import Lesson
from .checking import NOT_RUN, Report

WIDTH = 96
SHOWN = 20  # lines of what a submission prints
TIMES = ("", "a call", "yours is so many times as fast", "what it is")


def verdict(report: Report) -> str:
    """What it is worth in all."""
    if report.passed:
        return f"All {report.possible} points: it is right."
    return f"{report.points} of {report.possible} points. The same inputs again: --seed {report.seed}"


def reasons(report: Report) -> list[tuple[bool, str, str]]:
    """Of each check: whether it passed, its name, and why not, or what was counted; nothing is told twice."""
    rows: list[tuple[bool, str, str]] = []
    told: set[str] = set()
    run = [each for each in report.results if each.reason != NOT_RUN]
    for each in run:
        known = (each.hint or each.reason) in told
        told.add(each.hint or each.reason)
        where = f"with {each.inputs}: " if each.inputs else ""
        why = f"{where}{each.reason}\n{each.hint}".strip()
        rows.append((each.passed, each.name, "the same" if known and why else why or each.counted))
    left = len(report.results) - len(run)
    return rows + [(False, f"{left} check{'s' * (left != 1)} that cannot be run then", "")] * (left > 0)


def report_text(title: str, report: Report) -> str:
    """A line for each check, and reasons below those that fail."""
    lines = [title, ""]
    if _alike(report):
        lines.append(f"  {report.results[0].reason}")
    else:
        for passed, name, reason in reasons(report):
            brief = len(name) + len(reason) < WIDTH - 10 and "\n" not in reason
            lines.append(f"  {'ok' if passed else 'no'}  {name}{': ' + reason if brief and reason else ''}")
            lines += [] if brief else [_indented(line) for line in reason.splitlines()]
    printed = _output(report)
    if printed:
        lines += ["", "It printed:", textwrap.indent(printed, "  ")]
    return "\n".join([*lines, "", verdict(report)])


def report_html(title: str, report: Report) -> str:
    """The same for a notebook."""
    if _alike(report):
        rows = f"<tr><td>{escape(report.results[0].reason)}</td></tr>"
    else:
        rows = "".join(
            f'<tr><td style="text-align:left">{"✓" if passed else "✗"} {escape(name)}</td>'
            f'<td style="text-align:left; white-space:pre-wrap">{escape(reason)}</td></tr>'
            for passed, name, reason in reasons(report)
        )
    printed = _output(report)
    output = f"<details><summary>It printed</summary><pre>{escape(printed)}</pre></details>" if printed else ""
    return f"<p><b>{escape(title)}</b></p><table>{rows}</table>{output}<p>{escape(verdict(report))}</p>"


def measured_case(lesson: Lesson) -> str:
    """The sizes of what is timed."""
    bench = lesson.exercise.bench
    sizes = ", ".join(f"{letter} = {size:,}" for letter, size in bench.sizes.items())
    return f"{sizes}, {bench.dtype}, one thread"


def times(lesson: Lesson, found: Measurement) -> list[list[str]]:
    """Rows of a table below `TIMES`."""
    return [
        ["yours", seconds_text(found.seconds), "", ""],
        _row("baseline", found, found.baseline, lesson.exercise.bench.baseline_is),
        _row("solution", found, found.solution, "fastshallow exercise solution"),
    ]


def grade(found: Measurement) -> str:
    """The tier, and what limits the submission."""
    if found.tier is None:
        return f"Inconclusive: {found.remark}."
    name = "No tier yet" if found.tier == "none" else found.tier.capitalize()
    return f"{name}. What limits it: {found.remark}."


def measurement_html(lesson: Lesson, found: Measurement) -> str:
    """A table and the tier, for a notebook."""
    cells = [[f"<th>{escape(each)}</th>" for each in TIMES]]
    cells += [[f"<td>{escape(each)}</td>" for each in row] for row in times(lesson, found)]
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return f"<p>{escape(measured_case(lesson))}</p><table>{rows}</table><p>{escape(grade(found))}</p>"


def _alike(report: Report) -> bool:
    """Whether all fail for one reason."""
    return not report.passed and len({each.reason for each in report.results}) == 1


def _indented(line: str) -> str:
    return textwrap.fill(line, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _output(report: Report) -> str:
    return "\n".join(report.output.splitlines()[-SHOWN:])


def _row(name: str, found: Measurement, ratio: Ratio, what: str) -> list[str]:
    interval = f"{digits(ratio.value)} ({digits(ratio.low)} to {digits(ratio.high)})"
    return [name, seconds_text(found.seconds * ratio.value), interval, what]
