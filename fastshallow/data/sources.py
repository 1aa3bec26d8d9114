"""Where the examples of `Blocks` come from, block by block: an example is a row here, as files and tables have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .arrays import as_numbers
from .dtypes import is_stored

MOST = 2**21  # bytes of X that are read at a time: some dozen places of a file in each buffer


class Piece(NamedTuple):
    """Some examples: X (k, n_x) and Y (k, n_y) or None, from a row of a block on, which may be of all the data."""

    X: Any
    Y: Any
    row: int = 0
    block: int | None = None

    def place(self, k: int) -> str:
        """Where example k of them is, in words."""
        return f"row {self.row + k}" + ("" if self.block is None else f" of block {self.block}")


class Head(NamedTuple):
    """What every piece of a source has: how many features and outputs (0 without Y), and X's dtype."""

    n_x: int
    n_y: int
    dtype: np.dtype[Any]


class Source(Protocol):
    """Gives the data again and again, in pieces."""

    names: tuple[str, ...]  # of the features, if they have any

    def head(self) -> Head | None:
        """What its pieces have, if that is known before one is read."""

    def pieces(self, size: int, random: np.random.Generator | None) -> Iterator[Piece]:
        """All of the data once, pieces of about `size` bytes; in random order, as far as the source has one."""


def blocks_in_order(count: int, random: np.random.Generator | None) -> Iterable[int]:
    """The numbers of blocks as they come, or as they are drawn."""
    return range(count) if random is None else map(int, random.permutation(count))


class Arrays:
    """X (m, n_x) and Y (m,) or (m, n_y), of NumPy's, HDF5 or Zarr: slices of rows are read."""

    names: tuple[str, ...] = ()

    def __init__(self, X: Any, Y: Any) -> None:
        for name, a, allowed in ("source", X, (2,)), ("Y", Y, (1, 2)):
            if a is None:
                continue
            if not is_array(a):
                raise TypeError(f"{name} must be an array with .shape, .dtype and slices of rows, not {_kind(a)}")
            if len(a.shape) not in allowed or not all(a.shape):
                shapes = "(m, n_x)" if name == "source" else "(m,) or (m, n_y)"
                raise ValueError(f"{name} must have shape {shapes}, examples as rows, and some, not {tuple(a.shape)}")
        if (dtype := np.dtype(X.dtype)).kind not in "fiub" and not is_stored(dtype):
            raise TypeError(f"source must hold real numbers, not {dtype}")
        if Y is not None and Y.shape[0] != X.shape[0]:
            hint = "; examples are rows here: did you mean source.T?" if Y.shape[0] == X.shape[1] else ""
            raise ValueError(f"Y must have a row for each of the {X.shape[0]} examples, not {Y.shape[0]}{hint}")
        self._X, self._Y = X, Y

    def head(self) -> Head:
        """From shapes and dtypes."""
        n_y = 0 if self._Y is None else 1 if len(self._Y.shape) == 1 else self._Y.shape[1]
        return Head(self._X.shape[1], n_y, np.dtype(self._X.dtype))

    def pieces(self, size: int, random: np.random.Generator | None) -> Iterator[Piece]:
        """Runs of rows, of whole chunks where the array has some."""
        (m, n_x), dtype = self._X.shape, np.dtype(self._X.dtype)
        rows = max(1, min(size, MOST) // (n_x * dtype.itemsize))
        chunk = (getattr(self._X, "chunks", None) or (1,))[0]
        if isinstance(chunk, int):  # a part of one is not read sooner than the whole
            rows = max(1, rows // chunk) * chunk
        for k in blocks_in_order(-(-m // rows), random):
            some = slice(k * rows, min(m, (k + 1) * rows))
            yield Piece(self._X[some], None if self._Y is None else self._Y[some], k * rows)


class Pairs:
    """Blocks (X, Y), or X alone, of an object that is passed through anew each time, or of a function that begins it.

    A sequence, which has ``len()`` and ``[]``, is taken in any order.
    """

    names: tuple[str, ...] = ()

    def __init__(self, source: Any, split: Callable[[Any], tuple[Any, Any]]) -> None:
        self._source, self._split = source, split
        self._last: Iterator[Any] | None = None
        self._indexed = not callable(source) and hasattr(source, "__len__") and hasattr(source, "__getitem__")
        if self._indexed and not len(source):
            raise ValueError("source holds no blocks")

    def head(self) -> None:
        """Only a block shows."""

    def pieces(self, size: int, random: np.random.Generator | None) -> Iterator[Piece]:
        """Each block as it is."""
        if self._indexed:
            for k in blocks_in_order(len(self._source), random):
                yield self._piece(self._source[k], k)
            return
        for k, block in enumerate(self._begun()):
            yield self._piece(block, k)

    def _begun(self) -> Iterator[Any]:
        begun: Iterator[Any] = iter(self._source() if callable(self._source) else self._source)
        if begun is self._last:
            raise TypeError("source gives the same iterator again, which is spent: it must give a new one each time")
        self._last = begun
        return begun

    def _piece(self, block: Any, k: int) -> Piece:
        X, Y = self._split(block)
        return Piece(as_numbers(f"X of block {k}", X), Y, 0, k)


def listed(names: Sequence[str]) -> str:
    """Some names, in words."""
    return ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")


def is_array(a: Any) -> bool:
    """Whether it has what is needed of an array."""
    return all(hasattr(a, name) for name in ("shape", "dtype", "__getitem__"))


def _kind(a: Any) -> str:
    return f"an object of type {type(a).__name__}"
