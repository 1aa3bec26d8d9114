"""The README's tables and pictures, from records: ``python -m benchmarks.readme benchmarks/records/*.json``.

A record is what ``fastshallow bench --set full --json FILE`` leaves, best on a machine that does nothing else. What is
slower than NumPy is in the table like all else.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from fastshallow.measuring import digits, records, seconds_text
from fastshallow.measuring.page import picture

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- tables: python -m benchmarks.readme benchmarks/records/*.json -->", "<!-- end of tables -->"
OURS = "fused"


def tables(record: records.Record) -> Iterator[str]:
    """A paragraph on the machine, and a table for each dtype and number of threads."""
    machine, versions = record.machine, record.machine["versions"]
    caches = ", ".join(f"{name} {size // 1024:,} KiB" for name, size in machine["caches"].items())
    about = (
        f"{machine['cpu']}, registers of {machine['vector_bits']} bits ({caches}); Python {versions['python']}, NumPy "
        f"{versions['numpy']} with {machine['blas']}; {record.made[:10]}. Median times of {record.processes} "
        f"processes, ratios of their least times, and intervals of {100 * record.confidence:.0f} %{_noise(record)}."
    )
    yield textwrap.fill(about, 120)
    for dtype, threads in dict.fromkeys((each.case.dtype, each.threads) for each in record.cells):
        cells = [each for each in record.cells if (each.case.dtype, each.threads) == (dtype, threads)]
        yield f"{dtype}, {'one thread' if threads == 1 else f'{threads} threads'}:"
        yield "\n".join(_table(cells))


def _noise(record: records.Record) -> str:
    return f"; the machine was not quiet: {record.calibration.note}" if record.calibration.note else ""


def _table(cells: Sequence[records.Cell]) -> Iterator[str]:
    others = [
        name
        for name in dict.fromkeys(each.implementation for cell in cells for each in cell.results if each.seconds)
        if name != OURS
    ]
    yield f"| network | examples | {' | '.join(others)} | {OURS} | times NumPy | of limit |"
    yield "|---" * (len(others) + 5) + "|"
    shape = ""
    for cell in cells:
        found = {each.implementation: each for each in cell.results}
        ours = found[OURS]
        if ours.seconds is None or ours.ratio is None:
            continue
        times = [seconds_text(each.seconds.median) if (each := found[name]).seconds else "-" for name in others]
        interval = f"{digits(ours.ratio.value)} ({digits(ours.ratio.low)} to {digits(ours.ratio.high)})"
        mark = "" if ours.verdict == "faster" else f", {ours.verdict}"
        share = "-" if ours.of_limit is None else f"{100 * ours.of_limit:.0f} %" if ours.of_limit >= 0.005 else "< 1 %"
        first = "" if cell.case.shape == shape else cell.case.shape
        shape = cell.case.shape
        cells_text = [first, f"{cell.case.m:,}", *times, seconds_text(ours.seconds.median), interval + mark, share]
        yield f"| {' | '.join(cells_text)} |"


def written(text: str, paths: Sequence[str | Path]) -> str:
    """The README with the tables of these records."""
    before, _, rest = text.partition(BEGIN)
    made = []
    for path in paths:
        record = records.read(path)
        drawn = os.path.relpath(pictured(path), README.parent)
        made += [*tables(record), f"![Examples a second against batch size, {record.machine['cpu']}]({drawn})"]
    return before + "\n\n".join([BEGIN, *made, END]) + rest.partition(END)[2]


def pictured(path: str | Path) -> Path:
    """The file of a record's picture."""
    return Path(path).with_suffix(".svg").resolve()


def main(paths: Sequence[str]) -> int:
    """Write the tables of these records into the README, and their pictures beside them."""
    text = README.read_text(encoding="utf-8")
    if not paths or not text.partition(BEGIN)[2].partition(END)[1]:
        print(f"usage: python -m benchmarks.readme RECORD...; the README has {BEGIN} and {END}", file=sys.stderr)
        return 2
    README.write_text(written(text, paths), encoding="utf-8")
    for path in paths:
        pictured(path).write_text(picture(records.read(path)) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
