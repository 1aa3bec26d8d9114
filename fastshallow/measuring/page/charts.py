"""The charts of speed: against batch size, under the roofline, on threads, and from a cold start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from ...backends import BY_EXAMPLE
from ..cases import Case
from ..records import Cell, Limits, Record, Result, Start
from ..units import digits, seconds_text
from .markup import Markup, element, join
from .plot import BOTTOM, LEFT, RIGHT, SERIES, TOP, Axis, Point, across, chart, curve, power, series, upwards, words

ORDER = ("loops", "examples", "numpy", "jit", "fused", "torch", "torch.compile", "jax", "sklearn")


def looks(record: Record) -> dict[str, int]:
    """The number of the look of each implementation that was timed: the same on every page for those that are known."""
    timed = {each.implementation for cell in record.cells for each in cell.results if each.seconds}
    timed |= {each.implementation for each in record.starts}
    names = [*ORDER, *sorted(timed - set(ORDER))]
    return {name: look for look, name in enumerate(names) if name in timed}


def described(case: Case, batch: bool = True) -> str:
    """A case as a title."""
    batch_text = f", {case.m:,} example{'s' * (case.m > 1)}" if batch else ""
    return f"{case.shape}{batch_text}, {case.hidden}, {case.output}, {case.dtype}"


def together(text: str) -> str:
    """Text whose numbers stay on the line of their units."""
    return re.sub(r"(\d) (%|ns|us|ms|s|kB|MB|GB)\b|(\d) (%)", lambda found: found[0].replace(" ", "\u00a0"), text)


def figure(picture: Markup, caption: str, note: str = "") -> Markup:
    """A picture with its caption."""
    return element("figure", element("figcaption", element("b", caption), f" {note}" if note else ""), picture)


def _family(cell: Cell) -> tuple[str, str, str, str]:
    case = cell.case
    return case.shape, case.hidden, case.output, case.dtype


def families(cells: Iterable[Cell]) -> list[list[Cell]]:
    """The cells of each network by their batch sizes, in the order of the record."""
    found: dict[tuple[str, str, str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault(_family(cell), []).append(cell)
    return [sorted(each, key=lambda cell: cell.case.m) for each in found.values()]


def speed(record: Record) -> list[Markup]:
    """The charts of `speeds` as figures of a page."""
    return [figure(picture, name) for name, picture in speeds(record)]


def speeds(record: Record) -> list[tuple[str, Markup]]:
    """Examples a second against batch size, on one thread: one chart for each network, with its name."""
    look = looks(record)
    figures = []
    for number, cells in enumerate(families(cell for cell in record.cells if cell.threads == 1)):
        points: dict[str, list[Point]] = {}
        for cell in cells:
            for each in cell.results:
                if each.seconds:
                    points.setdefault(each.implementation, []).append(_speed_point(cell, each))
        if not points:
            continue
        every = [point for some in points.values() for point in some]
        x = across([point.x for point in every], "examples in a batch", power)
        y = upwards([point.y for point in every], "examples a second, more is faster", power)
        name = described(cells[0].case, batch=False)
        ranked = sorted(points, key=lambda each: -points[each][-1].y)
        text = f"With {cells[-1].case.m:,} examples, from fast to slow: {', '.join(ranked)}."
        lines = [series(points[each], x, y, look[each]) for each in sorted(points, key=lambda each: look[each])]
        figures.append((name, chart(f"speed-{number}", f"Speed of {name}", text, x, y, *lines)))
    return figures


def _speed_point(cell: Cell, result: Result) -> Point:
    spread, m = result.seconds, cell.case.m
    assert spread is not None
    about = f"{result.implementation}, {m:,} examples: {seconds_text(spread.median)} a step"
    return Point(m, m / spread.median, m / spread.upper, m / spread.lower, about)


def roofline(record: Record) -> list[Markup]:
    """What each implementation reaches, under what the machine can do: one chart for each dtype, on one thread."""
    look, figures = looks(record), []
    for number, limits in enumerate(each for each in record.limits if each.threads == 1):
        points: dict[str, list[Point]] = {}
        for cells in families(cell for cell in record.cells if cell.threads == 1 and cell.case.dtype == limits.dtype):
            for each in cells[-1].results:  # of the largest batch
                if each.seconds:
                    points.setdefault(each.implementation, []).append(_roof_point(cells[-1], each))
        if points:
            figures.append(_roof(f"roof-{number}", limits, points, look))
    return figures


def _roof(name: str, limits: Limits, points: dict[str, list[Point]], look: dict[str, int]) -> Markup:
    every, peak = [point for some in points.values() for point in some], limits.flops_per_second
    ridges = [peak / each.bytes_per_second for each in limits.reads]
    x = across([point.x for point in every] + [min(ridges) / 4], "operations for each byte that must move", power)
    y = upwards([point.y for point in every] + [peak], "operations a second", power)
    roofs: list[Markup] = []
    names: dict[float, str] = {}  # by their places
    for each, ridge in sorted(zip(limits.reads, ridges, strict=True), key=lambda pair: pair[1]):
        start = max(x.low, y.low / each.bytes_per_second)
        if start < ridge:
            end = min(ridge, x.high)
            ends = [(n, n * each.bytes_per_second) for n in (start, end)]
            roofs.append(curve(ends, x, y, "roof"))
            if end < ridge:
                roofs.append(words(RIGHT - 4, y.at(ends[1][1]) + 15, each.level, "end", "roof-name"))
                continue
            near = next((place for place in names if x.at(ridge) - place < 18), x.at(ridge))
            names[near] = f"{names[near]}, {each.level}" if near in names else each.level
    roofs += [words(place + 1, y.at(peak) + 13, text, "start", "roof-name") for place, text in names.items()]
    roofs.append(curve([(min(ridges), peak), (x.high, peak)], x, y, "roof"))
    roofs.append(words(RIGHT - 4, y.at(peak) - 4, f"multiply-adds: {power(peak)}", "end", "roof-name"))
    marks = [
        series(points[each], x, y, look[each], joined=False) for each in sorted(points, key=lambda each: look[each])
    ]
    text = f"The machine does at most {power(peak)} operations a second in {limits.dtype}, less where memory is slow."
    title = f"Roofline, {limits.dtype}"
    return figure(chart(name, title, text, x, y, *roofs, *marks), title, "each network at its largest batch")


def _roof_point(cell: Cell, result: Result) -> Point:
    assert result.seconds is not None
    rate = cell.flops / result.seconds.median
    about = f"{result.implementation}, {described(cell.case)}: {power(rate)} operations a second"
    return Point(cell.flops / cell.bytes, rate, rate, rate, about)


def threads(record: Record) -> list[Markup]:
    """How much faster several threads are than one: one chart for each network and batch, if any was measured."""
    look, figures = looks(record), []
    cases = dict.fromkeys(cell.case for cell in record.cells if cell.threads > 1)
    for number, case in enumerate(cases):
        points: dict[str, list[Point]] = {}
        cells = sorted((cell for cell in record.cells if cell.case == case), key=lambda cell: cell.threads)
        for name in (each for each in look if each not in BY_EXAMPLE):  # which use one thread
            some = [
                (cell.threads, each.seconds)
                for cell in cells
                for each in cell.results
                if each.implementation == name and each.seconds
            ]
            if len(some) > 1 and some[0][0] == 1:
                one = some[0][1].median
                points[name] = [
                    Point(
                        n,
                        one / each.median,
                        one / each.upper,
                        one / each.lower,
                        f"{name}, {n} threads: {one / each.median:.2f} times as fast as one",
                    )
                    for n, each in some
                ]
        if not points:
            continue
        most = max(point.x for some in points.values() for point in some)
        high = max(most, *(point.high for some in points.values() for point in some))
        x = Axis(0.8, most + 0.2, LEFT, RIGHT, "threads", power, linear=True)
        y = Axis(0.0, 1.05 * high, BOTTOM, TOP, "times as fast as one thread", power, linear=True)
        ideal = curve([(1, 1), (most, most)], x, y, "roof")
        lines = [series(points[each], x, y, look[each]) for each in points]
        text = "; ".join(f"{each}: {some[-1].y:.2f} times as fast on {some[-1].x:g}" for each, some in points.items())
        picture = chart(f"threads-{number}", f"Scaling of {described(case)}", text, x, y, ideal, *lines)
        figures.append(figure(picture, described(case)))
    return figures


def starts(record: Record) -> list[Markup]:
    """Seconds from the start of Python against steps: where the lines cross, compiling has paid."""
    look, figures = looks(record), []
    groups = groupby(sorted(record.starts, key=lambda each: str(each.case)), key=lambda each: each.case)
    for number, (case, some) in enumerate(groups):
        each_start = sorted(some, key=lambda each: look[each.implementation])
        steps = [10 ** (n / 8) for n in range(57)]
        x = across([steps[0], steps[-1]], "steps, or epochs of one batch", power)
        values = [
            first + each.imports + n * each.call
            for each in each_start
            for n in (0, steps[-1])
            for first in firsts(each)
        ]
        y = upwards(values, "seconds since the start of Python", power)
        lines = []
        for each in each_start:
            for first, dash in zip(firsts(each), ("", "2 3"), strict=False):
                line = [(n, each.imports + first + max(0.0, n - 1) * each.call) for n in steps]
                lines.append(
                    element("g", curve(line, x, y, "", dash or None), class_=f"s s{look[each.implementation] % SERIES}")
                )
            ends = [
                Point(n, each.imports + each.filled_cache + (n - 1) * each.call, 1, 1, each.implementation)
                for n in (1, 1e3, 1e6)
            ]
            ends = [
                Point(
                    end.x, end.y, end.y, end.y, f"{each.implementation}: {seconds_text(end.y)} for {end.x:,.0f} steps"
                )
                for end in ends
            ]
            lines.append(series(ends, x, y, look[each.implementation], joined=False))
        sentences = paying(each_start)
        picture = chart(f"start-{number}", f"Cold start, {described(case)}", " ".join(sentences), x, y, *lines)
        listed = element("ul", *(element("li", text) for text in sentences))
        figures.append(join(figure(picture, described(case), "dashed: nothing is compiled yet"), listed))
    return figures


def firsts(start: Start) -> list[float]:
    """Seconds of the first call, with a filled cache and with an empty one, if that differs."""
    return [start.filled_cache] if start.empty_cache is None else [start.filled_cache, start.empty_cache]


def paying(some: list[Start]) -> list[str]:
    """After how many steps what compiles has overtaken NumPy."""
    numpy = next((each for each in some if each.implementation == "numpy"), None)
    sentences = []
    for each in some:
        if numpy is None or each.empty_cache is None:
            continue
        gain, texts = numpy.call - each.call, []
        for first, cache in zip(firsts(each), ("a filled cache", "an empty one"), strict=False):
            late = each.imports + first - numpy.imports - numpy.filled_cache
            if late <= 0:
                texts.append(f"with {cache} at once")
            elif gain <= 0:
                texts.append(f"with {cache} never")
            else:
                texts.append(f"with {cache} after {_count(late / gain)} steps")
        sentences.append(f"{each.implementation} overtakes NumPy {', '.join(texts)}.")
    return sentences


def _count(value: float) -> str:
    return digits(max(1.0, float(f"{value:.2g}")))
