"""The charts of speed as one picture, for a text that shows pictures, such as a README."""

from __future__ import annotations

from pathlib import Path

from ..records import Record
from .charts import looks, speeds
from .markup import Markup, element, join
from .plot import HEIGHT, WIDTH, swatch, words

COLUMNS, TITLE, GAP, LEGEND = 2, 20, 14, 26  # charts side by side, and sizes
SWATCH, LETTER = 34, 7  # widths in the legend


def picture(record: Record) -> str:
    """An SVG file that stands alone: light or dark as its reader has it."""
    template = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    style = template.partition("<style>")[2].partition("</style>")[0]
    parts, across = [], 6
    for name, look in looks(record).items():
        parts += [_placed(swatch(look), across, 6, SWATCH, 14), words(across + SWATCH + 6, 17, name)]
        across += SWATCH + LETTER * len(name) + 26
    charts = speeds(record)
    for number, (name, chart) in enumerate(charts):
        row, column = divmod(number, COLUMNS)
        x, y = column * (WIDTH + GAP), LEGEND + row * (HEIGHT + TITLE + GAP)
        parts += [words(x + 4, y + 16, name, class_="rung"), _placed(chart, x, y + TITLE, WIDTH, HEIGHT)]
    rows, columns = -(-len(charts) // COLUMNS), min(COLUMNS, len(charts))
    width, height = columns * (WIDTH + GAP) - GAP, LEGEND + rows * (HEIGHT + TITLE + GAP)
    return element(
        "svg",
        element("style", Markup(style)),
        element("rect", width="100%", height="100%", fill="var(--back)"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _placed(svg: Markup, x: int, y: int, width: int, height: int) -> Markup:
    """A picture at a place of another one."""
    place = f'<svg x="{x}" y="{y}" width="{width}" height="{height}"'
    return join(Markup(place), Markup(svg.removeprefix("<svg")))
