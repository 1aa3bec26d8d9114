"""Where the time goes: bars of parts, one for each rung of the ladder."""

from __future__ import annotations

from itertools import groupby, pairwise

from ..findings import KINDS, Anatomy
from ..reasons import reason
from ..records import Record
from ..units import seconds_text
from .charts import described, figure, together
from .markup import Markup, element
from .plot import WIDTH, svg, words

ROW, BAR = 44, 20
SHORT = dict(zip(KINDS, ("interpreter", "calls", "functions", "memory", "arithmetic"), strict=True))


def stacks(record: Record) -> list[Markup]:
    """One chart for each cell that was taken apart, and why each rung is faster than the one before."""
    figures = []
    for number, (case, some) in enumerate(groupby(record.anatomies, key=lambda each: each.case)):
        found = list(some)
        rows = [_bar(each, ROW * n) for n, each in enumerate(found)]
        text = " ".join(f"{each.backend}: {seconds_text(each.seconds)}, mostly {each.largest.kind}." for each in found)
        title = described(case)
        picture = svg(f"stack-{number}", f"Where the time goes, {title}", text, ROW * len(found) + 4, *rows)
        named = {each.backend: each for each in found}
        pairs = list(pairwise(found))
        if {"numpy", "jit", "fused"} <= set(named):
            pairs.append((named["numpy"], named["fused"]))
        texts = (f"From {one.backend}: {reason(one, other)}" for one, other in pairs)
        reasons = element("ul", *(element("li", together(text)) for text in texts))
        figures.append(element("div", figure(picture, title), reasons, class_="stack"))
    return figures


def _bar(found: Anatomy, top: float) -> Markup:
    parts = [words(0, top + 13, found.backend, class_="rung")]
    parts.append(words(WIDTH, top + 13, seconds_text(found.seconds), "end"))
    at, total = 0.0, sum(each.seconds for each in found.parts)
    for n, kind in enumerate(KINDS):
        share = found.part(kind) / total if total else 0.0
        wide = WIDTH * share
        about = f"{found.backend}, {kind}: {seconds_text(found.part(kind))}, {100 * share:.0f} %"
        if wide >= 0.5:
            bar = element("rect", x=at, y=top + 18, width=wide, height=BAR, fill=f"url(#part-{n})")
            name = SHORT[kind] if wide > 7 * len(SHORT[kind]) else f"{100 * share:.0f}%" if wide > 26 else ""
            label = words(at + wide / 2, top + 32, name, "middle", "in-bar") if name else ""
            parts.append(element("g", element("title", about), bar, label))
        at += wide
    return element("g", *parts)


def kinds_legend() -> Markup:
    """What the colours of the parts stand for."""
    items = []
    for n, kind in enumerate(KINDS):
        box = element("rect", x=1, y=1, width=22, height=12, fill=f"url(#part-{n})")
        items.append(element("li", element("svg", box, viewBox="0 0 24 14", aria_hidden="true", class_="swatch"), kind))
    return element("ul", *items, class_="legend")


def patterns() -> Markup:
    """What tells the parts apart without colours: stripes and dots on them."""
    shapes = ("M0 3H6", "M-1 7L7-1M-1 1L1-1M5 7L7 5", "M3 2.9V3.1", "M-1-1L7 7M-1 5L1 7M5-1L7 1", "")
    drawn = [
        element(
            "pattern",
            element("rect", width=6, height=6, class_=f"k{n}"),
            element("path", d=shape, class_="hatch") if shape else "",
            id=f"part-{n}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        )
        for n, shape in enumerate(shapes)
    ]
    return element("svg", element("defs", *drawn), width=0, height=0, aria_hidden="true", class_="defs")
