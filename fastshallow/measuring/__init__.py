"""Measuring: cases, how they are timed, what is recorded of them, and what the machine can do."""

from . import page, records, report
from .anatomy import dissect
from .cases import Answer, Arguments, Case, WrongAnswerError, difference
from .findings import KINDS, Anatomy, Loop
from .machine import cores, load, machine
from .reasons import reason
from .units import bytes_text, digits, seconds_text

__all__ = [
    "KINDS",
    "Anatomy",
    "Answer",
    "Arguments",
    "Case",
    "Loop",
    "WrongAnswerError",
    "bytes_text",
    "cores",
    "difference",
    "digits",
    "dissect",
    "load",
    "machine",
    "page",
    "reason",
    "records",
    "report",
    "seconds_text",
]
