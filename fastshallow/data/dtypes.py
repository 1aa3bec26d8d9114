"""The numbers that X may be stored as, and those that it is computed in.

float32 and float64 are computed in as they are. Small numbers, which float32 holds exactly, are computed in float32 and
wide integers in float64: X keeps its own dtype in memory, and a few examples at a time are converted. So are numbers of
the other byte order, as files and sockets bring them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
SMALL = (np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.float16)
WIDE = (np.int32, np.uint32, np.int64, np.uint64)
STORED = {np.dtype(each): FLOAT32 for each in SMALL} | {np.dtype(each): FLOAT64 for each in WIDE}
STORED |= {dtype.newbyteorder(): own for dtype, own in [*STORED.items(), *((own, own) for own in (FLOAT32, FLOAT64))]}
PIECE = 2**22  # numbers that are converted at a time


def is_bfloat16(dtype: Any) -> bool:
    """Whether it is the type that ml_dtypes, and with it JAX and TensorFlow, gives NumPy."""
    return dtype.itemsize == 2 and dtype.name == "bfloat16" and dtype.isnative  # type: ignore[no-any-return]


def is_stored(dtype: Any) -> bool:
    """Whether X of this dtype stays as it is in memory and is converted where it is read."""
    return dtype in STORED or is_bfloat16(dtype)


def computing(dtype: Any) -> np.dtype[Any]:
    """The dtype that X of a dtype is computed in: float32 or float64."""
    if dtype == FLOAT32 or is_bfloat16(dtype):
        return FLOAT32
    return STORED.get(dtype, FLOAT64)


def by_pieces(function: Callable[[Any], NDArray[Any]], X: Any) -> NDArray[Any]:
    """`function` of X (n_x, m), which gives a column for each example: of all at once, or of converted pieces.

    Those of `sparse.Columns` are dense.
    """
    answers = [function(piece) for piece in _pieces(X)]
    return answers[0] if len(answers) == 1 else np.concatenate(answers, axis=1)


def _pieces(X: Any) -> Iterator[NDArray[Any]]:
    dense = isinstance(X, np.ndarray)
    if dense and not is_stored(X.dtype):
        yield X
        return
    step = max(1, PIECE // X.shape[0])
    for start in range(0, X.shape[1], step):
        some = slice(start, start + step)
        yield X[:, some].astype(computing(X.dtype)) if dense else X.take(some).dense()
