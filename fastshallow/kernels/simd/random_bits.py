"""Dropout's random bits in compiled code: the formulas of `formulas.dropout`, on SIMD vectors of 32-bit words.

A row of words, one for each example of a tile, is where the generators of the examples start. A unit is kept if its
word is below `keep`, and is then multiplied by `scale`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ..values import I32, I64, INT, Value, Vector, as_kind, call_llvm, splat_value
from .vectors import first_lanes, index, pointer_to

GAMMA = 0x9E3779B9


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


def _word(builder: Any, integer: Any, lanes: int) -> Any:
    """An integer modulo 2^32 as a word in each lane."""
    return splat_value(builder, builder.trunc(as_kind(integer, INT, builder), I32), lanes)


def _put(words: Value, t: Any, key1: Any, key2: Any, x: Any) -> None:
    builder, lanes = words.builder, x.type.count
    start = builder.add(_mix(builder, builder.xor(x, _word(builder, key1, lanes))), _word(builder, key2, lanes))
    builder.store(start, pointer_to(words, t, x.type)).align = 4


def put_starts(words: Value, t: Any, key1: Any, key2: Any, begin: Any, L: int) -> None:
    """Words t, ..., t + L - 1 of the row: for examples begin, ..., begin + L - 1."""
    builder = words.builder
    _put(words, t, key1, key2, builder.add(_word(builder, begin, L), _first(L)))


def put_starts_in_order(words: Value, t: Any, key1: Any, key2: Any, order: Value, i: Any, n: Any, L: int) -> None:
    """Words t, ..., t + L - 1 of the row: for examples order[i], ..., of which n are there."""
    builder, integers = words.builder, ir.VectorType(I64, L)
    masked = [pointer_to(order, i, integers), I32(8), first_lanes(builder, n, L), ir.Constant(integers, None)]
    examples = call_llvm(builder, f"llvm.masked.load.v{L}i64.p0", integers, masked)
    _put(words, t, key1, key2, builder.trunc(examples, _words(L)))


def _kept(words: Value, each: Any, keep: Any, scale: Any, vector: Vector) -> Value:
    builder = words.builder
    kept = builder.icmp_unsigned("<", _mix(builder, each), _word(builder, keep, vector.lanes))
    scales = as_kind(scale, vector, builder)
    return words.new(builder.select(kept, scales, ir.Constant(vector.llvm(), None)), vector)


def kept_units(words: Value, t: Any, j: Any, keep: Any, scale: Any, like: Value, L: int) -> Value:
    """What units j, ..., j + L - 1 of example t of the tile are multiplied by, in the dtype that `like` points to."""
    builder = words.builder
    start = builder.load(builder.gep(words.value, [index(words, t)]))
    start = builder.add(start, builder.mul(builder.trunc(index(words, j), I32), I32(GAMMA)))
    each = builder.add(splat_value(builder, start, L), _first(L, GAMMA))
    return _kept(words, each, keep, scale, Vector(like.kind.dtype, L))


def kept_examples(words: Value, t: Any, j: Any, keep: Any, scale: Any, like: Value, L: int) -> Value:
    """What unit j of examples t, ..., t + L - 1 of the tile is multiplied by, in the dtype that `like` points to."""
    builder = words.builder
    start = builder.load(pointer_to(words, t, _words(L)))
    start.align = 4
    unit = splat_value(builder, builder.mul(builder.trunc(index(words, j), I32), I32(GAMMA)), L)
    return _kept(words, builder.add(start, unit), keep, scale, Vector(like.kind.dtype, L))
