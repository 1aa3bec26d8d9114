"""Classes, by whatever name they have, as rows of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import MISSING, as_array, as_numbers, no_value


def one_hot(labels: ArrayLike, classes: ArrayLike | None = None) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Make Y of labels: a row for each class, and in each column 1 where the example's class is and else 0.

    Parameters
    ----------
    labels : (m,) or (1, m)
        A class for each example: words, whole numbers or booleans.
    classes : (n_classes,)
        The classes that Y has rows for, as an earlier call gave them: so that labels of other examples, to validate
        with, get the same rows. None takes those that occur.

    Returns
    -------
    Y : (n_classes, m) float64
        What ``output="softmax"`` learns. Of two classes, ``Y[1:]`` is what ``output="sigmoid"`` learns: 1 where the
        label is ``classes[1]``.
    classes : (n_classes,)
        The classes in order. ``classes[net.predict(X)]`` are the predicted labels (1, m), with either output.

    Raises
    ------
    ValueError, TypeError
        For a missing label, by its place; for numbers that are no classes; for a label that is not among `classes`.

    Examples
    --------
    >>> Y, classes = fs.one_hot(["no", "yes", "no"])
    >>> Y
    array([[1., 0., 1.],
           [0., 1., 0.]])
    >>> classes
    array(['no', 'yes'], dtype='<U3')
    """
    a = flat("labels", labels)
    found, index = np.unique(a, return_inverse=True)
    if classes is None:
        kept = found
        if len(kept) < 2:
            raise ValueError(f"labels must hold two classes or more, but all are {kept[0].item()!r}")
    else:
        kept = flat("classes", classes)
        rows = {each: row for row, each in enumerate(kept.tolist())}
        if len(rows) < len(kept):
            raise ValueError("classes must be different from each other")
        for k, each in enumerate(found.tolist()):
            if each not in rows:
                raise ValueError(
                    f"labels holds {each!r} at example {np.argmax(index == k)}, which is not among the classes"
                )
        index = np.array([rows[each] for each in found.tolist()])[index]
    Y = np.zeros((len(kept), len(a)))
    Y[index, np.arange(len(a))] = 1.0
    return Y, kept


def flat(name: str, values: Any) -> NDArray[Any]:
    """Classes in an array (m,) of words, whole numbers or booleans."""
    a = as_array(name, values)
    a = a[0] if a.ndim == 2 and len(a) == 1 else a
    if a.ndim != 1 or not a.size:
        raise ValueError(f"{name} must have shape (m,) or (1, m), one for each example, but its shape is {a.shape}")
    if a.dtype.kind in "OT":
        a = _of_objects(name, a)
    if a.dtype.kind not in "biufUS":
        raise TypeError(f"{name} must be words, whole numbers or booleans, not {a.dtype}")
    if a.dtype.kind == "f":
        odd = np.flatnonzero(a != np.floor(a))  # NaN too
        if odd.size:
            if np.isnan(a[odd[0]]):
                raise no_value(name, odd[:1], a[odd[0]])
            raise ValueError(
                f"{name} must be words, whole numbers or booleans, not {a[odd[0]]} as at example {odd[0]}: numbers "
                "that are no classes are learnt as they are, with output='identity'"
            )
    return a


def _of_objects(name: str, a: NDArray[Any]) -> NDArray[Any]:
    """Words as an array of words, and numbers as one of numbers."""
    objects = a.tolist()
    for i, each in enumerate(objects):
        if type(each).__name__ in MISSING or each != each:
            raise no_value(name, (i,), each)
    words = [isinstance(each, str) for each in objects]
    if not any(words):
        return as_numbers(name, a)
    if not all(words):
        i = words.index(not words[0])
        raise TypeError(f"{name} must be all words or all numbers, not {objects[0]!r} and {objects[i]!r}")
    return np.array(objects)
