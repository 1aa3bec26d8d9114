"""Measuring: cases, how they are timed, what is recorded of them, and what the machine can do."""

from . import records, report
from .cases import Answer, Arguments, Case, WrongAnswerError, difference
from .machine import cores, load, machine

__all__ = [
    "Answer",
    "Arguments",
    "Case",
    "WrongAnswerError",
    "cores",
    "difference",
    "load",
    "machine",
    "records",
    "report",
]
