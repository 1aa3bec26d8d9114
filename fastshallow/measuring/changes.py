"""What changed between two records: ratios to NumPy, which ran beside in each, so the machine's own speed falls out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .cases import Case
from .cells import BASELINE
from .intervals import SAME, Floor, floor_interval, pooled, verdict
from .records import Cell, Interval, Record, Result

MARGIN = 0.08  # changes that are surely smaller count as none: 16 processes of a shared machine tell no less

_Pair = tuple[Result, Result]  # NumPy's, and an implementation's own


@dataclass(frozen=True)
class Change:
    """One implementation in one cell of both records.

    `ratio` is how many times as fast as before it is, against NumPy in the same run; for NumPy itself, in seconds.
    """

    case: Case
    threads: int
    implementation: str
    before: float  # seconds of a call, at least
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
    confidence = 1 - (1 - after.confidence) / max(1, sum(new[1].implementation != BASELINE for _, _, new in pairs))
    common = _common(before), _common(after)
    return [_change(*pair, common, confidence) for pair in pairs]


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


def _pairs(before: Record, after: Record) -> Iterator[tuple[Cell, _Pair, _Pair]]:
    """What was timed in both records, before and after."""
    old = {(cell.case, cell.threads): _timed(cell) for cell in before.cells}
    for cell in after.cells:
        was, now = old.get((cell.case, cell.threads), {}), _timed(cell)
        for name in now:
            if name in was:
                yield cell, (was[BASELINE], was[name]), (now[BASELINE], now[name])


def _timed(cell: Cell) -> dict[str, Result]:
    return {each.implementation: each for each in cell.results if each.seconds}


def _common(record: Record) -> float:
    """The excess of a run."""
    return pooled(each.least for cell in record.cells for each in cell.results)


def _change(cell: Cell, before: _Pair, after: _Pair, common: tuple[float, float], confidence: float) -> Change:
    old, new = before[1], after[1]
    numpy_before, own_before = (Floor.of(each.least, common[0]) for each in before)
    numpy_after, own_after = (Floor.of(each.least, common[1]) for each in after)
    over, under = [own_before, numpy_after], [own_after, numpy_before]
    if new.implementation == BASELINE:
        over, under = [own_before], [own_after]
    ratio = floor_interval(over, under, confidence)
    times = min(old.least), min(new.least)
    return Change(cell.case, cell.threads, new.implementation, *times, ratio, verdict(ratio, MARGIN))
