"""What the command shows: tables and a progress bar, with Rich on a terminal, as plain text elsewhere; and JSON."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TextIO

from ..measuring import bytes_text as bytes_text
from ..measuring import digits as digits
from ..measuring import seconds_text as seconds_text

Step = Callable[[int, int, str], None]  # how far, of how much, and a remark


def rich_on(stream: TextIO) -> bool:
    """Whether to use Rich: on a terminal that can do more than print, where it is installed."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and importlib.util.find_spec("rich") is not None


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> None:
    """Print a table and a blank line to stdout, columns aligned at the right but for those numbered in `left`."""
    if rich_on(sys.stdout):
        from rich import box
        from rich.console import Console
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for i, name in enumerate(header):
            table.add_column(name, justify="left" if i in left else "right", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        Console(highlight=False, markup=False).print(table)
        return
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in header, *rows:
        cells = [
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    print()


@contextmanager
def progress_bar(label: str, wanted: bool = True) -> Iterator[Step | None]:
    """Give a callable that shows progress if stderr is a terminal, else None."""
    if not wanted or not sys.stderr.isatty():
        yield None
    elif rich_on(sys.stderr):
        with _rich_bar(label) as step:
            yield step
    else:
        with _plain_bar(label) as step:
            yield step


@contextmanager
def _plain_bar(label: str) -> Iterator[Step]:
    from ..training import Clock

    state, shown, begin = ("beginning", ""), 0, perf_counter()

    def draw(seconds: float) -> None:
        nonlocal shown
        line = f"{label}: {state[0]}, {seconds:.0f} s, {state[1]}"[: shutil.get_terminal_size().columns - 1]
        print(f"\r{line.ljust(shown)}", end="", file=sys.stderr, flush=True)
        shown = len(line)

    def step(done: int, total: int, remark: str) -> None:
        nonlocal state
        state = f"{done:,} of {total:,}", remark
        draw(perf_counter() - begin)

    try:
        with Clock(draw):
            yield step
    finally:
        print(file=sys.stderr)


@contextmanager
def _rich_bar(label: str) -> Iterator[Step]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None, table_column=Column(ratio=1, max_width=40)),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[remark]}", table_column=Column(ratio=3, no_wrap=True)),  # what is cut off first
    )
    with Progress(*columns, console=Console(stderr=True), expand=True) as bar:
        task = bar.add_task(label, total=None, remark="")

        def step(done: int, total: int, remark: str) -> None:
            bar.update(task, completed=done, total=total, remark=remark, refresh=True)

        yield step


def shell(*words: str) -> str:
    """Words as one types them: quoted where the shell would take them for something else."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def print_json(value: Any) -> None:
    """Print one JSON object to stdout."""
    print(json_text(value))


def json_text(value: Any) -> str:
    """JSON, which has no NaN and no infinities: they become null."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_nullified(value), allow_nan=False)


def _nullified(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _nullified(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nullified(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def never_fail_to_print() -> None:
    """Let stdout and stderr replace letters that their encoding lacks."""
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
