"""What ``fastshallow bench`` prints of a record, and of what changed between two."""

from __future__ import annotations

import textwrap

from ..measuring import BASELINE, Change, bytes_text, changes, records, unchanged, unlike
from .console import digits, seconds_text, show_table

WIDTH = 100
MARKS = {"no difference": " =", "unresolved": " ?"}


def show(record: records.Record) -> None:
    """Print the cells, what comes apart from them, and what the machine was like."""
    first = record.cells[0].case
    for (dtype, threads, hidden, output), cells in _grouped(record.cells).items():
        print(f"One step (cost and gradients): {hidden}, {output}, {dtype}, {_threads(threads)}\n")
        rows = [row for before, cell in zip([None, *cells], cells, strict=False) for row in _rows(cell, before)]
        header = ["network", "examples", "", "median", "x numpy", "", "example", "GF/s", "GB/s", "of limit"]
        show_table(header, rows, left=(0, 2, 5))
    _show_notes(record)
    _show_apart(record)
    if record.starts:
        print(f"In a fresh process, {first}:\n")
        rows = [
            [
                each.implementation,
                seconds_text(each.imports),
                seconds_text(each.empty_cache) if each.empty_cache else "-",
                seconds_text(each.filled_cache),
                seconds_text(each.call),
            ]
            for each in record.starts
        ]
        show_table(["", "imports", "first call, empty cache", "filled cache", "later calls"], rows)


def _grouped(cells: list[records.Cell]) -> dict[tuple[str, int, str, str], list[records.Cell]]:
    groups: dict[tuple[str, int, str, str], list[records.Cell]] = {}
    for cell in cells:
        key = cell.case.dtype, cell.threads, cell.case.hidden, cell.case.output
        groups.setdefault(key, []).append(cell)
    return groups


def _threads(threads: int) -> str:
    return "one thread" if threads == 1 else f"{threads} threads"


def _rows(cell: records.Cell, before: records.Cell | None) -> list[list[str]]:
    case = cell.case
    rows: list[list[str]] = []
    for result in cell.results:
        if result.reason.startswith("not "):
            continue  # which is said once
        shape = case.shape if not rows and (before is None or before.case.shape != case.shape) else ""
        names = [shape, "" if rows else f"{case.m:,}", result.implementation]
        if result.seconds is None or result.ratio is None:
            expected = result.reason.replace("about ", "~").replace(" a step", "")
            rows.append([*names, expected, "-", "", "-", "-", "-", "-"])
            continue
        own = result.implementation == BASELINE
        rows.append(
            [
                *names,
                seconds_text(result.seconds.median),
                "1" if own else digits(result.ratio.value),
                "" if own else _width(result.ratio) + MARKS.get(result.verdict, ""),
                seconds_text(result.seconds.median / case.m),
                _giga(result.flops_per_second),
                _giga(result.bytes_per_second),
                _percent(result.of_limit),
            ]
        )
    return rows


def _width(ratio: records.Interval) -> str:
    """How far the interval goes to either side: its ends are the ratio times, and divided by, 1 + that."""
    return f"\u00b1{digits(100 * max(ratio.high / ratio.value - 1, ratio.value / ratio.low - 1))} %"


def _giga(rate: float | None) -> str:
    return "-" if rate is None else digits(rate / 1e9) if rate >= 1e7 else "<0.01"


def _percent(share: float | None) -> str:
    if share is None:
        return "-"
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.2g} %" if share >= 1e-4 else "<0.01 %"


def _show_notes(record: records.Record) -> None:
    results = [each for cell in record.cells for each in cell.results]
    checked = [each for each in results if each.seconds and each.implementation != BASELINE]
    if checked:
        names = ", ".join(dict.fromkeys(each.implementation for each in checked))
        apart = max(each.apart or 0.0 for each in checked)
        print(f"Each first gave NumPy's answer ({names}); the largest difference was {apart:.1e}.")
    slow = ", ".join(dict.fromkeys(each.implementation for each in results if each.reason.startswith("about")))
    if slow:
        print(f"Neither checked nor timed where a step takes as long as it says: {slow}.")
    for each in dict.fromkeys((each.implementation, each.reason) for each in results if each.reason.startswith("not ")):
        print(f"{each[0]} is {each[1]}")
    verdicts = {each.verdict for each in results}
    print(
        f"x numpy is of the least times, undisturbed; \u00b1 an interval of {100 * record.confidence:.0f} %, from "
        f"{record.processes} processes"
        if record.processes > 1
        else "\u00b1 is of this one process: another one may lie outside",
        *(f"{mark.strip()} is {verdict}" for verdict, mark in MARKS.items() if verdict in verdicts),
        sep="; ",
        end=".\n",
    )
    for limits in record.limits:
        reads = ", ".join(f"{each.level} {digits(each.bytes_per_second / 1e9)}" for each in limits.reads)
        text = f"{limits.dtype}, {_threads(limits.threads)}: {digits(limits.flops_per_second / 1e9)} GF/s; reads"
        print(f"Limits measured, {text} {reads} GB/s")
    if record.calibration.note:
        print(textwrap.fill(f"The machine was not quiet: {record.calibration.note}.", WIDTH))
    print()


def _show_apart(record: records.Record) -> None:
    names = dict.fromkeys(each.implementation for cell in record.cells for each in cell.results if each.seconds)
    rows = []
    for name in names:
        same = [each for cell in record.cells for each in cell.results if each.implementation == name and each.seconds]
        memory = [each.memory for each in same if each.memory is not None]
        first = max(each.first_seconds or 0.0 for each in same)
        rows.append([name, seconds_text(first), bytes_text(max(memory)) if memory else "-"])
    show_table(["", "longest first call", "memory of a call, at most"], rows)


def show_changes(old: str, new: str) -> None:
    """Print what is faster or slower in the later of two files."""
    before, after = records.read(old), records.read(new)
    found = changes(before, after)
    for line in unlike(before, after):
        print(f"Not the same {line}")
    rows, shown = [], None
    for each in found:
        place = each.case.shape, f"{each.case.m:,}", each.case.dtype, f"{each.threads}"
        rows.append([*(place if place != shown else [""] * 4), *_change_cells(each)])
        shown = place
    print(f"From {old} to {new}: how many times as fast, against NumPy beside it\n")
    header = ["network", "examples", "dtype", "threads", "", "before", "after", "speed", "interval", "verdict"]
    show_table(header, rows, left=(0, 2, 4, 8, 9))
    print(f"NumPy's own speed is that of its seconds. All intervals together hold with {100 * after.confidence:.0f} %.")
    for name, record in ((old, before), (new, after)):
        if record.calibration.note:
            print(textwrap.fill(f"{name}: the machine was not quiet: {record.calibration.note}.", WIDTH))
    print(_conclusion(found))


def _change_cells(change: Change) -> list[str]:
    ratio = change.ratio
    return [
        change.implementation,
        seconds_text(change.before),
        seconds_text(change.after),
        digits(ratio.value),
        f"{digits(ratio.low)} to {digits(ratio.high)}",
        change.verdict,
    ]


def _conclusion(found: list[Change]) -> str:
    if unchanged(found):
        return "Nothing changed."
    ours = [each.verdict for each in found if each.implementation != BASELINE]
    counts = [f"{ours.count(name)} {name}" for name in ("faster", "slower", "unresolved") if name in ours]
    return f"Of {len(ours)}: {', '.join(counts)}."
