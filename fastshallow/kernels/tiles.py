"""Tiles: rows x columns vectors in registers, the accumulators of a product.

Every product of the kernels is one of two loops over tiles:

    acc = outer_add(acc, ...)      acc[r, c] += A[r] * B[c, :]      one number times one vector
    acc = inner_add(acc, ...)      acc[r, c] += A[r, :] * B[c, :]   lane by lane; `tile_hsum` adds the lanes up

An 8 x 3 tile fills the 32 registers of AVX-512 and runs at the peak of the multiply-add units. LLVM turns a tile
into plain registers as long as its size is known at compile time, so R, V and L must be constants.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .simd import I32, Vector, call, first_lanes, load_vector, multiply_add, pointer_to, splat_load


class Tile(types.Type):
    """`rows` x `columns` vectors, kept in registers."""

    def __init__(self, vector: Vector, rows: int, columns: int) -> None:
        self.vector, self.rows, self.columns = vector, rows, columns
        super().__init__(name=f"tile({rows} x {columns} x {vector.name})")


@register_model(Tile)
class _TileModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Tile) -> None:
        super().__init__(dmm, fe_type, ir.ArrayType(fe_type.vector.llvm(), fe_type.rows * fe_type.columns))


def _plus(builder: Any, index: Any, n: int) -> Any:
    return builder.add(index, ir.Constant(index.type, n))


def _places(builder: Any, tile: Tile, start: Any, row: Any) -> Iterator[tuple[int, Any]]:
    """(number, offset) of each vector of a tile whose row r starts at start + r * row."""
    for r in range(tile.rows):
        for c in range(tile.columns):
            yield r * tile.columns + c, _plus(builder, start, c * tile.vector.lanes)
        start = builder.add(start, row)


# ---- to and from memory ----------------------------------------------------------------------------------------


@intrinsic(prefer_literal=True)
def tile_zeros(typingctx: Any, a: Any, R: Any, V: Any, L: Any) -> Any:
    """R x V vectors of zeros, of the dtype of array `a`."""
    tile = Tile(Vector(a.dtype, L.literal_value), R.literal_value, V.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(tile), None)

    return tile(a, R, V, L), codegen


@intrinsic(prefer_literal=True)
def tile_load(typingctx: Any, a: Any, i: Any, row: Any, R: Any, V: Any, L: Any) -> Any:
    """The tile whose row r is the V vectors from element i + r * row of `a`."""
    tile = Tile(Vector(a.dtype, L.literal_value), R.literal_value, V.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        acc = ir.Constant(context.get_value_type(tile), ir.Undefined)
        for n, at in _places(builder, tile, args[1], args[2]):
            acc = builder.insert_value(acc, load_vector(context, builder, a, args[0], at, tile.vector), n)
        return acc

    return tile(a, types.intp, types.intp, R, V, L), codegen


@intrinsic
def tile_store(typingctx: Any, a: Any, i: Any, row: Any, acc: Any) -> Any:
    """Write row r of the tile to `a` from element i + r * row."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        for n, at in _places(builder, acc, args[1], args[2]):
            pointer = pointer_to(context, builder, a, args[0], at, acc.vector.llvm())
            builder.store(builder.extract_value(args[3], n), pointer).align = a.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(a, types.intp, types.intp, acc), codegen


@intrinsic
def tile_accumulate_first(typingctx: Any, a: Any, i: Any, row: Any, acc: Any, n: Any, add: Any) -> Any:
    """Write the first n numbers of each row of the tile to `a`, added to what is there if `add`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector, (array, start, step, tile, n_, add_) = acc.vector, args
        align, zero = I32(a.dtype.bitwidth // 8), ir.Constant(vector.llvm(), None)
        masks = [first_lanes(builder, _plus(builder, n_, -c * vector.lanes), vector.lanes) for c in range(acc.columns)]
        nothing = ir.Constant(masks[0].type, None)
        for number, at in _places(builder, acc, start, step):
            pointer = pointer_to(context, builder, a, array, at, vector.llvm())
            mask = masks[number % acc.columns]
            reads = builder.select(add_, mask, nothing)
            load = f"llvm.masked.load.{vector.suffix()}.p0"
            before = call(builder, load, vector.llvm(), [pointer, align, reads, zero])
            after = builder.fadd(before, builder.extract_value(tile, number))
            name = f"llvm.masked.store.{vector.suffix()}.p0"
            call(builder, name, ir.VoidType(), [after, pointer, align, mask])
        return context.get_dummy_value()

    return types.void(a, types.intp, types.intp, acc, types.intp, types.boolean), codegen


# ---- arithmetic ------------------------------------------------------------------------------------------------


@intrinsic
def outer_add(typingctx: Any, acc: Any, a: Any, i: Any, row: Any, b: Any, j: Any) -> Any:
    """acc[r, c] + a[i + r * row] * b[j + c * L : ... + L]: a column of A times a row of B."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total, a_, i_, row_, b_, j_ = args
        bs = [
            load_vector(context, builder, b, b_, _plus(builder, j_, c * acc.vector.lanes), acc.vector)
            for c in range(acc.columns)
        ]
        for r in range(acc.rows):
            ar = splat_load(context, builder, a, a_, i_, acc.vector)
            for c in range(acc.columns):
                n = r * acc.columns + c
                total = builder.insert_value(
                    total, multiply_add(builder, ar, bs[c], builder.extract_value(total, n)), n
                )
            i_ = builder.add(i_, row_)
        return total

    return acc(acc, a, types.intp, types.intp, b, types.intp), codegen


@intrinsic
def inner_add(typingctx: Any, acc: Any, a: Any, i: Any, row: Any, b: Any, j: Any, column: Any, n: Any) -> Any:
    """acc[r, c] + a[i + r * row :] * b[j + c * column :], lane by lane; of `a` only the first n lanes are read."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total, a_, i_, row_, b_, j_, column_, n_ = args
        vector = acc.vector
        bs = []
        for _ in range(acc.columns):
            bs.append(load_vector(context, builder, b, b_, j_, vector))
            j_ = builder.add(j_, column_)
        mask = first_lanes(builder, n_, vector.lanes)
        align, zero = I32(a.dtype.bitwidth // 8), ir.Constant(vector.llvm(), None)
        for r in range(acc.rows):
            pointer = pointer_to(context, builder, a, a_, i_, vector.llvm())
            name = f"llvm.masked.load.{vector.suffix()}.p0"
            ar = call(builder, name, vector.llvm(), [pointer, align, mask, zero])
            for c in range(acc.columns):
                number = r * acc.columns + c
                term = multiply_add(builder, ar, bs[c], builder.extract_value(total, number))
                total = builder.insert_value(total, term, number)
            i_ = builder.add(i_, row_)
        return total

    return acc(acc, a, types.intp, types.intp, b, types.intp, types.intp, types.intp), codegen


@intrinsic
def tile_multiply(typingctx: Any, acc: Any, other: Any) -> Any:
    """The product of two tiles, element by element."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total = args[0]
        for n in range(acc.rows * acc.columns):
            term = builder.fmul(builder.extract_value(args[0], n), builder.extract_value(args[1], n))
            total = builder.insert_value(total, term, n)
        return total

    return acc(acc, acc), codegen


@intrinsic
def add_rows(typingctx: Any, a: Any, i: Any, acc: Any) -> Any:
    """Add the sum of the tile's rows to `a` from element i."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        for c in range(acc.columns):
            at = _plus(builder, args[1], c * acc.vector.lanes)
            rows = [builder.extract_value(args[2], r * acc.columns + c) for r in range(acc.rows)]
            while len(rows) > 1:
                odd = rows[-1:] if len(rows) % 2 else []
                rows = [builder.fadd(p, q) for p, q in zip(rows[::2], rows[1::2], strict=False)] + odd
            total = builder.fadd(load_vector(context, builder, a, args[0], at, acc.vector), rows[0])
            pointer = pointer_to(context, builder, a, args[0], at, acc.vector.llvm())
            builder.store(total, pointer).align = a.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(a, types.intp, acc), codegen


@intrinsic
def tile_hsum(typingctx: Any, acc: Any) -> Any:
    """A vector whose lane n is the sum of the lanes of the tile's vector n; the tile has 1, 2, 4, ..., L vectors."""
    lanes = acc.vector.lanes

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        indices = ir.VectorType(I32, lanes)
        even, odd = (ir.Constant(indices, list(range(start, 2 * lanes, 2))) for start in (0, 1))
        vectors = [builder.extract_value(args[0], n) for n in range(acc.rows * acc.columns)]
        for _ in range(lanes.bit_length() - 1):  # each round adds neighbours: half as many lanes for each sum
            left, right = (vectors[::2], vectors[1::2]) if len(vectors) > 1 else (vectors, vectors)
            vectors = [
                builder.fadd(builder.shuffle_vector(p, q, even), builder.shuffle_vector(p, q, odd))
                for p, q in zip(left, right, strict=True)
            ]
        return vectors[0]

    return acc.vector(acc), codegen


@intrinsic
def tile_transpose(typingctx: Any, acc: Any) -> Any:
    """The transpose of a tile of L rows x 1 vector of L lanes."""
    lanes = acc.vector.lanes

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        rows = [builder.extract_value(args[0], n) for n in range(lanes)]
        step = 1
        while step < lanes:  # swap the off-diagonal step x step blocks of each 2 step x 2 step block
            upper = [i if i & step == 0 else i - step + lanes for i in range(lanes)]
            lower = [i + step if i & step == 0 else i + lanes for i in range(lanes)]
            indices = [ir.Constant(ir.VectorType(I32, lanes), half) for half in (upper, lower)]
            for n in range(lanes):
                if n & step == 0:
                    p, q = rows[n], rows[n + step]
                    rows[n], rows[n + step] = (builder.shuffle_vector(p, q, index) for index in indices)
            step *= 2
        total = args[0]
        for n in range(lanes):
            total = builder.insert_value(total, rows[n], n)
        return total

    return acc(acc), codegen
