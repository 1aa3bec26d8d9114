"""``fastshallow bench``: every implementation gives NumPy's answer, and then shows how fast."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from ..data import files
from ..measuring import NAMES, SETS, Case, Set, WrongAnswerError, all_cases, bench, records
from . import page
from .bench_tables import show, show_changes
from .console import progress_bar, shell

OWN = Set("shapes of one's own", {}, seconds=0.06, processes=6, most=12)
BATCH_SIZES = (1, 64, 1024, 16384, 131072)  # of these


def run(arguments: argparse.Namespace) -> int:
    """Measure cells, or compare or draw what was measured before."""
    if arguments.compare:
        before, after = arguments.compare
        show_changes(before, after)
        return page.comparison(before, after, arguments.html) if arguments.html else 0
    if arguments.recorded:
        if not arguments.html:
            raise ValueError("--from needs --html FILE: where to write the page")
        return page.from_file(arguments.recorded, arguments.html)
    quiet = arguments.json == "-"
    for option, path in ("--json", "" if quiet else arguments.json), ("--html", arguments.html):
        if path:
            files.check_writable(option, path)
    try:
        record = _measured(arguments, quiet)
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


def _measured(arguments: argparse.Namespace, quiet: bool) -> records.Record:
    own = bool(arguments.shape) and not arguments.set
    chosen = OWN if own else SETS[arguments.set or "quick"]
    names = {"numpy", *(arguments.backends or chosen.implementations)}  # ratios are to NumPy
    as_named = not (arguments.shape or arguments.batch_sizes or arguments.dtype or arguments.backends)
    with progress_bar("validating and timing", wanted=not quiet) as step:
        return bench(
            _cases(arguments, chosen),
            [name for name in NAMES if name in names],
            sorted(set(arguments.threads)),
            seconds=arguments.seconds or chosen.seconds,
            longest=chosen.longest,
            processes=arguments.processes or chosen.processes,
            most=arguments.processes or chosen.most,
            starts=chosen.starts,
            name=(arguments.set or "quick") if as_named else "",
            command=shell("fastshallow", *_measuring(sys.argv[1:])),
            progress=step,
        )


def _measuring(words: Sequence[str]) -> Iterator[str]:
    """The words of a command that say what is measured, without those that say where the record goes."""
    left = iter(words)
    for word in left:
        option, _, value = word.partition("=")
        if option not in ("--json", "--html"):
            yield word
        elif not value:
            following = next(left, "")
            if following.startswith("-") and following != "-":
                yield following


def _cases(arguments: argparse.Namespace, chosen: Set) -> list[Case]:
    softmax = arguments.output == "softmax"
    shapes = arguments.shape or chosen.cells
    if softmax and arguments.shape and min(n_y for *_, n_y in shapes) == 1:
        raise ValueError("--output softmax needs two outputs or more: one is always 1; as in --shape 2-4-3")
    cells = {}
    for n_x, n_h, n_y in shapes:
        sizes = arguments.batch_sizes or chosen.cells.get((n_x, n_h, n_y), BATCH_SIZES)
        cells[n_x, n_h, max(n_y, 3) if softmax else n_y] = tuple(sorted(set(sizes)))
    return all_cases(cells, arguments.dtype or chosen.dtypes, arguments.hidden, arguments.output)
