"""Numbers of X on their way into the dtype of the computation, from whatever they are stored as.

Each reads from `a` what its namesake in `vectors` or `tiles` does, as numbers of the dtype of what `b` points to.
`kind` says what the elements of `a` are: PLAIN numbers of its own dtype, or 16 bits of a number that LLVM has no type
for; either SWAPPED, if their bytes are in the other order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from ..values import FLOAT, FLOAT32, I32, REAL, Value, Vector, call_llvm, element_llvm
from .tiles import Tile, tile_of
from .vectors import element, first_lanes, index, load_vector, pointer_to

PLAIN, HALF, BFLOAT = range(3)
SWAPPED = 4  # is added to one of them
KINDS = {"float16": HALF, "bfloat16": BFLOAT}
BITS = {"float16": np.uint16, "bfloat16": np.uint16, "bool": np.uint8}  # what a kernel takes such numbers for


def kind_of(dtype: Any) -> int:
    """What the elements of an array of this dtype are."""
    return KINDS.get(dtype.name, PLAIN) + (0 if dtype.isnative else SWAPPED)


def bits_dtype(dtype: Any) -> Any:
    """The dtype of the elements, or of their bits, as a kernel reads them."""
    return np.dtype(BITS.get(dtype.name, dtype)).newbyteorder("=")


def _each(type_: Any, value: Any) -> Any:
    return ir.Constant(type_, [value] * type_.count if isinstance(type_, ir.VectorType) else value)


def _swapped(builder: Any, width: int, x: Any) -> Any:
    """A number or a vector `x`, of elements of so many bits, with its bytes in the other order."""
    lanes = getattr(x.type, "count", None)
    bits = ir.IntType(width) if lanes is None else ir.VectorType(ir.IntType(width), lanes)
    name = f"llvm.bswap.{'' if lanes is None else f'v{lanes}'}i{width}"
    return builder.bitcast(call_llvm(builder, name, bits, [builder.bitcast(x, bits)]), x.type)


def _decoded(builder: Any, kind: int, stored: Any, x: Any, target: Any) -> Any:
    """A number or a vector `x`, whose elements have the dtype `stored`, as the LLVM type `target`."""
    if kind & SWAPPED:
        kind, x = kind - SWAPPED, _swapped(builder, 8 * stored.itemsize, x)
    if kind == PLAIN:
        if x.type == target:
            return x
        if stored.kind != "f":
            return (builder.sitofp if stored.kind == "i" else builder.uitofp)(x, target)
        return (builder.fpext if stored == FLOAT32 else builder.fptrunc)(x, target)
    lanes = getattr(target, "count", None)
    words, floats = (type_ if lanes is None else ir.VectorType(type_, lanes) for type_ in (I32, FLOAT))
    x = builder.zext(x, words)
    if kind == BFLOAT:
        return builder.bitcast(builder.shl(x, _each(words, 16)), floats)
    # Exponent and fraction move to where float32 has them, with another bias: exact, below the normal numbers too.
    # Not for infinity and NaN, which are no data. Other processors than those of today have no instruction for it.
    size = builder.shl(builder.and_(x, _each(words, 0x7FFF)), _each(words, 13))
    size = builder.fmul(builder.bitcast(size, floats), _each(floats, 2.0**112))
    sign = builder.shl(builder.and_(x, _each(words, 0x8000)), _each(words, 16))
    return builder.bitcast(builder.or_(builder.bitcast(size, words), sign), floats)


def _read_vector(a: Value, i: Any, kind: int, vector: Vector) -> Any:
    stored = a.kind.dtype
    if stored == vector.dtype and kind == PLAIN:
        return load_vector(a, i, vector)
    x = a.builder.load(pointer_to(a, i, ir.VectorType(element_llvm(stored), vector.lanes)))
    x.align = stored.itemsize
    return _decoded(a.builder, kind, stored, x, vector.llvm())


def read(a: Value, i: Any, b: Value, kind: int) -> Value:
    """Element i, as a float64."""
    builder, target = a.builder, element_llvm(b.kind.dtype)
    x = builder.load(builder.gep(a.value, [index(a, i)]))
    x = _decoded(builder, kind, a.kind.dtype, x, target)
    return a.new(builder.fpext(x, REAL.llvm()) if target == FLOAT else x, REAL)


def read_vector(a: Value, i: Any, b: Value, kind: int, L: int) -> Value:
    """Elements i, ..., i + L - 1."""
    vector = Vector(b.kind.dtype, L)
    return a.new(_read_vector(a, i, kind, vector), vector)


def read_first(a: Value, i: Any, n: Any, b: Value, kind: int, L: int) -> Value:
    """Elements i, ..., i + n - 1 in the first n lanes, zero in the rest; reads no others."""
    builder, stored, vector = a.builder, a.kind.dtype, Vector(b.kind.dtype, L)
    bits = ir.VectorType(element_llvm(stored), L)
    letter = "f" if stored.kind == "f" else "i"
    name = f"llvm.masked.load.v{L}{letter}{8 * stored.itemsize}.p0"
    args = [pointer_to(a, i, bits), I32(stored.itemsize), first_lanes(builder, n, L), ir.Constant(bits, None)]
    return a.new(_decoded(builder, kind, stored, call_llvm(builder, name, bits, args), vector.llvm()), vector)


def read_tile(a: Value, i: Any, row: Any, b: Value, kind: int, L: int) -> Value:
    """The tile of L rows of one vector, from elements i + r * row on."""
    tile = Tile(Vector(b.kind.dtype, L), L, 1)
    return tile_of(a, tile, [_read_vector(a, i + r * row, kind, tile.vector) for r in range(L)])


def read_rows(a: Value, rows: Value, i: Any, row: Any, column: Any, b: Value, kind: int, L: int) -> Value:
    """The tile of L rows of one vector, of which row r begins at element rows[i + r] * row + column."""
    tile = Tile(Vector(b.kind.dtype, L), L, 1)
    starts = [element(rows, i + r) * row + column for r in range(L)]
    return tile_of(a, tile, [_read_vector(a, start, kind, tile.vector) for start in starts])
