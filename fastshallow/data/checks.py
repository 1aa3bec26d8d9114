"""What users give is checked and brought into shape here, for all backends; what is right already passes quickly."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..formulas import Parameters, positive_integer
from .arrays import ROWS_OF_CLASSES, as_numbers, place
from .dtypes import FLOAT32, FLOAT64, computing, is_stored
from .sparse import Columns, columns_of, is_sparse


def check_data(X: Any) -> Any:
    """X (n_x, m) to learn from: an array of any dtype that is converted where X is read, or the columns of sparse X."""
    return columns_of(X) if is_sparse(X) else check_x(X, stored=True)


def check_x(X: ArrayLike, stored: bool = False) -> NDArray[Any]:
    """X as a float32 or float64 array (n_x, m), or if `stored` in any dtype that is converted where X is read.

    X of such a dtype is not copied, whatever the memory order.
    """
    if type(X) is np.ndarray and X.ndim == 2 and (X.dtype is FLOAT32 or X.dtype is FLOAT64):
        row, column = X.strides
        if X.flags.aligned and not (row | column) & (X.itemsize - 1) and X.size:
            return X
    return _as_matrix("X", X, None, stored)


def check_parameters(p: Parameters, X: NDArray[Any], name: str = "p") -> Parameters:
    """The parameters in the dtype that X is computed in, C-ordered, with shapes that fit X.

    `name` is the argument they came as.
    """
    try:
        W1, b1, W2, b2 = p
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be fs.Parameters (W1, b1, W2, b2), not {type(p).__name__}") from None
    dtype = X.dtype
    if dtype is not FLOAT32 and dtype is not FLOAT64:
        dtype = computing(dtype)
    try:
        n_h, n_y = W1.shape[0], W2.shape[0]
        if (
            n_h
            and n_y
            and W1.dtype is dtype
            and b1.dtype is dtype
            and W2.dtype is dtype
            and b2.dtype is dtype
            and W1.shape == (n_h, X.shape[0])
            and b1.shape == (n_h, 1)
            and W2.shape == (n_y, n_h)
            and b2.shape == (n_y, 1)
            and W1.flags.carray
            and b1.flags.carray
            and W2.flags.carray
            and b2.flags.carray
            and type(W1) is type(b1) is type(W2) is type(b2) is np.ndarray
        ):
            return p
    except (AttributeError, IndexError):
        pass
    return _checked_parameters(p, X, dtype)


def check_y(Y: ArrayLike, X: NDArray[Any], n_y: int | None) -> NDArray[Any]:
    """Y as an array (n_y, m) of the dtype that X is computed in; of one dimension, it is one row."""
    dtype = computing(X.dtype)
    if type(Y) is np.ndarray and Y.dtype is dtype and Y.ndim == 2:
        row, column = Y.strides
        shape = Y.shape
        straight = Y.flags.aligned and not (row | column) & (Y.itemsize - 1) and shape[1] == X.shape[1]
        if straight and (shape[0] == n_y or (n_y is None and shape[0])):
            return Y
    y = _as_matrix("Y", Y, dtype)
    if y.shape[1] != X.shape[1]:
        raise ValueError(_unmatched(X.shape, y.shape))
    if n_y is not None and y.shape[0] != n_y:
        hint = f": {ROWS_OF_CLASSES}" if y.shape[0] == 1 else ""
        raise ValueError(f"Y must have a row for each of the {n_y} outputs of W2, but its shape is {y.shape}{hint}")
    return y


def _unmatched(x: tuple[int, int], y: tuple[int, int]) -> str:
    """What to say of the shapes of X and Y with different numbers of columns: which of them looks transposed."""
    column = "; an example is a column: did you mean"
    if y[0] == x[1]:
        return f"Y must have a column for each of X's {x[1]} examples, but its shape is {y}{column} Y.T?"
    if y[1] == x[0]:
        return f"X must have a column for each of Y's {y[1]} examples, but its shape is {x}{column} X.T?"
    if y[0] == x[0] > max(x[1], y[1]):
        return f"X and Y must have as many columns, but their shapes are {x} and {y}{column} X.T and Y.T?"
    return f"Y must have a column for each of X's {x[1]} examples, but its shape is {y}"


def check_threads(threads: int | None) -> None:
    """Refuse what is no number of threads."""
    if threads is not None:
        positive_integer("threads", threads)


class Labels(NamedTuple):
    """What Y holds: rows, its lowest and highest number, whether all are whole, and whether each column adds to 1."""

    n_y: int
    low: float
    high: float
    whole: bool
    one_hot: bool

    @classmethod
    def of(cls, Y: NDArray[Any]) -> Labels:
        """Of finite Y (n_y, m)."""
        low, high = float(Y.min()), float(Y.max())
        one_hot = len(Y) > 1 and np.allclose(Y.sum(axis=0), 1.0, atol=1e-3)
        return cls(len(Y), low, high, len(Y) == 1 and bool(np.array_equal(Y, np.floor(Y))), one_hot)

    def merged(self, other: Labels) -> Labels:
        """Of the examples of both."""
        whole, one_hot = self.whole and other.whole, self.one_hot and other.one_hot
        return Labels(self.n_y, min(self.low, other.low), max(self.high, other.high), whole, one_hot)

    def check(self, output: str) -> None:
        """Refuse what the output can't learn."""
        if output == "softmax" and self.n_y == 1:
            raise ValueError(
                f"Y must have a row for each class for output='softmax', but it has one: {ROWS_OF_CLASSES}"
            )
        if output == "exp" and self.low < 0.0:
            raise ValueError(f"Y must not be negative for output='exp', but it holds {self.low:g}")
        if output in ("sigmoid", "softmax") and (self.low < 0.0 or self.high > 1.0):
            hint = f": {ROWS_OF_CLASSES}" if self.whole else ""
            raise ValueError(
                f"Y must lie between 0 and 1 for output={output!r}; it holds {self.low:g} to {self.high:g}{hint}"
            )
        if output == "softmax" and not self.one_hot:
            raise ValueError("Y must be one-hot for output='softmax': each column must add up to 1")


def check_labels(Y: NDArray[Any], output: str) -> None:
    """Refuse a Y that the output can't learn; reads it in pieces."""
    for start in range(0, Y.shape[1], 65536):
        y = Y[:, start : start + 65536]
        refuse_infinite("Y", y, start)
        Labels.of(y).check(output)


def check_finite(X: Any) -> None:
    """Refuse NaN and infinity in X; reads it in pieces."""
    if isinstance(X, Columns):
        if not np.isfinite(X.values).all():
            raise ValueError("X holds NaN or infinity")
        return
    if X.dtype.kind in "iub":
        return
    step = max(1, 2**20 // X.shape[0])
    for start in range(0, X.shape[1], step):
        refuse_infinite("X", X[:, start : start + step], start)


def refuse_infinite(name: str, piece: NDArray[Any], start: int) -> None:
    """Refuse NaN and infinity in the examples from `start` on, by the place of the first."""
    finite = np.isfinite(piece)
    if not finite.all():
        k, t = np.argwhere(~finite)[0]
        raise ValueError(f"{name} holds {piece[k, t]} at {place(name, (k, start + t))}")


def _as_matrix(name: str, values: ArrayLike, dtype: Any, stored: bool = False) -> NDArray[Any]:
    """An array of two dimensions, in `dtype` (which must hold its numbers exactly) or by X's rule."""
    a = as_numbers(name, values)
    if name == "Y" and a.ndim == 1:
        a = a[None]
    if a.ndim != 2:
        shape = "(n_x, m)" if name == "X" else "(n_y, m)"
        hint = f"; a single row is {name}.reshape(1, -1)" if a.ndim == 1 else ""
        raise ValueError(f"{name} must have two dimensions {shape}, but its shape is {a.shape}{hint}")
    if not a.size:
        raise ValueError(f"{name} must not be empty, but its shape is {a.shape}")
    if dtype is None:
        dtype = a.dtype if stored and is_stored(a.dtype) else computing(a.dtype)
    a = exactly(name, a, dtype)
    if not a.flags.aligned or any(stride % a.itemsize for stride in a.strides):
        a = a.copy()
    return a


def exactly(name: str, a: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`a` in `dtype`, if that loses nothing."""
    if a.dtype == dtype:
        return a
    with np.errstate(over="ignore"):
        converted = a.astype(dtype)
    if not np.can_cast(a.dtype, dtype, "safe") and not np.array_equal(converted.astype(a.dtype), a, equal_nan=True):
        other = "float64 for X" if dtype == FLOAT32 else "float64"
        raise TypeError(
            f"{name} is {a.dtype}, and {dtype}, in which X is computed, does not hold its numbers exactly: "
            f"convert it with {name}.astype({dtype}), or use {other}"
        )
    return converted


def _checked_parameters(p: Any, X: NDArray[Any], dtype: np.dtype[Any]) -> Parameters:
    n_x = X.shape[0]
    arrays = []
    for name, array in zip(Parameters._fields, p, strict=True):
        a = as_numbers(name, array)
        if a.ndim != 2:
            raise ValueError(f"{name} must have two dimensions, but its shape is {a.shape}")
        arrays.append(a)
    n_h, n_y = arrays[0].shape[0], arrays[2].shape[0]
    if arrays[0].shape[1] != n_x:
        hint = "; an example is a column: did you mean X.T?" if X.shape[1] == arrays[0].shape[1] else ""
        raise ValueError(
            f"X has {n_x} rows, but W1 of shape {arrays[0].shape} takes {arrays[0].shape[1]} features{hint}"
        )
    for name, a, shape in zip(Parameters._fields, arrays, ((n_h, n_x), (n_h, 1), (n_y, n_h), (n_y, 1)), strict=True):
        if a.shape != shape or not a.size:
            raise ValueError(f"{name} must have shape {shape} to fit W1 and W2, not {a.shape}")
    return Parameters(
        *(
            np.require(exactly(name, a, dtype), requirements=("C", "A", "W"))
            for name, a in zip(Parameters._fields, arrays, strict=True)
        )
    )
