"""Read an .npz with X (n_x, m), whose rows are columns named x0, x1, ..., and perhaps Y (n_y, m)."""

from __future__ import annotations

import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data import Column
from .source import Source


def read_arrays(source: Source, with_target: bool) -> tuple[list[Column], Column | NDArray[np.float64] | None]:
    """Give the columns, and the target if it is wanted: an array (n_y, m) of several, else a column."""
    try:
        with source.raw() as file, np.load(file, allow_pickle=False) as members:
            arrays = {name: members[name] for name in (("X", "Y") if with_target else ("X",)) if name in members}
    except (ValueError, OSError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        source.refuse(f"not an .npz file, or a damaged one ({error})")
    if "X" not in arrays or (with_target and "Y" not in arrays):
        source.refuse(f"an .npz needs an array X (n_x, m){' and an array Y (n_y, m)' if with_target else ''}")
    X = arrays.pop("X")
    if X.ndim != 2 or not X.size or X.dtype.kind not in "fiub":
        source.refuse(f"X must be numbers (n_x, m), an example a column; it is {X.dtype} {X.shape}")
    X = X if X.dtype in (np.float32, np.float64) else X.astype(np.float64)
    if not np.isfinite(X).all():
        i, t = np.argwhere(~np.isfinite(X))[0]
        source.refuse(f"the value {X[i, t]} in X[{i}, {t}] is not a finite number")
    columns = [Column(f"x{i}", row) for i, row in enumerate(X)]
    return columns, _target(source, arrays["Y"], X.shape[1]) if with_target else None


def _target(source: Source, Y: NDArray[Any], m: int) -> Column | NDArray[np.float64]:
    if Y.ndim == 0 or Y.ndim > 2 or Y.shape[-1] != m or not Y.size:
        source.refuse(f"Y must be (n_y, m) or (m,) with the m = {m} of X (n_x, m); it is {Y.shape}")
    if Y.dtype.kind not in "fiubU":
        source.refuse(f"Y must be numbers or texts, not {Y.dtype}")
    if Y.dtype.kind == "U":
        if Y.shape not in ((m,), (1, m)):
            source.refuse(f"a Y of texts must be (m,) or (1, m); it is {Y.shape}")
        texts, codes = np.unique(Y.reshape(m), return_inverse=True)
        return Column("Y", codes, "texts", tuple(map(str, texts)))
    if not np.isfinite(Y).all():
        source.refuse(f"the value {Y[~np.isfinite(Y)][0]} in Y is not a finite number")
    Y = Y.astype(np.float64)
    return Column("Y", Y.reshape(m)) if Y.size == m else Y
