"""SIMD vectors as Numba values.

Inside compiled code two types stand beside Numba's scalars and arrays:

- `Vector(dtype, lanes)`: an LLVM vector such as ``<16 x float>``; `vector_math` gives it Python's operators and
  NumPy's functions;
- `Mask(vector)`: what comparing two vectors gives; in arithmetic it counts as 0 or 1, as in NumPy.

A vector may be wider than a register: LLVM then splits it, which interleaves independent chains of
instructions and hides their latency.

Memory is reached by `load(a, i, L)` and its kin: `a` is an array whose elements are addressed by a *flat* offset
`i` from its first one, so an array of any shape or strides serves. No bound is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

I32 = ir.IntType(32)
# `contract` lets a product and a sum fuse into one FMA where the machine has it; nothing may reorder sums or
# assume that NaN and infinity do not occur.
FLAGS = ("contract",)


class Vector(types.Type):
    """`lanes` numbers of type `dtype` in registers."""

    def __init__(self, dtype: types.Float, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"vector({lanes} x {dtype})")

    def llvm(self) -> ir.VectorType:
        return ir.VectorType(ir.FloatType() if self.dtype == types.float32 else ir.DoubleType(), self.lanes)

    def integers(self) -> ir.VectorType:
        """The LLVM type of as many integers of the same width."""
        return ir.VectorType(ir.IntType(self.dtype.bitwidth), self.lanes)

    def suffix(self) -> str:
        """How LLVM's intrinsics name this type."""
        return f"v{self.lanes}f{self.dtype.bitwidth}"


class Mask(types.Type):
    """One truth value for each lane of `vector`."""

    def __init__(self, vector: Vector) -> None:
        self.vector = vector
        super().__init__(name=f"mask({vector.name})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Vector) -> None:
        super().__init__(dmm, fe_type, fe_type.llvm())


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Mask) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(ir.IntType(1), fe_type.vector.lanes))


# ---- emitting LLVM ---------------------------------------------------------------------------------------------


def call(builder: Any, name: str, returns: Any, args: Any) -> Any:
    """Call an LLVM intrinsic by its full name; llvmlite can't name those on vectors itself."""
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(returns, [a.type for a in args]), name)
    return builder.call(function, args)


def splat_value(builder: Any, scalar: Any, lanes: int) -> Any:
    """A vector with `scalar` in each lane."""
    vector = ir.VectorType(scalar.type, lanes)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, I32(0))
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(I32, lanes), None))


def as_vector(context: Any, builder: Any, value: Any, fromty: Any, vector: Vector) -> Any:
    """`value` as a `vector`: a scalar is repeated in the vector's dtype (NumPy's rule for Python numbers)."""
    if isinstance(fromty, Vector):
        return value
    if isinstance(fromty, Mask):
        one, zero = (ir.Constant(vector.llvm(), [x] * vector.lanes) for x in (1.0, 0.0))
        return builder.select(value, one, zero)
    if isinstance(fromty, types.Literal):
        fromty = fromty.literal_type
    return splat_value(builder, context.cast(builder, value, fromty, vector.dtype), vector.lanes)


def pointer_to(context: Any, builder: Any, aryty: Any, array: Any, index: Any, llvm_type: Any) -> Any:
    data = context.make_array(aryty)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), llvm_type.as_pointer())


def load_vector(context: Any, builder: Any, aryty: Any, array: Any, index: Any, vector: Vector) -> Any:
    load = builder.load(pointer_to(context, builder, aryty, array, index, vector.llvm()))
    load.align = aryty.dtype.bitwidth // 8
    return load


def splat_load(context: Any, builder: Any, aryty: Any, array: Any, index: Any, vector: Vector) -> Any:
    data = context.make_array(aryty)(context, builder, array).data
    return splat_value(builder, builder.load(builder.gep(data, [index])), vector.lanes)


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=FLAGS), c, flags=FLAGS)


# ---- vectors ---------------------------------------------------------------------------------------------------


@intrinsic(prefer_literal=True)
def load(typingctx: Any, a: Any, i: Any, L: Any) -> Any:
    """Elements i, ..., i + L - 1 of `a`, as a vector."""
    vector = Vector(a.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return load_vector(context, builder, a, args[0], args[1], vector)

    return vector(a, types.intp, L), codegen


@intrinsic(prefer_literal=True)
def load_first(typingctx: Any, a: Any, i: Any, n: Any, L: Any) -> Any:
    """Elements i, ..., i + n - 1 of `a` in the first n lanes (n <= L), zero in the rest; reads no others."""
    vector = Vector(a.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = pointer_to(context, builder, a, args[0], args[1], vector.llvm())
        mask = first_lanes(builder, args[2], vector.lanes)
        align = I32(a.dtype.bitwidth // 8)
        zero = ir.Constant(vector.llvm(), None)
        return call(builder, f"llvm.masked.load.{vector.suffix()}.p0", vector.llvm(), [pointer, align, mask, zero])

    return vector(a, types.intp, types.intp, L), codegen


@intrinsic(prefer_literal=True)
def zeros(typingctx: Any, a: Any, L: Any) -> Any:
    """L zeros of the dtype of array `a`, as a vector."""
    vector = Vector(a.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(vector.llvm(), None)

    return vector(a, L), codegen


@intrinsic
def store(typingctx: Any, a: Any, i: Any, v: Any) -> Any:
    """Write a vector to elements i, ... of `a`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = pointer_to(context, builder, a, args[0], args[1], v.llvm())
        builder.store(args[2], pointer).align = a.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(a, types.intp, v), codegen


@intrinsic
def store_first(typingctx: Any, a: Any, i: Any, v: Any, n: Any) -> Any:
    """Write the first n lanes of a vector to elements i, ... of `a`; touches no others."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = pointer_to(context, builder, a, args[0], args[1], v.llvm())
        mask = first_lanes(builder, args[3], v.lanes)
        align = I32(a.dtype.bitwidth // 8)
        call(builder, f"llvm.masked.store.{v.suffix()}.p0", ir.VoidType(), [args[2], pointer, align, mask])
        return context.get_dummy_value()

    return types.void(a, types.intp, v, types.intp), codegen


@intrinsic
def element(typingctx: Any, a: Any, i: Any) -> Any:
    """Element i of `a`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(builder.gep(context.make_array(a)(context, builder, args[0]).data, [args[1]]))

    return a.dtype(a, types.intp), codegen


@intrinsic(prefer_literal=True)
def elements(typingctx: Any, a: Any, i: Any, n: Any) -> Any:
    """Elements i, ..., i + n - 1 of `a`, as a tuple."""
    numbers = types.UniTuple(a.dtype, n.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(a)(context, builder, args[0]).data
        places = [builder.add(args[1], ir.Constant(args[1].type, e)) for e in range(numbers.count)]
        return context.make_tuple(builder, numbers, [builder.load(builder.gep(data, [place])) for place in places])

    return numbers(a, types.intp, n), codegen


@intrinsic
def put(typingctx: Any, a: Any, i: Any, x: Any) -> Any:
    """Write number `x` to element i of `a`, in its dtype."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(a)(context, builder, args[0]).data
        builder.store(context.cast(builder, args[2], x, a.dtype), builder.gep(data, [args[1]]))
        return context.get_dummy_value()

    return types.void(a, types.intp, x), codegen


@intrinsic
def prefetch(typingctx: Any, a: Any, i: Any) -> Any:
    """Ask for the cache line of element i of `a`, which may lie beyond its end, in the second-level cache."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(a)(context, builder, args[0]).data
        read, second_level, not_code = I32(0), I32(2), I32(1)
        pointer = builder.gep(data, [args[1]])
        call(builder, "llvm.prefetch.p0", ir.VoidType(), [pointer, read, second_level, not_code])
        return context.get_dummy_value()

    return types.void(a, types.intp), codegen


@intrinsic(prefer_literal=True)
def splat(typingctx: Any, a: Any, i: Any, L: Any) -> Any:
    """Element i of `a` in each of L lanes."""
    vector = Vector(a.dtype, L.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return splat_load(context, builder, a, args[0], args[1], vector)

    return vector(a, types.intp, L), codegen


def first_lanes(builder: Any, n: Any, lanes: int) -> Any:
    """A mask of the first n lanes; n may be larger or negative."""
    limit = ir.Constant(n.type, lanes)
    n = builder.trunc(builder.select(builder.icmp_signed("<", n, limit), n, limit), I32)
    numbers = ir.Constant(ir.VectorType(I32, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, splat_value(builder, n, lanes))


@intrinsic
def keep_first(typingctx: Any, v: Any, n: Any) -> Any:
    """`v` in the first n lanes, zero in the rest."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(first_lanes(builder, args[1], v.lanes), args[0], ir.Constant(v.llvm(), None))

    return v(v, types.intp), codegen


@intrinsic
def hsum(typingctx: Any, v: Any) -> Any:
    """The sum of all lanes, pair by pair."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        total, lanes = args[0], v.lanes
        while lanes > 1:
            lanes //= 2
            lower, upper = (
                builder.shuffle_vector(
                    total, total, ir.Constant(ir.VectorType(I32, lanes), list(range(start, start + lanes)))
                )
                for start in (0, lanes)
            )
            total = builder.fadd(lower, upper)
        return builder.extract_element(total, I32(0))

    return v.dtype(v), codegen
