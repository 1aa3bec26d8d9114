"""Python's operators, and NumPy's functions that one instruction or two can do, on numbers, SIMD vectors and masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from ..values import (
    BOOL,
    I64,
    REAL,
    SUBSTITUTES,
    Mask,
    Value,
    Vector,
    as_kind,
    call_llvm,
    common_kind,
    define,
    elementwise,
    number,
)

LARGEST_POWER = 8
# `contract` lets a product and a sum fuse into one FMA where the machine has it; nothing may reorder sums or assume
# that NaN and infinity do not occur.
FLAGS = ("contract",)


def floor_divide(b: Any, kind: Any, x: Any, y: Any) -> Any:
    if isinstance(y, ir.Constant) and y.constant > 0 and y.constant & (y.constant - 1) == 0:
        return b.ashr(x, I64(y.constant.bit_length() - 1))
    quotient = b.sdiv(x, y)
    lost = b.icmp_signed("!=", b.mul(quotient, y), x)
    below = b.and_(lost, b.icmp_signed("<", b.xor(x, y), I64(0)))
    return b.sub(quotient, b.zext(below, I64))


def modulo(b: Any, kind: Any, x: Any, y: Any) -> Any:
    if isinstance(y, ir.Constant) and y.constant > 0 and y.constant & (y.constant - 1) == 0:
        return b.and_(x, I64(y.constant - 1))
    return b.sub(x, b.mul(floor_divide(b, kind, x, y), y))


define(np.add)(elementwise(lambda b, t, x, y: b.fadd(x, y, flags=FLAGS), lambda b, t, x, y: b.add(x, y)))
define(np.subtract)(elementwise(lambda b, t, x, y: b.fsub(x, y, flags=FLAGS), lambda b, t, x, y: b.sub(x, y)))
define(np.multiply)(elementwise(lambda b, t, x, y: b.fmul(x, y, flags=FLAGS), lambda b, t, x, y: b.mul(x, y)))
define(np.divide)(elementwise(lambda b, t, x, y: b.fdiv(x, y)))
define(np.negative)(elementwise(lambda b, t, x: b.fneg(x), lambda b, t, x: b.neg(x)))
define(np.positive)(elementwise(lambda b, t, x: x, lambda b, t, x: x))
define(np.square)(elementwise(lambda b, t, x: b.fmul(x, x)))
define(np.floor_divide)(elementwise(None, floor_divide))
define(np.remainder)(elementwise(None, modulo))


def of_llvm(name: str, whole: Any = None) -> Any:
    """LLVM's function `name` of floats."""
    return elementwise(lambda b, t, x: call_llvm(b, f"llvm.{name}.{t.suffix()}", t.llvm(), [x]), whole)


define(np.absolute, np.fabs)(of_llvm("fabs", lambda b, t, x: b.select(b.icmp_signed("<", x, I64(0)), b.neg(x), x)))
define(np.sqrt)(of_llvm("sqrt"))


def compare(predicate: str) -> Any:
    emit = "fcmp_unordered" if predicate == "!=" else "fcmp_ordered"
    return elementwise(
        lambda b, t, x, y: getattr(b, emit)(predicate, x, y),
        lambda b, t, x, y: b.icmp_signed(predicate, x, y),
        lambda kind: Mask(kind) if isinstance(kind, Vector) else BOOL,
    )


define(np.less)(compare("<"))
define(np.less_equal)(compare("<="))
define(np.greater)(compare(">"))
define(np.greater_equal)(compare(">="))
define(np.equal)(compare("=="))
define(np.not_equal)(compare("!="))


def extreme(predicate: str) -> Any:
    def emit(b: Any, t: Any, x: Any, y: Any) -> Any:
        larger = b.select(b.fcmp_ordered(predicate, y, x), y, x)  # x if x is NaN
        return b.select(b.fcmp_unordered("uno", y, y), y, larger)  # LLVM drops this where y is a constant

    return elementwise(emit)


define(np.maximum)(extreme(">"))
define(np.minimum)(extreme("<"))


def of_truths(emit: Callable[..., Any]) -> Any:
    """On masks, and on truth values."""

    def meaning(*operands: Any) -> Any:
        first = operands[0] if isinstance(operands[0], Value) else operands[1]
        if first.kind != BOOL and not isinstance(first.kind, Mask):
            return NotImplemented
        values = (x.value if isinstance(x, Value) else ir.Constant(first.kind.llvm(), int(x)) for x in operands)
        return first.new(emit(first.builder, *values))

    return meaning


define(np.bitwise_and)(of_truths(lambda b, x, y: b.and_(x, y)))
define(np.bitwise_or)(of_truths(lambda b, x, y: b.or_(x, y)))
define(np.bitwise_xor)(of_truths(lambda b, x, y: b.xor(x, y)))
define(np.invert)(of_truths(lambda b, x: b.not_(x)))


@define(np.where)
def where(condition: Any, x: Any, y: Any) -> Any:
    if not isinstance(condition, Value) or not isinstance(condition.kind, Mask):
        return NotImplemented
    builder, kind = condition.builder, common_kind(x, y)
    kind = kind if isinstance(kind, Vector) else condition.kind.vector
    yes, no = as_kind(x, kind, builder), as_kind(y, kind, builder)
    return Value(builder, kind, builder.select(condition.value, yes, no))


@define(np.power)
def power(x: Any, n: Any) -> Any:
    """A number to any power, or a vector to a small constant one."""
    if not isinstance(common_kind(x, n), Vector):
        return elementwise(lambda b, t, x, y: call_llvm(b, "llvm.pow.f64", REAL.llvm(), [x, y]))(x, n)
    if not isinstance(n, int) or not 0 <= n <= LARGEST_POWER:
        raise TypeError(f"a vector's exponent must be a constant integer from 0 to {LARGEST_POWER}")
    builder, kind = x.builder, common_kind(x)
    base, result = as_kind(x, kind, builder), number(kind, 1.0)
    for bit in f"{n:b}":
        result = builder.fmul(result, result)
        result = builder.fmul(result, base) if bit == "1" else result
    return Value(builder, kind, result)


SUBSTITUTES[abs] = np.absolute
