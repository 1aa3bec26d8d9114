"""Read a table (CSV or .npz) into features X (n_x, m) and a target, and say what is wrong with it and where.

Rows are numbered as a spreadsheet numbers them: the header is row 1.
"""

from __future__ import annotations

import csv
import difflib
import itertools
import math
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..training import Target

ROWS = 4096  # rows converted at once, so that only so many exist as text

Row = tuple[int, list[str]]  # its number and its cells


class TableError(ValueError):
    """A table that can't be used, with what is wrong and where."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table as arrays: `X` (n_x, m), the names of its features, and the target, (m,) or (n_y, m), if asked for."""

    path: str
    names: tuple[str, ...]
    X: NDArray[Any]
    target: NDArray[Any] | None = None


def read(
    path: str | os.PathLike[str],
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    classify: bool = False,
) -> Table:
    """Read the table at `path`.

    Parameters
    ----------
    path
        A CSV file with a header, its cells separated by commas, semicolons or tabs; or an .npz file with ``X`` (n_x, m)
        and, to learn from, ``Y`` (n_y, m). The features of an .npz are called x0, x1, ..., its target Y.
    target
        The column to predict: numbers if most of its cells are, else texts.
    features
        The columns to read, in this order. Without it, all but the target and the ignored ones.
    ignore
        Columns to leave out.
    classify
        Take the target's cells as texts even if they are numbers.
    """
    path = os.fspath(path)
    if Path(path).suffix == ".npz":
        return _read_npz(path, target, features, ignore)
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            return _read_csv(path, file, target, features, ignore, classify)
        except UnicodeDecodeError:
            raise TableError(f"{path}: not text in UTF-8; save the table as CSV") from None


def read_header(path: str | os.PathLike[str]) -> list[str]:
    """Read the names of a CSV file's columns."""
    path = os.fspath(path)
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            return _header(path, _rows(path, file))
        except UnicodeDecodeError:
            raise TableError(f"{path}: not text in UTF-8; save the table as CSV") from None


def _read_csv(
    path: str,
    file: Iterable[str],
    target: str | None,
    features: Sequence[str] | None,
    ignore: Sequence[str],
    classify: bool,
) -> Table:
    rows = _rows(path, file)
    header = _header(path, rows)
    chosen = _choose(path, header, target, features, ignore)
    at = [header.index(name) for name in chosen]
    advice = "" if features is not None else "; --ignore leaves a column out"
    blocks: list[NDArray[np.float64]] = []
    cells: list[str] = []
    numbers: list[int] = []
    while block := list(itertools.islice(rows, ROWS)):
        block_numbers = [number for number, _ in block]
        blocks.append(_floats(path, chosen, block_numbers, [[row[i] for i in at] for _, row in block], advice))
        if target is not None:
            column = header.index(target)
            cells += [row[column].strip() for _, row in block]
            numbers += block_numbers
    if not blocks:
        raise TableError(f"{path}: too few rows: there is a header and nothing below it")
    X = np.concatenate(blocks).T
    return Table(path, tuple(chosen), X, None if target is None else _column(path, target, numbers, cells, classify))


def _rows(path: str, lines: Iterable[str]) -> Iterator[Row]:
    """Rows with their numbers, the header first; blank lines are skipped."""
    lines = iter(lines)
    first = next(lines, "")
    reader = csv.reader(itertools.chain([first], lines), delimiter=max(",;\t", key=first.count), strict=True)
    width = 0
    try:
        for row in reader:
            if not row:
                continue
            width = width or len(row)
            if len(row) != width:
                raise TableError(f"{path}: row {reader.line_num} has {len(row)} cells where the header has {width}")
            yield reader.line_num, row
    except csv.Error as error:
        raise TableError(f"{path}: row {reader.line_num} is not CSV: {error}") from None


def _header(path: str, rows: Iterator[Row]) -> list[str]:
    _, cells = next(rows, (0, []))
    if not cells:
        raise TableError(f"{path}: the file is empty")
    header = [name.strip() for name in cells]
    if all(_is_number(name) for name in header):
        raise TableError(f"{path}: no header: the first row holds numbers, where names of columns are expected")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise TableError(f"{path}: two columns are called {twice[0]!r}")
    return header


def _choose(
    path: str, there: Sequence[str], target: str | None, features: Sequence[str] | None, ignore: Sequence[str]
) -> list[str]:
    """Names of the columns to read as features."""
    for name in [*([] if target is None else [target]), *(features or ()), *ignore]:
        if name not in there:
            close = difflib.get_close_matches(name, there, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {listed(there)}"
            raise TableError(f"{path}: no column {name!r}; {hint}")
    if features is not None:
        return list(features)
    chosen = [name for name in there if name != target and name not in ignore]
    if not chosen:
        raise TableError(f"{path}: no column is left to learn from")
    if "" in chosen:
        raise TableError(f'{path}: column {there.index("") + 1} has no name; give it one, or leave it out: --ignore ""')
    return chosen


def _floats(
    path: str, names: Sequence[str], numbers: Sequence[int], cells: list[list[str]], advice: str
) -> NDArray[np.float64]:
    """Convert a block of cells, one list a row."""
    try:
        flat = np.fromiter(map(float, itertools.chain.from_iterable(cells)), np.float64, len(cells) * len(names))
    except ValueError:
        flat = np.array([math.nan])
    if not np.isfinite(flat).all():
        for number, row in zip(numbers, cells, strict=True):
            for name, cell in zip(names, row, strict=True):
                _check_number(path, name, number, cell, advice)
    return flat.reshape(len(cells), len(names))


def _check_number(path: str, name: str, number: int, cell: str, advice: str = "") -> None:
    where = f"in column {name!r}, row {number}"
    if not cell.strip():
        raise TableError(f"{path}: a missing value {where}")
    if not _is_number(cell):
        raise TableError(f"{path}: the text {cell.strip()!r} {where}, where a number is expected{advice}")
    if not math.isfinite(float(cell)):
        raise TableError(f"{path}: the value {cell.strip()!r} {where} is not a finite number")


def _column(path: str, name: str, numbers: Sequence[int], cells: Sequence[str], classify: bool) -> NDArray[Any]:
    """Convert the target: to numbers if most of its cells are, else to texts."""
    texts = classify or sum(map(_is_number, cells)) * 2 <= len(cells)
    for number, cell in zip(numbers, cells, strict=True):
        if not texts or not cell:
            _check_number(path, name, number, cell)
    return np.array(cells) if texts else np.array(cells, dtype=np.float64)


def _read_npz(path: str, target: str | None, features: Sequence[str] | None, ignore: Sequence[str]) -> Table:
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as members:
                arrays = {name: members[name] for name in ("X", "Y") if name in members}
        except (ValueError, OSError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
            raise TableError(f"{path}: not an .npz file, or a damaged one ({error})") from None
    if "X" not in arrays or (target is not None and "Y" not in arrays):
        raise TableError(f"{path}: an .npz needs an array X (n_x, m){' and an array Y (n_y, m)' if target else ''}")
    X = arrays["X"]
    if X.ndim != 2 or not X.size or X.dtype.kind not in "fiub":
        raise TableError(f"{path}: X must be numbers (n_x, m), an example a column; it is {X.dtype} {X.shape}")
    X = X if X.dtype in (np.float32, np.float64) else X.astype(np.float64)
    there = [f"x{i}" for i in range(len(X))]
    chosen = _choose(path, ["Y", *there], target, features, ["Y", *ignore])
    if not np.isfinite(X).all():
        i, t = np.argwhere(~np.isfinite(X))[0]
        raise TableError(f"{path}: the value {X[i, t]} in X[{i}, {t}] is not a finite number")
    if chosen != there:
        X = X[[there.index(name) for name in chosen]]
    return Table(path, tuple(chosen), X, None if target is None else _npz_target(path, arrays["Y"], X.shape[1]))


def _npz_target(path: str, Y: NDArray[Any], m: int) -> NDArray[Any]:
    if Y.ndim == 0 or Y.ndim > 2 or Y.shape[-1] != m or not Y.size:
        raise TableError(f"{path}: Y must be (n_y, m) or (m,) with the m = {m} of X (n_x, m); it is {Y.shape}")
    if Y.dtype.kind not in "fiubU":
        raise TableError(f"{path}: Y must be numbers or texts, not {Y.dtype}")
    if Y.dtype.kind == "U":
        if Y.shape not in ((m,), (1, m)):
            raise TableError(f"{path}: a Y of texts must be (m,) or (1, m); it is {Y.shape}")
        return Y.reshape(m)
    if not np.isfinite(Y).all():
        raise TableError(f"{path}: the value {Y[~np.isfinite(Y)][0]} in Y is not a finite number")
    return (Y[0] if len(Y) == 1 and Y.ndim == 2 else Y).astype(np.float64)


def learn_target(table: Table, name: str, classify: bool = False) -> tuple[NDArray[np.float64], str, Target]:
    """Choose the output that fits a table's target, and encode the target for it.

    Two values make a ``sigmoid``, more texts a ``softmax``, more numbers an ``identity``. Of an .npz with n_y > 1,
    zeros and ones make a ``softmax`` if every example has a single one, else a ``sigmoid``.

    Returns
    -------
    Y : (n_y, m)
        What to learn.
    output : str
        The output's name.
    target : Target
        The target's name and its classes.
    """
    values = table.target
    assert values is not None
    if values.ndim == 2:
        return _learn_rows(table.path, values, name)
    if classify and values.dtype.kind != "U":
        values = np.array([_label(value) for value in values])
    kinds, index = np.unique(values, return_inverse=True)
    if len(kinds) == 1:
        raise TableError(f"{table.path}: the target {name!r} is constant: {_label(kinds[0])} in every row")
    if len(kinds) == 2:
        return index.reshape(1, -1).astype(np.float64), "sigmoid", Target(name, _labels(kinds))
    if values.dtype.kind != "U":
        return values.reshape(1, -1), "identity", Target(name)
    if 2 * len(kinds) > len(values):
        many = f"{len(kinds)} different values in {len(values)} rows"
        raise TableError(f"{table.path}: too few rows of each class: the target {name!r} has {many}")
    return np.eye(len(kinds))[:, index], "softmax", Target(name, _labels(kinds))


def _learn_rows(path: str, values: NDArray[np.float64], name: str) -> tuple[NDArray[np.float64], str, Target]:
    constant = np.flatnonzero(values.min(axis=1) == values.max(axis=1))
    if len(constant):
        raise TableError(f"{path}: the target is constant in {name}[{constant[0]}]")
    if not np.isin(values, (0.0, 1.0)).all():
        return values, "identity", Target(name)
    if (values.sum(axis=0) == 1.0).all():
        return values, "softmax", Target(name, tuple(map(str, range(len(values)))))
    return values, "sigmoid", Target(name)


def standardization(X: NDArray[Any], path: str, names: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and standard deviation of each row of X (n_x, m), both (n_x, 1); a constant row has scale 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = X.mean(axis=1, keepdims=True, dtype=np.float64)
        scale = X.std(axis=1, keepdims=True, dtype=np.float64)
    scale[X.min(axis=1, keepdims=True) == X.max(axis=1, keepdims=True)] = 1.0
    for i in np.flatnonzero(~np.isfinite(scale) | (scale == 0)):
        raise TableError(f"{path}: column {names[int(i)]!r} is too large or too small to be standardized")
    return mean, scale


def _labels(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(_label, values))


def _label(value: Any) -> str:
    """A class as the table wrote it, or nearly: 1, not 1.0."""
    return str(value) if isinstance(value, str) else repr(float(value)).removesuffix(".0")


def listed(names: Sequence[str], most: int = 12) -> str:
    """List names for a message; of many the first and the last."""
    texts = [repr(name) for name in names]
    if len(texts) > most:
        texts[most - 2 : -2] = [f"... ({len(names) - most} more)"]
    return ", ".join(texts)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
