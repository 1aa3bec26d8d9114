"""Numbers of X on their way into the dtype of the computation, from whatever they are stored as.

Each reads from array `a` what its namesake in `simd` or `tiles` does, as numbers of the dtype of array `b`. `kind` says
what the elements of `a` are: PLAIN numbers of its own dtype, or 16 bits of a number that Numba has no type for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.extending import intrinsic

from .simd import I32, Vector, call, first_lanes, load_vector, pointer_to
from .tiles import Tile

PLAIN, HALF, BFLOAT = range(3)
KINDS = {"float16": HALF, "bfloat16": BFLOAT}
BITS = {"float16": np.uint16, "bfloat16": np.uint16, "bool": np.uint8}  # what a kernel takes such an array for


def as_kernel_takes(X: Any) -> Any:
    """X, or a view of its bits."""
    bits = BITS.get(X.dtype.name)
    return X if bits is None else X.view(bits)


def element_type(dtype: Any) -> Any:
    """Numba's type for the elements of what `as_kernel_takes` gives."""
    return from_dtype(np.dtype(BITS.get(dtype.name, dtype)))


def how_to_read(stored: Any, dtype: Any) -> dict[str, Any]:
    """What a kernel that computes in `dtype` has to know of X, which is `stored` in another one, or None."""
    if stored is None:
        return {"converted": False, "x_itemsize": dtype.itemsize, "x_kind": PLAIN}
    return {"converted": True, "x_itemsize": stored.itemsize, "x_kind": KINDS.get(stored.name, PLAIN)}


# ---- emitting LLVM ---------------------------------------------------------------------------------------------


def _each(type_: Any, value: Any) -> Any:
    return ir.Constant(type_, [value] * type_.count if isinstance(type_, ir.VectorType) else value)


def _decoded(builder: Any, kind: int, stored: Any, x: Any, target: Any) -> Any:
    """A number or a vector `x`, whose elements have Numba's type `stored`, as the LLVM type `target`."""
    if kind == PLAIN:
        if x.type == target:
            return x
        if isinstance(stored, types.Integer):
            return (builder.sitofp if stored.signed else builder.uitofp)(x, target)
        return (builder.fpext if stored.bitwidth == 32 else builder.fptrunc)(x, target)
    lanes = getattr(target, "count", None)
    words, floats = (type_ if lanes is None else ir.VectorType(type_, lanes) for type_ in (I32, ir.FloatType()))
    x = builder.zext(x, words)
    if kind == BFLOAT:
        return builder.bitcast(builder.shl(x, _each(words, 16)), floats)
    # Exponent and fraction move to where float32 has them, with another bias: exact, below the normal numbers too.
    # Not for infinity and NaN, which are no data. Other processors than those of today have no instruction for it.
    size = builder.shl(builder.and_(x, _each(words, 0x7FFF)), _each(words, 13))
    size = builder.fmul(builder.bitcast(size, floats), _each(floats, 2.0**112))
    sign = builder.shl(builder.and_(x, _each(words, 0x8000)), _each(words, 16))
    return builder.bitcast(builder.or_(builder.bitcast(size, words), sign), floats)


def _bits(aryty: Any, lanes: int) -> Any:
    """The LLVM type of `lanes` elements of an array, as they lie in memory."""
    width = aryty.dtype.bitwidth
    if isinstance(aryty.dtype, types.Integer):
        return ir.VectorType(ir.IntType(width), lanes)
    return ir.VectorType(ir.FloatType() if width == 32 else ir.DoubleType(), lanes)


def _read_vector(context: Any, builder: Any, kind: int, aryty: Any, array: Any, index: Any, vector: Vector) -> Any:
    if aryty.dtype == vector.dtype:
        return load_vector(context, builder, aryty, array, index, vector)
    x = builder.load(pointer_to(context, builder, aryty, array, index, _bits(aryty, vector.lanes)))
    x.align = aryty.dtype.bitwidth // 8
    return _decoded(builder, kind, aryty.dtype, x, vector.llvm())


# ---- for compiled code -----------------------------------------------------------------------------------------


@intrinsic(prefer_literal=True)
def read(typingctx: Any, a: Any, i: Any, b: Any, kind: Any) -> Any:
    """Element i."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x = builder.load(builder.gep(context.make_array(a)(context, builder, args[0]).data, [args[1]]))
        return _decoded(builder, kind.literal_value, a.dtype, x, context.get_value_type(b.dtype))

    return b.dtype(a, types.intp, b, kind), codegen


@intrinsic(prefer_literal=True)
def read_vector(typingctx: Any, a: Any, i: Any, b: Any, kind: Any, L: Any) -> Any:
    """Elements i, ..., i + L - 1."""
    vector = Vector(b.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _read_vector(context, builder, kind.literal_value, a, args[0], args[1], vector)

    return vector(a, types.intp, b, kind, L), codegen


@intrinsic(prefer_literal=True)
def read_first(typingctx: Any, a: Any, i: Any, n: Any, b: Any, kind: Any, L: Any) -> Any:
    """Elements i, ..., i + n - 1 in the first n lanes, zero in the rest; reads no others."""
    vector = Vector(b.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = _bits(a, vector.lanes)
        pointer = pointer_to(context, builder, a, args[0], args[1], bits)
        mask, align = first_lanes(builder, args[2], vector.lanes), I32(a.dtype.bitwidth // 8)
        letter = "i" if isinstance(a.dtype, types.Integer) else "f"
        name = f"llvm.masked.load.v{vector.lanes}{letter}{a.dtype.bitwidth}.p0"
        x = call(builder, name, bits, [pointer, align, mask, ir.Constant(bits, None)])
        return _decoded(builder, kind.literal_value, a.dtype, x, vector.llvm())

    return vector(a, types.intp, types.intp, b, kind, L), codegen


@intrinsic(prefer_literal=True)
def read_tile(typingctx: Any, a: Any, i: Any, row: Any, b: Any, kind: Any, L: Any) -> Any:
    """The tile of L rows of one vector, from elements i + r * row on."""
    tile = Tile(Vector(b.dtype, L.literal_value), L.literal_value, 1)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        acc, at = ir.Constant(context.get_value_type(tile), ir.Undefined), args[1]
        for r in range(tile.rows):
            x = _read_vector(context, builder, kind.literal_value, a, args[0], at, tile.vector)
            acc, at = builder.insert_value(acc, x, r), builder.add(at, args[2])
        return acc

    return tile(a, types.intp, types.intp, b, kind, L), codegen
