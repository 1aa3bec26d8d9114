"""An exercise as a notebook for nbgrader or Otter-Grader: the answer is written to a file, and each check is a test.

Both run tests in the notebook's own process; the checks themselves run the answer in another, as always.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .catalog import Lesson
from .checking import points_of

Cell = dict[str, Any]


def export(lesson: Lesson, style: str, folder: Path) -> Path:
    """Write the notebook that a teacher gives to the grader; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{lesson.name}.ipynb"
    notebook = {
        "cells": STYLES[style](lesson),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def nbgrader(lesson: Lesson) -> list[Cell]:
    """A cell with the answer between nbgrader's marks, and a locked cell of tests for each check."""
    answer = f"{_stub(lesson)}\n\n### BEGIN SOLUTION\n{lesson.solution}### END SOLUTION"
    cells = [
        _cell("markdown", lesson.page, nbgrader=_marks(f"{lesson.name}_page", locked=True)),
        _cell("code", answer, nbgrader=_marks(f"{lesson.name}_answer", solution=True)),
        _cell("code", _checked(lesson), nbgrader=_marks(f"{lesson.name}_check", locked=True)),
    ]
    for i, (name, points) in enumerate(points_of(lesson.exercise), 1):
        marks = _marks(f"{lesson.name}_{i}", locked=True, grade=True, points=points)
        cells.append(_cell("code", f"report.require({name!r})", nbgrader=marks))
    return _numbered(cells)


def otter(lesson: Lesson) -> list[Cell]:
    """A source for `otter assign`: raw cells say where the question, its answer and its tests begin and end."""
    answer = f"{_stub(lesson)}\n\n# BEGIN SOLUTION NO PROMPT\n{lesson.solution}# END SOLUTION"
    cells = [
        _cell("raw", "# ASSIGNMENT CONFIG\nsolutions_pdf: false\nexport_cell: true"),
        _cell("raw", f"# BEGIN QUESTION\nname: exercise{int(lesson.name.split('_')[0])}"),
        _cell("markdown", lesson.page),
        _cell("raw", "# BEGIN SOLUTION"),
        _cell("code", answer),
        _cell("raw", "# END SOLUTION"),
        _cell("code", _checked(lesson)),
        _cell("raw", "# BEGIN TESTS"),
    ]
    for name, points in points_of(lesson.exercise):
        config = f'""" # BEGIN TEST CONFIG\npoints: {points}\n""" # END TEST CONFIG\n'
        cells.append(_cell("code", f"{config}report.require({name!r})"))
    return _numbered([*cells, _cell("raw", "# END TESTS"), _cell("raw", "# END QUESTION")])


STYLES: dict[str, Callable[[Lesson], list[Cell]]] = {"nbgrader": nbgrader, "otter": otter}


def _stub(lesson: Lesson) -> str:
    return f"%%writefile {lesson.file}\n{lesson.stub.rstrip()}"


def _checked(lesson: Lesson) -> str:
    return (
        "from pathlib import Path\n\nfrom fastshallow.exercises import check, lesson\n\n"
        f"report = check(lesson({lesson.name!r}), Path({lesson.file!r}))\n"
    )


def _cell(kind: str, source: str, **metadata: Any) -> Cell:
    cell: Cell = {"cell_type": kind, "metadata": metadata, "source": source.splitlines(keepends=True)}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def _numbered(cells: list[Cell]) -> list[Cell]:
    return [{**cell, "id": f"cell-{i}"} for i, cell in enumerate(cells)]


def _marks(name: str, locked: bool = False, solution: bool = False, grade: bool = False, points: int = 0) -> Cell:
    marks = {"grade_id": name, "locked": locked, "solution": solution, "grade": grade, "task": False}
    return {**marks, "schema_version": 3, **({"points": points} if grade else {})}
