"""A whole benchmark: its cells in several processes, and what comes of them as a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ..backends import BACKENDS
from .cases import Case
from .implementations import missing
from .limits import measured
from .machine import load, machine
from .pooling import cell, limited, scatter
from .processes import Found, Plan, rounds
from .records import Record, Start
from .starts import start
from .timing import calibration

PRECISION = 0.02  # of the interval of a ratio in one process
MARGIN = 0.05  # ratios that lie closer to 1 are no difference
CONFIDENCE = 0.95

Progress = Callable[[int, int, str], None]  # how far, of how much, and a remark


def bench(
    cases: Sequence[Case],
    implementations: Sequence[str],
    threads: Sequence[int],
    *,
    seconds: float,
    longest: float,
    processes: int,
    starts: bool = False,
    name: str = "",
    command: str = "",
    progress: Progress | None = None,
) -> Record:
    """Measure every case by every implementation on each number of threads, in so many processes one after the other.

    An answer that is wrong is a `WrongAnswerError`.
    """
    plans = [Plan(list(cases), list(implementations), each, seconds, longest, PRECISION) for each in threads]
    found: list[list[list[Found]]] = [[[] for _ in cases] for _ in plans]
    total, before, pulse = len(plans) * len(cases) * processes, load(), list[float]()
    for done, (plan, case, one) in enumerate(rounds(plans, processes), 1):
        found[plan][case].append(one)
        pulse += one.pulse
        if progress:
            progress(done, total, str(cases[case]))
    after = load()
    noise = calibration(np.array(pulse))
    apart = scatter([each for plan in found for each in plan], quiet=not noise.note)
    cells = [
        limited(cell(case, number, each, apart, CONFIDENCE, MARGIN))
        for number, plan in zip(threads, found, strict=True)
        for case, each in zip(cases, plan, strict=True)
    ]
    pairs = {(each.case.dtype, each.threads): None for each in cells}
    return Record(
        set=name,
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=command,
        machine=_machine(),
        load_before=before,
        load_after=after,
        confidence=CONFIDENCE,
        processes=processes,
        calibration=noise,
        limits=[measured(*each) for each in pairs],
        cells=cells,
        starts=_starts(cases[0], implementations) if starts else [],
    )


def _machine() -> dict[str, Any]:
    """The machine, without what tells of its user."""
    return {name: value for name, value in machine().items() if name not in ("cache_folder", "blas_threads")}


def _starts(case: Case, implementations: Sequence[str]) -> list[Start]:
    return [start(case, name) for name in implementations if name in BACKENDS and not missing(name)]
