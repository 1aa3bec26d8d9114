"""Cells in processes of their own, so that each has its own layout of memory and its own number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from ..backends import BLAS_THREADS
from .cases import Case, WrongAnswerError
from .cells import Measurement, measure
from .implementations import ONE_THREAD, THREADS


@dataclass(frozen=True)
class Plan:
    """What a process measures: cases, one after the other, by these implementations on so many threads."""

    cases: list[Case]
    implementations: list[str]
    threads: int
    seconds: float
    longest: float
    precision: float = 0.02


@dataclass(frozen=True)
class Found:
    """One cell of one process, and the times of the calibration loop meanwhile."""

    measurements: list[Measurement]
    pulse: list[float]


def run(plan: Plan) -> Iterator[Found]:
    """Measure in a new process; an answer that is wrong there is a WrongAnswerError here."""
    settings = {**os.environ, **THREADS, **dict.fromkeys(BLAS_THREADS, str(plan.threads))}
    if plan.threads == 1:
        settings |= ONE_THREAD
    command = [sys.executable, "-m", "fastshallow.measuring"]
    with subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps(asdict(plan)) + "\n")
            process.stdin.close()
            for line in process.stdout:
                yield _found(json.loads(line))
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise RuntimeError(f"the process that measures ended with status {process.returncode}")


def _found(message: dict[str, Any]) -> Found:
    if "wrong" in message:
        raise WrongAnswerError(message["wrong"])
    return Found([Measurement(**each) for each in message["measurements"]], message["pulse"])


def serve(asked: TextIO, answer: TextIO) -> None:
    """Be such a process: read a plan, and write a line for each cell."""
    value = json.loads(asked.readline())
    plan = Plan(**value | {"cases": [Case(**each) for each in value["cases"]]})
    try:
        for found in here(plan):
            print(json.dumps(asdict(found)), file=answer, flush=True)
    except WrongAnswerError as error:
        print(json.dumps({"wrong": str(error)}), file=answer, flush=True)


def here(plan: Plan) -> Iterator[Found]:
    """Measure in this process."""
    for case in plan.cases:
        pulse: list[float] = []
        found = measure(case, plan.implementations, plan.threads, plan.seconds, plan.longest, plan.precision, pulse)
        yield Found(found, pulse)


def one_round(plans: Sequence[Plan]) -> Iterator[tuple[int, int, Found]]:
    """Each plan in a process: the number of the plan and of its cell, and what was found."""
    for number, plan in enumerate(plans):
        for cell, found in enumerate(run(plan)):
            yield number, cell, found
