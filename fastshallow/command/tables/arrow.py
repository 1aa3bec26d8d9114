"""Read CSV and Parquet with pyarrow, which is imported here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from ...data import Column
from .meaning import clean
from .source import MISSING, Source, Text

TEXTS = pa.dictionary(pa.int32(), pa.string())


def read_text(text: Text, names: Sequence[str], as_texts: Sequence[str]) -> Iterator[Column]:
    """Give columns of numbers, and of texts where they aren't or are named so.

    Which are numbers is first taken from the sample: without types pyarrow keeps what it has parsed, five times the
    memory.
    """
    places = {str(text.names.index(name)): name for name in names}
    numeric = [_all_numbers(cells, text) for cells in zip(*text.sample, strict=False)] or [False] * len(text.names)
    types = {at: pa.float64() if numeric[int(at)] and name not in as_texts else TEXTS for at, name in places.items()}
    while True:
        try:
            table = _parse(text, types)
            break
        except pa.ArrowInvalid as error:
            wrong = re.match(r"In CSV column #(\d+): CSV conversion error to double", str(error))
            if wrong is None:
                text.refuse_row(_first_line(error))
            types[wrong[1]] = TEXTS
    surplus = 0
    if table.num_rows and all(column[-1].as_py() is None for column in table.columns):
        surplus = text.blank_at_the_end()
    parts = {at: table[at].slice(0, table.num_rows - surplus) for at in places}
    del table
    for at, name in places.items():
        yield _column(name, parts.pop(at))


def _parse(text: Text, types: dict[str, Any]) -> Any:
    blanks = [f"{before}{word}{after}" for word in MISSING for before in ("", " ") for after in ("", " ")]
    with text.source.open() as file:
        return pa.csv.read_csv(
            file,
            read_options=pa.csv.ReadOptions(
                column_names=[str(i) for i in range(len(text.names))],
                skip_rows_after_names=text.first + text.header,
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=text.separator,
                newlines_in_values=True,
                invalid_row_handler=lambda row: "error" if row.text.strip() else "skip",
            ),
            convert_options=pa.csv.ConvertOptions(
                include_columns=list(types),
                column_types=types,
                null_values=blanks,
                strings_can_be_null=True,
                decimal_point=text.decimal,
            ),
        )


def _all_numbers(cells: Sequence[str], text: Text) -> bool:
    known = [cell.strip() for cell in cells if cell.strip() not in MISSING]
    group = "." if text.decimal == "," else ","
    return bool(known) and all(
        (group not in cell and text.number.fullmatch(cell)) or cell.lower().lstrip("+-") in ("inf", "infinity")
        for cell in known
    )


def parquet_names(source: Source) -> list[str]:
    """Give the names of a Parquet file's columns."""
    with source.raw() as file:
        try:
            return list(pa.parquet.read_schema(file).names)
        except (pa.ArrowInvalid, OSError) as error:
            source.refuse(f"a damaged Parquet file ({_first_line(error)})")


def read_parquet(source: Source, names: Sequence[str]) -> Iterator[Column]:
    """Give columns of what they hold, one at a time."""
    with source.raw() as file:
        try:
            table = pa.parquet.ParquetFile(file)
            for name in names:
                yield _typed(name, table.read(columns=[name])[name])
        except (pa.ArrowInvalid, OSError) as error:
            source.refuse(f"a damaged Parquet file ({_first_line(error)})")


def _typed(name: str, column: Any) -> Column:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _column(name, column.cast(kind).cast(pa.float64(), safe=False))
    if types.is_boolean(kind):
        values = _floats(column.cast(pa.int8()).cast(pa.float64()))
        return Column(name, values, "booleans")
    if types.is_date(kind) or types.is_timestamp(kind):
        moments = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(pa.int64())
        return Column(name, _floats(moments.cast(pa.float64(), safe=False)) / 86_400e6, "dates", form="year first")
    if types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind):
        return _column(name, column.cast(kind).cast(pa.string()).dictionary_encode())
    return Column(name, np.empty(0), "none", form=f"it holds {kind}")


def _column(name: str, column: Any) -> Column:
    if column.type == pa.float64():
        return Column(name, _floats(column))
    chunks = column.unify_dictionaries().chunks
    codes = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
    texts = chunks[-1].dictionary.to_pylist() if chunks else []
    return clean(name, np.concatenate([np.empty(0, np.int32), *codes]), texts)


def _floats(column: Any) -> NDArray[np.float64]:
    values = np.empty(len(column))
    at = 0
    for chunk in column.chunks:
        values[at : at + len(chunk)] = chunk.to_numpy(zero_copy_only=False)  # missing ones become NaN
        at += len(chunk)
    return values


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
