"""From what processes found to what is recorded: samples pooled, and intervals that know how processes differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from . import limits
from .cases import Case
from .cells import BASELINE, Measurement
from .intervals import Scatter, median_interval, process_interval, verdict
from .processes import Found
from .records import Bound, Cell, Interval, Result
from .timing import spread

AGAIN = 3  # times that limits are measured again where something is faster than they allow


def scatter(cells: Sequence[Sequence[Found]], quiet: bool) -> Scatter:
    """How far the logarithms of ratios of processes lie apart, over all cells."""
    return Scatter.of([logs for found in cells for logs in _logs(found).values()], quiet)


def cell(case: Case, threads: int, found: Sequence[Found], apart: Scatter, confidence: float, margin: float) -> Cell:
    """One cell, from what each process found of it."""
    logs = _logs(found)
    results = []
    for same in zip(*(each.measurements for each in found), strict=True):
        name = same[0].implementation
        timed = [each for each in same if not each.reason]
        if not timed:
            results.append(Result(name, same[0].reason))
            continue
        ratio = Interval(1.0, 1.0, 1.0) if name == BASELINE else _ratio(timed, logs[name], apart, confidence)
        results.append(_result(case, timed, ratio, logs.get(name, []), margin))
    return Cell(case, threads, case.flops, case.bytes, None, results)


def _logs(found: Sequence[Found]) -> dict[str, list[float]]:
    """The median logarithms of the ratios to NumPy, one a process, by implementation."""
    logs: dict[str, list[float]] = {}
    for process in found:
        for one in process.measurements:
            if one.implementation != BASELINE and not one.reason:
                pairs = np.log(np.array(one.baseline) / np.array(one.seconds))
                logs.setdefault(one.implementation, []).append(float(np.median(pairs)))
    return logs


def _ratio(timed: Sequence[Measurement], logs: Sequence[float], apart: Scatter, confidence: float) -> Interval:
    """The interval from the processes' own medians; of one process, that of its turns."""
    if len(timed) > 1:
        return process_interval(logs, apart, confidence)
    pairs = np.log(np.array(timed[0].baseline) / np.array(timed[0].seconds))
    value, low, high = median_interval(pairs, confidence)
    return Interval(math.exp(value), math.exp(low), math.exp(min(high, 700.0)))


def _result(case: Case, timed: Sequence[Measurement], ratio: Interval, logs: Sequence[float], margin: float) -> Result:
    name = timed[0].implementation
    seconds = spread(np.concatenate([each.seconds for each in timed]), timed[0].calls)
    return Result(
        implementation=name,
        apart=max(each.apart or 0.0 for each in timed),
        seconds=seconds,
        ratio=ratio,
        verdict="" if name == BASELINE else verdict(ratio, margin),
        medians=[float(np.median(each.seconds)) for each in timed],
        ratios=[math.exp(each) for each in logs] or [1.0] * len(timed),
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
