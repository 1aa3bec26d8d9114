"""Read CSV of nothing but numbers with NumPy, where pyarrow is not installed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import NoReturn

import numpy as np

from ...data import Column
from .source import DAMAGED, Text

ADVICE = 'NumPy alone reads nothing but numbers; for tables as people have them: pip install "fastshallow[table]"'


def read_text(text: Text, names: Sequence[str], as_texts: Sequence[str]) -> Iterator[Column]:
    """Give columns of numbers."""
    if as_texts:
        text.source.refuse(f"column {as_texts[0]!r} is to be read as texts. {ADVICE}")
    if text.decimal == ",":
        text.source.refuse(f"numbers with a decimal comma. {ADVICE}")
    at = [text.places[name] for name in names]
    try:
        with io.TextIOWrapper(text.source.open(), encoding="utf-8-sig", newline="") as file:
            values = np.loadtxt(
                file,
                delimiter=text.separator,
                skiprows=text.first + text.header,
                usecols=at,
                comments=None,
                quotechar='"',
                ndmin=2,
            )
    except (ValueError, *DAMAGED) as error:
        _refuse(text, names, str(error))
    for i, name in enumerate(names):
        yield Column(name, np.ascontiguousarray(values[:, i]))


def _refuse(text: Text, names: Sequence[str], otherwise: str) -> NoReturn:
    """Say which cell NumPy couldn't read."""
    for number, cells in text.records():
        for name, cell in zip(text.names, cells, strict=False):
            if name in names and not text.number.fullmatch(cell.strip()):
                what = f"the text {cell.strip()!r}" if cell.strip() else "a missing value"
                text.source.refuse(f"{what} in column {name!r}, row {number}. {ADVICE}")
    text.check_rows()
    text.source.refuse(f"{otherwise}. {ADVICE}")
