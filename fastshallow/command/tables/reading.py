"""Read a table into columns with a meaning, to learn from or to predict from."""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data import Column, Recipe, listed
from .arrays import read_arrays
from .meaning import understand
from .source import Source, TableError, Text

KINDS = ("booleans", "numbers", "dates")  # of values that are no texts

EXTRA = 'reading this needs pyarrow: pip install "fastshallow[table]"'


@dataclass(frozen=True)
class Options:
    """What overrules the rules: see the arguments of the command."""

    target: str | None = None
    features: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    classify: bool = False
    header: bool | None = None
    decimal: str | None = None

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Options:
        """Take them from the command line."""
        given = {name: value for name, value in vars(arguments).items() if name in cls.__dataclass_fields__}
        values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in given.items()}
        return cls(**values)


@dataclass(eq=False)
class Table:
    """Columns by name, in their order; the target, an array (n_y, m) if an .npz has several; how it was written."""

    name: str
    columns: dict[str, Column]
    target: Column | NDArray[np.float64] | None = None
    header: bool = True
    decimal: str = "."
    notes: list[str] = field(default_factory=list)


class _Opened:
    """A table of which names are known, and columns can be read."""

    def __init__(self, path: str | os.PathLike[str], options: Options, like: Recipe | None = None):
        self.source = Source(path)
        self.text: Text | None = None
        self._format = Text(self.source, ",", ".", True, (), 0, [])  # of numbers among the texts of a Parquet file
        self.parquet = self.source.magic == b"PAR1"
        if self.parquet:
            self.names: Sequence[str] = _arrow(self.source).parquet_names(self.source)
            return
        if self.source.magic.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
            self.source.refuse("a workbook or an archive, not a table; save the sheet as CSV UTF-8")
        header = options.header
        if header is None and like is not None and not like.header:
            header = False
        usual, expected = (like.decimal, like.columns) if like else (".", ())
        self.text = self._format = Text.of(self.source, header, options.decimal, usual, expected)
        self.names = self.text.names

    def read(self, names: Sequence[str], as_texts: Sequence[str]) -> Iterator[Column]:
        """Give columns, some of them as texts whatever they hold."""
        if self.text is not None and not self.text.sample:
            self.text.check_rows()
            self.source.refuse("too few rows: there is a header and nothing below it")
        if self.parquet:
            columns = _arrow(self.source).read_parquet(self.source, names)
        elif importlib.util.find_spec("pyarrow") is None:
            from . import plain

            assert self.text is not None
            columns = plain.read_text(self.text, names, as_texts)
        else:
            columns = _arrow(self.source).read_text(self.text, names, as_texts)
        for column in columns:
            if column.kind == "numbers" and np.isinf(column.values).any():
                self._refuse_infinite(column)
            yield column

    def number(self, text: str) -> float:
        """Read a text as a number; NaN if it is none."""
        return self._format.value(text) if self._format.number.fullmatch(text) else np.nan

    def row(self, index: int) -> int:
        """The number of a row, as a spreadsheet counts."""
        return index + 1 if self.text is None else self.text.record(index)[0]

    def failing(self, name: str, advice: str) -> Callable[[str, int, str], None]:
        """What to do about a text in a column of something else."""

        def fail(text: str, index: int, what: str) -> None:
            where = f"in column {name!r}, row {self.row(index)}"
            comma = self.text is not None and self.text.decimal == ","
            hint = "; --decimal . if the point is the decimal sign" if comma and "." in text else ""
            hint = "; --decimal , if the comma is the decimal sign" if not comma and "," in text else hint
            self.source.refuse(f"the text {text!r} {where}, where {what} is expected{hint}{advice}")

        return fail

    def check(self, names: Sequence[str]) -> None:
        """Refuse names of columns that aren't there."""
        there = set(self.names)
        for name in names:
            if name not in there:
                close = difflib.get_close_matches(name, self.names, n=1, cutoff=0.5)
                hint = f"did you mean {close[0]!r}?" if close else f"there are {listed(self.names)}"
                self.source.refuse(f"no column {name!r}; {hint}")

    def _refuse_infinite(self, column: Column) -> None:
        index = int(np.flatnonzero(np.isinf(column.values))[0])
        number, shown = index + 1, str(column.values[index])
        if self.text is not None:
            number, cells = self.text.record(index)
            shown = cells[self.text.places[column.name]].strip()
        self.source.refuse(f"the value {shown!r} in column {column.name!r}, row {number} is not a finite number")


def read(path: str | os.PathLike[str], options: Options) -> Table:
    """Read a table to learn from: its target, and the columns that may become features.

    Rows without a target are left out, and noted.
    """
    if Path(path).suffix == ".npz":
        return _read_npz(path, options)
    opened = _Opened(path, options)
    target = options.target
    if target is None:
        opened.source.refuse(f"which column is to be predicted? Name it with --target: {listed(opened.names)}")
    opened.check([target, *options.features, *options.ignore, *options.categorical])
    names = _chosen(opened.source.name, opened.names, target, options)
    table = Table(opened.source.name, {})
    if opened.text is not None:
        table.header, table.decimal = opened.text.header, opened.text.decimal
    as_texts = [*options.categorical, *([target] if options.classify else [])]
    advice = "; --categorical takes its values as texts, --ignore leaves the column out"
    for column in opened.read([*names, target], as_texts):
        kinds: Sequence[str] = () if column.name in as_texts else KINDS
        if column.name == target:
            kinds, advice = kinds[1:2], "; --classify takes its values as texts"
        if column.kind == "texts":
            column = understand(column, opened.number, opened.failing(column.name, advice), kinds)
        if column.name != target:
            table.columns[column.name] = column
        else:
            _set_target(table, column, opened)
    return table


def _set_target(table: Table, column: Column, opened: _Opened) -> None:
    if column.kind == "booleans":
        column = column.as_texts()._replace(texts=("False", "True"))
    if column.kind not in ("numbers", "texts"):
        opened.source.refuse(f"the target {column.name!r} must be numbers or texts: it holds {column.kind}")
    gaps = column.missing
    if gaps.all():
        opened.source.refuse(f"the target {column.name!r} is missing in every row")
    if gaps.any():
        kept = np.flatnonzero(~gaps)
        first = opened.row(int(np.flatnonzero(gaps)[0]))
        table.notes.append(f"rows without {column.name!r} are left out: {gaps.sum():,}, the first is row {first}")
        table.columns = {name: other.take(kept) for name, other in table.columns.items()}
        column = column.take(kept)
    table.target = column


def read_like(path: str | os.PathLike[str], recipe: Recipe | None, options: Options) -> Table:
    """Read a table to predict from: the columns of a recipe, as what training took them for; without one, all."""
    if Path(path).suffix == ".npz":
        source = Source(path)
        columns = {column.name: column for column in read_arrays(source, with_target=False)[0]}
        table = Table(source.name, columns)
        if recipe is not None:
            for name in recipe.columns:
                if name not in columns:
                    source.refuse(f"no feature {name!r}; there are {listed(list(columns))}")
            table.columns = {name: columns[name] for name in recipe.columns}
        return table
    opened = _Opened(path, options, recipe)
    rules = {rule.name: rule for rule in recipe.rules} if recipe else {}
    opened.check(list(rules))
    table = Table(opened.source.name, {})
    as_texts = [name for name, rule in rules.items() if rule.kind in ("texts", "presence")]
    for column in opened.read(list(rules) or opened.names, as_texts):
        kind = rules[column.name].kind if rules else "numbers"
        if column.kind == "texts" and column.name not in as_texts:
            kinds = ("dates",) if kind == "dates" else ("booleans", "numbers")
            form = rules[column.name].form if rules else ""
            if column.texts:
                column = understand(column, opened.number, opened.failing(column.name, ""), kinds, True, form)
            else:  # all are missing
                column = Column(column.name, np.full(len(column.values), np.nan))
        elif column.kind == "none" or (kind in KINDS and (column.kind == "dates") != (kind == "dates")):
            held = "something else" if column.kind == "none" else column.kind
            opened.source.refuse(f"column {column.name!r} holds {held}, where training had {kind}")
        table.columns[column.name] = column
    return table


def _read_npz(path: str | os.PathLike[str], options: Options) -> Table:
    source = Source(path)
    columns, target = read_arrays(source, with_target=True)
    table = Table(source.name, {column.name: column for column in columns}, target)
    there = [*table.columns, "Y"]
    for name in [*options.features, *options.ignore, *options.categorical, *filter(None, [options.target])]:
        if name not in there:
            source.refuse(f"no column {name!r}; there are {listed(there)}")
    names = _chosen(source.name, there, "Y", options)
    table.columns = {name: table.columns[name] for name in names}
    return table


def _chosen(name: str, there: Sequence[str], target: str, options: Options) -> list[str]:
    """Names of the columns to read as features."""
    wanted = options.features or there
    chosen = [one for one in dict.fromkeys(wanted) if one != target and one not in options.ignore]
    if not chosen:
        raise TableError(f"{name}: no column is left to learn from")
    return chosen


def _arrow(source: Source) -> ModuleType:
    if importlib.util.find_spec("pyarrow") is None:
        source.refuse(EXTRA)
    from . import arrow

    return arrow
