"""Dask's collections, taken apart into partitions: arrays have examples as columns, tables as rows."""

from __future__ import annotations

from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.utils import is_dataframe_like, is_series_like

Part = tuple[Any, Any, tuple[Any, ...]]  # what holds X, what holds Y or None, and Y's columns in the first


def parts_of(X: Any, Y: Any) -> list[Part]:
    """The partitions of X with those of Y, which lie in the same places."""
    if isinstance(X, da.Array):
        return _of_arrays(X, Y)
    if is_table(X):
        return _of_tables(X, Y)
    raise TypeError(
        f"X must be a Dask array (n_x, m) or dataframe, not {kind(X)}: fs.train takes those of one process, and "
        "dask.array.from_array(X, chunks=(-1, ...)) makes one for a cluster"
    )


def is_table(X: Any) -> bool:
    """Whether it is a dataframe of Dask's."""
    return bool(dask.is_dask_collection(X) and is_dataframe_like(X))


def kind(value: Any) -> str:
    """The type of a value, with what it is part of."""
    return f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"


def check_shape(name: str, array: Any) -> None:
    """Refuse an array with chunks of unknown sizes, or not of two dimensions."""
    if any(np.isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(f"{name} has chunks of unknown sizes: {name}.compute_chunk_sizes() finds them")
    if array.ndim != 2:
        raise ValueError(f"{name} must have two dimensions, with examples as columns, but its shape is {array.shape}")


def check_rows(array: Any) -> None:
    """Refuse X with the features of an example in several chunks."""
    if len(array.chunks[0]) > 1:
        raise ValueError(
            "X must have all features of an example in one chunk, but its rows lie in chunks of "
            f"{', '.join(map(str, array.chunks[0][:5]))}: X.rechunk({{0: -1}})"
        )


def _of_arrays(X: Any, Y: Any) -> list[Part]:
    check_shape("X", X)
    if not isinstance(Y, da.Array):
        raise TypeError(f"Y must be a Dask array as X is, not {kind(Y)}: dask.array.from_array(Y, chunks=-1) makes one")
    Y = Y[None] if Y.ndim == 1 else Y
    check_shape("Y", Y)
    if Y.shape[1] != X.shape[1]:
        turned = "X.T" if X.shape[0] == Y.shape[1] else "Y.T" if Y.shape[0] == X.shape[1] else None
        hint = f"; an example is a column: did you mean {turned}?" if turned else ""
        raise ValueError(
            f"Y must have a column for each of X's {X.shape[1]} examples, but its shape is {Y.shape}{hint}"
        )
    check_rows(X)
    Y = Y.rechunk((-1, X.chunks[1]))
    return [(x, y, ()) for x, y in zip(X.to_delayed().ravel(), Y.to_delayed().ravel(), strict=True)]


def _of_tables(X: Any, Y: Any) -> list[Part]:
    columns = list(X.columns)
    if dask.is_dask_collection(Y) and (is_series_like(Y) or is_dataframe_like(Y)):
        if Y.npartitions != X.npartitions:
            raise ValueError(
                f"Y must have X's partitions, but it has {Y.npartitions}, and X {X.npartitions}: give both in one "
                "dataframe, and Y as the names of its columns"
            )
        return [(x, y, ()) for x, y in zip(X.to_delayed(), Y.to_delayed(), strict=True)]
    names = tuple(Y) if isinstance(Y, (list, tuple)) else (Y,)
    if not names or not all(isinstance(name, (str, int)) for name in names):
        raise TypeError(f"Y must be a Dask series or dataframe, or names of columns of X, not {kind(Y)}")
    for name in names:
        if name not in columns:
            raise ValueError(f"Y names the column {name!r}, but X has {', '.join(map(repr, columns[:20]))}")
    if len(names) == len(columns):
        raise ValueError("Y names all columns of X: none is left to learn from")
    return [(x, None, names) for x in X.to_delayed()]
