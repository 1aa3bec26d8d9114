"""Grade many submissions, each in processes of its own.

That keeps mistakes apart: what hangs, crashes, fills memory or prints without end costs its own points alone. It keeps
no one out who means harm: submissions of strangers belong into a container, see TEACHING.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..measuring import cores
from .catalog import Lesson, lessons
from .checking import Report, Result, check
from .process import Limits


@dataclass(frozen=True)
class Grade:
    """What one file of one learner is worth."""

    learner: str
    lesson: Lesson
    path: Path
    report: Report

    @property
    def reason(self) -> str:
        """Why the first check that fails does."""
        failed = [each for each in self.report.results if not each.passed]
        return " ".join(f"{failed[0].name}: {failed[0].hint or failed[0].reason}".split()) if failed else ""


def found_in(folder: Path) -> list[tuple[str, Lesson, Path]]:
    """The submissions: a folder a learner with files of exercises, or files such as 03_all_examples_alice.py."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        for each in lessons():
            if each.name in path.stem:
                rest = path.stem.replace(each.name, "").strip("_- .")
                found.append((rest or path.resolve().parent.name, each, path))
    return found


def grade(folder: Path, limits: Limits, done: Callable[[int, int, str], None] | None = None) -> list[Grade]:
    """Check all submissions below a folder, on the same inputs, some at a time."""
    submissions = found_in(folder)
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    for each in lessons():
        each.exercise  # noqa: B018  imported before there are threads
    grades: list[Grade] = []
    with ThreadPoolExecutor(max(1, cores())) as pool:
        waiting = [pool.submit(_graded, *each, seed, limits) for each in submissions]
        for future in as_completed(waiting):
            grades.append(future.result())
            if done:
                done(len(grades), len(submissions), grades[-1].learner)
    return sorted(grades, key=lambda each: (each.learner, each.lesson.name))


def _graded(learner: str, lesson: Lesson, path: Path, seed: int, limits: Limits) -> Grade:
    call = min(limits.all, lesson.exercise.seconds)
    try:
        report = check(lesson, path, seed, Limits(call, limits.all, limits.gigabytes))
    except Exception as error:  # whatever it sent that could not be checked
        names = [each.name for each in lesson.exercise.checks]
        report = Report(lesson.name, _none(names, f"it cannot be checked: {type(error).__name__}: {error}"), seed=seed)
    return Grade(learner, lesson, path, report)


def _none(names: Sequence[str], reason: str) -> list[Result]:
    return [Result(name, 1, reason) for name in names]
