"""What `train` says of its own accord: of features and parameters as they begin, and of a run that ends badly."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Columns
from ..formulas import Parameters
from .history import History

LARGE, SMALL = 5.0, 0.05  # iris, of 5.9, and the flower's points times 3 or 0.03 end near the majority with defaults
BLOCKS, SIZE = 8, 64  # neighbours that a sample takes, in so many places: a file is read by pages
TRIVIAL = 1e-6  # a cost that rounding may multiply


def warn_of_symmetry(p: Parameters) -> None:
    """Warn if all hidden units are equal, which they then stay."""
    same = all((each == each[:1]).all() for each in (p.W1, p.b1, p.W2.T))
    if same and len(p.W1) > 1:
        warnings.warn(
            "all hidden units begin equal, so they get equal gradients and stay equal: the network is no better than "
            "one with a single hidden unit (Course 1, Week 3, 'Random Initialization'). Try scale=0.01 or 'xavier'",
            stacklevel=3,
        )


def constant_features(X: Any) -> list[int]:
    """Features that are the same in all examples, of which there are two or more; of sparse X those that are 0."""
    n_x, m = X.shape
    if m < 2:
        return []
    if isinstance(X, Columns):
        left = np.flatnonzero(np.bincount(X.features[X.values != 0], minlength=n_x) == 0)
    else:
        left, stop = np.arange(n_x), 0
        while len(left) and stop < m:  # few are left after the first examples
            start, stop = stop, stop + max(1, min(SIZE + 8 * stop, 2**20 // len(left)))
            left = left[(X[left, start:stop] == X[left, :1]).all(axis=1)]
    return left.tolist()  # type: ignore[no-any-return]


def warn_of_constants(constant: Sequence[int], n_x: int) -> None:
    """Warn of features that are the same in all examples."""
    if constant:
        some = ", ".join(map(str, constant[:5])) + (", ..." if len(constant) > 5 else "")
        warnings.warn(
            f"{len(constant)} of the {n_x} features of X, counted from 0, are the same in all examples ({some}): "
            "nothing can be learnt from them, so their weights are 0, and they count for nothing in predictions",
            stacklevel=3,
        )


def warn_of_scale(X: Any) -> None:
    """Warn, by a sample of X, of features so large that units saturate, or so small that nothing moves."""
    if isinstance(X, Columns):  # which standardizing would make dense
        return
    with np.errstate(all="ignore"):
        sample = _sample(X)
        scales = np.sqrt(np.mean(sample * sample, axis=1))
        largest, length = int(np.argmax(scales)), float(np.sqrt(np.sum(scales * scales)))
        if scales[largest] > LARGE:
            mean, deviation = np.mean(sample[largest]), np.std(sample[largest])
            what = f"is far from that: about {mean:.3g}, give or take {deviation:.3g}"
        elif 0.0 < length < SMALL:
            what = f"is the largest, and only of the size {scales[largest]:.1g}"
        else:
            return
    warnings.warn(
        "features should have mean 0 and variance 1, or training may learn little more than which class is the most "
        f"frequent: feature {largest} of X, counted from 0, {what}. fs.standardize(X) brings them there",
        stacklevel=3,
    )


def warn_of_end(history: History) -> None:
    """Warn of a run that ended badly."""
    if problem := problem_of_end(history):
        warnings.warn(problem, stacklevel=3)


def problem_of_end(history: History) -> str | None:
    """What to say of a last cost far above the first, or one that has lost half of what was gained, else None."""
    cost = history.cost
    if len(cost) < 2 or history.best_epoch is not None:
        return None
    first, best, last = float(cost[0]), float(cost.min()), float(cost[-1])
    if last > 2.0 * first + TRIVIAL:
        what = f"the first, {first:.4g}"
    elif last > max(2.0 * best, 0.5 * (first + best)) + TRIVIAL:
        what = f"the lowest, {best:.4g} in epoch {history.epoch[np.argmin(cost)]}"
    else:
        return None
    return (
        f"training ends at a cost of {last:.4g}, far above {what}: try a smaller "
        "learning_rate, a schedule such as fs.Cosine, or validation= with patience=, which goes back to the best epoch"
    )


def _sample(X: NDArray[Any]) -> NDArray[np.float64]:
    m = X.shape[1]
    starts = np.linspace(0, m - SIZE, BLOCKS, dtype=int) if m > BLOCKS * SIZE else range(0, m, SIZE)
    return np.concatenate([X[:, start : start + SIZE] for start in starts], axis=1).astype(np.float64)
