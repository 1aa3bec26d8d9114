"""A chart with logarithmic axes, as SVG, which reads well from 340 pixels on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .markup import Markup, element

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 386, 24, 256  # of the plot within
SERIES = 9  # that look different
DASHES = ("", "2 3", "7 3", "9 3 2 3", "4 2", "1 3", "12 3", "6 2 1 2 1 2", "3 6")
MARKERS = (  # around the origin
    "M-3.5 0A3.5 3.5 0 1 0 3.5 0A3.5 3.5 0 1 0-3.5 0Z",
    "M-3.2-3.2H3.2V3.2H-3.2Z",
    "M0-4.4L4.2 3.2H-4.2Z",
    "M0-4.8L4 0L0 4.8L-4 0Z",
    "M0 4.4L4.2-3.2H-4.2Z",
    "M-1.3-4H1.3V-1.3H4V1.3H1.3V4H-1.3V1.3H-4V-1.3H-1.3Z",
    "M-4-2L-2-4L0-2L2-4L4-2L2 0L4 2L2 4L0 2L-2 4L-4 2L-2 0Z",
    "M-4 0L-2-3.5H2L4 0L2 3.5H-2Z",
    "M-4-1.4H4V1.4H-4Z",
)
SCALES = (  # of ticks: powers of a base, times these factors, each so many powers
    *((10, (1,), 1), (2, (1,), 1), (2, (1,), 2), (10, (1, 3), 1), (10, (1, 2, 5), 1)),
    *((10, (1,), step) for step in (2, 3, 4, 6)),
)


@dataclass(frozen=True)
class Axis:
    """One axis: its values from `low` to `high` lie from `start` to `end` on the page."""

    low: float
    high: float
    start: float
    end: float
    label: str
    text: Callable[[float], str]
    linear: bool = False

    def at(self, value: float) -> float:
        """Where a value is."""
        low, high, value = (self.low, self.high, value) if self.linear else map(math.log, (self.low, self.high, value))
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """At most 7 values to label: powers of ten, or of two where there are few of them."""
        if self.linear:
            return [float(n) for n in range(math.ceil(self.low), math.floor(self.high) + 1)]
        for base, factors, step in SCALES:
            if base == 2 and self.high > 5000:  # 4,096, but not 16.8M
                continue
            first, last = (math.floor(math.log(each, base)) for each in (self.low, self.high))
            found = [f * float(base) ** n for n in range(first, last + 2) if n % step == 0 for f in factors]
            found = [each for each in found if self.low <= each <= self.high]
            if 3 <= len(found) <= 7:
                return found
        return [self.low, self.high]


def wide_enough(values: Sequence[float], label: str, start: float, end: float, text: Callable[[float], str]) -> Axis:
    """An axis for these values, with some room around them."""
    low, high = min(values), max(values)
    room = max((high / low) ** 0.05, 1.15)
    return Axis(low / room, high * room, start, end, label, text)


def across(values: Sequence[float], label: str, text: Callable[[float], str]) -> Axis:
    """The axis from left to right."""
    return wide_enough(values, label, LEFT, RIGHT, text)


def upwards(values: Sequence[float], label: str, text: Callable[[float], str]) -> Axis:
    """The axis upwards."""
    return wide_enough(values, label, BOTTOM, TOP, text)


@dataclass(frozen=True)
class Point:
    """A value, with the interval around it, and what to say of it."""

    x: float
    y: float
    low: float
    high: float
    about: str


def chart(name: str, title: str, description: str, x: Axis, y: Axis, *content: Markup) -> Markup:
    """The axes, and content drawn on them; `name` is its own on the page."""
    grid = []
    for value in x.ticks():
        at = x.at(value)
        grid.append(element("line", x1=at, x2=at, y1=TOP, y2=BOTTOM, class_="grid"))
        grid.append(element("text", x.text(value), x=at, y=BOTTOM + 15, text_anchor="middle"))
    for value in y.ticks():
        at = y.at(value)
        grid.append(element("line", x1=LEFT, x2=RIGHT, y1=at, y2=at, class_="grid"))
        grid.append(element("text", y.text(value), x=LEFT - 6, y=at + 4, text_anchor="end"))
    grid.append(element("text", x.label, x=(LEFT + RIGHT) / 2, y=BOTTOM + 34, text_anchor="middle", class_="label"))
    grid.append(element("text", y.label, x=4, y=TOP - 13, class_="label"))
    return svg(name, title, description, HEIGHT, *grid, *content)


def svg(name: str, title: str, description: str, height: float, *content: Markup) -> Markup:
    """A picture that a screen reader can read out."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-text"),
        *content,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-text",
    )


def series(points: Sequence[Point], x: Axis, y: Axis, look: int, joined: bool = True) -> Markup:
    """Points with their intervals and markers, joined by a line."""
    look %= SERIES
    parts = []
    places = [(x.at(each.x), y.at(each.y)) for each in points]
    if joined and len(points) > 1:
        path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
        parts.append(element("path", d=path, class_="line", stroke_dasharray=DASHES[look] or None))
    for each, (a, b) in zip(points, places, strict=True):
        low, high = y.at(each.low), y.at(each.high)
        bar = element("line", x1=a, x2=a, y1=low, y2=high, class_="interval") if abs(high - low) > 1 else Markup()
        parts.append(element("g", element("title", each.about), bar, marker(look, a, b)))
    return element("g", *parts, class_=f"s s{look}")


def curve(values: Sequence[tuple[float, float]], x: Axis, y: Axis, class_: str, dash: str | None = None) -> Markup:
    """A line without markers."""
    path = "M" + "L".join(f"{x.at(a):.1f} {y.at(b):.1f}" for a, b in values)
    return element("path", d=path, class_=f"line {class_}", stroke_dasharray=dash)


def marker(look: int, x: float, y: float) -> Markup:
    """The shape that stands for a series."""
    return element("path", d=MARKERS[look % SERIES], transform=f"translate({x:.1f} {y:.1f})", class_="mark")


def swatch(look: int) -> Markup:
    """The line and shape of a series, for a legend."""
    look %= SERIES
    line = element("path", d="M1 7H33", class_="line", stroke_dasharray=DASHES[look] or None)
    return element("svg", line, marker(look, 17, 7), viewBox="0 0 34 14", aria_hidden="true", class_=f"swatch s{look}")


def words(x: float, y: float, text: str, anchor: str = "start", class_: str | None = None) -> Markup:
    """Text at a place."""
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def power(value: float) -> str:
    """A number as short as an axis wants it: 1, 10, 1k, 10M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * 0.9999:
            return f"{value / size:,.3g}{unit}" if value < 1e12 else f"{value / size:.0e}{unit}"
    return f"{value:.3g}"
