"""What the functions on SIMD vectors are made of: polynomials, powers of two, exponents, quotients.

All of them take and give vectors of float32 or float64, of any number of lanes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from ..machine import has_fma, register_bits
from ..values import BOOL, FLOAT32, I32, Value, Vector, call_llvm, number
from .vectors import multiply_add

CURRENT_ROUNDING = I32(4)


def single(x: Value) -> bool:
    """Whether it is of float32."""
    return bool(x.kind.dtype == FLOAT32)


def mantissa_bits(vector: Vector) -> int:
    return 23 if vector.dtype == FLOAT32 else 52


def bits_of(vector: Vector, x: float) -> int:
    """The bits of a number of the vector's dtype, as an integer."""
    return int(np.float32(x).view(np.int32) if vector.dtype == FLOAT32 else np.float64(x).view(np.int64))


def integers(vector: Vector, n: int) -> Any:
    return ir.Constant(vector.integers(), [n] * vector.lanes)


def make_polynomial(
    of_single: tuple[float, ...], of_double: tuple[float, ...], chains: int = 2
) -> Callable[[Value], Value]:
    """The polynomial with these coefficients, the constant one first, by Horner's rule.

    Two chains, of the even ones and the odd ones, wait for each other half as long: expm1 of 11 coefficients takes a
    tenth less time. One has fewer instructions, and rounds but once beside a constant that is large.
    """

    def horner(x: Value, at: Any, chosen: tuple[float, ...]) -> Any:
        total = number(x.kind, chosen[-1])
        for c in chosen[-2::-1]:
            total = multiply_add(x.builder, total, at, number(x.kind, c))
        return total

    def polynomial(x: Value) -> Value:
        coefficients = of_single if single(x) else of_double
        if chains == 1:
            return x.new(horner(x, x.value, coefficients))
        square = x.builder.fmul(x.value, x.value)
        odd, even = horner(x, square, coefficients[1::2]), horner(x, square, coefficients[::2])
        return x.new(multiply_add(x.builder, odd, x.value, even))

    return polynomial


def make_constant(of_single: float, of_double: float) -> Callable[[Value], Value]:
    """A number that depends on the dtype of a vector."""
    return lambda like: like.new(number(like.kind, of_single if single(like) else of_double))


# Added to a small number n, the last bits hold the nearest integer plus the bias of an exponent, or of two.
biased = make_constant(1.5 * 2.0**23 + 127, 1.5 * 2.0**52 + 1023)
biased_twice = make_constant(1.5 * 2.0**23 + 2 * 127, 1.5 * 2.0**52 + 2 * 1023)


def exponent_bits(builder: Any, kind: Vector, whole: Any) -> Any:
    """The number whose exponent, with its bias, is in the last bits of integers."""
    return builder.bitcast(builder.shl(whole, integers(kind, mantissa_bits(kind))), kind.llvm())


def power_of_two(y: Value) -> Value:
    """2**n where y = biased + n and 2**n is a normal number."""
    return y.new(exponent_bits(y.builder, y.kind, y.builder.bitcast(y.value, y.kind.integers())))


def scalef(p: Value, n: Value) -> Value:
    """P * 2**floor(n), rounded once, by AVX-512."""
    return p.new(instruction(p.builder, p.kind, "scalef", [p.value, n.value], CURRENT_ROUNDING))


def times_power_of_two(p: Value, y: Value) -> Value:
    """P * 2**n where y = biased_twice + n, rounded once, whatever n is."""
    builder, kind = p.builder, p.kind
    if avx512(kind):
        return scalef(p, y - biased_twice(y))
    whole, value = builder.bitcast(y.value, kind.integers()), p.value
    half = builder.lshr(whole, integers(kind, 1))  # n in two halves, each with its bias
    for part in (half, builder.sub(whole, half)):
        value = builder.fmul(value, exponent_bits(builder, kind, part))
    return p.new(value)


def every(mask: Value) -> Value:
    """Whether the mask holds in all lanes."""
    bits = ir.IntType(mask.kind.vector.lanes)
    holds = mask.builder.icmp_unsigned("==", mask.builder.bitcast(mask.value, bits), ir.Constant(bits, -1))
    return mask.new(holds, BOOL)


def copy_sign(x: Value, sign: Value) -> Value:
    """|x| with the sign of the second vector."""
    return x.new(call_llvm(x.builder, f"llvm.copysign.{x.kind.suffix()}", x.kind.llvm(), [x.value, sign.value]))


def without_sign(x: Value) -> tuple[Value, Any]:
    """|x|, and the bits of its sign."""
    bits = x.builder.bitcast(x.value, x.kind.integers())
    sign = x.builder.and_(bits, integers(x.kind, -(1 << (8 * x.kind.dtype.itemsize - 1))))
    return x.new(x.builder.bitcast(x.builder.xor(bits, sign), x.kind.llvm())), sign


def with_sign(x: Value, sign: Any) -> Value:
    """X, which is not negative, with such a sign: an instruction less than `copy_sign`."""
    return x.new(x.builder.bitcast(x.builder.or_(x.builder.bitcast(x.value, x.kind.integers()), sign), x.kind.llvm()))


def exponent_of(x: Value) -> Value:
    """The integer e, as a number, for which x * 2**-e is from sqrt(1/2) to sqrt(2); x positive and normal."""
    excess = x.builder.ashr(above_root(x), integers(x.kind, mantissa_bits(x.kind)))
    return x.new(x.builder.sitofp(excess, x.kind.llvm()))


def mantissa(x: Value) -> Value:
    """X * 2**-e for the e of `exponent_of`."""
    whole = x.builder.and_(above_root(x), integers(x.kind, -(1 << mantissa_bits(x.kind))))
    rest = x.builder.sub(x.builder.bitcast(x.value, x.kind.integers()), whole)
    return x.new(x.builder.bitcast(rest, x.kind.llvm()))


def above_root(x: Value) -> Any:
    """How far the bits of x are above those of sqrt(1/2)."""
    return x.builder.sub(x.builder.bitcast(x.value, x.kind.integers()), integers(x.kind, bits_of(x.kind, 0.5**0.5)))


def avx512(vector: Vector) -> bool:
    """Whether the vector is a power of two of 512-bit registers, and the machine has them."""
    registers, rest = divmod(8 * vector.lanes * vector.dtype.itemsize, 512)
    return register_bits() == 512 and rest == 0 and registers & (registers - 1) == 0


def in_registers(builder: Any, vector: Vector, emit: Callable[..., Any], *args: Any) -> Any:
    """What `emit(LLVM's type of a register, *parts)` gives for each 512-bit register of a vector that may be wider."""
    lanes = 64 // vector.dtype.itemsize
    register = ir.VectorType(vector.llvm().element, lanes)
    parts = []
    for start in range(0, vector.lanes, lanes):
        indices = ir.Constant(ir.VectorType(I32, lanes), list(range(start, start + lanes)))
        parts.append(emit(register, *(builder.shuffle_vector(a, a, indices) for a in args)))
    while len(parts) > 1:
        indices = ir.Constant(ir.VectorType(I32, 2 * parts[0].type.count), list(range(2 * parts[0].type.count)))
        parts = [builder.shuffle_vector(p, q, indices) for p, q in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def instruction(builder: Any, vector: Vector, name: str, args: list[Any], *options: Any) -> Any:
    """Call an instruction of AVX-512 by its name, with all lanes enabled."""

    def emit(register: Any, *parts: Any) -> Any:
        mask = ir.Constant(ir.IntType(register.count), -1)
        return call_llvm(builder, full, register, [*parts, ir.Constant(register, None), mask, *options])

    kind, masked = ("ps" if vector.dtype == FLOAT32 else "pd"), ("mask." if options else "")
    full = f"llvm.x86.avx512.{masked}{name}.{kind}.512"
    return in_registers(builder, vector, emit, *args)


def reciprocal(x: Value) -> Value:
    """1 / x, to half the bits of its dtype or better; x finite, not 0, and neither huge nor tiny."""
    if not avx512(x.kind):
        return 1.0 / x
    r = x.new(instruction(x.builder, x.kind, "rcp14", [x.value]))
    return r if single(x) else r + r * (1.0 - x * r)


def quotient(a: Value, b: Value) -> Value:
    """A / b; b finite, not 0, and neither huge nor tiny."""
    if not avx512(a.kind):
        return a / b
    r = reciprocal(b)
    q = a * r
    return q + r * (a - q * b)


def ratio(t: Value) -> Value:
    """T / (t + 1), of a denominator that is not rounded."""
    if has_fma():
        r = reciprocal(t + 1.0)
        q = t * r
        return q + r * ((t - q) - q * t)
    d = t + 1.0  # where q * t would be rounded
    added = d - t
    lost = (t - (d - added)) + (1.0 - added)
    q = t / d
    return q - q * (lost / d)
