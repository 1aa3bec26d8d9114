"""Features standardized to mean 0 and variance 1, and what is kept of them to do the same to other examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blocks import Blocks
from .checks import check_finite, check_x
from .dtypes import computing
from .recipes import Recipe
from .scales import moments, standardized
from .sparse import is_sparse


@dataclass(frozen=True, eq=False)
class Features:
    """Names of the n_x features, if they have any, and what standardizes them: ``(X - mean) / scale``, both (n_x, 1).

    `recipe` says how a table's columns become them.
    """

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    recipe: Recipe | None = None


def standardize(X: Any, features: Features | None = None) -> tuple[Any, Features]:
    """Bring each feature of X to mean 0 and variance 1, which most training needs to succeed.

    Parameters
    ----------
    X : (n_x, m)
        Examples as columns, dense, of any dtype and memory order. It is not changed. Of `fs.Blocks` all are read once,
        and standardized whenever they are read.
    features
        What an earlier call gave, to do the same to other examples, as to those to validate with. None takes mean and
        scale from X.

    Returns
    -------
    X : (n_x, m)
        ``(X - mean) / scale``, in the dtype that X is computed in: float32 stays float32. Of `fs.Blocks`, such again.
    features
        ``features.mean`` and ``features.scale``, the standard deviation, (n_x, 1) in float64. A constant feature has
        scale 1. ``net.with_features(features)`` keeps them in a network, which then takes X as it was.

    Raises
    ------
    ValueError, TypeError
        For NaN or infinity in X, by its place; for sparse X, which would become dense.

    Examples
    --------
    >>> X, features = fs.standardize(X)
    >>> net = fs.train(X, Y, n_h=16, epochs=500).with_features(features)
    >>> net.predict(new_X)  # in the units that X had
    """
    if is_sparse(X):
        raise TypeError(
            "X must be dense, not sparse: without its zeros it would be dense. X.toarray() is; to divide each feature "
            "by its largest value keeps the zeros"
        )
    if isinstance(X, Blocks):
        features = _features(features, X.n_x, X.names, lambda: X.survey.moments.mean_and_scale())
        return X.standardized(features.mean, features.scale), features
    X = check_x(X, stored=True)
    check_finite(X)
    hint = "; an example is a column: did you mean X.T?" if len(getattr(features, "mean", ())) == X.shape[1] else ""
    features = _features(features, len(X), (), lambda: moments(X), hint)
    return standardized(X, features.mean, features.scale, np.empty_like(X, computing(X.dtype), subok=False)), features


def _features(
    features: Features | None, n_x: int, names: tuple[str, ...], measured: Callable[[], Any], hint: str = ""
) -> Features:
    """What standardizes X of n_x features: what is given, or what is measured."""
    if features is None:
        mean, scale = measured()
        bad = np.flatnonzero(~((scale > 0.0) & (scale < np.inf)))
        if bad.size:
            raise ValueError(f"X is too large or too small at feature {bad[0]} to be standardized in float64")
        return Features(names, mean, scale)
    if not isinstance(features, Features):
        raise TypeError(f"features must be what fs.standardize gave, not {type(features).__name__}")
    if len(features.mean) != n_x:
        raise ValueError(f"X has {n_x} rows, but features has {len(features.mean)}{hint}")
    return features
