"""Exercises in performance, which check themselves: each is one folder, see WRITING.md and TEACHING.md."""

from typing import Any

from . import telling
from .benching import Measurement, bench
from .book import as_html, book
from .catalog import ExerciseError, Lesson, lesson, lessons
from .checking import Report, Result, check
from .exporting import export
from .grading import Grade, grade
from .process import Limits
from .progress import Progress, begin, submission

__all__ = [
    "ExerciseError",
    "Grade",
    "Lesson",
    "Limits",
    "Measurement",
    "Progress",
    "Report",
    "Result",
    "as_html",
    "begin",
    "bench",
    "book",
    "check",
    "export",
    "grade",
    "lesson",
    "lessons",
    "load_ipython_extension",
    "submission",
    "telling",
]


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext fastshallow.exercises`` calls: it adds the magic ``%%exercise NAME``."""
    from .notebook import load

    load(ipython)
