"""Sparse X: SciPy's matrices, by the columns that examples are. SciPy itself is not needed here."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .dtypes import FLOAT32, FLOAT64


class Columns(NamedTuple):
    """X (n_x, m) by its numbers that are not zero: those of example t, and their features, from starts[t] on."""

    values: NDArray[Any]
    features: NDArray[Any]
    starts: NDArray[Any]
    shape: tuple[int, int]
    strides: tuple[int, int] = (0, 0)  # which a kernel asks any X for

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.values.dtype

    def take(self, examples: Any) -> Columns:
        """Some of the examples: a view for a slice of neighbours, else a copy."""
        if isinstance(examples, slice):
            first, last, _ = examples.indices(self.shape[1])
            a, b = self.starts[first], self.starts[last]
            starts = self.starts[first : last + 1] - a
            return Columns(self.values[a:b], self.features[a:b], starts, (self.shape[0], last - first))
        counts = self.starts[examples + 1] - self.starts[examples]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(self.starts.dtype)
        places = np.arange(starts[-1]) + np.repeat(self.starts[examples] - starts[:-1], counts)
        return Columns(self.values[places], self.features[places], starts, (self.shape[0], len(counts)))

    def dense(self) -> NDArray[Any]:
        """As an array (n_x, m)."""
        X = np.zeros(self.shape, self.dtype)
        X[self.features, np.repeat(np.arange(self.shape[1]), np.diff(self.starts))] = self.values
        return X


def is_sparse(X: Any) -> bool:
    """Whether it is a sparse matrix or array of SciPy's."""
    return hasattr(X, "tocsc") and hasattr(X, "toarray")


def columns_of(X: Any) -> Columns:
    """A sparse matrix (n_x, m) as its columns: CSC is not copied, unless it is not float or out of order."""
    if X.format not in ("csc", "csr"):
        raise TypeError(f"X must be sparse by columns, CSC, or by rows, CSR, not {X.format}: convert it with X.tocsc()")
    if X.ndim != 2:
        raise ValueError(f"X must have two dimensions (n_x, m), but its shape is {X.shape}")
    if X.dtype.kind not in "fiub":
        raise TypeError(f"X must hold real numbers, not {X.dtype}")
    if not X.shape[0] * X.shape[1]:
        raise ValueError(f"X must not be empty, but its shape is {X.shape}")
    _check_places(X)
    columns = X.tocsc()
    if not columns.has_canonical_format:  # each number once, in order
        columns = columns.copy()
        columns.sum_duplicates()
    dtype = FLOAT32 if columns.dtype == FLOAT32 else FLOAT64
    values = columns.data.astype(dtype, copy=False)
    arrays = values, columns.indices, columns.indptr
    values, features, starts = (np.require(each, requirements=("C", "A", "W")) for each in arrays)
    n_x, m = map(int, X.shape)
    return Columns(values, features, starts, (n_x, m))


def _check_places(X: Any) -> None:
    """Refuse features, examples or starts that lie outside of X: compiled code trusts them."""
    major, minor = X.shape if X.format == "csr" else X.shape[::-1]
    starts, places = X.indptr, X.indices
    right = len(starts) == major + 1 and starts[0] == 0 and starts[-1] <= min(len(places), len(X.data))
    if not right or (np.diff(starts) < 0).any() or (len(places) and not 0 <= places.min() <= places.max() < minor):
        raise ValueError(f"X is a damaged {X.format} matrix: its indptr or indices lie outside of its shape {X.shape}")
