"""Where a table's text comes from (a file, compressed or not, standard input), how it is written, which row is which.

Rows are numbered as a spreadsheet numbers them: from 1, blank ones and the header too, however many lines a cell has.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import os
import re
import sys
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NoReturn

SAMPLE = 2**18  # characters from which the way of writing is guessed

SEPARATORS = "\t;|,"  # the earlier one where two fit as well: commas may be decimal

MISSING = frozenset(
    ("", "?", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "NaN", "nan", "-NaN", "-nan", "NAN", "NULL", "null")
)


csv.field_size_limit(2**31 - 1)  # a cell may hold a whole document

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)  # what reading a damaged .gz raises


class TableError(ValueError):
    """A table that can't be used, with what is wrong and where."""


class Source:
    """The bytes of a table, to be read from their beginning as often as one likes."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = os.fspath(path)
        self.name = "standard input" if self.path == "-" else self.path
        self.content: bytes | None = None  # of what can be read once only
        if self.path == "-":
            self.content = sys.stdin.buffer.read()
        elif Path(path).exists() and not Path(path).is_file():  # a pipe, say, which can be read once
            self.content = Path(path).read_bytes()
        with self.raw() as file:
            self.magic = file.read(4)
        self.compressed = self.magic.startswith(b"\x1f\x8b")

    def raw(self) -> BinaryIO:
        """Open what is there."""
        return io.BytesIO(self.content) if self.content is not None else open(self.path, "rb")

    def open(self) -> BinaryIO:
        """Open it, decompressed."""
        if not self.compressed:
            return self.raw()
        return gzip.open(self.path if self.content is None else io.BytesIO(self.content))  # type: ignore[return-value]

    def has_odd_quotes(self) -> bool:
        """Whether there is a quote too many, or one too few."""
        with self.open() as file:
            return sum(piece.count(b'"') for piece in iter(lambda: file.read(2**20), b"")) % 2 == 1

    def refuse(self, problem: str) -> NoReturn:
        """Raise an error about the table."""
        raise TableError(f"{self.name}: {problem}")


@dataclass(frozen=True)
class Text:
    """A table of text: cells between `separator`, numbers with `decimal`; `first` lines come before the first row."""

    source: Source
    separator: str
    decimal: str
    header: bool
    names: tuple[str, ...]
    first: int
    sample: list[list[str]]  # rows below the header
    longest: int = 0  # characters of a line

    @classmethod
    def of(
        cls,
        source: Source,
        header: bool | None = None,
        decimal: str | None = None,
        usual: str = ".",
        expected: Collection[str] = (),
    ) -> Text:
        """Find out how the table is written.

        `usual` is the decimal sign if nothing tells; a header that holds the `expected` names is one.
        """
        try:
            with io.TextIOWrapper(source.open(), encoding="utf-8-sig", newline="") as file:
                lines = [*file.readlines(SAMPLE), *itertools.islice(file, 20)]  # some rows of the widest table too
        except UnicodeDecodeError:
            source.refuse("not text in UTF-8; save the table as CSV UTF-8")
        except DAMAGED as error:
            source.refuse(f"a damaged .gz file ({error})")
        first = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
        if first == len(lines):
            source.refuse("the file is empty")
        try:
            separator = _separator(lines[first:])
            rows = _rows(lines, separator)
        except csv.Error as error:
            source.refuse(f"not CSV: {error}")
        names = tuple(name.strip() or f"column {i}" for i, name in enumerate(rows[0], 1))
        decimal = decimal or _decimal(rows[1:], separator, usual)
        rows = [row for row in rows if len(row) == len(names)]
        longest = max(map(len, lines))
        text = cls(source, separator, decimal, header is not False, names, first, rows[1:], longest)
        if not text.header:
            text = replace(text, names=tuple(f"c{i + 1}" for i in range(len(names))), sample=rows)
        elif header is None and not (expected and set(expected) <= set(names)):
            text._check_header(rows[0])
        if len(text.places) < len(text.names):
            twice = next(name for i, name in enumerate(text.names) if text.places[name] != i)
            source.refuse(f"two columns are called {twice!r}")
        return text

    @cached_property
    def places(self) -> dict[str, int]:
        """Where a column is, by its name."""
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def number(self) -> re.Pattern[str]:
        """What is a number: ASCII digits, perhaps in groups of three."""
        point, group = map(re.escape, (self.decimal, ",."[self.decimal == ","]))
        whole = rf"[0-9]+|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+"
        return re.compile(rf"[+-]?(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?")

    def value(self, number: str) -> float:
        """The value of a text that `number` matches."""
        return float(number.replace(",", "") if self.decimal == "." else number.replace(".", "").replace(",", "."))

    def _check_header(self, cells: Sequence[str]) -> None:
        """Refuse a header that is data."""
        numbers = [cell.strip() for cell in cells if self.number.fullmatch(cell.strip())]
        below = zip(*self.sample, strict=False)
        again = [cell.strip() for cell, others in zip(cells, below, strict=False) if cell.strip() and cell in others]
        again = [cell for cell in again if cell not in numbers]
        if len(numbers) == len(cells):
            reason = "the first row holds numbers"
        elif fractions := [number for number in numbers if not number.isdecimal()]:
            reason = f"the first row holds the number {fractions[0]}"
        elif again and (numbers or len(again) == len(cells)):
            reason = f"{again[0]!r} stands in the first row and in others below"
        else:
            return
        self.source.refuse(
            f"no header: {reason}, where names of columns are expected; --no-header names them c1, c2, ..., "
            "--header takes them as they are"
        )

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Rows below the header, with their numbers; blank ones are left out."""
        number = 0
        try:
            with io.TextIOWrapper(self.source.open(), encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file, delimiter=self.separator, strict=True)
                started = not self.header
                for number, cells in enumerate(rows, 1):
                    if _is_blank(cells):
                        continue
                    if started:
                        yield number, cells
                    started = True
        except csv.Error as error:
            self.source.refuse(f"row {number + 1} is not CSV: {error}")
        except UnicodeDecodeError:
            self.source.refuse("not text in UTF-8; save the table as CSV UTF-8")
        except DAMAGED as error:
            self.source.refuse(f"a damaged .gz file ({error})")

    def record(self, index: int) -> tuple[int, list[str]]:
        """The number and the cells of a row, counted from 0 below the header."""
        return next(itertools.islice(self.records(), index, None))

    def check_rows(self) -> None:
        """Refuse the first row that can't be read, if there is one."""
        for number, cells in self.records():
            if len(cells) != len(self.names):
                what = "the header" if self.header else "the first row"
                self.source.refuse(f"row {number} has {len(cells)} cells where {what} has {len(self.names)}")

    def blank_at_the_end(self) -> int:
        """How many rows at the end have nothing in their cells."""
        blank = 0
        for _, cells in self.records():
            blank = 0 if any(cell.strip() for cell in cells) else blank + 1
        return blank


def _is_blank(cells: list[str]) -> bool:
    """Whether a row is a blank line."""
    return not cells or (len(cells) == 1 and not cells[0].strip())


def _rows(lines: list[str], separator: str) -> list[list[str]]:
    return [cells for cells in csv.reader(lines, delimiter=separator) if not _is_blank(cells)]


def _separator(lines: list[str]) -> str:
    """The separator that gives most rows the width of the first, outside quotes."""
    best, most = "", 0.0
    for separator in SEPARATORS:
        widths = [len(row) for row in _rows(lines, separator)]
        alike = widths.count(widths[0]) / len(widths) if widths[0] > 1 else 0.0
        if alike > most:
            best, most = separator, alike
    return best or next(separator for separator in "\t;|\x1f" if separator not in "".join(lines))


def _decimal(rows: list[list[str]], separator: str, usual: str) -> str:
    """The decimal sign that most numbers show; `1,000` and `1.000` show none."""
    commas = points = groups = 0
    for cell in itertools.chain.from_iterable(rows):
        cell = cell.strip()
        if re.fullmatch(r"[+-]?[0-9]*,[0-9]+", cell):
            grouped = re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", cell)
            groups, commas = (groups + 1, commas) if grouped else (groups, commas + 1)
        elif re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", cell):
            points += not re.fullmatch(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}", cell)
    if commas == points == 0:
        return "," if groups and separator == ";" else usual
    return "," if commas > points else "."
