"""``fastshallow bench``: every backend gives NumPy's answer, and then shows how fast."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from ..measuring import report
from .console import digits, print_json, progress_bar, seconds_text, show_table


def run(arguments: argparse.Namespace) -> int:
    """Validate and time backends on steps of several shapes and batch sizes."""
    names = list(dict.fromkeys(["numpy", *arguments.backends]))  # ratios are to NumPy
    softmax = arguments.output == "softmax"
    shapes = arguments.shape or ([(2, 4, 3), (30, 64, 10)] if softmax else [(2, 4, 1), (30, 64, 1)])
    if softmax and min(n_y for *_, n_y in shapes) == 1:
        raise ValueError("--output softmax needs two outputs or more: one is always 1; as in --shape 2-4-3")
    cases = [
        report.Case(n_x, n_h, n_y, m, arguments.hidden, arguments.output, arguments.dtype)
        for n_x, n_h, n_y in shapes
        for m in sorted(set(arguments.batch_sizes))
    ]
    with progress_bar("validating and timing", wanted=not arguments.json) as step:
        timings = []
        for done, case in enumerate(cases, 1):
            try:
                timings.append(report.compare(case, names, arguments.seconds))
            except report.WrongAnswerError as error:
                print(f"fastshallow: error: {error}", file=sys.stderr)
                return 1
            if step:
                step(done, len(cases), str(case))
    if arguments.json:
        steps = [dataclasses.asdict(timing) for row in timings for timing in row]
        print_json({"machine": report.machine(), "steps": steps})
        return 0
    rows = []
    for row in timings:
        rows += [_timing_cells(timing, first=timing is row[0]) for timing in row]
    print(f"One step (cost and gradients): {arguments.hidden}, {arguments.output}, {arguments.dtype}, one thread\n")
    show_table(["shape", "examples", "backend", "time", "x numpy", "ns/example"], rows, left=(0, 2))
    others = [timing for row in timings for timing in row if timing.backend != "numpy"]
    right = [timing for timing in others if timing.apart is not None]
    if right:
        apart = max(timing.apart or 0.0 for timing in right)
        names_right = ", ".join(dict.fromkeys(timing.backend for timing in right))
        print(f"Each first gave NumPy's answer ({names_right}); the largest difference was {apart:.1e}.")
    left_out = ", ".join(dict.fromkeys(timing.backend for timing in others if timing.reason))
    if left_out:
        print(f"Neither checked nor timed where a step takes too long: {left_out}.")
    compiling = dict.fromkeys(names, 0.0)
    for timing in (timing for row in timings for timing in row):
        compiling[timing.backend] += max(0.0, (timing.first_seconds or 0.0) - (timing.seconds or 0.0))
    slow = [f"{name} {seconds_text(seconds)}" for name, seconds in compiling.items() if seconds > 0.05]
    if slow:
        print(f"First calls took longer, for compiling or loading what is compiled: {', '.join(slow)}.")
    return 0


def _timing_cells(timing: report.Timing, first: bool) -> list[str]:
    case = timing.case
    cells = [f"{case.n_x}-{case.n_h}-{case.n_y}", f"{case.m:,}"] if first else ["", ""]
    if timing.seconds is None or timing.ratio is None:
        return [*cells, timing.backend, "-", "-", timing.reason]
    ratio = "1" if timing.backend == "numpy" else digits(timing.ratio)
    return [*cells, timing.backend, seconds_text(timing.seconds), ratio, digits(1e9 * timing.seconds / case.m)]
