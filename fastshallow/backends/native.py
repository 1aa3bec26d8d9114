"""Kernels as Python calls them: units by what they serve, and functions of Python's C interface that run one shape."""

from __future__ import annotations

import ctypes
import functools
import importlib
from typing import Any

import numpy as np

from ..formulas import LEARNED, Activation, Optimizer, Output, leaky, leaky_derivative
from ..kernels.units import Unit, addresses

# A kernel as a C function: two records, the thread's rank and the number of the call; it lets other threads run.
KERNEL = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 4)


class _MethodDef(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("text", ctypes.c_char_p),
    )


FASTCALL = 0x80  # METH_FASTCALL: the arguments come as an array
_new_function = ctypes.pythonapi.PyCFunction_NewEx
_new_function.restype = ctypes.py_object
_new_function.argtypes = (ctypes.POINTER(_MethodDef), ctypes.py_object, ctypes.c_void_p)
_methods: dict[int, _MethodDef] = {}  # which their functions point to for ever


def address_of(name: str) -> int:
    """The address of a function of Python's C interface."""
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


PYTHON = {
    "new_float": address_of("PyFloat_FromDouble"),
    "new_integer": address_of("PyLong_FromSsize_t"),
    "save_thread": address_of("PyEval_SaveThread"),
    "restore_thread": address_of("PyEval_RestoreThread"),
}

NEW_ARRAY = 93  # PyArray_New among the functions of NumPy's C interface


@functools.cache
def array_data() -> int:
    """How many bytes after an array's address that of its numbers is kept, as NumPy's C interface says: 16 or 32."""
    array = np.zeros((2, 3))[:, ::2]
    for offset in range(8, 64, 8):
        words = (ctypes.c_ssize_t * 7).from_address(id(array) + offset)
        if words[0] == array.ctypes.data and words[1] & 0xFFFFFFFF == array.ndim:
            return offset
    raise RuntimeError("this Python keeps NumPy's arrays in a way that is not known")


@functools.cache
def answering(dtype: Any) -> dict[str, int]:
    """What `answer` needs of Python and NumPy, by the fields of its record."""
    core = "numpy.core" if np.__version__.startswith("1.") else "numpy._core"
    interface = importlib.import_module(f"{core}._multiarray_umath")._ARRAY_API  # as NumPy's header files find it
    kind = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    pointer = kind(("PyCapsule_GetPointer", ctypes.pythonapi))(interface, None)
    functions = (ctypes.c_void_p * (NEW_ARRAY + 1)).from_address(pointer)
    return {
        "array_type": id(np.ndarray),
        "number_type": id(dtype),
        "nothing": id(None),
        "type_code": dtype.num,
        "new_array": functions[NEW_ARRAY] or 0,
        "hold": address_of("Py_IncRef"),
        "release": address_of("Py_DecRef"),
    }


def python_function(name: str, owner: Any) -> Any:
    """The function `step`, `infer` or `answer` of the run whose record is the array `owner`."""
    address = calling()[name]
    if address not in _methods:
        _methods[address] = _MethodDef(name.encode(), address, FASTCALL, None)
    return _new_function(_methods[address], owner, None)


def calling() -> dict[str, int]:
    """`step`, `infer` and `answer`, as functions of Python's C interface."""
    return addresses(Unit("calling", (array_data(),)))


def loop(name: str) -> int:
    """The address of the loop around the work: `train` or `forward`."""
    return addresses(Unit("loop", ()))[name]


def arrangement(kind: str, dtype: Any) -> dict[str, int]:
    """`accumulate` and `predict`, the work on tiles, in "units", "features" or "examples"."""
    return addresses(Unit(kind, (dtype,)))


def exact(dtype: Any, hidden: Activation, sizes: tuple[int, ...]) -> dict[str, int]:
    """The same for a network of just these sizes."""
    return addresses(Unit("exact", (dtype, hidden.digest, *sizes), (dtype, hidden, *sizes)))


def sparse(dtype: Any, index: Any) -> dict[str, int]:
    """The same for sparse X with indices of a dtype."""
    return addresses(Unit("sparse", (dtype, index)))


def parameters(dtype: Any, kind: str) -> dict[str, int]:
    """What brings the parameters to where an arrangement takes them, and gives them or the gradients back."""
    if kind in ("exact", "examples"):
        return addresses(Unit("in_place", (dtype,)))
    rows = kind == "features"
    return addresses(Unit("panels", (dtype, rows)))


def loading(dtype: Any, stored: Any) -> dict[str, int]:
    """`load_x` and `load_y`, for X that is stored in a dtype."""
    return addresses(Unit("loading", (dtype, stored)))


def activation(dtype: Any, hidden: Activation, by_examples: bool) -> dict[str, int]:
    """`activate`; the slope of a leaky rectifier is not in the code."""
    return addresses(activation_unit(dtype, hidden, by_examples))


def activation_unit(dtype: Any, hidden: Activation, by_examples: bool) -> Unit:
    """What it is compiled from."""
    if hidden.slope is not None:
        texts: Any = leaky, leaky_derivative
    else:
        texts = (lambda z, slope: hidden.value(z)), (lambda z, a, slope: hidden.derivative(z, a))
    key = LEARNED.digest if hidden.slope is not None else hidden.digest
    return Unit("activation", (dtype, key, by_examples), (dtype, *texts, by_examples))


def output_layer(dtype: Any, output: Output) -> dict[str, int]:
    """`outputs` and `output`."""
    return addresses(Unit("output", (dtype, output.digest), (dtype, output)))


def dropping(dtype: Any, by_examples: bool) -> dict[str, int]:
    """`drop`."""
    return addresses(Unit("dropping", (dtype, by_examples)))


def learning(dtype: Any, by_examples: bool) -> dict[str, int]:
    """`learn`."""
    return addresses(Unit("learning", (dtype, by_examples)))


def arithmetic(dtype: Any) -> dict[str, int]:
    """What is done to parameters and gradients whatever they mean."""
    return addresses(Unit("arithmetic", (dtype,)))


def update(dtype: Any, optimizer: Optimizer) -> dict[str, int]:
    """`update`."""
    return addresses(Unit("update", (dtype, optimizer.digest), (dtype, optimizer)))
