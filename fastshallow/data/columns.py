"""Columns of a table, and how the recipe by which they become features is learnt and followed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .recipes import Recipe, Rule

FEW = 50  # values of a text column that each become a feature

_ID = re.compile(r"(?i:(.*[\W_])?(id|index|key|uuid|guid)|(column|unnamed:) \d+|__index_level_\d+__)|.*[a-z](Id|ID)")


class Column(NamedTuple):
    """A column of a table: its name, and a value a row.

    `values` are numbers, 0 and 1 of booleans, or days since 1970 of dates, NaN where they are missing. Of texts they
    are places in `texts`, -1 where they are missing. Of the kind ``none`` there are none, and `form` says why.
    """

    name: str
    values: NDArray[Any]
    kind: str = "numbers"
    texts: tuple[str, ...] = ()
    form: str = ""

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where there is no value."""
        return self.values < 0 if self.kind == "texts" else np.isnan(self.values)

    def take(self, rows: NDArray[Any]) -> Column:
        """Give a copy of some rows."""
        return self if self.kind == "none" else self._replace(values=self.values[rows])

    def as_texts(self) -> Column:
        """Take each different value as a text."""
        if self.kind == "texts":
            return self
        values, codes = np.unique(self.values, return_inverse=True)
        known = int((~np.isnan(values)).sum())
        return Column(self.name, np.where(codes < known, codes, -1), "texts", tuple(map(label, values[:known])))


def label(value: float) -> str:
    """A number as a table wrote it, or nearly: 1, not 1.0."""
    return repr(float(value)).removesuffix(".0")


def learn_recipe(
    columns: Iterable[Column],
    rows: NDArray[Any] | None = None,
    features: Sequence[str] = (),
    categorical: Sequence[str] = (),
) -> Recipe:
    """Learn from some rows of the columns, or from all, which of them become features, and how.

    Ids and texts of many values are left out, unless they are named: ids among `features`, texts as `categorical`,
    which makes a feature of each value, of numbers too. Without information nothing is learnt.
    """
    rules, left_out = [], {}
    for column in columns:
        found = _rule(
            column if rows is None else column.take(rows), column.name in features, column.name in categorical
        )
        if isinstance(found, str):
            left_out[column.name] = found
        else:
            rules.append(found)
    return Recipe(tuple(rules), left_out)


def _rule(column: Column, wanted: bool, categorical: bool) -> Rule | str:
    """How a column becomes features, or why it doesn't."""
    if column.kind == "none":
        return column.form
    if categorical:
        column = column.as_texts()
    gaps = column.missing
    missing = int(gaps.sum())
    if missing == len(gaps):
        return "nothing is in it"
    known = column.values[~gaps] if missing else column.values
    low, high = known.min(), known.max()
    if low == high:
        only = _shown(column, low)
        return Rule(column.name, "presence", missing, values=(only,)) if missing else f"the same in every row, {only}"
    if column.kind == "texts":
        return _categories(column, known, missing, categorical)
    if column.kind == "numbers" and not wanted and _is_id(column.name, known):
        return f"an id, another number in each of {len(known):,} rows"
    return Rule(column.name, column.kind, missing, float(np.median(known)), form=column.form)


def _categories(column: Column, codes: NDArray[Any], missing: int, categorical: bool) -> Rule | str:
    found = [column.texts[i] for i in np.flatnonzero(np.bincount(codes, minlength=len(column.texts)))]
    if not categorical:
        if len(found) == len(codes):
            return f"an id, another text in each of {len(codes):,} rows"
        if len(found) > FEW or 2 * len(found) > len(codes):
            return f"{len(found):,} different texts in {len(codes):,} rows"
    return Rule(column.name, "texts", missing, values=tuple(sorted(found)))


def _is_id(name: str, known: NDArray[Any]) -> bool:
    if not _ID.fullmatch(name) or (known != np.floor(known)).any():
        return False
    return len(np.unique(known)) == len(known)


def _shown(column: Column, value: Any) -> str:
    if column.kind == "texts":
        return repr(column.texts[int(value)])
    if column.kind == "booleans":
        return str(bool(value))
    if column.kind == "dates":
        return str(_moments(np.array([value]))[0].astype("M8[D]"))
    return label(value)


class Notes(dict[str, int]):
    """What is worth a word about features just made: how often."""

    def add(self, text: str, count: int) -> None:
        """Count what happened, if it has."""
        if count:
            self[text] = self.get(text, 0) + int(count)


def features_of(
    recipe: Recipe,
    columns: dict[str, Column],
    parts: Sequence[NDArray[np.intp] | None] = (None,),
    notes: Notes | None = None,
) -> list[NDArray[Any]]:
    """Make X (n_x, m) of each part of the rows, or of all (None); float32 if all the columns are.

    The columns are taken out of `columns` on the way, so that a table and its features never are there both whole.
    """
    narrow = all(columns[name].values.dtype == np.float32 for name in recipe.columns)
    rows = len(columns[recipe.columns[0]].values)
    made = [
        np.empty((len(recipe.names), rows if part is None else len(part)), np.float32 if narrow else np.float64)
        for part in parts
    ]
    at = 0
    for rule in recipe.rules:
        column = columns.pop(rule.name)
        for X, part in zip(made, parts, strict=True):
            taken = column if part is None else column.take(part)
            for i, feature in enumerate(_features(rule, taken, Notes() if notes is None else notes)):
                X[at + i] = feature
        at += len(rule.features)
    return made


def _features(rule: Rule, column: Column, notes: Notes) -> Iterator[NDArray[Any]]:
    """The features that a rule makes of a column, in the order of `rule.features`."""
    if rule.kind == "texts":
        column = column.as_texts()
    gaps = column.missing
    if rule.kind == "texts":
        yield from _one_hot(rule, column, notes)
    elif rule.kind != "presence":
        values = column.values
        if gaps.any():
            values = np.where(gaps, values.dtype.type(rule.fill), values)
            shown = _shown(Column(rule.name, values, rule.kind), rule.fill)
            notes.add(f"missing in {rule.name!r}, replaced by the median {shown}", gaps.sum())
        yield values
        if rule.kind == "dates":
            phase = 2 * np.pi * _part_of_year(values)
            yield np.sin(phase)
            yield np.cos(phase)
    if rule.missing:
        yield gaps


def _one_hot(rule: Rule, column: Column, notes: Notes) -> Iterator[NDArray[Any]]:
    places = {text: i for i, text in enumerate(column.texts)}
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.texts))
    for text in rule.values:
        yield column.values == places[text] if text in places else np.zeros(len(column.values), bool)
    for text in sorted(set(column.texts) - set(rule.values)):
        notes.add(
            f"{text!r} in {rule.name!r}, which training has not seen: no feature of it is set", counts[places[text]]
        )


def _moments(days: NDArray[Any]) -> NDArray[np.datetime64]:
    return np.round(days * 86_400_000).astype(np.int64).view("M8[ms]")


def _part_of_year(days: NDArray[Any]) -> NDArray[Any]:
    """How much of its year has passed, from 0 to 1."""
    years = _moments(days).astype("M8[Y]")
    start, end = ((years + n).astype("M8[D]").astype(np.float64) for n in (0, 1))
    return (days - start) / (end - start)
