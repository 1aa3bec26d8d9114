"""What the texts of a column mean: numbers, booleans, dates, or just texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...data import Column
from .source import MISSING

Reader = Callable[[str], float]  # gives NaN for what it can't read

_TIME = r"(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)Z?)?"
_FORMS = {
    "year first": (re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}"), "{0}-{2:0>2}-{3:0>2}"),
    "day first": (re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}"), "{3}-{2:0>2}-{0:0>2}"),
    "month first": (re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}"), "{3}-{0:0>2}-{2:0>2}"),
}


def clean(name: str, codes: NDArray[np.int32], texts: Sequence[str]) -> Column:
    """Make a column of texts without blanks around them, those that say so missing."""
    places: dict[str, int] = {}
    to = [-1 if text in MISSING else places.setdefault(text, len(places)) for text in map(str.strip, texts)]
    return Column(name, np.array([*to, -1], np.int32)[codes], "texts", tuple(places))


def understand(
    column: Column,
    number: Reader,
    fail: Callable[[str, int, str], None],
    kinds: Sequence[str] = ("booleans", "numbers", "dates"),
    must: bool = False,
    form: str = "",
) -> Column:
    """Turn a column of texts into what they mean, if most of them mean that.

    Parameters
    ----------
    column
        Of texts, from `clean`.
    number
        Reads a text as a number.
    fail
        Called with a text that doesn't fit the others, the row of the first one, and what is expected there.
    kinds
        What the column may be besides texts.
    must
        It may not be texts.
    form
        The form that its dates have.
    """
    if not column.texts or not kinds:
        return column
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.texts))

    def most(values: NDArray[np.float64]) -> bool:
        known = ~np.isnan(values)
        return bool(must or 2 * counts[known].sum() > counts.sum())

    def made(values: NDArray[np.float64], kind: str, one: str, form: str = "") -> Column:
        bad = np.flatnonzero(np.isnan(values))
        if len(bad):
            row = int(np.flatnonzero(np.isin(column.values, bad))[0])
            fail(column.texts[column.values[row]], row, one)
        return Column(column.name, np.append(values, np.nan)[column.values], kind, form=form)

    if "booleans" in kinds:
        truth = np.array([{"true": 1.0, "false": 0.0}.get(text.casefold(), np.nan) for text in column.texts])
        if not np.isnan(truth).any():
            return made(truth, "booleans", "True or False")
    if "numbers" in kinds:
        numbers = np.array([number(text) for text in column.texts])
        if most(numbers):
            return made(numbers, "numbers", "a number")
    if "dates" in kinds:
        read = {name: _days(column.texts, name) for name in ([form] if form else _FORMS)}
        form = max(read, key=lambda name: int(counts[~np.isnan(read[name])].sum()))
        if most(read[form]):
            if form == "day first" and _unclear(column.texts, read):
                reason = "dates of which the day or the month may come first; write them as 2020-01-31"
                return Column(column.name, np.empty(0), "none", form=reason)
            return made(read[form], "dates", f"a date ({form})", form)
    return column


def _unclear(texts: Sequence[str], read: dict[str, NDArray[np.float64]]) -> bool:
    """Whether dates can be read in both ways, and differ. With points the day comes first."""
    day, month = read["day first"], read.get("month first")
    if month is None or np.isnan(day).any() or np.isnan(month).any() or any("." in text for text in texts):
        return False
    return bool((day != month).any())


def _days(texts: Sequence[str], form: str) -> NDArray[np.float64]:
    """Days since 1970, NaN for what isn't a date of that form."""
    pattern, iso = _FORMS[form]
    found = [pattern.fullmatch(text) for text in texts]
    moments = [f"{iso.format(*match.groups())}T{match.group(5) or '00:00'}" if match else "NaT" for match in found]
    try:
        days = np.array(moments, "M8[ms]")
    except ValueError:  # one of them is no day of the calendar
        days = np.array([_moment(text) for text in moments], "M8[ms]")
    return np.where(np.isnat(days), np.nan, days.astype(np.int64) / 86_400_000)


def _moment(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "ms")
    except ValueError:
        return np.datetime64("NaT", "ms")
