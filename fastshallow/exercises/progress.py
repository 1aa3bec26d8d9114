"""What a learner has done, remembered in a file of their own folder."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from .catalog import HERE, Lesson, lesson, lessons
from .checking import Report

FILE = ".fastshallow-exercises.json"


class Progress:
    """Points, tiers and hints of each exercise. A file that is damaged or deleted counts as nothing done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._done: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
            self._done = {name: dict(each) for name, each in kept.items() if isinstance(each, dict)}

    def of(self, lesson: Lesson) -> dict[str, Any]:
        """What is known of an exercise: points, possible, tier, hints, solved."""
        return self._done.get(lesson.name, {})

    def note(self, lesson: Lesson, **facts: Any) -> None:
        """Remember; where the folder cannot be written, or is the package's own, for this time only."""
        self._done.setdefault(lesson.name, {}).update(facts)
        if HERE in self.folder.resolve().parents:
            return
        path = self.folder / FILE
        beside = path.with_name(f"{FILE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(self._done, indent=1), encoding="utf-8")
            beside.replace(path)

    def note_report(self, lesson: Lesson, report: Report) -> None:
        """Remember what a check gave; what was right once stays so."""
        solved = report.passed or bool(self.of(lesson).get("solved"))
        self.note(lesson, points=report.points, possible=report.possible, solved=solved)

    def next(self, after: Lesson | None = None) -> Lesson | None:
        """The first exercise that is not solved, after this one if there is one."""
        left = [each for each in lessons() if not self.of(each).get("solved")]
        later = left if after is None else [each for each in left if lessons().index(each) > lessons().index(after)]
        return next(iter(later or left), None)


def latest(folder: Path) -> Path | None:
    """The file of an exercise that was saved last."""
    files = [path for path in (folder / each.file for each in lessons()) if path.is_file()]
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def begin(lesson: Lesson, folder: Path) -> tuple[Path, bool]:
    """Copy the stub into a folder, unless the learner's file is there; return its path, and whether it is new."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / lesson.file
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(lesson.stub)
    except FileExistsError:
        return path, False
    return path, True


def submission(name: str | None, folder: Path) -> tuple[Lesson, Path]:
    """The exercise that is meant, and the learner's file: by name, by path, or that which was saved last."""
    if name is None:
        path = latest(folder)
        if path is None:
            raise FileNotFoundError(2, "no exercise here; begin with fastshallow exercise start", str(folder))
        return lesson(path.name), path
    this = lesson(name)
    path = Path(name) if name.endswith(".py") else folder / this.file
    if not path.is_file():
        raise FileNotFoundError(2, f"not there; fastshallow exercise start {this.name} writes it", str(path))
    return this, path
