"""A whole benchmark: its cells in several processes, and what comes of them as a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ..backends import BACKENDS
from .cases import Case
from .implementations import missing
from .intervals import pooled
from .limits import measured
from .machine import load, machine
from .pooling import cell, least, limited
from .processes import Found, Plan, one_round
from .records import Record, Start
from .starts import start
from .timing import calibration

PRECISION = 0.02  # of the interval of a ratio in one process
MARGIN = 0.05  # ratios that lie closer to 1 are no difference
CONFIDENCE = 0.95
CLOSE = 0.007  # an excess of the run with which changes of 8 % are told from none

Progress = Callable[[int, int, str], None]  # how far, of how much, and a remark


def bench(
    cases: Sequence[Case],
    implementations: Sequence[str],
    threads: Sequence[int],
    *,
    seconds: float,
    longest: float,
    processes: int,
    most: int | None = None,
    starts: bool = False,
    name: str = "",
    command: str = "",
    progress: Progress | None = None,
) -> Record:
    """Measure every case by every implementation on each number of threads, in so many processes one after the other.

    Where the least times of these lie apart, more follow, until they are close or there are `most`. An answer that is
    wrong is a `WrongAnswerError`.
    """
    plans = [Plan(list(cases), list(implementations), each, seconds, longest, PRECISION) for each in threads]
    before, pairs = load(), {(each.dtype, number): None for number in threads for each in cases}
    for pair in pairs:
        measured(*pair)
    found, taken = _found(plans, processes, most or processes, progress)
    for pair in pairs:
        measured(*pair, again=True)  # the machine may have been slower before
    after = load()
    noise = calibration(np.concatenate([one.pulse for plan in found for each in plan for one in each]))
    common = _common(found)
    cells = [
        cell(case, number, each, common, CONFIDENCE, MARGIN)
        for number, plan in zip(threads, found, strict=True)
        for case, each in zip(cases, plan, strict=True)
    ]
    for each in cells:
        limited(each)  # may find a higher limit, which is that of all then
    return Record(
        set=name,
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        machine=_machine(),
        load_before=before,
        load_after=after,
        confidence=CONFIDENCE,
        processes=taken,
        calibration=noise,
        limits=[measured(*each) for each in pairs],
        cells=[limited(each) for each in cells],
        starts=_starts(cases[0], implementations) if starts else [],
    )


def _found(
    plans: Sequence[Plan], processes: int, most: int, progress: Progress | None
) -> tuple[list[list[list[Found]]], int]:
    """What each process found, by plan and case; and how many there were."""
    cases = plans[0].cases
    found: list[list[list[Found]]] = [[[] for _ in cases] for _ in plans]
    taken = done = 0
    while taken < processes or (taken < most and _common(found) > CLOSE):
        taken += 1
        for plan, case, one in one_round(plans):
            found[plan][case].append(one)
            done += 1
            if progress:
                progress(done, max(taken, processes) * len(plans) * len(cases), str(cases[case]))
    return found, taken


def _common(found: Sequence[Sequence[Sequence[Found]]]) -> float:
    """The excess of the run."""
    return pooled(times for plan in found for each in plan for times in least(each).values())


def _machine() -> dict[str, Any]:
    """The machine, without what tells of its user."""
    return {name: value for name, value in machine().items() if name not in ("cache_folder", "blas_threads")}


def _starts(case: Case, implementations: Sequence[str]) -> list[Start]:
    return [start(case, name) for name in implementations if name in BACKENDS and not missing(name)]
