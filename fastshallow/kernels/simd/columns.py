"""Columns: tiles of n x 1 vectors, one for each feature, unit or output of a network whose sizes are constants.

They and the matrices of weights, numbers in memory, make a step that is straight-line code without a loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from ..values import Value, as_kind
from .tiles import Tile, tile_of, vectors_of
from .vectors import multiply_add, splat_load


def column_affine(W: Value, b: Value, x: Value, n: int) -> Value:
    """The column W x + b of n vectors; W (n, rows of x) and b (n,) in memory."""
    vector, xs, result = x.kind.vector, vectors_of(x), []
    for j in range(n):
        total = splat_load(b, j, vector)
        for k, x_k in enumerate(xs):
            total = multiply_add(x.builder, splat_load(W, j * len(xs) + k, vector), x_k, total)
        result.append(total)
    return tile_of(x, Tile(vector, n, 1), result)


def column_transposed(W: Value, d: Value, j0: int, count: int, n: int) -> Value:
    """Rows j0, ..., j0 + count - 1 of the column W' d of n vectors; W (rows of d, n) in memory."""
    vector, ds, result = d.kind.vector, vectors_of(d), []
    for j in range(j0, j0 + count):
        total = None
        for y, d_y in enumerate(ds):
            w = splat_load(W, y * n + j, vector)
            total = d.builder.fmul(w, d_y) if total is None else multiply_add(d.builder, w, d_y, total)
        result.append(total)
    return tile_of(d, Tile(vector, count, 1), result)


def column_formula(text: Callable[..., Any]) -> Callable[..., Value]:
    """A formula of vectors, of each row of columns, for kernels to call; what is no column is the same for each."""

    def rows_of(column: Any) -> Iterable[Any]:
        if not isinstance(column, Value) or not isinstance(column.kind, Tile):
            return itertools.repeat(column)
        return [column.new(x, column.kind.vector) for x in vectors_of(column)]

    def apply(first: Value, *others: Any) -> Value:
        results = [text(*row) for row in zip(*map(rows_of, (first, *others)), strict=False)]
        return tile_of(first, first.kind, [as_kind(x, first.kind.vector, first.builder) for x in results])

    return apply


def cross_add(acc: Value, d: Value, x: Value) -> Value:
    """acc[j, k] + d[j] * x[k], lane by lane: a gradient's sums, each lane its own."""
    sums, xs = vectors_of(acc), vectors_of(x)
    for j, d_j in enumerate(vectors_of(d)):
        for k, x_k in enumerate(xs):
            n = j * len(xs) + k
            sums[n] = multiply_add(acc.builder, d_j, x_k, sums[n])
    return tile_of(acc, acc.kind, sums)


def column_add(acc: Value, d: Value) -> Value:
    """The sum of two columns."""
    pairs = zip(vectors_of(acc), vectors_of(d), strict=True)
    return tile_of(acc, acc.kind, [acc.builder.fadd(p, q) for p, q in pairs])
