"""Measuring: cases, how they are timed, what is recorded of them, and what the machine can do."""

from . import machine_code, page, records
from .anatomy import dissect
from .benchmark import bench
from .cases import Answer, Arguments, Case, WrongAnswerError, difference
from .cells import BASELINE
from .changes import Change, changes, unchanged, unlike
from .findings import KINDS, Anatomy, Loop
from .implementations import NAMES
from .machine import cores, load, machine
from .reasons import reason
from .sets import SETS, Set, all_cases
from .timing import Timing, compare
from .units import bytes_text, digits, seconds_text

__all__ = [
    "BASELINE",
    "KINDS",
    "NAMES",
    "SETS",
    "Anatomy",
    "Answer",
    "Arguments",
    "Case",
    "Change",
    "Loop",
    "Set",
    "Timing",
    "WrongAnswerError",
    "all_cases",
    "bench",
    "bytes_text",
    "changes",
    "compare",
    "cores",
    "difference",
    "digits",
    "dissect",
    "load",
    "machine",
    "machine_code",
    "page",
    "reason",
    "records",
    "seconds_text",
    "unchanged",
    "unlike",
]
