"""The page put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Any

from ...backends import BY_EXAMPLE
from ..cells import BASELINE
from ..changes import Change, changes, unlike
from ..records import Cell, Record
from ..units import digits, seconds_text
from . import charts, tables
from .forest import forests
from .markup import Markup, element, join
from .plot import SERIES, swatch
from .stack import kinds_legend, patterns, stacks


def write_page(record: Record, path: str | Path) -> None:
    """Write the page of one record."""
    title = "Loop, vectorized expression or compiled kernel?"
    _write(path, title, _lead(record), _sections(record))


def write_comparison(before: Record, after: Record, path: str | Path) -> None:
    """Write the page of what changed between two records; its charts are those of the second one."""
    found = changes(before, after)
    lead = join(
        element("p", f"Before: {_where(before)}."),
        element("p", f"After: {_where(after)}."),
        *(element("p", f"Not the same {line}", class_="note") for line in unlike(before, after)),
        *_notes(before, "before"),
        *_notes(after, "after"),
    )
    _write(path, "What changed between two benchmarks", lead, [_change_section(found), *_sections(after)])


def _write(path: str | Path, title: str, lead: Markup, sections: list[tuple[str, str, Markup]]) -> None:
    sections = [each for each in sections if each[2]]
    contents = element("ul", *(element("li", element("a", name, href=f"#{key}")) for key, name, _ in sections))
    body = [
        element("section", element("h2", name, id=f"{key}-h"), inside, id=key, aria_labelledby=f"{key}-h")
        for key, name, inside in sections
    ]
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    text = template.substitute(title=join(title), lead=lead, contents=contents, body=join(patterns(), *body))
    Path(path).write_text(text, encoding="utf-8")


def _lead(record: Record) -> Markup:
    return join(element("p", f"Measured on {_where(record)}."), *_findings(record), *_notes(record))


def _where(record: Record) -> str:
    about = record.machine
    versions = about.get("versions") or {}
    return (
        f"{about.get('cpu')}, {about.get('vector_bits')}-bit registers, Python {versions.get('python')}, "
        f"NumPy {versions.get('numpy')}, {str(record.made)[:10]}"
    )


def _notes(record: Record, which: str = "") -> list[Markup]:
    note = record.calibration.note
    return [element("p", f"The machine was noisy {which}".rstrip(), f": {note}.", class_="note")] if note else []


def _findings(record: Record) -> list[Markup]:
    """The first and the last batch of each network in a sentence."""
    items = []
    for cells in charts.families(cell for cell in record.cells if cell.threads == 1):
        for cell in dict.fromkeys((0, len(cells) - 1)):
            timed = [each for each in cells[cell].results if each.seconds and each.ratio]
            if len(timed) < 2:
                continue
            best = max(timed, key=lambda each: each.ratio.value if each.ratio else 0.0)
            assert best.seconds is not None and best.ratio is not None
            times = (
                "is as fast as any"
                if best.implementation == "numpy"
                else f"is {digits(best.ratio.value)} times as fast as NumPy"
            )
            where = charts.described(cells[cell].case)
            items.append(
                element(
                    "li",
                    f"{where}: ",
                    element("b", best.implementation),
                    charts.together(f" {times}, {seconds_text(best.seconds.median)} a step"),
                )
            )
    return [element("ul", *items, class_="findings")] if items else []


def _sections(record: Record) -> list[tuple[str, str, Markup]]:
    alone = [cell for cell in record.cells if cell.threads == 1]
    legend = _legend(record, _timed(alone))
    return [
        ("speed", "Speed against batch size", _gallery(charts.speed(record), "Bars are quartiles.", legend)),
        ("parts", "Where the time goes", _gallery(stacks(record), PARTS, kinds_legend(), tables.parts(record))),
        ("roofline", "Roofline", _gallery(charts.roofline(record), ROOFLINE, legend)),
        (
            "start",
            "Cold start",
            _gallery(
                charts.starts(record),
                START,
                _legend(record, {each.implementation for each in record.starts}),
                tables.starts(record),
            ),
        ),
        (
            "threads",
            "Threads",
            _gallery(
                charts.threads(record),
                "The line is one thread's speed times the threads.",
                _legend(record, _timed(cell for cell in record.cells if cell.threads > 1) - {*BY_EXAMPLE}),
            ),
        ),
        ("numbers", "Every number", join(tables.results(record), tables.limits(record))),
        ("machine", "The machine", tables.machine(record)),
    ]


def _timed(cells: Iterable[Cell]) -> set[str]:
    return {each.implementation for cell in cells for each in cell.results if each.seconds}


PARTS = "Each part was measured by leaving it out, or by doing it again apart: fastshallow explain says how."
ROOFLINE = "Lines are limits that were measured here; a mark on its line could not be faster."
START = "Time from the start of Python to the end of so many steps; solid lines where an earlier process compiled it."


def _gallery(figures: list[Markup], about: str, legend: Markup, *after: Markup) -> Markup:
    if not figures:
        return Markup()
    return join(element("p", about), legend, element("div", *figures, class_="gallery"), *after)


def _legend(record: Record, names: set[str]) -> Markup:
    """Buttons that show and hide an implementation in all charts."""
    items = []
    for name, look in charts.looks(record).items():
        if name in names:
            shown = join(swatch(look), name)
            button = element("button", shown, type="button", aria_pressed="true", data_series=f"s{look % SERIES}")
            items.append(element("li", button))
    return element("ul", *items, class_="legend series", aria_label="Implementations: press to show or hide")


def _change_section(found: Sequence[Change]) -> tuple[str, str, Markup]:
    rows: list[list[Any]] = [
        [
            each.case.shape,
            tables.Value(f"{each.case.m:,}", each.case.m),
            tables.Value(str(each.threads), each.threads),
            each.implementation,
            tables.seconds(each.before),
            tables.seconds(each.after),
            tables.ratio(each.ratio),
            each.verdict,
            tables.formulas(each.case),
        ]
        for each in found
    ]
    header = (
        "network",
        "examples",
        "threads",
        "implementation",
        "before",
        "after",
        "times as fast, interval",
        "verdict",
        "formulas",
    )
    verdicts = [each.verdict for each in found if each.implementation != BASELINE]
    counts = ", ".join(f"{verdicts.count(each)} {each}" for each in dict.fromkeys(verdicts))
    about = f"Of {len(verdicts)}, against NumPy beside it in the same run: {counts}. NumPy's own speed is in seconds."
    table = tables.table("Changes", header, rows, "all-changes")
    return "changes", "What changed", _gallery(forests(found), about, Markup(), table)
