"""``fastshallow bench``: every implementation gives NumPy's answer, and then shows how fast."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from ..measuring import Case, WrongAnswerError, bench, records, sets
from . import page
from .bench_tables import show, show_changes
from .console import command_line, progress_bar

BATCH_SIZES = (1, 64, 1024, 16384, 131072)  # of shapes of one's own


def run(arguments: argparse.Namespace) -> int:
    """Measure cells, or compare or draw what was measured before."""
    if arguments.compare:
        return show_changes(*(records.read(path) for path in arguments.compare), arguments.compare)
    if arguments.recorded:
        if not arguments.html:
            raise ValueError("--from needs --html FILE: where to write the page")
        return page.from_file(arguments.recorded, arguments.html)
    chosen = sets.SETS[arguments.set or ("full" if arguments.shape else "quick")]
    cells = chosen_cells(arguments, chosen)
    implementations = list(dict.fromkeys(["numpy", *arguments.backends] if arguments.backends else chosen.implementations))
    quiet = arguments.json == "-"
    try:
        with progress_bar("validating and timing", wanted=not quiet) as step:
            record = bench(
                cells,
                sorted(implementations, key=sets.ORDER.index),
                sorted(set(arguments.threads)),
                seconds=arguments.seconds or chosen.seconds,
                longest=chosen.longest,
                processes=arguments.processes or chosen.processes,
                starts=chosen.starts,
                name=chosen_name(arguments),
                command=command_line(["fastshallow", *sys.argv[1:]]),
                progress=step,
            )
    except WrongAnswerError as error:
        print(f"fastshallow: error: {error}", file=sys.stderr)
        return 1
    if arguments.html:
        record = page.taken_apart(record, not quiet)
    if quiet:
        print(records.json_text(record))
    else:
        show(record)
    if arguments.json and not quiet:
        records.write(record, arguments.json)
        print(f"{arguments.json}: the record, for --compare and --from", file=sys.stderr)
    return page.write(record, arguments.html) if arguments.html else 0
