"""Python's operators, and NumPy's functions that one instruction or two can do, on SIMD vectors and masks.

A scalar beside a vector is repeated in the vector's dtype, as NumPy does with Python's numbers; a mask counts as 0 or
1.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.errors import NumbaTypeError
from numba.core.typing.templates import infer_global, make_intrinsic_template

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


def define(*functions: Any, prefer_literal: bool = False) -> Callable[[Any], Any]:
    """Give NumPy's functions and operators a meaning on vectors: (typing context, types) -> signature and code.

    `numba.extending.overload` would do it too, but compiles a function for each (measured: a third of the time).
    """

    def register(definition: Any) -> Any:
        for function in functions:
            template = make_intrinsic_template(function, definition, function.__name__, prefer_literal=prefer_literal)
            infer_global(function, types.Function(template))
        return definition

    return register


def elementwise(emit: Callable[..., Any], result: Callable[[Vector], Any] = lambda vector: vector) -> Any:
    """What `define` takes, from `emit(builder, vector type, x)` or `emit(builder, vector type, x, y)`."""

    def typed(*operands: Any) -> tuple[Any, Any] | None:
        vector = vector_of(*operands)
        if vector is None:
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            values = [as_vector(context, builder, x, t, vector) for x, t in zip(args, operands, strict=True)]
            return emit(builder, vector, *values)

        return result(vector)(*operands), codegen

    if emit.__code__.co_argcount == 3:
        return lambda typingctx, x: typed(x)
    return lambda typingctx, x, y: typed(x, y)


define(operator.add, np.add)(elementwise(lambda b, t, x, y: b.fadd(x, y, flags=FLAGS)))
define(operator.sub, np.subtract)(elementwise(lambda b, t, x, y: b.fsub(x, y, flags=FLAGS)))
define(operator.mul, np.multiply)(elementwise(lambda b, t, x, y: b.fmul(x, y, flags=FLAGS)))
define(operator.truediv, np.divide)(elementwise(lambda b, t, x, y: b.fdiv(x, y)))
define(operator.neg, np.negative)(elementwise(lambda b, t, x: b.fneg(x)))
define(operator.pos, np.positive)(elementwise(lambda b, t, x: x))
define(np.square)(elementwise(lambda b, t, x: b.fmul(x, x)))


def of_llvm(name: str) -> Any:
    """LLVM's function `name` of one vector."""
    return elementwise(lambda b, t, x: call(b, f"llvm.{name}.{t.suffix()}", t.llvm(), [x]))


define(abs, np.absolute, np.fabs)(of_llvm("fabs"))
define(np.sqrt)(of_llvm("sqrt"))


def compare(predicate: str) -> Any:
    emit = "fcmp_unordered" if predicate == "!=" else "fcmp_ordered"
    return elementwise(lambda b, t, x, y: getattr(b, emit)(predicate, x, y), Mask)


define(operator.lt, np.less)(compare("<"))
define(operator.le, np.less_equal)(compare("<="))
define(operator.gt, np.greater)(compare(">"))
define(operator.ge, np.greater_equal)(compare(">="))
define(operator.eq, np.equal)(compare("=="))
define(operator.ne, np.not_equal)(compare("!="))


def extreme(predicate: str) -> Any:
    def emit(b: Any, t: Any, x: Any, y: Any) -> Any:
        larger = b.select(b.fcmp_ordered(predicate, y, x), y, x)  # x if x is NaN
        return b.select(b.fcmp_unordered("uno", y, y), y, larger)  # LLVM drops this where y is a constant

    return elementwise(emit)


define(np.maximum)(extreme(">"))
define(np.minimum)(extreme("<"))


def of_masks(emit: Callable[..., Any]) -> Any:
    def typed(typingctx: Any, x: Any, y: Any) -> Any:
        if isinstance(x, Mask) and x == y:
            return x(x, y), lambda context, builder, sig, args: emit(builder, *args)
        return None

    return typed


define(operator.and_)(of_masks(lambda b, x, y: b.and_(x, y)))
define(operator.or_)(of_masks(lambda b, x, y: b.or_(x, y)))
define(operator.xor)(of_masks(lambda b, x, y: b.xor(x, y)))


@define(operator.invert)
def invert(typingctx: Any, x: Any) -> Any:
    return (x(x), lambda context, builder, sig, args: builder.not_(args[0])) if isinstance(x, Mask) else None


@define(np.where)
def where(typingctx: Any, condition: Any, x: Any, y: Any) -> Any:
    if not isinstance(condition, Mask):
        return None
    vector = vector_of(x, y) or condition.vector

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        yes, no = (as_vector(context, builder, v, t, vector) for v, t in ((args[1], x), (args[2], y)))
        return builder.select(args[0], yes, no)

    return vector(condition, x, y), codegen


@define(operator.pow, np.power, prefer_literal=True)
def power(typingctx: Any, x: Any, n: Any) -> Any:
    vector = vector_of(x)
    if vector is None:
        return None
    if not isinstance(n, types.IntegerLiteral) or not 0 <= n.literal_value <= LARGEST_POWER:
        raise NumbaTypeError(f"a vector's exponent must be a constant integer from 0 to {LARGEST_POWER}")

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        base = as_vector(context, builder, args[0], x, vector)
        result = ir.Constant(vector.llvm(), [1.0] * vector.lanes)
        for bit in f"{n.literal_value:b}":
            result = builder.fmul(result, result)
            result = builder.fmul(result, base) if bit == "1" else result
        return result

    return vector(x, n), codegen
