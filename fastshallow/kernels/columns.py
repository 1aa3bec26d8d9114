"""Columns: tiles of n x 1 vectors, one for each feature, unit or output of a network whose sizes are constants.

They and the matrices of weights, numbers in memory, make a step that is straight-line code without a loop.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .simd import multiply_add, splat_load
from .tiles import Tile


def _splat(context: Any, builder: Any, a: Any, array: Any, i: int, vector: Any) -> Any:
    return splat_load(context, builder, a, array, ir.Constant(context.get_value_type(types.intp), i), vector)


@intrinsic(prefer_literal=True)
def column_affine(typingctx: Any, W: Any, b: Any, x: Any, n: Any) -> Any:
    """The column W x + b of n vectors; W (n, rows of x) and b (n,) in memory."""
    column = Tile(x.vector, n.literal_value, 1)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        result = ir.Constant(context.get_value_type(column), ir.Undefined)
        for j in range(column.rows):
            total = _splat(context, builder, b, args[1], j, x.vector)
            for k in range(x.rows):
                w = _splat(context, builder, W, args[0], j * x.rows + k, x.vector)
                total = multiply_add(builder, w, builder.extract_value(args[2], k), total)
            result = builder.insert_value(result, total, j)
        return result

    return column(W, b, x, n), codegen


@intrinsic(prefer_literal=True)
def column_transposed(typingctx: Any, W: Any, d: Any, n: Any) -> Any:
    """The column W' d of n vectors; W (rows of d, n) in memory."""
    column = Tile(d.vector, n.literal_value, 1)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        result = ir.Constant(context.get_value_type(column), ir.Undefined)
        for j in range(column.rows):
            total = None
            for y in range(d.rows):
                w, v = (
                    _splat(context, builder, W, args[0], y * column.rows + j, d.vector),
                    builder.extract_value(args[1], y),
                )
                total = builder.fmul(w, v) if total is None else multiply_add(builder, w, v, total)
            result = builder.insert_value(result, total, j)
        return result

    return column(W, d, n), codegen


@intrinsic
def column_map(typingctx: Any, f: Any, x: Any, s: Any) -> Any:
    """F of each vector of a column, and of the vector s."""
    one = f.get_call_type(typingctx, (x.vector, s), {})

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        call, result = context.get_function(f, one), args[1]
        for j in range(x.rows):
            result = builder.insert_value(result, call(builder, [builder.extract_value(args[1], j), args[2]]), j)
        return result

    return x(f, x, s), codegen


@intrinsic
def column_map2(typingctx: Any, f: Any, x: Any, y: Any, s: Any) -> Any:
    """F of each two vectors of two columns, and of the vector s."""
    one = f.get_call_type(typingctx, (x.vector, x.vector, s), {})

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        call, result = context.get_function(f, one), args[1]
        for j in range(x.rows):
            pair = [builder.extract_value(args[1], j), builder.extract_value(args[2], j)]
            result = builder.insert_value(result, call(builder, [*pair, args[3]]), j)
        return result

    return x(f, x, x, s), codegen


@intrinsic
def cross_add(typingctx: Any, acc: Any, d: Any, x: Any) -> Any:
    """acc[j, k] + d[j] * x[k], lane by lane: a gradient's sums, each lane its own."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total = args[0]
        for j in range(d.rows):
            for k in range(x.rows):
                n = j * x.rows + k
                p, q = builder.extract_value(args[1], j), builder.extract_value(args[2], k)
                total = builder.insert_value(total, multiply_add(builder, p, q, builder.extract_value(total, n)), n)
        return total

    return acc(acc, d, x), codegen


@intrinsic
def column_add(typingctx: Any, acc: Any, d: Any) -> Any:
    """The sum of two columns."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total = args[0]
        for j in range(acc.rows):
            term = builder.fadd(builder.extract_value(args[0], j), builder.extract_value(args[1], j))
            total = builder.insert_value(total, term, j)
        return total

    return acc(acc, d), codegen
