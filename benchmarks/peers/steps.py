"""One step of every implementation: the same gradients first, then times by turns, beside the limit."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from fastshallow.command.console import digits, seconds_text
from fastshallow.measuring import Case
from fastshallow.measuring.report import alternate

from .implementations import IMPLEMENTATIONS, Implementation
from .limits import Limits, flops, moved_bytes

PEERS = [one.name for one in IMPLEMENTATIONS if one.peer]
OURS = "fastshallow"


@dataclass(frozen=True)
class Measured:
    """Seconds a step by implementation, and what the machine can't beat."""

    case: Case
    seconds: Mapping[str, float]
    limit: float = 0.0

    def best_peer(self) -> str | None:
        """The fastest of the peers, or None if none was timed."""
        return min((name for name in self.seconds if name in PEERS), key=self.seconds.__getitem__, default=None)

    def ratio(self, other: str | None) -> float | None:
        """How many times faster than `other` fastshallow is, if both were timed."""
        if other not in self.seconds or OURS not in self.seconds:
            return None
        return self.seconds[other] / self.seconds[OURS]

    def defeats(self) -> list[str]:
        """Who was faster."""
        return [name for name in self.seconds if (self.ratio(name) or 1.0) < 1.0]

    def as_dict(self) -> dict[str, Any]:
        peer = self.best_peer()
        return {
            **asdict(self),
            "flops": flops(self.case),
            "bytes": moved_bytes(self.case),
            "x_numpy": self.ratio("numpy"),
            "best_peer": peer,
            "x_best_peer": self.ratio(peer),
            "of_limit": {name: self.limit / seconds for name, seconds in self.seconds.items()},
            "defeats": self.defeats(),
        }


def measure(
    case: Case, implementations: Sequence[Implementation], limits: Limits, threads: int, seconds: float
) -> Measured:
    """Validate every implementation against NumPy, time them by turns, and see again what the machine can do."""
    arguments = case.arguments()
    steps = {one.name: one.make_step(case, arguments, threads) for one in implementations if one.step}
    reference_step = IMPLEMENTATIONS[0].make_step(case, arguments, threads)
    start = perf_counter()
    reference = reference_step.call()
    three_turns = 3 * (perf_counter() - start)
    for name, step in steps.items():
        case.validate(name, step.answer(step.call()), reference)
    times = alternate({name: step.call for name, step in steps.items()}, max(seconds, three_turns))
    limits.observe(moved_bytes(case))
    return Measured(case, times)


def fitting(case: Case) -> Case:
    """The case with half its examples, or half of these, and so on, until it fits into memory."""
    # Every implementation holds a copy of X, and one after the other about six arrays of a number a hidden unit.
    example = np.dtype(case.dtype).itemsize * (6 * case.n_x + 12 * case.n_h)
    m, free = case.m, free_bytes()
    while m > 1 and m * example > free:
        m //= 2
    return replace(case, m=m)


def free_bytes() -> int:
    """Memory that is free, or 8 GiB where the system does not say."""
    known = "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", ())
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") if known else 2**33


def table(measured: Sequence[Measured]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: times, then how fastshallow compares; who beat it is named in the last column."""
    names = list(measured[0].seconds)
    header = ["shape", "examples", *names, "x numpy", "x best peer", "of limit", "defeats"]
    rows = []
    for i, one in enumerate(measured):
        case, before = one.case, measured[i - 1].case if i else None
        new = before is None or (case.n_x, case.n_h, case.n_y) != (before.n_x, before.n_h, before.n_y)
        ratios = [digits(ratio) if ratio else "-" for ratio in (one.ratio("numpy"), one.ratio(one.best_peer()))]
        rows.append(
            [
                f"{case.n_x}-{case.n_h}-{case.n_y}" if new else "",
                f"{case.m:,}",
                *(seconds_text(one.seconds[name]) for name in names),
                *ratios,
                percent(one.limit / one.seconds[OURS]) if OURS in one.seconds else "-",
                " ".join(f"<- {name}" for name in one.defeats()),
            ]
        )
    return header, rows


def percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"
