"""From what processes found to what is recorded: samples pooled, and intervals that know how processes differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from . import limits
from .cases import Case
from .cells import BASELINE, Measurement
from .intervals import Floor, floor_interval, ratio_interval, verdict
from .processes import Found
from .records import Bound, Cell, Interval, Result
from .timing import spread

AGAIN = 3  # times that limits are measured again where something is faster than they allow


def cell(case: Case, threads: int, found: Sequence[Found], common: float, confidence: float, margin: float) -> Cell:
    """One cell, from what each process found of it; `common` is the excess of the run."""
    own = least(found)
    results = []
    for same in zip(*(each.measurements for each in found), strict=True):
        name = same[0].implementation
        timed = [each for each in same if not each.reason]
        if not timed:
            results.append(Result(name, same[0].reason))
        elif name == BASELINE:
            results.append(_result(case, timed, own[name], Interval(1.0, 1.0, 1.0), ""))
        else:
            ratio = _ratio(timed, own[BASELINE], own[name], common, confidence)
            results.append(_result(case, timed, own[name], ratio, verdict(ratio, margin)))
    return Cell(case, threads, case.flops, case.bytes, None, results)


def least(found: Sequence[Found]) -> dict[str, list[float]]:
    """The least time of a call in each process, by implementation."""
    times: dict[str, list[float]] = {}
    for process in found:
        for one in process.measurements:
            if not one.reason:
                times.setdefault(one.implementation, []).append(min(one.seconds))
    return times


def _ratio(
    timed: Sequence[Measurement], numpy: Sequence[float], own: Sequence[float], common: float, confidence: float
) -> Interval:
    """Of the processes' least times; of one process, from its turns."""
    if len(timed) > 1:
        return floor_interval([Floor.of(numpy, common)], [Floor.of(own, common)], confidence)
    return ratio_interval(np.array(timed[0].baseline), np.array(timed[0].seconds), confidence)


def _result(case: Case, timed: Sequence[Measurement], own: list[float], ratio: Interval, judged: str) -> Result:
    seconds = spread(np.concatenate([each.seconds for each in timed]), timed[0].calls)
    return Result(
        implementation=timed[0].implementation,
        apart=max(each.apart or 0.0 for each in timed),
        seconds=seconds,
        ratio=ratio,
        verdict=judged,
        least=own,
        flops_per_second=case.flops / seconds.median,
        bytes_per_second=case.bytes / seconds.median,
        first_seconds=float(np.median([each.first_seconds or 0.0 for each in timed])),
        memory=timed[0].memory,
    )


def limited(cell: Cell) -> Cell:
    """The cell with its limit; what is faster is no reason to print over 100 %, but to measure the limit again."""
    best = min((each.seconds.median for each in cell.results if each.seconds), default=math.inf)
    for trial in range(AGAIN + 1):
        found = limits.bound(cell.case, limits.measured(cell.case.dtype, cell.threads, again=trial > 0))
        if found.seconds <= best:
            break
    return replace(cell, limit=found, results=[_of_limit(each, found) for each in cell.results])


def _of_limit(result: Result, bound: Bound) -> Result:
    if result.seconds is None or result.seconds.median < bound.seconds:
        return result  # faster than anything that was seen of this machine: its share is not known
    return replace(result, of_limit=bound.seconds / result.seconds.median)
