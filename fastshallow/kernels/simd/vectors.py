"""SIMD vectors in and out of memory, for kernels to call.

A vector may be wider than a register: LLVM then splits it, which interleaves independent chains of instructions and
hides their latency. `a` is a pointer to numbers and `i` counts them from it on. No bound is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ..values import (
    BOOL,
    FLOAT,
    FLOAT32,
    FLOAT64,
    I8,
    I32,
    I64,
    INT,
    REAL,
    Pointer,
    Value,
    Vector,
    as_kind,
    call_llvm,
    element_llvm,
    splat_value,
)
from . import operators

# ---- emitting LLVM ---------------------------------------------------------------------------------------------


def index(a: Value, i: Any) -> Any:
    """LLVM's value of an index."""
    return as_kind(i, INT, a.builder)


def pointer_to(a: Value, i: Any, llvm_type: Any) -> Any:
    return a.builder.bitcast(a.builder.gep(a.value, [index(a, i)]), llvm_type.as_pointer())


def load_vector(a: Value, i: Any, vector: Vector) -> Any:
    load = a.builder.load(pointer_to(a, i, vector.llvm()))
    load.align = vector.dtype.itemsize
    return load


def store_vector(a: Value, i: Any, value: Any) -> None:
    a.builder.store(value, pointer_to(a, i, value.type)).align = a.kind.dtype.itemsize


def splat_load(a: Value, i: Any, vector: Vector) -> Any:
    return splat_value(a.builder, a.builder.load(a.builder.gep(a.value, [index(a, i)])), vector.lanes)


def first_lanes(builder: Any, n: Any, lanes: int) -> Any:
    """A mask of the first n lanes; n may be larger or negative."""
    n = as_kind(n, INT, builder)
    limit = I64(lanes)
    n = builder.trunc(builder.select(builder.icmp_signed("<", n, limit), n, limit), I32)
    numbers = ir.Constant(ir.VectorType(I32, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, splat_value(builder, n, lanes))


def masked_load(a: Value, i: Any, vector: Vector, mask: Any) -> Any:
    """The lanes of the mask, zero in the rest; reads no others."""
    pointer, align = pointer_to(a, i, vector.llvm()), I32(vector.dtype.itemsize)
    zero = ir.Constant(vector.llvm(), None)
    return call_llvm(a.builder, f"llvm.masked.load.{vector.suffix()}.p0", vector.llvm(), [pointer, align, mask, zero])


def masked_store(a: Value, i: Any, value: Any, vector: Vector, mask: Any) -> None:
    """The lanes of the mask; touches no others."""
    pointer, align = pointer_to(a, i, vector.llvm()), I32(vector.dtype.itemsize)
    call_llvm(a.builder, f"llvm.masked.store.{vector.suffix()}.p0", ir.VoidType(), [value, pointer, align, mask])


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=operators.FLAGS), c, flags=operators.FLAGS)


# ---- vectors ---------------------------------------------------------------------------------------------------


def load(a: Value, i: Any, L: int) -> Value:
    """Elements i, ..., i + L - 1 of `a`, as a vector."""
    vector = Vector(a.kind.dtype, L)
    return a.new(load_vector(a, i, vector), vector)


def load_first(a: Value, i: Any, n: Any, L: int) -> Value:
    """Elements i, ..., i + n - 1 of `a` in the first n lanes (n <= L), zero in the rest; reads no others."""
    vector = Vector(a.kind.dtype, L)
    if isinstance(n, int) and n == L:
        return load(a, i, L)
    return a.new(masked_load(a, i, vector, first_lanes(a.builder, n, L)), vector)


def zeros(a: Value, L: int) -> Value:
    """L zeros of the dtype of what `a` points to, as a vector."""
    vector = Vector(a.kind.dtype, L)
    return a.new(ir.Constant(vector.llvm(), None), vector)


def store(a: Value, i: Any, v: Value) -> None:
    """Write a vector to elements i, ... of `a`."""
    store_vector(a, i, v.value)


def store_first(a: Value, i: Any, v: Value, n: Any) -> None:
    """Write the first n lanes of a vector to elements i, ... of `a`; touches no others."""
    if isinstance(n, int) and n == v.kind.lanes:
        store(a, i, v)
    else:
        masked_store(a, i, v.value, v.kind, first_lanes(a.builder, n, v.kind.lanes))


def splat(a: Value, i: Any, L: int) -> Value:
    """Element i of `a` in each of L lanes."""
    vector = Vector(a.kind.dtype, L)
    return a.new(splat_load(a, i, vector), vector)


def keep_first(v: Value, n: Any) -> Value:
    """`v` in the first n lanes, zero in the rest."""
    if isinstance(n, int) and n == v.kind.lanes:
        return v
    mask = first_lanes(v.builder, n, v.kind.lanes)
    return v.new(v.builder.select(mask, v.value, ir.Constant(v.kind.llvm(), None)))


def hsum(v: Value) -> Value:
    """The sum of all lanes, pair by pair."""
    builder, total, lanes = v.builder, v.value, v.kind.lanes
    while lanes > 1:
        lanes //= 2
        lower, upper = (
            builder.shuffle_vector(total, total, ir.Constant(ir.VectorType(I32, lanes), list(range(s, s + lanes))))
            for s in (0, lanes)
        )
        total = builder.fadd(lower, upper)
    return _widened(v, builder.extract_element(total, I32(0)), v.kind.dtype)


# ---- single numbers, and pointers ------------------------------------------------------------------------------


def _widened(like: Value, x: Any, dtype: Any) -> Value:
    """A number from memory as an integer or a float64."""
    if dtype.kind == "f":
        return like.new(x if dtype == FLOAT64 else like.builder.fpext(x, REAL.llvm()), REAL)
    if dtype.itemsize == 8:
        return like.new(x, INT)
    return like.new((like.builder.sext if dtype.kind == "i" else like.builder.zext)(x, I64), INT)


def element(a: Value, i: Any) -> Value:
    """Element i of `a`."""
    return _widened(a, a.builder.load(a.builder.gep(a.value, [index(a, i)])), a.kind.dtype)


def put(a: Value, i: Any, x: Any) -> None:
    """Write number `x` to element i of `a`, in its dtype."""
    builder, dtype = a.builder, a.kind.dtype
    value = as_kind(x, REAL if dtype.kind == "f" else INT, builder)
    if dtype == FLOAT32:
        value = builder.fptrunc(value, FLOAT)
    elif dtype.kind != "f" and dtype.itemsize < 8:
        value = builder.trunc(value, element_llvm(dtype))
    builder.store(value, builder.gep(a.value, [index(a, i)]))


def shifted(a: Value, i: Any) -> Value:
    """The pointer to element i of `a`."""
    return a.new(a.builder.gep(a.value, [index(a, i)]))


def bytes_further(a: Value, n: Any) -> Value:
    """The pointer n bytes after `a`."""
    at = a.builder.gep(a.builder.bitcast(a.value, I8.as_pointer()), [index(a, n)])
    return a.new(a.builder.bitcast(at, a.kind.llvm()))


def numbers_at(address: Value, dtype: Any) -> Value:
    """The pointer to numbers at an address."""
    kind = Pointer(dtype)
    return address.new(address.builder.inttoptr(address.value, kind.llvm()), kind)


def record_at(address: Value, kind: Any) -> Value:
    """The record at an address."""
    return address.new(address.builder.inttoptr(address.value, kind.llvm()), kind)


def c_call(code: Value, *arguments: Any) -> Value:
    """Call a C function of integers and float64, addresses among them, that gives back an integer."""
    builder = code.builder
    values = [x.value if isinstance(x, Value) else I64(x) for x in arguments]
    function = ir.FunctionType(I64, [value.type for value in values])
    return code.new(builder.call(builder.inttoptr(code.value, function.as_pointer()), values), INT)


def is_given(a: Value) -> Value:
    """Whether a pointer points to anything."""
    return a.new(a.builder.icmp_unsigned("!=", a.builder.ptrtoint(a.value, I64), I64(0)), BOOL)


def clear(a: Value, n: Any) -> None:
    """Make n bytes from `a` on zero."""
    at, false = a.builder.bitcast(a.value, I8.as_pointer()), ir.IntType(1)(0)
    call_llvm(a.builder, "llvm.memset.p0.i64", ir.VoidType(), [at, I8(0), index(a, n), false])


def prefetch(a: Value, i: Any) -> None:
    """Ask for the cache line of element i of `a`, which may lie beyond its end, in the second-level cache."""
    read, second_level, data = I32(0), I32(2), I32(1)
    at = a.builder.bitcast(a.builder.gep(a.value, [index(a, i)]), I8.as_pointer())
    call_llvm(a.builder, "llvm.prefetch.p0", ir.VoidType(), [at, read, second_level, data])


def nth(records: Value, i: Any) -> Value:
    """The i-th of records that lie one after the other."""
    return bytes_further(records, i * records.kind.size)


def call(code: Value, run: Value, place: Value, a: Any, b: Any, c: Any, d: Any) -> Value:
    """Call the kernel at an address; all of them take two records and four integers, and give back a float64."""
    builder = code.builder
    integers = [as_kind(x, INT, builder) for x in (a, b, c, d)]
    function = ir.FunctionType(REAL.llvm(), [I8.as_pointer(), I8.as_pointer(), I64, I64, I64, I64])
    called = builder.call(builder.inttoptr(code.value, function.as_pointer()), [run.value, place.value, *integers])
    return code.new(called, REAL)


def formula(text: Any) -> Any:
    """A formula of vectors, for kernels to call: what it gives is a vector as its first argument is."""

    def apply(*vectors: Any) -> Value:
        z = vectors[0]
        return z.new(as_kind(text(*vectors), z.kind, z.builder))

    return apply
