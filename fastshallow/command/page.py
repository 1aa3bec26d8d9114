"""``fastshallow bench --html``: a benchmark's record as one page."""

from __future__ import annotations

import sys
from dataclasses import replace

from ..backends import BACKENDS, backends
from ..measuring import dissect, page, records
from .console import progress_bar

SECONDS = 0.06  # for each thing that is timed to take a step apart
LARGE = 50_000  # weights: one example takes Python's interpreter a twentieth of a second


def from_file(recorded: str, path: str) -> int:
    """Draw the page of a record that was made before: nothing is measured."""
    return write(records.read(recorded), path)


def comparison(before: str, after: str, path: str) -> int:
    """Draw what changed between two records."""
    page.write_comparison(records.read(before), records.read(after), path)
    return _written(path)


def write(record: records.Record, path: str) -> int:
    """Write the page, and say where."""
    page.write_page(record, path)
    return _written(path)


def _written(path: str) -> int:
    print(f"{path}: open it in a browser", file=sys.stderr)
    return 0


def taken_apart(record: records.Record, wanted: bool = True) -> records.Record:
    """The record with where the time goes: of each network's smallest, middle and largest batch on one thread."""
    todo, here = [], {name for name, state in backends().items() if state.available}
    for cell in _cells(record):
        measured = {each.implementation for each in cell.results} & here
        if cell.case.n_x * cell.case.n_h > LARGE:
            measured -= {"loops"}
        todo += [(cell.case, name) for name in BACKENDS if name in measured]
    anatomies = []
    with progress_bar("taking steps apart", wanted) as step:
        for done, (case, name) in enumerate(todo):
            if step:
                step(done, len(todo), f"{name} {case}")
            found = dissect(case, name, SECONDS)
            anatomies.append(replace(found, loop=found.loop and replace(found.loop, lines=[])))
    return replace(record, anatomies=anatomies)


def _cells(record: records.Record) -> list[records.Cell]:
    networks: dict[str, list[records.Cell]] = {}
    for cell in record.cells:
        if cell.threads == 1:
            networks.setdefault(str(replace(cell.case, m=0)), []).append(cell)
    chosen = []
    for cells in networks.values():
        cells.sort(key=lambda cell: cell.case.m)
        chosen += [cells[n] for n in dict.fromkeys((0, len(cells) // 2, len(cells) - 1))]
    return chosen
