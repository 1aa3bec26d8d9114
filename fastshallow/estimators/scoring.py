"""The examples to validate with: their loss and their score after each epoch."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..backends import forward, normalizers
from ..data import by_pieces, check_data
from ..formulas import OUTPUTS
from ..training import Settings
from .updates import parameters_of


def mean_loss(settings: Settings, Z2: NDArray[Any], Y: NDArray[Any], weights: Any) -> float:
    """The mean loss of scores Z2 (n_y, m) for Y (n_y, m), as scikit-learn counts it."""
    losses = settings.output.loss(Z2, Y, *normalizers(Z2, settings.output))
    each = np.average(losses, axis=1, weights=weights)
    return float(each.mean() if settings.averaged else each.sum())


class Validation(NamedTuple):
    """X (m, n_x), y as scores want it, Y (n_y, m) as numbers, and weights (m,) or None."""

    X: Any
    y: Any
    Y: NDArray[Any]
    weights: NDArray[Any] | None

    @classmethod
    def held_out(cls, estimator: Any, X: Any, y: NDArray[Any], weights: Any) -> Validation:
        """Some of the examples that were given, y (m, n_y) already as numbers."""
        labels = estimator._label_binarizer.inverse_transform(y) if is_classifier(estimator) else y
        return cls(X, labels, np.asarray(y.T, X.dtype), weights)

    @classmethod
    def given(cls, estimator: Any, X: Any, y: Any, weights: Any) -> Validation:
        """Examples that were given apart."""
        if X is None or y is None:
            raise ValueError(
                f"X_val and y_val must be given together, but {'X_val' if X is None else 'y_val'} is missing"
            )
        X, labels = validate_data(
            estimator,
            X,
            y,
            accept_sparse=("csr", "csc"),
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=False,
        )
        weights = None if weights is None else _check_sample_weight(weights, X)
        y = labels
        if is_classifier(estimator):
            known = estimator.classes_
            if labels.ndim == 1 and not np.isin(labels, known).all():
                raise ValueError(f"y_val holds classes that y does not: {np.setdiff1d(labels, known)}; y has {known}")
            y = estimator._label_binarizer.transform(labels)
        y = y.reshape(len(y), -1)
        if y.shape[1] != estimator.n_outputs_:
            raise ValueError(f"y_val has {y.shape[1]} outputs, but y has {estimator.n_outputs_}")
        return cls(X, labels, np.asarray(y.T, X.dtype), weights)

    def note_loss(self, estimator: Any, settings: Settings, threads: int | None) -> None:
        """Note the loss, without the penalty, that the parameters have here."""
        p, X = parameters_of(estimator, self.X.dtype), check_data(self.X.T)
        Z2 = by_pieces(
            lambda piece: forward(piece, p, settings.hidden, OUTPUTS["identity"], threads=threads),
            X,
        )
        estimator.validation_loss_curve_.append(mean_loss(settings, Z2, self.Y, self.weights))

    def score(self, estimator: Any) -> float:
        """The score that early stopping watches: `scoring`, or what the estimator's own ``score`` gives."""
        weights = {} if self.weights is None else {"sample_weight": self.weights}
        if getattr(estimator, "scoring", None) is None:
            return float(estimator._score(self.X, self.y, **weights))
        view = copy.copy(estimator)  # whose features have no names, as X here
        view.__dict__.pop("feature_names_in_", None)
        return float(check_scoring(view, estimator.scoring)(view, self.X, self.y, **weights))
