"""What the functions on SIMD vectors are made of: polynomials, powers of two, exponents, quotients.

All of them take and give vectors of float32 or float64, of any number of lanes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from .compiling import INLINED, has_fma, register_bits
from .simd import I32, Vector, call, multiply_add

CURRENT_ROUNDING = I32(4)


def mantissa_bits(vector: Vector) -> int:
    return 23 if vector.dtype == types.float32 else 52


def bits_of(vector: Vector, x: float) -> int:
    """The bits of a number of the vector's dtype, as an integer."""
    single = vector.dtype == types.float32
    return int(np.float32(x).view(np.int32) if single else np.float64(x).view(np.int64))


def integers(vector: Vector, n: int) -> Any:
    return ir.Constant(vector.integers(), [n] * vector.lanes)


def numbers(vector: Vector, x: float) -> Any:
    return ir.Constant(vector.llvm(), [float(np.float32(x)) if vector.dtype == types.float32 else x] * vector.lanes)


def make_polynomial(single: tuple[float, ...], double: tuple[float, ...]) -> Any:
    """The polynomial with these coefficients, the constant one first, by Horner's rule."""

    @intrinsic
    def polynomial(typingctx: Any, x: Any) -> Any:
        coefficients = single if x.dtype == types.float32 else double

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            total = numbers(x, coefficients[-1])
            for c in coefficients[-2::-1]:
                total = multiply_add(builder, total, args[0], numbers(x, c))
            return total

        return x(x), codegen

    return polynomial


def scaled(coefficients: tuple[float, ...]) -> tuple[float, ...]:
    """The polynomial q(r) as 2 q(2 r)."""
    return tuple(2.0 ** (k + 1) * c for k, c in enumerate(coefficients))


def make_constant(single: float, double: float) -> Any:
    """A number that depends on the dtype of a vector."""

    @intrinsic
    def constant(typingctx: Any, like: Any) -> Any:
        return like(like), lambda context, builder, sig, args: numbers(
            like, single if like.dtype == types.float32 else double
        )

    return constant


@intrinsic
def power_of_two(typingctx: Any, y: Any) -> Any:
    """2**n where y = magic + n and 2**n is a normal number."""
    bits = mantissa_bits(y)
    one = 127 if bits == 23 else 1023

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        exponent = builder.add(builder.bitcast(args[0], y.integers()), integers(y, one))
        return builder.bitcast(builder.shl(exponent, integers(y, bits)), y.llvm())

    return y(y), codegen


@intrinsic
def scalef(typingctx: Any, p: Any, n: Any) -> Any:
    """P * 2**floor(n), rounded once, by AVX-512."""
    return p(p, n), lambda context, builder, sig, args: instruction(builder, p, "scalef", list(args), CURRENT_ROUNDING)


@intrinsic
def times_power_of_two(typingctx: Any, p: Any, y: Any) -> Any:
    """P * 2**n where y = magic + n, rounded once, whatever n is."""
    bits = mantissa_bits(p)
    one = 127 if bits == 23 else 1023

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        p_, y_ = args
        if avx512(p):
            n = builder.fsub(y_, numbers(p, 1.5 * 2.0**bits))
            return instruction(builder, p, "scalef", [p_, n], CURRENT_ROUNDING)
        n = builder.sub(builder.bitcast(y_, p.integers()), integers(p, bits_of(p, 1.5 * 2.0**bits)))
        half = builder.ashr(n, integers(p, 1))
        for part in (half, builder.sub(n, half)):
            exponent = builder.shl(builder.add(part, integers(p, one)), integers(p, bits))
            p_ = builder.fmul(p_, builder.bitcast(exponent, p.llvm()))
        return p_

    return p(p, y), codegen


@intrinsic
def every(typingctx: Any, mask: Any) -> Any:
    """Whether the mask holds in all lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = ir.IntType(mask.vector.lanes)
        return builder.icmp_unsigned("==", builder.bitcast(args[0], bits), ir.Constant(bits, -1))

    return types.boolean(mask), codegen


@intrinsic
def copy_sign(typingctx: Any, x: Any, sign: Any) -> Any:
    """|x| with the sign of the second vector."""
    return x(x, sign), lambda context, builder, sig, args: call(
        builder, f"llvm.copysign.{x.suffix()}", x.llvm(), list(args)
    )


@intrinsic
def exponent_of(typingctx: Any, x: Any) -> Any:
    """The integer e, as a number, for which x * 2**-e is from sqrt(1/2) to sqrt(2); x positive and normal."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        excess = above_root(builder, x, args[0])
        return builder.sitofp(builder.ashr(excess, integers(x, mantissa_bits(x))), x.llvm())

    return x(x), codegen


@intrinsic
def mantissa(typingctx: Any, x: Any) -> Any:
    """X * 2**-e for the e of `exponent_of`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole = builder.and_(above_root(builder, x, args[0]), integers(x, -(1 << mantissa_bits(x))))
        return builder.bitcast(builder.sub(builder.bitcast(args[0], x.integers()), whole), x.llvm())

    return x(x), codegen


def above_root(builder: Any, vector: Vector, x: Any) -> Any:
    """How far the bits of x are above those of sqrt(1/2)."""
    return builder.sub(builder.bitcast(x, vector.integers()), integers(vector, bits_of(vector, 0.5**0.5)))


@intrinsic
def reciprocal_estimate(typingctx: Any, x: Any) -> Any:
    """1 / x to 14 bits, from AVX-512."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return instruction(builder, x, "rcp14", list(args))

    return x(x), codegen


def avx512(vector: Vector) -> bool:
    """Whether the vector is a power of two of 512-bit registers, and the machine has them."""
    registers, rest = divmod(vector.lanes * vector.dtype.bitwidth, 512)
    return register_bits() == 512 and rest == 0 and registers & (registers - 1) == 0


def in_registers(builder: Any, vector: Vector, emit: Callable[..., Any], *args: Any) -> Any:
    """What `emit(LLVM's type of a register, *parts)` gives for each 512-bit register of a vector that may be wider."""
    lanes = 512 // vector.dtype.bitwidth
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
        return call(builder, full, register, [*parts, ir.Constant(register, None), mask, *options])

    kind, masked = ("ps" if vector.dtype == types.float32 else "pd"), ("mask." if options else "")
    full = f"llvm.x86.avx512.{masked}{name}.{kind}.512"
    return in_registers(builder, vector, emit, *args)


def reciprocal(x):
    """1 / x, to half the bits of its dtype or better; x finite, not 0, and neither huge nor tiny."""
    raise NotImplementedError


@overload(reciprocal, jit_options=INLINED)
def _reciprocal(x):
    if not avx512(x):
        return lambda x: 1.0 / x
    if x.dtype == types.float32:
        return lambda x: reciprocal_estimate(x)

    def refined(x):
        r = reciprocal_estimate(x)
        return r + r * (1.0 - x * r)

    return refined


def ratio(t):
    """T / (t + 1), of a denominator that is not rounded."""
    raise NotImplementedError


@overload(ratio, jit_options=INLINED)
def _ratio(t):
    def refined(t):
        r = reciprocal(t + 1.0)
        q = t * r
        return q + r * ((t - q) - q * t)

    def corrected(t):  # where q * t would be rounded
        d = t + 1.0
        added = d - t
        lost = (t - (d - added)) + (1.0 - added)
        q = t / d
        return q - q * (lost / d)

    return refined if has_fma() else corrected
