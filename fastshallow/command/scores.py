"""How good a network is: accuracy, precision and recall of each class, or the error of numbers; and beside another."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..formulas import OUTPUTS
from ..training import Network, score_of
from .lessons import Lesson, backend_for

STABLE = 7000  # the flower's costs can be reproduced up to this epoch; then the problem amplifies any rounding


def classes_of(lesson: Lesson) -> tuple[str, ...]:
    """The classes that are told apart, by name; none where numbers are learnt, or several labels at once."""
    if lesson.output == "identity" or (lesson.output == "sigmoid" and len(lesson.Y) > 1):
        return ()
    named = lesson.target.classes if lesson.target is not None else ()
    return named or tuple(map(str, range(max(2, len(lesson.Y)))))


def score(network: Network, lesson: Lesson) -> dict[str, Any]:
    """How good predictions are, beside guessing: of classes with precision, recall and who was taken for whom.

    In ``confusion`` a row is a class, a column what it was predicted as. What has no value is NaN: the precision of a
    class that is never predicted, the recall of one that isn't there.
    """
    network = dataclasses.replace(network, features=None)  # X is standardized already
    predicted, Y = network.predict(lesson.X, backend=backend_for(network, lesson.X)), lesson.Y
    if lesson.output == "identity":
        return {"r2": score_of(OUTPUTS["identity"], predicted, Y), "rmse": float(np.mean((predicted - Y) ** 2) ** 0.5)}
    classes = classes_of(lesson)
    if not classes:
        frequent = np.unique(Y, return_counts=True)[1].max()
        return {"accuracy": float(np.mean(predicted == Y)), "most_frequent": float(frequent / Y.size)}
    truth = np.argmax(Y, axis=0) if lesson.output == "softmax" else Y[0].astype(np.intp)
    n, m = len(classes), len(truth)
    confusion = np.bincount(truth * n + predicted[0], minlength=n * n).reshape(n, n)
    right, there, guessed = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore"):
        precision, recall = right / guessed, right / there
    return {
        "accuracy": float(right.sum() / m),
        "most_frequent": float(there.max() / m),
        "classes": list(classes),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "confusion": confusion.tolist(),
    }


def compared(network: Network, reference: Network) -> dict[str, Any]:
    """Set a training run beside the reference's: how many times faster it was, and how far the costs lie apart."""
    costs = network.history.cost, reference.history.cost
    both = min(map(len, costs))  # rounding may stop one of them earlier
    if not both:  # nothing was left to train
        return {}
    apart = np.abs(costs[0][:both] - costs[1][:both])
    allowed = 1e-6 if network.parameters.W1.dtype == np.float64 else 1e-3
    return {
        "agree": bool(apart[: STABLE + 1].max() <= allowed),
        "ratio": float(reference.history.seconds[-1] / network.history.seconds[-1]),
        "largest_difference": float(apart[: STABLE + 1].max()),
        "through_epoch": min(STABLE, len(apart) - 1),
        "largest_difference_overall": float(apart.max()),
    }
