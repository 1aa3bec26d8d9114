"""What a benchmark leaves behind: the schema of ``fastshallow bench --json FILE``, and how it is written and read.

The JSON has the fields of these classes, by their names, and is a `Record`. Times are seconds, sizes bytes, rates a
second. What was not measured is null. Fields may be added within a version; one that changes its meaning or goes away
makes a new one.
"""

from __future__ import annotations

import json
import math
import types
import typing
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from .cases import Case
from .findings import Anatomy

VERSION = 1


@dataclass(frozen=True)
class Interval:
    """A ratio of speeds, above 1 for the faster, and the interval in which it lies with the record's confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """Seconds a call over all turns of all processes: the five numbers of a box plot.

    A turn is `calls` calls in a row, long enough for the clock; its time is divided by them.
    """

    minimum: float
    lower: float  # quartile
    median: float
    upper: float  # quartile
    maximum: float
    turns: int
    calls: int


@dataclass(frozen=True)
class Result:
    """One implementation in one cell, or why there is nothing of it.

    Attributes
    ----------
    implementation
        A backend's name, or a peer's: torch, torch.compile, jax.
    reason
        Why it was left out; empty where it was timed.
    apart
        How far its answer lies from NumPy's, relative to the largest entry where that exceeds 1.
    seconds
        The time of a call.
    ratio
        How many times as fast as NumPy it is where nothing disturbs either: of the least times of all processes, or in
        one process the median of pairs of neighbouring turns. 1 for NumPy itself.
    verdict
        Against NumPy: "faster", "slower", "no difference" or "unresolved"; empty for NumPy itself.
    least
        Seconds of a call in the best turn of each process: how far they lie apart gives the interval of the ratio.
    flops_per_second, bytes_per_second
        At the median: the products' operations, and the bytes that must move, whatever the implementation moves.
    of_limit
        The cell's limit divided by the median: 1 could not be faster on this machine.
    first_seconds
        The first call in a process, which may compile or load what is compiled.
    memory
        The most bytes that a call allocates at a time, as NumPy and Python count them; null for peers.
    """

    implementation: str
    reason: str = ""
    apart: float | None = None
    seconds: Spread | None = None
    ratio: Interval | None = None
    verdict: str = ""
    least: list[float] = field(default_factory=list)
    flops_per_second: float | None = None
    bytes_per_second: float | None = None
    of_limit: float | None = None
    first_seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Bound:
    """What a step takes at least: the larger of flops / peak and bytes / bandwidth."""

    seconds: float
    by: str  # "arithmetic" or "memory"


@dataclass(frozen=True)
class Cell:
    """One case on so many threads: cost and gradients by every implementation, timed by turns.

    `flops` are those of the products, m (4 n_x n_h + 6 n_h n_y), where activations count nothing. `bytes` are X, Y and
    the parameters, read, and the gradients, written.
    """

    case: Case
    threads: int
    flops: int
    bytes: int
    limit: Bound | None
    results: list[Result]


@dataclass(frozen=True)
class Reads:
    """How fast so many bytes are read again and again; `level` is the nearest memory that holds them: L1 to memory."""

    level: str
    bytes: int
    bytes_per_second: float


@dataclass(frozen=True)
class Limits:
    """What threads of this machine reached in one dtype: multiply-adds in registers (two flops each), and reads."""

    dtype: str
    threads: int
    flops_per_second: float
    reads: list[Reads]


@dataclass(frozen=True)
class Calibration:
    """A loop that always does the same, run between turns: how much of the time the machine was not its own.

    Attributes
    ----------
    fastest, median
        Seconds of the loop.
    disturbed
        The part of the loops that took over 10 % longer than the fastest.
    drift
        The median of the slowest tenth of the run over that of the fastest tenth: above 1.1 where the clock was
        throttled, or a neighbour came.
    note
        What the reader must know of the machine's noise; empty if it was quiet.
    """

    fastest: float
    median: float
    disturbed: float
    drift: float
    note: str = ""


@dataclass(frozen=True)
class Start:
    """What a fresh process waits for before its second step.

    Attributes
    ----------
    implementation, case
        What it runs.
    imports
        From the start of Python to the call.
    empty_cache
        The first call when nothing is compiled yet; null for what compiles nothing.
    filled_cache
        The first call when another process has compiled it.
    call
        A later call.
    """

    implementation: str
    case: Case
    imports: float
    empty_cache: float | None
    filled_cache: float
    call: float


@dataclass(frozen=True)
class Record:
    """A benchmark of one machine.

    Attributes
    ----------
    version
        Of this schema: 1.
    set
        The name of the set of cases, or "" for cases of one's own.
    made
        When: ISO 8601, UTC.
    command
        What makes another one.
    machine
        What `fastshallow info --json` prints: cpu, caches, cores, vector_bits, versions, blas and more.
    load_before, load_after
        Processes that wanted a core in the last 1, 5 and 15 minutes; null where the system does not say.
    confidence
        Of every interval: 0.95.
    processes
        In so many processes, one after the other, every cell was measured.
    calibration
        The noise of the machine.
    limits
        For each dtype and number of threads.
    cells
        In the order of the cases.
    starts
        Empty unless the set measures them.
    anatomies
        Where the time goes in some cells, as `fastshallow explain` finds it; empty unless a page was asked for.
    """

    set: str
    made: str
    command: str
    machine: dict[str, Any]
    load_before: list[float] | None
    load_after: list[float] | None
    confidence: float
    processes: int
    calibration: Calibration
    limits: list[Limits]
    cells: list[Cell]
    starts: list[Start] = field(default_factory=list)
    anatomies: list[Anatomy] = field(default_factory=list)
    version: int = VERSION


def write(record: Record, path: str | Path) -> None:
    """Write a record as JSON."""
    Path(path).write_text(json_text(record) + "\n", encoding="utf-8")


def json_text(record: Record) -> str:
    """The record as JSON, numbers to five digits."""
    return json.dumps(_rounded(asdict(record)), allow_nan=False)


def read(path: str | Path) -> Record:
    """Read a record; an error names the file and what is wrong with it."""
    try:
        return from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        problem = str(error) if type(error) is ValueError else "it is not a JSON that fastshallow bench --json wrote"
        raise ValueError(f"{path}: {problem}") from None


def from_json(value: Any) -> Record:
    """A record of what JSON holds, which may have fields that this version does not know."""
    version = value["version"]
    if version != VERSION:
        raise ValueError(f"this is version {version!r} of a benchmark's record; this fastshallow reads {VERSION}")
    found: Record = _build(Record, value)
    return found


def _build(kind: Any, value: Any) -> Any:
    """`value` as what the annotation `kind` says."""
    if value is None:
        return None
    if typing.get_origin(kind) is types.UnionType:  # or None
        return _build(typing.get_args(kind)[0], value)
    if typing.get_origin(kind) is list:
        (inner,) = typing.get_args(kind)
        return [_build(inner, each) for each in value]
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = {each.name for each in fields(kind)} & set(value)
        return kind(**{name: _build(hints[name], value[name]) for name in names})  # type: ignore[operator]
    return value


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
