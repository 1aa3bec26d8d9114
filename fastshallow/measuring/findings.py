"""What `anatomy` finds out about one cell: fields of a benchmark's record too."""

from __future__ import annotations

from dataclasses import dataclass, field

from .cases import Case

CALLS, INTERPRETER = "call overhead", "interpreter"
FUNCTIONS, TRAFFIC, ARITHMETIC = "transcendental functions", "memory traffic", "arithmetic"
KINDS = (INTERPRETER, CALLS, FUNCTIONS, TRAFFIC, ARITHMETIC)


@dataclass(frozen=True)
class Part:
    """A part of a step's time: one of KINDS, and how it was measured."""

    kind: str
    seconds: float
    how: str


@dataclass(frozen=True)
class Counts:
    """What was counted in one step; null where it does not apply.

    Attributes
    ----------
    calls
        Calls of NumPy, or of compiled code.
    bytecodes
        Instructions of Python's interpreter.
    arrays, array_bytes
        New arrays that are made on the way, gradients included, and their bytes in all.
    peak
        Bytes that are allocated at a time, as tracemalloc counts them.
    read, written
        Bytes that the step's operations take and give: all their operands, or what the source names.
    scratch
        Bytes of the buffers of a kernel, which are kept from call to call.
    """

    calls: int | None = None
    bytecodes: int | None = None
    arrays: int | None = None
    array_bytes: int | None = None
    peak: int | None = None
    read: int | None = None
    written: int | None = None
    scratch: int | None = None


@dataclass(frozen=True)
class Loop:
    """An innermost loop of machine code, counted in instructions of one round.

    Attributes
    ----------
    where
        Which compiled function it belongs to.
    bits, lanes
        Of its vector arithmetic; `lanes` is 1 where it takes one number at a time.
    stack_stores, stack_loads
        What does not fit into the registers.
    calls
        What it calls.
    lines
        Each instruction, and a word for what it does.
    """

    where: str
    bits: int
    lanes: int
    instructions: int
    multiply_adds: int
    products_and_sums: int
    divisions: int
    loads: int
    stores: int
    stack_stores: int
    stack_loads: int
    calls: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Anatomy:
    """Where one backend's step spends its time in one cell, on one thread.

    `measured` is on how many examples, where all would take too long; times are scaled to the case.
    """

    case: Case
    backend: str
    seconds: float
    measured: int
    parts: list[Part]
    counts: Counts
    loop: Loop | None = None

    def part(self, kind: str) -> float:
        """Seconds of one kind, 0 where it has none."""
        return sum(each.seconds for each in self.parts if each.kind == kind)

    @property
    def largest(self) -> Part:
        """Where most of the time goes."""
        return max(self.parts, key=lambda each: each.seconds)
