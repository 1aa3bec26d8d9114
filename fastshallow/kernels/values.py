"""Values of the code that is being written: what is done to one of them in Python writes the instructions for it.

Integers, floats and truth values have Python's operators; SIMD vectors, NumPy's functions too, so that a formula such
as ``1.0 - a * a`` or ``np.where(z < 0.0, slope * z, z)`` runs on them as it stands. `define` says what a function of
NumPy's writes; `simd.operators` and `simd.mathematics` use it.

A plain number beside a vector is repeated in the vector's dtype, as NumPy does with Python's numbers; a mask, or a
truth value, counts as 0 or 1. float32 exists in memory and in vectors alone: a single number is a float64.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from . import record as declared

I1, I8, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


class Kind:
    """What a value is; two of a kind are equal."""

    def __init__(self, *about: Any) -> None:
        self.about = (type(self), *about)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and self.about == other.about

    def __hash__(self) -> int:
        return hash(self.about)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.about[1:]}"

    def llvm(self) -> Any:
        """LLVM's type."""
        raise NotImplementedError


class Scalar(Kind):
    """An integer of 64 bits, a float64 or a truth value."""

    dtype = FLOAT64
    lanes = 0

    def __init__(self, name: str, llvm_type: Any) -> None:
        super().__init__(name)
        self._llvm = llvm_type

    def llvm(self) -> Any:
        return self._llvm

    def suffix(self) -> str:
        return "f64"


INT, REAL, BOOL = Scalar("integer", I64), Scalar("real", DOUBLE), Scalar("truth", I1)
VOID = Scalar("nothing", ir.VoidType())


def element_llvm(dtype: np.dtype[Any]) -> Any:
    """LLVM's type of a number in memory."""
    if dtype.kind == "f" and dtype.itemsize > 2:
        return FLOAT if dtype == FLOAT32 else DOUBLE
    return ir.IntType(8 * dtype.itemsize)


class Pointer(Kind):
    """Where numbers of a dtype lie, one after the other."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        super().__init__(self.dtype)

    def llvm(self) -> Any:
        return element_llvm(self.dtype).as_pointer()


class Vector(Kind):
    """`lanes` numbers of `dtype` in registers."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = np.dtype(dtype), lanes
        super().__init__(self.dtype, lanes)

    def llvm(self) -> Any:
        return ir.VectorType(element_llvm(self.dtype), self.lanes)

    def integers(self) -> Any:
        """The LLVM type of as many integers of the same width."""
        return ir.VectorType(ir.IntType(8 * self.dtype.itemsize), self.lanes)

    def suffix(self) -> str:
        """How LLVM's intrinsics name this type."""
        return f"v{self.lanes}f{8 * self.dtype.itemsize}"


class Mask(Kind):
    """One truth value for each lane of `vector`."""

    def __init__(self, vector: Vector) -> None:
        self.vector = vector
        super().__init__(vector)

    def llvm(self) -> Any:
        return ir.VectorType(I1, self.vector.lanes)


class Record(Kind):
    """A pointer to a record of named fields; `number`, `x` and `index` are the dtypes of what lies at its addresses.

    Of a record that nobody changes meanwhile, `fixed`, LLVM may keep what it has read, and read it when it likes.
    """

    SIZE = 8  # bytes of a field

    def __init__(self, name: str, number: Any, x: Any, index: Any, fixed: bool) -> None:
        declaration = {"run": declared.RUN, "place": declared.PLACE, "segment": declared.SEGMENT}[name]
        self.places = {field: place for place, (field, _) in enumerate(declaration)}
        self.size, self.fixed = self.SIZE * len(declaration), fixed
        elements = {"number": number, "x": x, "index": index, "real*": FLOAT64, "integer*": np.int64}
        elements["word*"] = np.uint32
        self.fields: dict[str, Kind] = {}
        for field, kind in declaration:
            if kind in elements:
                self.fields[field] = Pointer(elements[kind])
            elif kind == "segment*":
                self.fields[field] = Record("segment", number, x, index, fixed)
            else:
                self.fields[field] = REAL if kind == declared.REAL else INT
        super().__init__(name, np.dtype(number), np.dtype(x), np.dtype(index), fixed)

    def llvm(self) -> Any:
        return I8.as_pointer()


def records(number: Any, x: Any = None, index: Any = np.int64, fixed: bool = True) -> tuple[Record, Record]:
    """The run and the place of a kernel that computes in `number`."""
    x = number if x is None else x
    return Record("run", number, x, index, fixed), Record("place", number, x, index, fixed)


EMITTERS: dict[Any, Callable[..., Any]] = {}  # a function of NumPy's -> what runs it on values
SUBSTITUTES: dict[Any, Callable[..., Any]] = {}  # a function of Python's -> the same on values


class Value(np.lib.mixins.NDArrayOperatorsMixin):
    """A value of the code that is being written."""

    def __init__(self, builder: Any, kind: Any, value: Any) -> None:
        self.builder, self.kind, self.value = builder, kind, value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc not in EMITTERS:
            return NotImplemented
        return EMITTERS[ufunc](*inputs)

    def __array_function__(self, function: Callable[..., Any], kinds: Any, args: Any, options: Any) -> Any:
        return NotImplemented if options or function not in EMITTERS else EMITTERS[function](*args)

    def __getattr__(self, name: str) -> Value:
        kind = self.__dict__.get("kind")
        if not isinstance(kind, Record) or name not in kind.fields:
            raise AttributeError(f"{kind} has no {name}")
        load = self.builder.load(self._field(name))
        if kind.fixed and name not in declared.STATE:
            load.set_metadata("invariant.load", self.builder.module.add_metadata([]))
        return self.new(load, kind.fields[name])

    def set_field(self, name: str, value: Any) -> None:
        """Write a field of a record."""
        self.builder.store(as_kind(value, self.kind.fields[name], self.builder), self._field(name))

    def _field(self, name: str) -> Any:
        at = self.builder.gep(self.value, [I64(Record.SIZE * self.kind.places[name])])
        return self.builder.bitcast(at, self.kind.fields[name].llvm().as_pointer())

    def __bool__(self) -> bool:
        raise TypeError("a value of compiled code decides nothing while the code is written: use np.where")

    def new(self, value: Any, kind: Any = None) -> Value:
        """A value of the same kind, or of another."""
        return Value(self.builder, kind or self.kind, value)


def kind_of_constant(x: Any) -> Scalar:
    """What a number of Python's becomes."""
    return {bool: BOOL, int: INT, float: REAL}[type(x)]


def constant(builder: Any, x: Any) -> Value:
    """A number of Python's as a value."""
    kind = kind_of_constant(x)
    return Value(builder, kind, ir.Constant(kind.llvm(), x))


def number(kind: Any, x: float) -> Any:
    """LLVM's constant of a number, in each lane of a vector."""
    if not isinstance(kind, Vector):
        return ir.Constant(kind.llvm(), int(x) if kind in (INT, BOOL) else float(x))
    x = float(np.float32(x)) if kind.dtype == FLOAT32 else float(x)
    return ir.Constant(kind.llvm(), [x] * kind.lanes)


def splat_value(builder: Any, scalar: Any, lanes: int) -> Any:
    """A vector with `scalar` in each lane."""
    vector = ir.VectorType(scalar.type, lanes)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, I32(0))
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(I32, lanes), None))


def as_kind(x: Any, kind: Any, builder: Any) -> Any:
    """LLVM's value of x as one of `kind`."""
    if not isinstance(x, Value):
        return number(kind, x)
    if x.kind == kind:
        return x.value
    if isinstance(x.kind, Mask) and isinstance(kind, Vector):
        return builder.select(x.value, number(kind, 1.0), number(kind, 0.0))
    if isinstance(kind, Vector):
        value = as_kind(x, REAL, builder)
        return splat_value(builder, value if kind.dtype == FLOAT64 else builder.fptrunc(value, FLOAT), kind.lanes)
    if (x.kind, kind) == (BOOL, INT):
        return builder.zext(x.value, I64)
    if kind == REAL and x.kind in (BOOL, INT):
        return (builder.uitofp if x.kind == BOOL else builder.sitofp)(x.value, DOUBLE)
    raise TypeError(f"{x.kind} is no {kind}")


def truth(x: Any) -> Any:
    """X as a truth value: an integer that is not 0."""
    if not isinstance(x, Value) or x.kind == BOOL:
        return x
    if x.kind != INT:
        raise TypeError(f"{x.kind} decides nothing")
    return x.new(x.builder.icmp_signed("!=", x.value, I64(0)), BOOL)


def common_kind(*operands: Any) -> Any:
    """The kind that arithmetic of these gives."""
    kinds = [x.kind if isinstance(x, Value) else kind_of_constant(x) for x in operands]
    vectors = [kind for kind in kinds if isinstance(kind, Vector)] + [k.vector for k in kinds if isinstance(k, Mask)]
    return vectors[0] if vectors else REAL if REAL in kinds else INT


def builder_of(*operands: Any) -> Any:
    """The builder of the first value."""
    return next(x.builder for x in operands if isinstance(x, Value))


def elementwise(
    emit: Callable[..., Any], whole: Callable[..., Any] | None = None, result: Callable[[Any], Any] = lambda kind: kind
) -> Callable[..., Any]:
    """What takes values, from `emit(builder, kind, x, ...)` of LLVM's for floats, and `whole` for integers."""

    def meaning(*operands: Any) -> Value:
        kind, builder = common_kind(*operands), builder_of(*operands)
        write = emit
        if kind == INT:
            write, kind = (emit, REAL) if whole is None else (whole, INT)
        return Value(builder, result(kind), write(builder, kind, *(as_kind(x, kind, builder) for x in operands)))

    return meaning


def define(*functions: Any) -> Callable[[Any], Any]:
    """Give NumPy's functions this meaning on values."""

    def register(meaning: Any) -> Any:
        for function in functions:
            EMITTERS[function] = meaning
        return meaning

    return register


def call_llvm(builder: Any, name: str, returns: Any, args: Any) -> Any:
    """Call an LLVM intrinsic by its full name; llvmlite can't name those on vectors itself."""
    kind = ir.FunctionType(returns, [a.type for a in args])
    found = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(found, args)


def branch(condition: Value, then: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
    """`then()` if the condition holds, else `otherwise()`."""
    builder, found = condition.builder, []
    with builder.if_else(condition.value) as parts:
        for part, text in zip(parts, (then, otherwise), strict=True):
            with part:
                found.append((text(), builder.block))
    phi = builder.phi(found[0][0].value.type)
    for value, block in found:
        phi.add_incoming(value.value, block)
    return found[0][0].new(phi)


def _extreme(name: str, predicate: str) -> Callable[..., Any]:
    python = getattr(builtins, name)

    def of(*operands: Any) -> Any:
        best, *rest = operands
        for x in rest:
            if not isinstance(best, Value) and not isinstance(x, Value):
                best = python(best, x)
                continue
            kind, builder = common_kind(best, x), builder_of(best, x)
            p, q = as_kind(best, kind, builder), as_kind(x, kind, builder)
            compare = builder.icmp_signed if kind == INT else builder.fcmp_ordered
            best = Value(builder, kind, builder.select(compare(predicate, q, p), q, p))
        return best

    return of


def _is_finite(x: Value) -> Value:
    builder = x.builder
    size = call_llvm(builder, "llvm.fabs.f64", DOUBLE, [as_kind(x, REAL, builder)])
    return x.new(builder.fcmp_ordered("<", size, ir.Constant(DOUBLE, math.inf)), BOOL)


SUBSTITUTES[builtins.min] = _extreme("min", "<")
SUBSTITUTES[builtins.max] = _extreme("max", ">")
SUBSTITUTES[math.isfinite] = _is_finite
SUBSTITUTES[math.sqrt] = np.sqrt
