"""Predictions as columns of a table, and how they are written."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..training import Network
from . import lessons
from .console import json_text

ROWS = 10_000  # rows formatted at once

Columns = dict[str, tuple[str, NDArray[Any]]]  # by name: how a value is written, and the values


def predictions(network: Network, X: NDArray[Any]) -> Columns:
    """Predict from X (n_x, m) in the table's own units: what is predicted, and the probability of each class."""
    backend = lessons.backend_for(network, X)
    if network.output.name == "identity":
        return _named("prediction", "%r", network.predict(X, backend=backend))
    P = network.predict_proba(X, backend=backend)
    if network.output.name == "sigmoid" and len(P) > 1:
        return _named("prediction", "%d", (P > 0.5).astype(np.int64)) | _named("p", "%.6g", P)
    if network.output.name == "sigmoid":
        P = np.concatenate([1 - P, P])
        best = (P[1] > 0.5).astype(np.intp)
    else:
        best = np.argmax(P, axis=0)
    classes = network.target.classes if network.target and network.target.classes else tuple(map(str, range(len(P))))
    columns = {f"p({name})": ("%.6g", row) for name, row in zip(classes, P, strict=True)}
    return {"prediction": ("%s", np.array(classes, dtype=object)[best]), **columns}


def _named(name: str, form: str, rows: NDArray[Any]) -> Columns:
    names = [name] if len(rows) == 1 else [f"{name}_{i}" for i in range(len(rows))]
    return {name: (form, row) for name, row in zip(names, rows, strict=True)}


def as_csv(columns: Columns) -> Iterator[str]:
    """Give the text of a CSV, piece by piece."""
    yield _line(columns)
    line = ",".join(form for form, _ in columns.values()) + "\n"
    for start in range(0, len(next(iter(columns.values()))[1]), ROWS):
        pieces = [(form, values[start : start + ROWS].tolist()) for form, values in columns.values()]
        lists = [list(map(_quoted, values)) if form == "%s" else values for form, values in pieces]
        cells = tuple(itertools.chain.from_iterable(zip(*lists, strict=True)))
        yield (line * len(lists[0])) % cells


def as_json(columns: Columns) -> str:
    """Give one object, a list a column."""
    return json_text(
        {
            name: [float(f"{p:.6g}") for p in values.tolist()] if form == "%.6g" else values.tolist()
            for name, (form, values) in columns.items()
        }
    )


@lru_cache
def _quoted(text: str) -> str:
    return _line([text])[:-1]


def _line(cells: Any) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(cells)
    return file.getvalue()
