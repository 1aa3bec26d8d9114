"""Python's operators, and NumPy's functions that one instruction or two can do, on SIMD vectors and masks.

A scalar beside a vector is repeated in the vector's dtype, as NumPy does with Python's numbers; a mask counts as 0 or 1.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.errors import NumbaTypeError
from numba.extending import intrinsic, overload

from .simd import FLAGS, Mask, Vector, as_vector, call

LARGEST_POWER = 8


def vector_of(*operands: Any) -> Vector | None:
    """The vector type that an operation on these types gives, or None if it is not for vectors."""
    for operand in operands:
        if isinstance(operand, Vector):
            return operand
    for operand in operands:
        if isinstance(operand, Mask):
            return operand.vector
    return None


def elementwise(emit: Callable[..., Any], result: Callable[[Vector], Any] = lambda vector: vector) -> Any:
    """A function of vectors, masks and scalars, as many as `emit(builder, vector, ...)` takes after the first two."""

    def codegen_for(*operands: Any) -> tuple[Any, Any]:
        vector = vector_of(*operands)
        assert vector is not None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            values = [as_vector(context, builder, x, t, vector) for x, t in zip(args, operands, strict=True)]
            return emit(builder, vector, *values)

        return result(vector)(*operands), codegen

    count = emit.__code__.co_argcount - 2
    if count == 1:
        return intrinsic(lambda typingctx, x: codegen_for(x))
    if count == 2:
        return intrinsic(lambda typingctx, x, y: codegen_for(x, y))
    return intrinsic(lambda typingctx, x, y, z: codegen_for(x, y, z))


def unary(*functions: Any) -> Callable[[Any], Any]:
    """Overload functions of one argument by an intrinsic."""

    def register(implementation: Any) -> Any:
        for function in functions:

            @overload(function)
            def _(x):
                return (lambda x: implementation(x)) if vector_of(x) else None

        return implementation

    return register


def binary(*functions: Any) -> Callable[[Any], Any]:
    """Overload functions of two arguments by an intrinsic, if at least one is a vector or a mask."""

    def register(implementation: Any) -> Any:
        for function in functions:

            @overload(function)
            def _(x, y):
                return (lambda x, y: implementation(x, y)) if vector_of(x, y) else None

        return implementation

    return register


add = binary(operator.add, np.add)(elementwise(lambda b, t, x, y: b.fadd(x, y, flags=FLAGS)))
subtract = binary(operator.sub, np.subtract)(elementwise(lambda b, t, x, y: b.fsub(x, y, flags=FLAGS)))
multiply = binary(operator.mul, np.multiply)(elementwise(lambda b, t, x, y: b.fmul(x, y, flags=FLAGS)))
divide = binary(operator.truediv, np.divide)(elementwise(lambda b, t, x, y: b.fdiv(x, y)))
negative = unary(operator.neg, np.negative)(elementwise(lambda b, t, x: b.fneg(x)))
positive = unary(operator.pos, np.positive)(elementwise(lambda b, t, x: x))
square = unary(np.square)(elementwise(lambda b, t, x: b.fmul(x, x)))


def of_llvm(name: str) -> Any:
    """LLVM's function `name` of one vector."""
    return elementwise(lambda b, t, x: call(b, f"llvm.{name}.{t.suffix()}", t.llvm(), [x]))


absolute = unary(operator.abs if hasattr(operator, "abs") else abs, abs, np.abs, np.absolute, np.fabs)(of_llvm("fabs"))
square_root = unary(np.sqrt)(of_llvm("sqrt"))


def compare(predicate: str) -> Any:
    emit = "fcmp_unordered" if predicate == "!=" else "fcmp_ordered"
    return elementwise(lambda b, t, x, y: getattr(b, emit)(predicate, x, y), Mask)


binary(operator.lt, np.less)(compare("<"))
binary(operator.le, np.less_equal)(compare("<="))
binary(operator.gt, np.greater)(compare(">"))
binary(operator.ge, np.greater_equal)(compare(">="))
binary(operator.eq, np.equal)(compare("=="))
binary(operator.ne, np.not_equal)(compare("!="))


def _extreme(predicate: str) -> Any:
    def emit(b: Any, t: Any, x: Any, y: Any) -> Any:
        larger = b.select(b.fcmp_ordered(predicate, y, x), y, x)  # x if x is NaN
        return b.select(b.fcmp_unordered("uno", y, y), y, larger)  # LLVM drops this where y is a constant

    return elementwise(emit)


binary(np.maximum)(_extreme(">"))
binary(np.minimum)(_extreme("<"))


def mask_operation(emit: Callable[..., Any]) -> Any:
    @intrinsic
    def operation(typingctx: Any, x: Any, y: Any) -> Any:
        return x(x, y), lambda context, builder, sig, args: emit(builder, *args)

    return operation


for _function, _emit in (
    (operator.and_, lambda b, x, y: b.and_(x, y)),
    (operator.or_, lambda b, x, y: b.or_(x, y)),
    (operator.xor, lambda b, x, y: b.xor(x, y)),
):

    def _register(function: Any, implementation: Any) -> None:
        @overload(function)
        def _(x, y):
            return (lambda x, y: implementation(x, y)) if isinstance(x, Mask) and x == y else None

    _register(_function, mask_operation(_emit))


@intrinsic
def _invert(typingctx: Any, x: Any) -> Any:
    return x(x), lambda context, builder, sig, args: builder.not_(args[0])


@overload(operator.invert)
def _(x):
    return (lambda x: _invert(x)) if isinstance(x, Mask) else None


@intrinsic
def choose(typingctx: Any, mask: Any, x: Any, y: Any) -> Any:
    """x where the mask holds, else y."""
    vector = vector_of(x, y) or mask.vector

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        yes, no = (as_vector(context, builder, v, t, vector) for v, t in ((args[1], x), (args[2], y)))
        return builder.select(args[0], yes, no)

    return vector(mask, x, y), codegen


@overload(np.where)
def _where(condition, x, y):
    return (lambda condition, x, y: choose(condition, x, y)) if isinstance(condition, Mask) else None


def _power(x, n):
    vector = vector_of(x)
    if vector is None:
        return None
    if not isinstance(n, types.IntegerLiteral) or not 0 <= n.literal_value <= LARGEST_POWER:
        raise NumbaTypeError(f"a vector's exponent must be a constant integer from 0 to {LARGEST_POWER}")
    exponent = n.literal_value

    def emit(b: Any, t: Any, x: Any) -> Any:
        result = ir.Constant(t.llvm(), [1.0] * t.lanes)
        for bit in f"{exponent:b}":
            result = b.fmul(result, result)
            result = b.fmul(result, x) if bit == "1" else result
        return result

    implementation = elementwise(emit)
    return lambda x, n: implementation(x)


overload(operator.pow, prefer_literal=True)(_power)
overload(np.power, prefer_literal=True)(_power)
