"""Bagging: networks that learn from samples of the examples, and predict together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.utils.validation import validate_data

from .shallow import ShallowClassifier, ShallowRegressor
from .threads import in_threads


class _Ensemble:
    """What both do otherwise than scikit-learn's."""

    n_jobs: int | None

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None, **params: Any) -> Any:
        """Fit all networks, several at once in threads: see scikit-learn's ``fit``."""
        base: Any = super()
        with in_threads(self.n_jobs):
            return base.fit(X, y, sample_weight=sample_weight, **params)

    def _parallel_args(self) -> dict[str, Any]:
        return {"require": "sharedmem"}  # which threads have


class ShallowEnsembleClassifier(_Ensemble, BaggingClassifier):
    """Networks that learn from samples of the examples: scikit-learn's `BaggingClassifier`, fitted in threads.

    ``predict_proba`` gives the mean of their probabilities, ``estimators_`` the networks.

    Parameters
    ----------
    estimator
        A `ShallowClassifier`, or a pipeline that ends in one, which each of them is a copy of; None takes the defaults.
    n_estimators
        How many.
    n_jobs
        Fits at once, each in one thread; None takes the processors. No bit depends on it.
    **others
        As for `BaggingClassifier`: ``max_samples``, ``max_features``, ``bootstrap``, ``bootstrap_features``,
        ``oob_score``, ``warm_start``, ``random_state``, ``verbose``.
    """

    def _get_estimator(self) -> Any:
        return ShallowClassifier() if self.estimator is None else self.estimator


class ShallowEnsembleRegressor(_Ensemble, BaggingRegressor):
    """Networks that learn from samples of the examples: scikit-learn's `BaggingRegressor`, fitted in threads.

    ``predict`` gives the mean, and with ``return_std=True`` how far they lie apart.

    Parameters
    ----------
    estimator
        A `ShallowRegressor`, or a pipeline that ends in one, which each of them is a copy of; None takes the defaults.
    n_estimators, n_jobs, **others
        As for `ShallowEnsembleClassifier`.
    """

    def predict(self, X: Any, return_std: bool = False, **params: Any) -> Any:
        """Predict the mean (m,) of the networks for rows of X (m, n_x); with `return_std` their deviation (m,) too."""
        with in_threads(self.n_jobs or 1):
            mean = super().predict(X, **params)
        if not return_std:
            return mean
        X = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=None, ensure_all_finite=False, reset=False)
        pairs = zip(self.estimators_, self.estimators_features_, strict=True)
        return mean, np.std([each.predict(X[:, features]) for each, features in pairs], axis=0)

    def _get_estimator(self) -> Any:
        return ShallowRegressor() if self.estimator is None else self.estimator
