"""Read CSV and Parquet with pyarrow, which is imported where it is used."""

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
BLANKS = [f"{before}{word}{after}" for word in MISSING for before in ("", " ") for after in ("", " ")]


def read_text(text: Text, names: Sequence[str], as_texts: Sequence[str]) -> list[Column]:
    """Give columns of numbers, and of texts where they aren't or are named so.

    Which are numbers is first taken from the sample, and the file is read by blocks of rows into arrays that grow:
    reading it whole and letting pyarrow find the types takes five times the memory.
    """
    places = [text.places[name] for name in names]
    numeric = [_all_numbers(cells, text) for cells in zip(*text.sample, strict=True)]
    types = {
        str(i): pa.float64() if numeric[i] and name not in as_texts else TEXTS
        for i, name in zip(places, names, strict=True)
    }
    source, blank_lines = text.source, False
    while True:
        try:
            columns = _read(text, types, _cleaned(source) if blank_lines else _native(source))
            break
        except OSError as error:
            if not source.compressed:
                raise
            source.refuse(f"a damaged .gz file ({_first_line(error)})")
        except pa.ArrowInvalid as error:
            wrong = re.match(r"In CSV column #(\d+): (?:Row #\d+: )?CSV conversion error to double", str(error))
            if wrong:
                types[wrong[1]] = TEXTS
            elif re.search(r"got 1: *$", str(error)) and not blank_lines:
                blank_lines = True
            else:
                text.check_rows()
                source.refuse(_first_line(error))
    if source.has_odd_quotes():  # pyarrow takes what follows a quote that nothing ends for one cell
        text.check_rows()
    rows = columns[0].rows
    if rows and all(column.ends_missing for column in columns):
        rows -= text.blank_at_the_end()
    return [column.column(name, rows) for name, column in zip(names, columns, strict=True)]


def _read(text: Text, types: dict[str, Any], stream: Any) -> list[_Growing]:
    columns = [_Growing(kind) for kind in types.values()]
    reader = pa.csv.open_csv(
        stream,
        read_options=pa.csv.ReadOptions(
            block_size=max(2**20, 8 * text.longest),  # which a row must fit into
            column_names=[str(i) for i in range(len(text.names))],
            skip_rows_after_names=text.first + text.header,
        ),
        parse_options=pa.csv.ParseOptions(delimiter=text.separator, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            include_columns=list(types),
            column_types=types,
            null_values=BLANKS,
            strings_can_be_null=True,
            decimal_point=text.decimal,
        ),
    )
    for batch in reader:
        for column, more in zip(columns, batch.columns, strict=True):
            column.append(more)
    return columns


def _native(source: Source) -> Any:
    """Open a source without Python's help: pyarrow's threads outlive a read, and one that holds an object of Python's
    when the process ends aborts it.
    """
    stream = pa.OSFile(source.path) if source.content is None else pa.BufferReader(_own(source.content))
    return pa.CompressedInputStream(stream, "gzip") if source.compressed else stream


def _cleaned(source: Source) -> Any:
    """What is there without its lines of blanks, which pyarrow takes for rows of one cell."""
    with source.open() as file:
        return pa.BufferReader(_own(re.sub(rb"(?m)^ +\r?(?:\n|\Z)", b"", file.read())))


def _own(content: bytes) -> Any:
    buffer = pa.allocate_buffer(len(content))
    memoryview(buffer).cast("B")[:] = content
    return buffer


class _Growing:
    """The values of a column: numbers, or places in `texts`. A growing array is moved by the system, not copied."""

    def __init__(self, kind: Any):
        self.rows = 0
        self._texts: dict[str, int] | None = {} if kind == TEXTS else None
        self._values: NDArray[Any] = np.empty(0, np.float64 if self._texts is None else np.int32)

    @property
    def ends_missing(self) -> bool:
        last = self._values[self.rows - 1]
        return bool(np.isnan(last) if self._texts is None else last < 0)

    def append(self, more: Any) -> None:
        end = self.rows + len(more)
        if end > len(self._values):
            self._values.resize(end + end // 8, refcheck=False)  # which writes zeros there: no more than that
        if self._texts is None:
            self._values[self.rows : end] = _array(more, np.nan)
        else:
            codes = [self._texts.setdefault(text, len(self._texts)) for text in more.dictionary.to_pylist()]
            self._values[self.rows : end] = np.array([*codes, -1], np.int32)[_array(more.indices, -1)]
        self.rows = end

    def column(self, name: str, rows: int) -> Column:
        self._values.resize(rows, refcheck=False)
        return Column(name, self._values) if self._texts is None else clean(name, self._values, list(self._texts))


def _all_numbers(cells: Sequence[str], text: Text) -> bool:
    known = [cell.strip() for cell in cells if cell.strip() not in MISSING]
    group = "." if text.decimal == "," else ","
    return bool(known) and all(
        (group not in cell and text.number.fullmatch(cell)) or cell.lower().lstrip("+-") in ("inf", "infinity")
        for cell in known
    )


def parquet_names(source: Source) -> list[str]:
    """Give the names of a Parquet file's columns."""
    try:
        return list(pa.parquet.read_schema(_native(source)).names)
    except (pa.ArrowInvalid, OSError) as error:
        source.refuse(f"a damaged Parquet file ({_first_line(error)})")


def read_parquet(source: Source, names: Sequence[str]) -> Iterator[Column]:
    """Give columns of what they hold, one at a time."""
    try:
        table = pa.parquet.ParquetFile(_native(source))
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
        return _column(name, column.cast(pa.int8()).cast(pa.float64()))._replace(kind="booleans")
    if types.is_date(kind) or types.is_timestamp(kind):
        moments = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(pa.int64())
        days = _column(name, moments.cast(pa.float64(), safe=False)).values / 86_400e6
        return Column(name, days, "dates", form="year first")
    if types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind):
        return _column(name, column.cast(kind).cast(pa.string()).dictionary_encode())
    return Column(name, np.empty(0), "none", form=f"it holds {kind}")


def _column(name: str, column: Any) -> Column:
    growing = _Growing(column.type)
    for chunk in column.chunks:
        growing.append(chunk)
    return growing.column(name, growing.rows)


def _array(column: Any, missing: float) -> NDArray[Any]:
    """What an array of float64 or int32 holds; its own `to_numpy` and `fill_null` would import pandas."""
    known, values = column.buffers()
    rows = slice(column.offset, column.offset + len(column))
    array = np.frombuffer(values or b"", np.float64 if column.type == pa.float64() else np.int32)[rows]
    if not column.null_count:
        return array
    return np.where(np.unpackbits(np.frombuffer(known, np.uint8), bitorder="little")[rows], array, missing)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
