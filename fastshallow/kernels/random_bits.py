"""Dropout's random bits in compiled code: the formulas of `fastshallow.dropout`, on SIMD vectors of 32-bit words.

A row of words, one for each example of a tile, is where the generators of the examples start. It lies in the scratch
memory from element `s` on, word after word whatever the dtype. `drop` is a pair of numbers: a unit is kept if its word
is below the first, and is then multiplied by the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .compiling import helper
from .simd import I32, Vector, call, first_lanes, pointer_to, splat_value
from .tiles import Tile

I64 = ir.IntType(64)
GAMMA = 0x9E3779B9


def make_starts(shuffled: bool, L: int) -> Callable[..., None]:
    """`starts`, which fills the row of words of n examples, up to whole vectors."""

    @helper
    def starts(control, key, i, begin, n, S, s):
        # for examples begin, ..., or those that stand there in the order that begins at control[i]; control[key] and
        # the next are the keys of the epoch
        for t in range(0, n, L):
            if shuffled:
                put_starts_in_order(S, s, t, control, key, i + begin + t, n - t, L)
            else:
                put_starts(S, s, t, control, key, begin + t, L)

    return starts


# ---- emitting LLVM ---------------------------------------------------------------------------------------------


def _words(lanes: int) -> Any:
    return ir.VectorType(I32, lanes)


def _each(words: Any, value: int) -> Any:
    return ir.Constant(words.type, [value] * words.type.count)


def _first(lanes: int, step: int = 1) -> Any:
    """0, step, 2 step, ..."""
    return ir.Constant(_words(lanes), [step * lane % 2**32 for lane in range(lanes)])


def _mix(builder: Any, x: Any) -> Any:
    for shift, factor in ((16, 0x21F0AAAD), (15, 0xD35A2D97)):
        x = builder.mul(builder.xor(x, builder.lshr(x, _each(x, shift))), _each(x, factor))
    return builder.xor(x, builder.lshr(x, _each(x, 15)))


def _word(builder: Any, number: Any, lanes: int) -> Any:
    """A float64 below 2^32, or an integer modulo 2^32, as a word in each lane."""
    integer = builder.fptoui(number, I64) if number.type == ir.DoubleType() else number
    return splat_value(builder, builder.trunc(integer, I32), lanes)


def _place(context: Any, builder: Any, a: Any, array: Any, s: Any, t: Any, llvm_type: Any) -> Any:
    """A pointer to word t of the row from element s of an array."""
    row = pointer_to(context, builder, a, array, s, I32)
    return builder.bitcast(builder.gep(row, [t]), llvm_type.as_pointer())


def _put_starts(context: Any, builder: Any, S: Any, control: Any, arrays: Any, s: Any, t: Any, key: Any, x: Any) -> Any:
    lanes = x.type.count
    keys = pointer_to(context, builder, control, arrays[1], key, ir.DoubleType())
    one, two = (_word(builder, builder.load(builder.gep(keys, [I32(n)])), lanes) for n in (0, 1))
    start = builder.add(_mix(builder, builder.xor(x, one)), two)
    builder.store(start, _place(context, builder, S, arrays[0], s, t, x.type)).align = 4
    return context.get_dummy_value()


def _kept(context: Any, builder: Any, vector: Vector, words: Any, drop: Any) -> Any:
    threshold, scale = (builder.extract_value(drop, n) for n in (0, 1))
    keep = builder.icmp_unsigned("<", _mix(builder, words), _word(builder, threshold, vector.lanes))
    scale = splat_value(builder, context.cast(builder, scale, types.float64, vector.dtype), vector.lanes)
    return builder.select(keep, scale, ir.Constant(vector.llvm(), None))


def _load_starts(context: Any, builder: Any, S: Any, array: Any, s: Any, t: Any, lanes: int) -> Any:
    starts = builder.load(_place(context, builder, S, array, s, t, _words(lanes)))
    starts.align = 4
    return starts


# ---- for compiled code -----------------------------------------------------------------------------------------

INDEX, DROP = types.intp, types.UniTuple(types.float64, 2)


@intrinsic(prefer_literal=True)
def put_starts(typingctx: Any, S: Any, s: Any, t: Any, control: Any, key: Any, begin: Any, L: Any) -> Any:
    """Words t, ..., t + L - 1 of the row: for examples begin, ..., begin + L - 1."""
    lanes = L.literal_value

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, s_, t_, numbers, key_, begin_, _ = args
        x = builder.add(_word(builder, begin_, lanes), _first(lanes))
        return _put_starts(context, builder, S, control, (array, numbers), s_, t_, key_, x)

    return types.void(S, INDEX, INDEX, control, INDEX, INDEX, L), codegen


@intrinsic(prefer_literal=True)
def put_starts_in_order(typingctx: Any, S: Any, s: Any, t: Any, control: Any, key: Any, i: Any, n: Any, L: Any) -> Any:
    """Words t, ..., t + L - 1 of the row: for the examples at control[i], ..., of which n are there."""
    lanes = L.literal_value

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, s_, t_, numbers, key_, i_, n_, _ = args
        doubles = ir.VectorType(ir.DoubleType(), lanes)
        pointer = pointer_to(context, builder, control, numbers, i_, doubles)
        masked = [pointer, I32(8), first_lanes(builder, n_, lanes), ir.Constant(doubles, None)]
        examples = call(builder, f"llvm.masked.load.v{lanes}f64.p0", doubles, masked)
        x = builder.trunc(builder.fptosi(examples, ir.VectorType(I64, lanes)), _words(lanes))
        return _put_starts(context, builder, S, control, (array, numbers), s_, t_, key_, x)

    return types.void(S, INDEX, INDEX, control, INDEX, INDEX, INDEX, L), codegen


@intrinsic(prefer_literal=True)
def kept_units(typingctx: Any, S: Any, s: Any, t: Any, j: Any, drop: Any, L: Any) -> Any:
    """What units j, ..., j + L - 1 of example t of the tile are multiplied by."""
    vector = Vector(S.dtype, L.literal_value)
    lanes = vector.lanes

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, s_, t_, j_, drop_, _ = args
        start = builder.load(_place(context, builder, S, array, s_, t_, I32))
        start = builder.add(start, builder.mul(builder.trunc(j_, I32), I32(GAMMA)))
        words = builder.add(splat_value(builder, start, lanes), _first(lanes, GAMMA))
        return _kept(context, builder, vector, words, drop_)

    return vector(S, INDEX, INDEX, INDEX, DROP, L), codegen


@intrinsic(prefer_literal=True)
def kept_examples(typingctx: Any, S: Any, s: Any, t: Any, j: Any, drop: Any, L: Any) -> Any:
    """What unit j of examples t, ..., t + L - 1 of the tile is multiplied by."""
    vector = Vector(S.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, s_, t_, j_, drop_, _ = args
        start = _load_starts(context, builder, S, array, s_, t_, vector.lanes)
        unit = splat_value(builder, builder.mul(builder.trunc(j_, I32), I32(GAMMA)), vector.lanes)
        return _kept(context, builder, vector, builder.add(start, unit), drop_)

    return vector(S, INDEX, INDEX, INDEX, DROP, L), codegen


@intrinsic(prefer_literal=True)
def kept_column(typingctx: Any, S: Any, s: Any, t: Any, drop: Any, n: Any, L: Any) -> Any:
    """The column of what units 0, ..., n - 1 of examples t, ..., t + L - 1 of the tile are multiplied by."""
    column = Tile(Vector(S.dtype, L.literal_value), n.literal_value, 1)
    vector = column.vector

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, s_, t_, drop_, _, _ = args
        start = _load_starts(context, builder, S, array, s_, t_, vector.lanes)
        result = ir.Constant(context.get_value_type(column), ir.Undefined)
        for j in range(column.rows):
            words = builder.add(start, _each(start, j * GAMMA % 2**32))
            result = builder.insert_value(result, _kept(context, builder, vector, words, drop_), j)
        return result

    return column(S, INDEX, INDEX, DROP, n, L), codegen
