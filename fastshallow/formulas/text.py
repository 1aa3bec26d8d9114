"""What a formula may be: plain NumPy text, which runs on arrays and on SIMD vectors alike."""

from __future__ import annotations

import dis
import hashlib
import types
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

NAMES = frozenset(
    ("absolute", "fabs", "square", "sqrt", "exp", "expm1", "log", "log1p", "tanh", "maximum", "minimum", "where")
)  # what a formula calls by its name
ARITHMETIC = frozenset(("add", "subtract", "multiply", "divide", "negative", "positive", "power"))
COMPARISONS = frozenset(("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"))
LOGIC = frozenset(("bitwise_and", "bitwise_or", "bitwise_xor", "invert"))
OPERATIONS = NAMES | ARITHMETIC | COMPARISONS | LOGIC
LARGEST_POWER = 8


class FormulaError(ValueError):
    """A formula that the kernels can't run, or a derivative that is not its value's."""


class Tracer(np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for z in a trial run of a formula, and refuses what SIMD vectors don't have."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Tracer:
        if method != "__call__" or kwargs:
            raise self._refusal(f"np.{ufunc.__name__} with options")
        if ufunc.__name__ == "power":
            exponent = inputs[1]
            if not isinstance(exponent, int) or not 0 <= exponent <= LARGEST_POWER:
                raise self._refusal(f"a power other than a constant integer from 0 to {LARGEST_POWER}")
        return self._result(ufunc.__name__)

    def __array_function__(self, function: Callable[..., Any], kinds: Any, args: Any, kwargs: Any) -> Tracer:
        if kwargs or (function is np.where and len(args) != 3):
            raise self._refusal(f"np.{function.__name__} so")
        return self._result(function.__name__)

    def _result(self, name: str) -> Tracer:
        if name not in OPERATIONS:
            raise self._refusal(f"np.{name}")
        return Tracer(self._where)

    def _refusal(self, what: str) -> FormulaError:
        return FormulaError(
            f"{self._where} uses {what}, which the compiled kernels do not have. "
            f"They have + - * / ** (small constant integers), comparisons, & | ~ and np.: " + ", ".join(sorted(NAMES))
        )

    def __bool__(self) -> bool:
        raise FormulaError(f"{self._where} decides by the value of an array (if, and, or, max, ...): use np.where")

    def __float__(self) -> float:
        raise FormulaError(f"{self._where} makes a number of an array (math.exp, float, ...): use NumPy's functions")

    __int__ = __index__ = __float__

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refusal("a conversion to an array")

    def __getattr__(self, name: str) -> Any:
        raise self._refusal(f"the attribute or method .{name}")

    def __getitem__(self, key: Any) -> Any:
        raise self._refusal("an index")


def trace(function: Callable[..., Any], arguments: int, where: str) -> None:
    """Run `function` on stand-ins for arrays; raise FormulaError if the kernels can't run it."""
    try:
        result = function(*(Tracer(where) for _ in range(arguments)))
    except FormulaError:
        raise
    except Exception as error:
        raise FormulaError(f"{where} does not run on arrays: {type(error).__name__}: {error}") from error
    if not isinstance(result, Tracer):
        raise FormulaError(f"{where} gives {result!r} whatever its argument is: write it with z, as in 0.0 * z + 1.0")


def digest(*functions: Callable[..., Any]) -> str:
    """A key that changes whenever what the functions compute may: their code, and all values that it refers to."""
    state = hashlib.sha256()
    for function in functions:
        _describe(function, state.update, set())
    return state.hexdigest()[:16]


def _describe(value: Any, update: Callable[[bytes], None], seen: set[int]) -> None:
    if isinstance(value, types.FunctionType):
        if id(value) in seen:
            return
        seen.add(id(value))
        _describe(value.__code__, update, seen)
        for cell in value.__closure__ or ():
            _describe(cell.cell_contents, update, seen)
        for default in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).items()):
            _describe(default, update, seen)
        for name in _names(value.__code__):
            if name in value.__globals__:
                _describe(value.__globals__[name], update, seen)
    elif isinstance(value, types.CodeType):
        update(value.co_code + repr(value.co_names).encode())
        for constant in value.co_consts:
            _describe(constant, update, seen)
    elif isinstance(value, types.ModuleType):
        update(value.__name__.encode())
    else:
        update(f"{type(value).__name__} {value!r};".encode())


@cache
def _names(code: types.CodeType) -> tuple[str, ...]:
    """The globals that it refers to: its co_names have those of attributes too, such as the tanh of np.tanh."""
    names = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= set(_names(constant))
    return tuple(sorted(names))
