"""Every number of a record, in tables that sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..cases import Case
from ..findings import KINDS
from ..records import Interval, Record, Result
from ..units import bytes_text, digits, seconds_text
from .charts import described
from .markup import Markup, element
from .plot import power


@dataclass(frozen=True)
class Value:
    """A cell: its text, and the number by which its column sorts."""

    text: str
    number: float | None = None


NONE = Value("-")


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[Any]], name: str) -> Markup:
    """A table that sorts by each column, and scrolls sideways where it is too wide."""
    if not rows:
        return Markup()
    heads = [element("th", element("button", each, type="button"), scope="col", aria_sort="none") for each in header]
    body = [element("tr", *(_cell(each, n == 0) for n, each in enumerate(row))) for row in rows]
    made = element(
        "table",
        element("caption", caption, id=name),
        element("thead", element("tr", *heads)),
        element("tbody", *body),
    )
    return element("div", made, class_="scroll", tabindex=0, role="region", aria_labelledby=name)


def _cell(value: Any, first: bool) -> Markup:
    value = value if isinstance(value, Value) else Value(str(value))
    number = None if value.number is None else repr(float(value.number))
    if first:
        return element("th", value.text, scope="row", data_value=number)
    return element(
        "td", value.text, data_value=number, class_="number" if number is not None or value is NONE else None
    )


def seconds(value: float | None) -> Value:
    """A time."""
    return NONE if value is None else Value(seconds_text(value) if value else "0", value)


def ratio(value: Interval | None) -> Value:
    """How many times as fast, and the interval."""
    if value is None:
        return NONE
    return Value(f"{digits(value.value)} ({digits(value.low)} to {digits(value.high)})", value.value)


def results(record: Record) -> Markup:
    """All that was timed."""
    rows = []
    for cell in record.cells:
        for each in cell.results:
            where = _where(cell.case)
            rows.append(
                [
                    *where,
                    Value(str(cell.threads), cell.threads),
                    each.implementation,
                    *_result(each, cell.case.m),
                    formulas(cell.case),
                ]
            )
    header = (
        "network",
        "examples",
        "threads",
        "implementation",
        "median of a step",
        "quartiles",
        "x NumPy, interval",
        "against NumPy",
        "per example",
        "operations / s",
        "bytes / s",
        "of the limit",
        "first call",
        "memory",
        "formulas",
    )
    return table("One step, cost and gradients: all times", header, rows, "all-times")


def _where(case: Case) -> list[Any]:
    return [case.shape, Value(f"{case.m:,}", case.m)]


def formulas(case: Case) -> str:
    """What is computed, and in which numbers."""
    return f"{case.hidden}, {case.output}, {case.dtype}"


def _result(each: Result, m: int) -> list[Value]:
    if each.seconds is None:
        return [Value(each.reason or "-"), *[NONE] * 9]
    spread = each.seconds
    return [
        seconds(spread.median),
        Value(f"{seconds_text(spread.lower)} to {seconds_text(spread.upper)}", spread.upper - spread.lower),
        ratio(each.ratio),
        Value(each.verdict or "-"),
        seconds(spread.median / m),
        _optional(each.flops_per_second, power),
        _optional(each.bytes_per_second, power),
        _optional(each.of_limit, lambda share: f"{100 * share:.3g} %"),
        seconds(each.first_seconds),
        _optional(each.memory, bytes_text),
    ]


def _optional(value: float | None, text: Any) -> Value:
    return NONE if value is None else Value(text(value), value)


def parts(record: Record) -> Markup:
    """Where the time goes."""
    rows = []
    for each in record.anatomies:
        counts, loop = each.counts, each.loop
        rows.append(
            [
                *_where(each.case),
                each.backend,
                seconds(each.seconds),
                *(seconds(each.part(kind)) for kind in KINDS),
                *(_optional(value, lambda n: f"{n:,}") for value in (counts.bytecodes, counts.calls, counts.arrays)),
                *(_optional(value, bytes_text) for value in (counts.array_bytes, counts.read, counts.written)),
                Value("-") if loop is None else Value(f"{loop.lanes} at a time", loop.lanes),
                NONE if loop is None else Value(_instructions(loop), loop.instructions),
                formulas(each.case),
            ]
        )
    header = (
        "network",
        "examples",
        "backend",
        "a step",
        *KINDS,
        "interpreter's instructions",
        "calls",
        "arrays made",
        "their bytes",
        "read",
        "written",
        "hot loop's numbers",
        "its instructions",
        "formulas",
    )
    return table("Where the time of a step goes, and what was counted", header, rows, "all-parts")


def _instructions(loop: Any) -> str:
    parts = [f"{loop.multiply_adds} multiply-adds", f"{loop.divisions} divisions", f"{len(loop.calls)} calls"]
    return f"{loop.instructions}: {', '.join(parts)}, {loop.stack_stores} spills"


def starts(record: Record) -> Markup:
    """Cold starts."""
    rows = [
        [
            each.implementation,
            *map(seconds, (each.imports, each.empty_cache, each.filled_cache, each.call)),
            described(each.case),
        ]
        for each in record.starts
    ]
    header = (
        "implementation",
        "imports",
        "first call, nothing compiled",
        "first call, compiled before",
        "later call",
        "cell",
    )
    return table("From the start of Python to the second call", header, rows, "all-starts")


def limits(record: Record) -> Markup:
    """What the machine can do."""
    rows = []
    for each in record.limits:
        levels = {read.level: read for read in each.reads}
        cells = (levels.get(level) for level in ("L1", "L2", "L3", "memory"))
        reads = [NONE if read is None else Value(power(read.bytes_per_second), read.bytes_per_second) for read in cells]
        rows.append(
            [
                each.dtype,
                Value(str(each.threads), each.threads),
                Value(power(each.flops_per_second), each.flops_per_second),
                *reads,
            ]
        )
    header = (
        "dtype",
        "threads",
        "operations / s",
        "L1, bytes / s",
        "L2, bytes / s",
        "L3, bytes / s",
        "memory, bytes / s",
    )
    return table(
        "What this machine can do, measured: multiply-adds in registers, and reads", header, rows, "all-limits"
    )


def machine(record: Record) -> Markup:
    """What decides speed there."""
    about = record.machine
    versions = about.get("versions") or {}
    caches = ", ".join(f"{level} {_cache(size)}" for level, size in (about.get("caches") or {}).items())
    rows = [
        ("processor", about.get("cpu")),
        ("vector registers", f"{about.get('vector_bits')} bits"),
        ("caches", caches or "not known"),
        ("cores", about.get("cores_allowed")),
        ("system", about.get("system")),
        ("versions", ", ".join(f"{name} {value}" for name, value in versions.items() if value)),
        ("BLAS", about.get("blas")),
        ("load before and after", f"{_load(record.load_before)}; {_load(record.load_after)}"),
        ("noise", record.calibration.note or "the machine was quiet"),
        ("measured", f"{str(record.made)[:16].replace('T', ' ')} UTC, in {record.processes} processes"),
        ("intervals", f"hold with {100 * record.confidence:g} %"),
        ("command", record.command),
    ]
    listed = [element("div", element("dt", name), element("dd", value)) for name, value in rows]
    return element("dl", *listed, class_="machine")


def _cache(size: Any) -> str:
    if not isinstance(size, int):
        return str(size)
    return f"{size / 2**20:g} MiB" if size >= 2**20 else f"{size / 2**10:g} KiB"


def _load(load: list[float] | None) -> str:
    return "not known" if load is None else ", ".join(f"{each:g}" for each in load)
