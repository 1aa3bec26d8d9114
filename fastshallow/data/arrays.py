"""Arrays as other programs bring them: plain arrays of numbers are made of them where nothing is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dtypes import is_bfloat16
from .sparse import is_sparse

AXES = {"X": ("feature", "example"), "Y": ("output", "example"), "labels": ("output", "example")}
AXES["sample_weight"] = AXES["labels"]
ROWS_OF_CLASSES = (
    "of labels, Y, classes = fs.one_hot(labels) makes a row for each class, for output='softmax', "
    "and of two classes Y[1:] is the row for 'sigmoid'"
)
MISSING = ("NoneType", "NAType", "NaTType")  # the types of Python's and pandas' values for none


def as_numbers(name: str, values: Any) -> NDArray[Any]:
    """An argument as an array of real numbers, of any shape; it is copied only if it holds objects.

    Those may be numbers of Python's or NumPy's, as a pandas table with columns of different dtypes gives them.
    """
    a = as_array(name, values)
    if a.dtype.kind == "O":
        numbers = _of_objects(name, a)
        return numbers.astype(_nullable_dtype(values) or numbers.dtype, copy=False)
    if a.dtype.kind in "UST" and a.size:
        raise _words(name, a.flat[0])
    if a.dtype.kind not in "fiub" and not is_bfloat16(a.dtype):
        raise TypeError(f"{name} must hold real numbers, not {a.dtype}")
    return a


def as_array(name: str, values: Any) -> NDArray[Any]:
    """An argument as an array of whatever it holds, none of it masked."""
    if is_sparse(values):
        raise TypeError(f"{name} must be dense, not sparse: convert it with {name}.toarray()")
    if isinstance(values, (list, tuple)) and any(isinstance(row, np.ma.MaskedArray) for row in values):
        values = np.ma.array(values)  # NumPy's own arrays know no masks
    if isinstance(values, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(values)
        if mask.any():
            count, first = int(mask.sum()), place(name, np.unravel_index(mask.argmax(), mask.shape))
            raise ValueError(
                f"{name} has {count} masked element{'s' * (count > 1)}, the first at {first}: fill them, as with "
                f"{name}.filled(0), or leave their examples out"
            )
        values = values.data
    if getattr(values, "requires_grad", False):
        values = values.detach()
    try:
        return np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be an array: {error}") from None
    except (TypeError, RuntimeError) as error:  # a tensor on another device, or of a dtype that NumPy lacks
        raise TypeError(f"{name} must be an array, or what NumPy makes one of: {error}") from None


def place(name: str, index: Any) -> str:
    """Where an element of an argument is, in words."""
    axes = AXES.get(name, ("row", "column"))
    if not 0 < len(index) <= len(axes):
        return f"index {tuple(map(int, index))}"
    return ", ".join(f"{axis} {i}" for axis, i in zip(axes[-len(index) :], index, strict=True))


def no_value(name: str, index: Any, value: Any) -> ValueError:
    """What to say of an object that stands for no value."""
    return ValueError(f"{name} has no value at {place(name, index)}, but {value}: fill it, or leave its example out")


def _nullable_dtype(values: Any) -> np.dtype[Any] | None:
    """What holds the numbers of a pandas table whose columns are all nullable, which NumPy takes for objects."""
    dtypes = getattr(values, "dtypes", ())
    own = [getattr(dtype, "numpy_dtype", np.dtype(object)) for dtype in dtypes] if np.iterable(dtypes) else []
    return np.result_type(*own) if own and all(dtype.kind in "fiub" for dtype in own) else None


def _of_objects(name: str, a: NDArray[Any]) -> NDArray[Any]:
    """The numbers of an array of objects, in a dtype that holds all of them."""
    try:
        numbers = np.array(a.tolist())
    except (TypeError, ValueError):
        numbers = a
    if numbers.dtype.kind in "fiub" and numbers.shape == a.shape:
        return numbers
    for index, value in np.ndenumerate(a):
        kind = type(value).__name__
        if a.ndim and kind in MISSING:
            raise no_value(name, index, value)
        if isinstance(value, (str, bytes)):
            raise _words(name, value)
        if not isinstance(value, (int, float, np.bool_, np.integer, np.floating)):
            where = f" as at {place(name, index)}" if a.ndim else ""
            raise TypeError(f"{name} must hold real numbers, not {kind}{where}")
    raise TypeError(f"{name} holds whole numbers that are too large: {name}.astype(float) rounds them")


def _words(name: str, word: Any) -> TypeError:
    hint = f"{name}.astype(float) reads those that are numbers"
    if name == "Y":
        hint = ROWS_OF_CLASSES
    return TypeError(f"{name} must hold real numbers, not words such as {str(word)!r}: {hint}")
