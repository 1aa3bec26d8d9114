"""What changed between two records: ratios to NumPy, which ran beside in each, so the machine's own speed falls out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .cases import Case
from .cells import BASELINE
from .intervals import SAME, Scatter, log_interval, verdict
from .records import Cell, Interval, Record, Result

MARGIN = 0.07  # changes that are surely smaller count as none: five processes 1.5 % apart tell no less of some cells


@dataclass(frozen=True)
class Change:
    """One implementation in one cell of both records.

    `ratio` is how many times as fast as before it is, against NumPy in the same run; for NumPy itself, in seconds.
    """

    case: Case
    threads: int
    implementation: str
    before: float  # seconds of a call
    after: float
    ratio: Interval
    verdict: str


def changes(before: Record, after: Record) -> list[Change]:
    """What both records have, in the order of the later one.

    All intervals hold together with the later record's confidence: each has as much more as there are (Bonferroni), or
    one in twenty of so many cells would change by chance.
    """
    for record in before, after:
        if record.processes < 2:
            raise ValueError("a record to compare needs two processes or more: one does not know how others differ")
    pairs = list(_pairs(before, after))
    if not pairs:
        raise ValueError("the two records have no cell in common")
    confidence = 1 - (1 - after.confidence) / sum(old.implementation != BASELINE for _, old, _ in pairs)
    scatters = [_scatter(record) for record in (before, after)]
    return [_change(cell, old, new, scatters, confidence) for cell, old, new in pairs]


def unlike(before: Record, after: Record) -> list[str]:
    """What of machine and versions differs, a line each."""
    lines = []
    for name in ("cpu", "vector_bits", "cores_allowed", "blas", "system"):
        one, other = before.machine.get(name), after.machine.get(name)
        if one != other:
            lines.append(f"{name}: {one} -> {other}")
    old, new = (record.machine.get("versions", {}) for record in (before, after))
    lines += [f"{name}: {old.get(name)} -> {new[name]}" for name in new if old.get(name) != new[name]]
    return lines


def unchanged(found: list[Change]) -> bool:
    """Whether every implementation is as fast as before, NumPy's own seconds aside."""
    return all(each.verdict == SAME for each in found if each.implementation != BASELINE)


def _pairs(before: Record, after: Record) -> Iterator[tuple[Cell, Result, Result]]:
    old = {
        (cell.case, cell.threads, each.implementation): each
        for cell in before.cells
        for each in cell.results
        if each.seconds
    }
    for cell in after.cells:
        for each in cell.results:
            same = old.get((cell.case, cell.threads, each.implementation))
            if each.seconds and same:
                yield cell, same, each


def _logs(result: Result) -> list[float]:
    """Of a speed, one a process."""
    values = [1 / each for each in result.medians] if result.implementation == BASELINE else result.ratios
    return [float(each) for each in np.log(values)]


def _scatter(record: Record) -> dict[bool, Scatter]:
    """Of NumPy's own seconds, and of ratios to them."""
    results = [each for cell in record.cells for each in cell.results if each.seconds]
    return {
        own: Scatter.of(
            [_logs(each) for each in results if (each.implementation == BASELINE) == own], not record.calibration.note
        )
        for own in (True, False)
    }


def _change(cell: Cell, old: Result, new: Result, scatters: list[dict[bool, Scatter]], confidence: float) -> Change:
    assert old.seconds and new.seconds
    own = new.implementation == BASELINE
    mean = float(np.mean(_logs(new)) - np.mean(_logs(old)))
    errors = [scatter[own].error(_logs(each)) for scatter, each in zip(scatters, (old, new), strict=True)]
    variance = sum(each for each, _ in errors)
    # Welch and Satterthwaite's, of a sum of two variances.
    freedom = variance**2 / sum(each**2 / k for each, k in errors) if variance else errors[0][1]
    ratio = log_interval(mean, variance, freedom, confidence)
    times = old.seconds.median, new.seconds.median
    return Change(cell.case, cell.threads, new.implementation, *times, ratio, verdict(ratio, MARGIN))
