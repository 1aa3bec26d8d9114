"""Exercises in a notebook: ``%load_ext fastshallow.exercises``, then ``%exercise NAME`` and ``%%exercise NAME``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from . import telling
from .benching import bench
from .book import as_html
from .catalog import ExerciseError, lesson
from .checking import check
from .progress import Progress

USAGE = "%exercise NAME shows a page; %%exercise NAME checks the cell, %%exercise NAME --bench times it too"


class Shown:
    """Something with an HTML form for notebooks and a text for terminals."""

    def __init__(self, text: str, html: str) -> None:
        self.text, self.html = text, html

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def exercise(line: str, cell: str | None = None) -> Shown:
    """Show a page, or check what a cell holds and remember what it is worth in the current folder."""
    names = [word for word in line.split() if word != "--bench"]
    if len(names) != 1:
        raise ExerciseError(USAGE)
    this = lesson(names[0])
    if cell is None:
        return Shown(this.page, as_html(this.page))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / this.file
        path.write_text(cell, encoding="utf-8")
        report = check(this, path)
        progress = Progress(Path())
        progress.note_report(this, report)
        title = this.exercise.title
        text, html = telling.report_text(title, report), telling.report_html(title, report)
        if report.passed and "--bench" in line.split():
            found = bench(this, path)
            if found.tier:
                progress.note(this, tier=found.tier)
            text += f"\n\n{telling.grade(found)}"
            html += telling.measurement_html(this, found)
    return Shown(text, html)


def load(ipython: Any) -> None:
    """Add the magic; a cell is run in the notebook as well, so that its functions are there."""

    def magic(line: str, cell: str | None = None) -> Shown:
        shown = exercise(line, cell)
        if cell is not None:
            ipython.run_cell(cell)
        return shown

    ipython.register_magic_function(magic, "line_cell", "exercise")
