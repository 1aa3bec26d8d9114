"""Data that are larger than memory: they are read block by block, anew in each epoch."""

from __future__ import annotations

import copy
import os
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..formulas import positive_integer
from .arrays import as_numbers
from .checks import Labels, exactly
from .dtypes import computing
from .labels import flat, one_hot
from .scales import Moments
from .sources import Arrays, Head, Pairs, Piece, Source, is_array, listed

PATHS = (str, os.PathLike)
PARTS, BUFFERS = 32, 2  # what is read at a time is a part of the memory; the buffers are three quarters of it


class Survey(NamedTuple):
    """What one pass through the data shows: X's moments, what is in Y, and a checksum."""

    moments: Moments
    labels: Labels | None
    checksum: int


class Blocks:
    """Data for `train` and `predict` that are read block by block, because they are larger than memory.

    In blocks, as in files and tables, an example is a row. A thread reads ahead while the kernels work.

    Parameters
    ----------
    source
        One of:

        - a Parquet file, a folder of some, or a list of files, by their paths; a ``pyarrow.Table`` or
          ``pyarrow.dataset.Dataset``. They need pyarrow: ``pip install "fastshallow[table]"``;
        - an array X (m, n_x) that has ``.shape`` and ``.dtype``, and whose slices of rows give NumPy's arrays: of h5py
          or Zarr, or a memmap;
        - an object whose ``iter()`` begins anew each time and gives blocks (X, Y), or X alone, of any number of rows;
          with ``len()`` and ``[]`` the blocks can come in any order;
        - a function without arguments that gives such an iterator, or a ``pyarrow.RecordBatchReader``.

    Y : (m,) or (m, n_y)
        What to learn, of an array X: see `train`, but for the rows.
    target, features
        Names of a table's columns: what to learn, one or several, and what from, by default all others.
    classes
        The classes that the target, or Y, names: it becomes a one-hot row, for ``output="softmax"``.
    memory
        Bytes for the two buffers and the block that is read. The library that reads has some of its own: for Parquet
        a row group.

    Raises
    ------
    ValueError, TypeError, ImportError, FileNotFoundError
        For an argument of wrong shape, dtype or value, by its name. What is wrong within a block is found when it is
        read, and named by its row and block.

    Examples
    --------
    >>> blocks = fs.Blocks("flights.parquet", target="delayed", memory=2**30)
    >>> blocks, features = fs.standardize(blocks)  # a first pass
    >>> net = fs.train(blocks, n_h=32, batch_size=1024, epochs=3).with_features(features)
    >>> net.predict(fs.Blocks("new.parquet"))
    """

    def __init__(
        self,
        source: Any,
        Y: Any = None,
        *,
        target: str | Sequence[str] | None = None,
        features: Sequence[str] | None = None,
        classes: ArrayLike | None = None,
        memory: int = 2**28,
    ) -> None:
        self.memory = positive_integer("memory", memory)
        self.units: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None  # mean and scale that standardize
        self._classes = None if classes is None else flat("classes", classes)
        targets = (target,) if isinstance(target, str) else tuple(target or ())
        if isinstance(features, str):
            raise TypeError(f"features must be a list of names, not {features!r}")
        if self._classes is not None and len(targets) > 1:
            raise ValueError(f"classes is for one target, not {len(targets)}")
        self._source = _source_of(source, Y, features, targets, self._classes)
        if isinstance(self._source, Arrays):
            for name, given in ("target", target), ("features", features):
                if given is not None:
                    raise TypeError(f"{name} is for columns with names; an array is given as fs.Blocks(X, Y)")
        elif Y is not None:
            raise TypeError("Y is for a source that is an array: a table's is named by target=, and blocks are (X, Y)")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features, if they have any."""
        return self._source.names

    @property
    def n_x(self) -> int:
        """Number of features."""
        return self._head.n_x

    @property
    def n_y(self) -> int:
        """Number of outputs; 0 if there is no Y."""
        return self._head.n_y

    @property
    def dtype(self) -> np.dtype[Any]:
        """What X is stored as in the buffers."""
        return computing(self._head.dtype) if self.units else self._head.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """(n_x, m), for which all data are read once."""
        return self.n_x, self.survey.moments.m

    @property
    def described(self) -> str:
        """Its features, in words."""
        return f"{self.n_x} features" + (f", {listed(self.names)}" if self.names else "")

    def __repr__(self) -> str:
        return f"Blocks({self.n_x} features, {self.n_y} outputs, {self.dtype}, memory={self.memory})"

    def standardized(self, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Blocks:
        """The same, of whose X the mean is subtracted before it is divided by the scale."""
        other = copy.copy(self)
        other.units = mean, scale
        return other

    def fitting(self, batch: int, m: int | None = None) -> int:
        """How many examples a buffer holds: whole batches, at most those of all m."""
        size = self.n_x * self.dtype.itemsize + self.n_y * computing(self.dtype).itemsize
        each = BUFFERS * (size + 8)  # and its number in the order
        room = self.memory * 3 // 4 // each
        if room < batch:
            raise ValueError(
                f"memory must be {-(-batch * each * 4 // 3)} bytes or more for batches of {batch} examples, "
                f"each of {size} bytes, not {self.memory}"
            )
        room = room // batch * batch
        return room if m is None else min(room, -(-m // batch) * batch)

    def pieces(self, random: np.random.Generator | None = None) -> Iterator[Piece]:
        """All data once, checked for all but their numbers, in the order of the source or a random one."""
        for piece in self._source.pieces(self.memory // PARTS, random):
            yield self._checked(piece)

    @cached_property
    def survey(self) -> Survey:
        """Of a pass through all data, in which NaN and infinity are refused."""
        moments, labels, checksum = None, None, 0
        for piece in self.pieces():
            X, Y = piece.X.T, piece.Y
            some = Moments.of(X)
            if not (np.isfinite(some.low) & np.isfinite(some.high)).all():
                raise self._not_finite("X", piece, piece.X)
            moments = some if moments is None else moments.merged(some)
            if Y is not None:
                if not np.isfinite(Y).all():
                    raise self._not_finite("Y", piece, Y)
                labels = Labels.of(Y.T) if labels is None else labels.merged(Labels.of(Y.T))
                checksum = zlib.crc32(np.ascontiguousarray(Y).data, checksum)
        if moments is None:
            raise ValueError("source holds no examples")
        for array in moments[1:]:
            checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
        return Survey(moments, labels, checksum)

    @cached_property
    def _head(self) -> Head:
        head = self._source.head()
        if head is None:
            piece = next(self._source.pieces(self.memory // PARTS, None), None)
            if piece is None:
                raise ValueError("source holds no examples")
            X, Y = _matrix(piece), piece.Y
            head = Head(X.shape[1], 0 if Y is None else 1 if np.ndim(Y) == 1 else np.shape(Y)[1], X.dtype)
        if self._classes is not None and head.n_y:
            if head.n_y not in (1, len(self._classes)):
                raise ValueError(f"classes is for Y of one label an example, not {head.n_y}")
            head = head._replace(n_y=len(self._classes))
        return head

    def _checked(self, piece: Piece) -> Piece:
        """The piece with X (k, n_x) in its dtype and Y (k, n_y) in the one that is computed in."""
        head, where, X = self._head, _block(piece), _matrix(piece)
        if X.shape[1] != head.n_x:
            raise ValueError(f"X{where} has {X.shape[1]} features, but the first block has {head.n_x}")
        if X.dtype != head.dtype:
            raise TypeError(f"X{where} is {X.dtype}, but the first block is {head.dtype}")
        if not head.n_y:
            return piece._replace(X=X, Y=None)
        if piece.Y is None:
            raise ValueError(f"Y{where} is missing")
        if self._classes is not None and np.size(piece.Y) == len(X):
            Y = one_hot(np.ravel(piece.Y), self._classes)[0].T
        else:
            Y = as_numbers(f"Y{where}", piece.Y)
        Y = exactly(f"Y{where}", Y[:, None] if Y.ndim == 1 else Y, computing(head.dtype))
        if Y.shape != (len(X), head.n_y):
            raise ValueError(f"Y{where} must have shape {(len(X), head.n_y)}, as X has {len(X)} rows, not {Y.shape}")
        return piece._replace(X=X, Y=Y)

    def _not_finite(self, name: str, piece: Piece, values: NDArray[Any]) -> ValueError:
        k, j = np.argwhere(~np.isfinite(values))[0]
        what = "output" if name == "Y" else "feature"
        named = f" ({self.names[j]!r})" if name == "X" and self.names else ""
        return ValueError(f"{name} holds {values[k, j]} at {what} {j}{named}, {piece.place(k)}")


def _block(piece: Piece) -> str:
    return "" if piece.block is None else f" of block {piece.block}"


def _matrix(piece: Piece) -> NDArray[Any]:
    """X (k, n_x) of a piece."""
    X = as_numbers(f"X{_block(piece)}", piece.X)
    if X.ndim != 2 or not X.size:
        raise ValueError(f"X{_block(piece)} must have shape (k, n_x), examples as rows, and some, not {X.shape}")
    return X


def _arrow() -> Any:
    try:
        from . import arrow
    except ImportError:
        raise ImportError('Parquet files and Arrow\'s tables need pyarrow: pip install "fastshallow[table]"') from None
    return arrow


def _source_of(source: Any, Y: Any, features: Any, targets: tuple[str, ...], classes: Any) -> Source:
    """What reads the source."""
    columns = features, targets, None if classes is None else classes.tolist()
    if isinstance(source, PATHS):
        return _arrow().files([source], *columns)  # type: ignore[no-any-return]
    if isinstance(source, (list, tuple)) and source and all(isinstance(each, PATHS) for each in source):
        return _arrow().files(source, *columns)  # type: ignore[no-any-return]
    if _is_arrow(source) and (found := _arrow().source_of(source, *columns)):
        return found  # type: ignore[no-any-return]
    if hasattr(source, "__next__"):
        raise TypeError(
            f"source is a {type(source).__name__}, which can be passed through only once, but each epoch begins anew: "
            "give the function that makes it, or a list of blocks"
        )
    if is_array(source):
        return Arrays(source, Y)
    if hasattr(source, "columns"):
        raise TypeError(
            f"source is a {type(source).__name__}, in memory already: give its to_numpy(), with Y beside it"
        )
    gives = callable(source) or hasattr(source, "__iter__") or hasattr(source, "__getitem__")
    if isinstance(source, dict) or not gives:
        raise TypeError(
            "source must be a path, a table or data set of Arrow's, an array, a function, or an object that gives "
            f"blocks again and again, not {type(source).__name__}"
        )
    return Pairs(source, partial(_split, columns, {}))


def _split(columns: tuple[Any, ...], known: dict[Any, Any], block: Any) -> tuple[Any, Any]:
    """X and Y of a block."""
    if _is_arrow(block):
        return _arrow().split(block, columns, known)  # type: ignore[no-any-return]
    features, targets, _ = columns
    if features is not None or targets:
        raise TypeError("features and target are for blocks of Arrow's; others are (X, Y)")
    if not isinstance(block, (tuple, list)):
        return block, None
    if len(block) != 2:
        raise TypeError(f"a block must be (X, Y), or X alone, not a {type(block).__name__} of {len(block)}")
    return block[0], block[1]


def _is_arrow(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "pyarrow"
