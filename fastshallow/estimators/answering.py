"""One row at a time, a plain array of NumPy's: answered at once, without scikit-learn's validation, which takes longer.

What is not just right goes scikit-learn's way, with its errors and warnings.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..backends import Frozen
from ..formulas import Parameters
from .fitting import formulas_of

isfinite, ndarray = np.isfinite, np.ndarray  # looked up once


class _Known(NamedTuple):
    """The function that answers, what has to live as long, and what both are of."""

    answer: Any
    kept: Any
    arrays: tuple[Any, ...]  # whose numbers may change, but which are read anew each time
    formulas: tuple[Any, ...]


_known: WeakKeyDictionary[Any, _Known] = WeakKeyDictionary()  # what predicts leaves no trace in an estimator


def answer_of(estimator: Any, X: Any) -> NDArray[Any] | None:
    """The outputs (1, n_y) for one row X (1, n_x); None if that is not what it is, or more has to be checked."""
    if type(X) is not ndarray or X.ndim != 2 or len(X) != 1:
        return None
    about = estimator.__dict__
    if "coefs_" not in about or "feature_names_in_" in about:
        return None
    (W1, W2), (b1, b2) = about["coefs_"], about["intercepts_"]
    formulas = about["activation"], about["slope"], about["out_activation_"]
    known = _known.get(estimator)
    if known is None or known.formulas != formulas or not _same(known.arrays, (W1, W2, b1, b2)):
        known = _known[estimator] = _make(estimator, (W1, W2, b1, b2), formulas)
    A2 = known.answer(X.T, None)
    return A2.T if type(A2) is ndarray and isfinite(X).all() else None


def _same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    a, b, c, d = some
    e, f, g, h = others
    return a is e and b is f and c is g and d is h


def _make(estimator: Any, arrays: tuple[Any, ...], formulas: tuple[Any, ...]) -> _Known:
    W1, W2, b1, b2 = arrays
    p = Parameters(W1.T, b1[:, None], W2.T, b2[:, None])
    found = None
    if all(each.flags.c_contiguous for each in p) and len({each.dtype for each in p}) == 1:
        found = Frozen(p, *formulas_of(estimator, estimator.slope)).answer(fixed=False)
    answer, kept = found or (lambda x, out: 0, None)
    return _Known(answer, kept, arrays, formulas)


def prediction_of(estimator: Any, answer: NDArray[Any]) -> NDArray[Any] | None:
    """What a regressor predicts, or a classifier, from the outputs (1, n_y) of one row; None for several labels."""
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return answer.ravel() if answer.shape[1] == 1 else answer
    if estimator.out_activation_ == "softmax":
        return classes.take(answer.argmax(axis=1))  # type: ignore[no-any-return]
    if answer.shape[1] > 1 or len(classes) != 2:
        return None
    return classes.take([int(answer[0, 0] > 0.5)])  # type: ignore[no-any-return]
