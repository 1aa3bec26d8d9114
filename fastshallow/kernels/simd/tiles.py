"""Tiles: rows x columns vectors in registers, the accumulators of a product.

Every product of the kernels is one of two loops over tiles:

    acc = outer_add(acc, ...)      acc[r, c] += A[r] * B[c, :]      one number times one vector
    acc = inner_add(acc, ...)      acc[r, c] += A[r, :] * B[c, :]   lane by lane; `tile_hsum` adds the lanes up

An 8 x 3 tile fills the 32 registers of AVX-512 and runs at the peak of the multiply-add units. LLVM turns a tile
into plain registers, since its size is known when the code is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir

from ..values import BOOL, I32, INT, Kind, Value, Vector, as_kind
from .vectors import (
    first_lanes,
    index,
    load_vector,
    masked_load,
    masked_store,
    multiply_add,
    splat_load,
    store_vector,
)


class Tile(Kind):
    """`rows` x `columns` vectors, kept in registers."""

    def __init__(self, vector: Vector, rows: int, columns: int) -> None:
        self.vector, self.rows, self.columns = vector, rows, columns
        super().__init__(vector, rows, columns)

    def llvm(self) -> Any:
        return ir.ArrayType(self.vector.llvm(), self.rows * self.columns)


def _places(a: Value, tile: Tile, start: Any, row: Any) -> Iterator[tuple[int, Value]]:
    """(number, index) of each vector of a tile whose row r starts at start + r * row."""
    at = a.new(index(a, start), INT)
    for r in range(tile.rows):
        for c in range(tile.columns):
            yield r * tile.columns + c, at + c * tile.vector.lanes
        at = at + row


def vectors_of(acc: Value) -> list[Any]:
    """LLVM's values of a tile's vectors."""
    return [acc.builder.extract_value(acc.value, n) for n in range(acc.kind.rows * acc.kind.columns)]


def tile_of(like: Value, kind: Tile, vectors: list[Any]) -> Value:
    """The tile of these vectors."""
    total = ir.Constant(kind.llvm(), ir.Undefined)
    for n, vector in enumerate(vectors):
        total = like.builder.insert_value(total, vector, n)
    return like.new(total, kind)


# ---- to and from memory ----------------------------------------------------------------------------------------


def tile_zeros(a: Value, R: int, V: int, L: int) -> Value:
    """R x V vectors of zeros, of the dtype of what `a` points to."""
    tile = Tile(Vector(a.kind.dtype, L), R, V)
    return a.new(ir.Constant(tile.llvm(), None), tile)


def tile_load(a: Value, i: Any, row: Any, R: int, V: int, L: int) -> Value:
    """The tile whose row r is the V vectors from element i + r * row of `a`."""
    tile = Tile(Vector(a.kind.dtype, L), R, V)
    return tile_of(a, tile, [load_vector(a, at, tile.vector) for _, at in _places(a, tile, i, row)])


def tile_store(a: Value, i: Any, row: Any, acc: Value) -> None:
    """Write row r of the tile to `a` from element i + r * row."""
    vectors = vectors_of(acc)
    for n, at in _places(a, acc.kind, i, row):
        store_vector(a, at, vectors[n])


def tile_accumulate_first(a: Value, i: Any, row: Any, acc: Value, n: Any, add: Any) -> None:
    """Write the first n numbers of each row of the tile to `a`, added to what is there if `add`."""
    builder, vector, vectors = a.builder, acc.kind.vector, vectors_of(acc)
    masks = [first_lanes(builder, n - c * vector.lanes, vector.lanes) for c in range(acc.kind.columns)]
    nothing, adds = ir.Constant(masks[0].type, None), as_kind(add != 0, BOOL, builder)
    for number, at in _places(a, acc.kind, i, row):
        mask = masks[number % acc.kind.columns]
        before = masked_load(a, at, vector, builder.select(adds, mask, nothing))
        masked_store(a, at, builder.fadd(before, vectors[number]), vector, mask)


# ---- arithmetic ------------------------------------------------------------------------------------------------


def outer_add(acc: Value, a: Value, i: Any, row: Any, b: Value, j: Any) -> Value:
    """acc[r, c] + a[i + r * row] * b[j + c * L : ... + L]: a column of A times a row of B."""
    tile, vectors = acc.kind, vectors_of(acc)
    bs = [load_vector(b, j + c * tile.vector.lanes, tile.vector) for c in range(tile.columns)]
    at = a.new(index(a, i), INT)
    for r in range(tile.rows):
        ar = splat_load(a, at, tile.vector)
        for c in range(tile.columns):
            n = r * tile.columns + c
            vectors[n] = multiply_add(acc.builder, ar, bs[c], vectors[n])
        at = at + row
    return tile_of(acc, tile, vectors)


def inner_add(acc: Value, a: Value, i: Any, row: Any, b: Value, j: Any, column: Any, n: Any) -> Value:
    """acc[r, c] + a[i + r * row :] * b[j + c * column :], lane by lane; of `a` only the first n lanes are read."""
    tile, vectors = acc.kind, vectors_of(acc)
    vector, whole = tile.vector, isinstance(n, int) and n == tile.vector.lanes
    mask = None if whole else first_lanes(acc.builder, n, vector.lanes)
    bs = [load_vector(b, j + c * column, vector) for c in range(tile.columns)]
    at = a.new(index(a, i), INT)
    for r in range(tile.rows):
        ar = load_vector(a, at, vector) if whole else masked_load(a, at, vector, mask)
        for c in range(tile.columns):
            number = r * tile.columns + c
            vectors[number] = multiply_add(acc.builder, ar, bs[c], vectors[number])
        at = at + row
    return tile_of(acc, tile, vectors)


def tile_multiply(acc: Value, other: Value) -> Value:
    """The product of two tiles, element by element."""
    pairs = zip(vectors_of(acc), vectors_of(other), strict=True)
    return tile_of(acc, acc.kind, [acc.builder.fmul(p, q) for p, q in pairs])


def add_rows(a: Value, i: Any, acc: Value) -> None:
    """Add the sum of the tile's rows to `a` from element i."""
    builder, tile, vectors = a.builder, acc.kind, vectors_of(acc)
    for c in range(tile.columns):
        at = i + c * tile.vector.lanes
        rows = vectors[c :: tile.columns]
        while len(rows) > 1:
            odd = rows[-1:] if len(rows) % 2 else []
            rows = [builder.fadd(p, q) for p, q in zip(rows[::2], rows[1::2], strict=False)] + odd
        store_vector(a, at, builder.fadd(load_vector(a, at, tile.vector), rows[0]))


def tile_hsum(acc: Value) -> Value:
    """A vector whose lane n is the sum of the lanes of the tile's vector n; the tile has 1, 2, 4, ..., L vectors."""
    builder, vectors, lanes = acc.builder, vectors_of(acc), acc.kind.vector.lanes
    indices = ir.VectorType(I32, lanes)
    even, odd = (ir.Constant(indices, list(range(start, 2 * lanes, 2))) for start in (0, 1))
    for _ in range(lanes.bit_length() - 1):  # each round adds neighbours: half as many lanes for each sum
        left, right = (vectors[::2], vectors[1::2]) if len(vectors) > 1 else (vectors, vectors)
        vectors = [
            builder.fadd(builder.shuffle_vector(p, q, even), builder.shuffle_vector(p, q, odd))
            for p, q in zip(left, right, strict=True)
        ]
    return acc.new(vectors[0], acc.kind.vector)


def tile_transpose(acc: Value) -> Value:
    """The transpose of a tile of L rows x 1 vector of L lanes."""
    builder, rows, lanes = acc.builder, vectors_of(acc), acc.kind.vector.lanes
    step = 1
    while step < lanes:  # swap the off-diagonal step x step blocks of each 2 step x 2 step block
        upper = [i if i & step == 0 else i - step + lanes for i in range(lanes)]
        lower = [i + step if i & step == 0 else i + lanes for i in range(lanes)]
        indices = [ir.Constant(ir.VectorType(I32, lanes), half) for half in (upper, lower)]
        for n in range(lanes):
            if n & step == 0:
                p, q = rows[n], rows[n + step]
                rows[n], rows[n + step] = (builder.shuffle_vector(p, q, half) for half in indices)
        step *= 2
    return tile_of(acc, acc.kind, rows)
