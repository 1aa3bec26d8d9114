"""What changed, as intervals around 1: one chart for each implementation."""

from __future__ import annotations

from collections.abc import Sequence

from ..changes import Change
from ..intervals import FASTER, SLOWER
from ..units import digits
from .charts import figure, together
from .markup import Markup, element
from .plot import WIDTH, Axis, marker, svg, words

ROW, NAMES, TOP = 18, 168, 26
LOOK = {FASTER: 2, SLOWER: 4}  # a triangle upwards in blue, and one downwards in red: see `plot.MARKERS`


def forests(changes: Sequence[Change]) -> list[Markup]:
    """How many times as fast as before each cell is, with its interval."""
    figures = []
    for number, name in enumerate(dict.fromkeys(each.implementation for each in changes)):
        some = [each for each in changes if each.implementation == name]
        figures.append(figure(_forest(f"forest-{number}", name, some), name))
    return figures


def _forest(name: str, implementation: str, changes: Sequence[Change]) -> Markup:
    far = max(1.1, *(max(each.ratio.high, 1 / each.ratio.low) for each in changes))
    x = Axis(1 / far, far, NAMES, WIDTH - 8.0, "", digits)
    bottom = TOP + ROW * len(changes)
    parts = []
    for value in (1 / far, 1.0, far):
        at = x.at(value)
        parts.append(element("line", x1=at, x2=at, y1=TOP - 6, y2=bottom, class_="grid" if value != 1.0 else "roof"))
        anchor = "middle" if value == 1.0 else "start" if value < 1 else "end"
        parts.append(words(at, TOP - 12, f"{digits(value)} x", anchor))
    for n, each in enumerate(changes):
        y, ratio = TOP + ROW * n + 9.0, each.ratio
        label = f"{each.case.shape}, {each.case.m:,}, {each.case.dtype}"
        label += f", {each.threads} threads" if each.threads > 1 else ""
        about = (
            f"{label}: {digits(ratio.value)} times as fast, {digits(ratio.low)} to {digits(ratio.high)}, {each.verdict}"
        )
        bar = element("line", x1=x.at(ratio.low), x2=x.at(ratio.high), y1=y, y2=y, class_="interval")
        look = LOOK.get(each.verdict, 0)
        mark = element("g", bar, marker(look, x.at(ratio.value), y), class_=f"s{look}")
        parts.append(element("g", element("title", about), words(0, y + 4, label), mark))
    counts = {
        verdict: sum(each.verdict == verdict for each in changes) for verdict in {each.verdict for each in changes}
    }
    text = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    return svg(name, f"{implementation}: times as fast as before", together(text), bottom + 4, *parts)
