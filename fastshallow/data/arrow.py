"""Parquet files, and Arrow's tables and data sets, by columns: imported where there is one, for it needs pyarrow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
from numpy.typing import NDArray

from .dtypes import is_stored
from .sources import MOST, Head, Piece, blocks_in_order, listed

ROWS = 4096  # which are turned from columns into rows at a time, in the cache
ONE_THREAD = {"use_threads": False, "batch_readahead": 1, "fragment_readahead": 1}  # else it reads gigabytes ahead


class Choice:
    """Which columns of a table are features, and which are the target."""

    def __init__(self, schema: Any, features: Sequence[str] | None, target: Sequence[str], classes: Any) -> None:
        for name, wanted in ("features", features or ()), ("target", target):
            for each in wanted:
                if each not in schema.names:
                    raise ValueError(f"{name} has {each!r}, but the columns are {listed(schema.names)}")
        self.target, self._classes = tuple(target), classes
        self.names = tuple(name for name in schema.names if name not in target) if features is None else tuple(features)
        if both := [name for name in self.names if name in target]:
            raise ValueError(f"features has {both[0]!r}, which is the target")
        if not self.names:
            raise ValueError("features must name a column or more, but there are none beside the target")
        kinds = [_dtype(schema.field(name).type, f"features: column {name!r}") for name in self.names]
        dtype = np.result_type(*kinds)
        dtype = dtype if is_stored(dtype) else np.result_type(dtype, np.float32)
        n_y = len(self.target) if classes is None else len(classes)
        self.head = Head(
            len(self.names), n_y if target else 0, dtype if is_stored(dtype) else np.result_type(dtype, "f4")
        )
        if classes is None:
            for name in target:
                _dtype(schema.field(name).type, f"target: column {name!r}", "classes= lists those of labels")

    @property
    def needed(self) -> list[str]:
        """Names of all columns to read."""
        return [*self.names, *self.target]

    def piece(self, batch: Any, row: int = 0, block: int | None = None) -> Piece:
        """The rows of a record batch."""
        piece = Piece(None, None, row, block)
        X = _rows([_numbers(batch, name, piece) for name in self.names], self.head.dtype)
        return piece._replace(X=X, Y=self._targets(batch, piece))

    def _targets(self, batch: Any, piece: Piece) -> NDArray[Any] | None:
        if not self.target:
            return None
        if self._classes is None:
            columns = [_numbers(batch, name, piece) for name in self.target]
            return _rows(columns, np.result_type(*columns))
        labels, classes = _known(batch, self.target[0], piece), self._classes
        if pa.types.is_dictionary(labels.type):
            labels = labels.dictionary_decode()
        codes = pa.compute.index_in(labels, value_set=pa.array(classes).cast(labels.type))
        if codes.null_count:
            k = codes.is_null().index(True).as_py()
            raise ValueError(f"target holds {labels[k].as_py()!r} in {piece.place(k)}, which is not among the classes")
        return np.eye(len(classes), dtype=np.uint8)[_numbers_of(codes)]  # type: ignore[no-any-return]


class Table:
    """A table in memory, or a file that is mapped to it."""

    def __init__(self, table: Any, *columns: Any) -> None:
        self._columns = Choice(table.schema, *columns)
        self._table, self.names = table.select(self._columns.needed), self._columns.names

    def head(self) -> Head:
        """From the schema."""
        return self._columns.head

    def pieces(self, size: int, random: np.random.Generator | None) -> Iterator[Piece]:
        """Runs of rows."""
        table, rows = self._table, _fitting(self._columns.head, size)
        for k in blocks_in_order(-(-table.num_rows // rows), random):
            row = k * rows
            for batch in table.slice(row, rows).to_batches():
                yield self._columns.piece(batch, row)
                row += len(batch)


class Dataset:
    """A data set: a Parquet file or several; a block is a row group, or what a file of another format is."""

    def __init__(self, dataset: Any, *columns: Any) -> None:
        self._columns = Choice(dataset.schema, *columns)
        self._dataset, self.names = dataset, self._columns.names

    def head(self) -> Head:
        """From the schema."""
        return self._columns.head

    def pieces(self, size: int, random: np.random.Generator | None) -> Iterator[Piece]:
        """Each row group in some batches."""
        blocks = [block for fragment in self._dataset.get_fragments() for block in _blocks(fragment)]
        options = dict(ONE_THREAD, batch_size=_fitting(self._columns.head, size), columns=self._columns.needed)
        for k in blocks_in_order(len(blocks), random):
            row, more = 0, {}
            if isinstance(blocks[k], pa.dataset.ParquetFileFragment):
                more["fragment_scan_options"] = pa.dataset.ParquetFragmentScanOptions(
                    pre_buffer=False, use_buffered_stream=True
                )
            scanner = blocks[k].scanner(schema=self._dataset.schema, **options, **more)
            for batch in scanner.to_batches():
                if len(batch):
                    yield self._columns.piece(batch, row, k)
                row += len(batch)


def source_of(source: Any, *columns: Any) -> Table | Dataset | None:
    """What reads a table or a data set; None for anything else of Arrow's."""
    if isinstance(source, pa.Table):
        return Table(source, *columns)
    return Dataset(source, *columns) if isinstance(source, pa.dataset.Dataset) else None


def files(paths: Sequence[Any], *columns: Any) -> Dataset:
    """What reads Parquet files."""
    names = [os.fspath(path) for path in paths]
    for name in names:
        if not os.path.exists(name):
            raise FileNotFoundError(f"source: there is no file {name!r}")
    try:
        dataset = pa.dataset.dataset(names if len(names) > 1 else names[0], format="parquet")
        dataset.count_rows()  # which reads how every file ends
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"source: {listed(names)} must be Parquet, but pyarrow says: {_first_line(error)}") from None
    return Dataset(dataset, *columns)


def split(block: Any, columns: tuple[Any, ...], known: dict[Any, Choice]) -> tuple[Any, Any]:
    """X and Y of a block of Arrow's, whose schema may be known."""
    if block.schema not in known:
        known[block.schema] = Choice(block.schema, *columns)
    if isinstance(block, pa.Table):
        batches = block.combine_chunks().to_batches()
        block = batches[0] if batches else pa.RecordBatch.from_pylist([], schema=block.schema)
    piece = known[block.schema].piece(block)
    return piece.X, piece.Y


def _blocks(fragment: Any) -> list[Any]:
    return fragment.split_by_row_group() if isinstance(fragment, pa.dataset.ParquetFileFragment) else [fragment]


def _fitting(head: Head, size: int) -> int:
    return max(1, min(size, MOST) // (head.n_x * head.dtype.itemsize))


def _dtype(kind: Any, what: str, hint: str = "") -> np.dtype[Any]:
    """NumPy's dtype of a column of numbers."""
    types = pa.types
    if types.is_boolean(kind):
        return np.dtype(np.bool_)
    if types.is_decimal(kind):
        return np.dtype(np.float64)
    if types.is_integer(kind) or types.is_floating(kind):
        return np.dtype(kind.to_pandas_dtype())  # type: ignore[no-any-return]
    hint = hint or "leave it out, or make numbers of it before"
    raise TypeError(f"{what} must hold numbers, not {kind}: {hint}")


def _known(batch: Any, name: str, piece: Piece) -> Any:
    """A column, no value of which is missing."""
    column = batch.column(name)
    if column.null_count:
        k = column.is_null().index(True).as_py()
        raise ValueError(f"column {name!r} has no value in {piece.place(k)}: fill it, or leave the row out")
    return column


def _numbers(batch: Any, name: str, piece: Piece) -> NDArray[Any]:
    """The numbers of a column; its own `to_numpy` would import pandas."""
    column = _known(batch, name, piece)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if pa.types.is_boolean(column.type):
        return np.frombuffer(column.cast(pa.uint8()).buffers()[1], np.uint8, len(column)).view(np.bool_)
    return _numbers_of(column)


def _numbers_of(column: Any) -> NDArray[Any]:
    dtype = np.dtype(column.type.to_pandas_dtype())
    return np.frombuffer(column.buffers()[1], dtype, len(column), column.offset * dtype.itemsize)


def _rows(columns: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The columns as an array of rows."""
    rows = np.empty((len(columns[0]), len(columns)), dtype)
    for start in range(0, len(rows), ROWS):
        some = slice(start, start + ROWS)
        for k, column in enumerate(columns):
            rows[some, k] = column[some]
    return rows


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
