"""Exercises in performance, which check themselves: each one folder, see WRITING.md."""

from . import telling
from .benching import Measurement, bench
from .catalog import ExerciseError, Lesson, lesson, lessons
from .checking import Report, Result, check
from .progress import Progress, begin, submission

__all__ = [
    "ExerciseError",
    "Lesson",
    "Measurement",
    "Progress",
    "Report",
    "Result",
    "begin",
    "bench",
    "check",
    "lesson",
    "lessons",
    "submission",
    "telling",
]
