"""The target of a table: which output fits it, and how it is encoded for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data import Column, label, moments
from ...training import Target
from .source import TableError


def learn_target(
    path: str, values: Column | NDArray[np.float64], name: str, classify: bool = False
) -> tuple[NDArray[np.float64], str, Target]:
    """Choose the output that fits a target, and encode the target for it.

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
    if isinstance(values, np.ndarray):
        return _learn_rows(path, values, name)
    column = values.as_texts() if classify else values
    kinds, index = np.unique(column.values, return_inverse=True)
    classes = tuple(column.texts[i] if column.kind == "texts" else label(i) for i in kinds)
    if len(kinds) == 1:
        raise TableError(f"{path}: the target {name!r} is constant: {classes[0]} in every row")
    if column.kind != "texts" and len(kinds) > 2:
        return column.values.reshape(1, -1), "identity", Target(name)
    if 2 * len(kinds) > len(index) and len(kinds) > 2:
        many = f"{len(kinds)} different values in {len(index)} rows"
        raise TableError(f"{path}: too few rows of each class: the target {name!r} has {many}")
    if column.kind == "texts" and not (classify and values.kind != "texts"):
        order = np.argsort(np.array(classes))  # texts in their own order, numbers in theirs
        classes, index = tuple(classes[i] for i in order), np.argsort(order)[index]
    if len(kinds) == 2:
        return index.reshape(1, -1).astype(np.float64), "sigmoid", Target(name, classes)
    return np.eye(len(kinds))[:, index], "softmax", Target(name, classes)


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
    mean, scale = moments(X)
    for name, each in zip(names, scale[:, 0], strict=True):
        if not 0.0 < each < np.inf:
            raise TableError(f"{path}: column {name!r} is too large or too small to be standardized")
    return mean, scale
