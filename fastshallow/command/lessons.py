"""A lesson is what the command learns: taken from a table, partly held out, standardized, trained on, and scored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import datasets
from ..training import Features, Network, Target, score_of
from . import tables

STABLE = 7000  # the flower's costs can be reproduced up to this epoch; then the problem amplifies any rounding

AT_ONCE = 2**22  # hidden values that NumPy computes in 0.02 s, while to compile a prediction takes 2 s, to load one 0.3


class Lesson(NamedTuple):
    """What to learn: X (n_x, m) and Y (n_y, m) in the table's own units."""

    name: str
    X: NDArray[Any]
    Y: NDArray[Any]
    output: str
    features: tuple[str, ...] = ()
    target: Target | None = None  # None for the flower, which is learnt as it is

    def take(self, examples: NDArray[np.intp]) -> Lesson:
        """Give a copy of some examples."""
        return self._replace(X=self.X[:, examples], Y=self.Y[:, examples])


def flower() -> Lesson:
    """The planar flower of the course."""
    return Lesson("planar flower", *datasets.planar_flower(), output="sigmoid")


def from_table(path: str, target: str | None, ignore: list[str], classify: bool) -> Lesson:
    """The table at `path`, whose target decides the output."""
    if target is None:
        if Path(path).suffix != ".npz":
            names = tables.listed(tables.read_header(path))
            raise tables.TableError(f"{path}: which column is to be predicted? Name it with --target: {names}")
        target = "Y"
    table = tables.read(path, target, ignore=ignore, classify=classify)
    if table.X.shape[1] < 2:
        raise tables.TableError(f"{path}: too few rows: {table.X.shape[1]}, and training needs 2 or more")
    Y, output, learnt = tables.learn_target(table, target, classify)
    return Lesson(path, table.X, Y, output, table.names, learnt)


def split(lesson: Lesson, fraction: float | None, seed: int) -> tuple[Lesson, Lesson | None]:
    """Hold out a random part of the examples; return what is left to learn from, and that part."""
    m = lesson.X.shape[1]
    if fraction is None:
        return lesson, None
    held_out = round(m * fraction)
    if held_out < 1 or m - held_out < 2:
        raise ValueError(f"{lesson.name}: too few rows: {m}, of which {fraction:g} to hold out makes {held_out}")
    order = np.random.default_rng(seed).permutation(m)
    learnt = lesson.take(np.sort(order[held_out:]))
    if (learnt.Y.min(axis=1) == learnt.Y.max(axis=1)).any():
        raise ValueError(f"{lesson.name}: too few rows: in those not held out a target is constant; hold out fewer")
    return learnt, lesson.take(np.sort(order[:held_out]))


def standardize(lesson: Lesson) -> tuple[Lesson, Features | None, Target | None]:
    """Standardize a table's features, and a target that is a number; return what undoes it as well."""
    target = lesson.target
    if target is None:
        return lesson, None, None
    mean, scale = tables.standardization(lesson.X, lesson.name, lesson.features)
    features = Features(lesson.features, mean, scale)
    lesson = lesson._replace(X=(lesson.X - mean) / scale)
    if lesson.output == "identity":
        mean, scale = tables.standardization(lesson.Y, lesson.name, [target.name] * len(lesson.Y))
        target = dataclasses.replace(target, mean=mean, scale=scale)
        lesson = lesson._replace(Y=(lesson.Y - mean) / scale)
    return lesson, features, target


def backend_for(network: Network, X: NDArray[Any]) -> str:
    """What predicts soonest in a process that does so once."""
    return "numpy" if len(network.parameters.W1) * X.shape[1] <= AT_ONCE else "auto"


def score(network: Network, lesson: Lesson) -> dict[str, float]:
    """How good a network's predictions are: accuracy beside that of guessing, or R2 and the root mean square error."""
    predicted, Y = network.predict(lesson.X, backend=backend_for(network, lesson.X)), lesson.Y
    if lesson.output == "identity":
        return {"r2": score_of("identity", predicted, Y), "rmse": float(np.mean((predicted - Y) ** 2) ** 0.5)}
    truth = np.argmax(Y, axis=0, keepdims=True) if lesson.output == "softmax" else Y
    frequent = np.unique(truth, return_counts=True)[1].max()
    return {"accuracy": float(np.mean(predicted == truth)), "most_frequent": float(frequent / truth.size)}


def compared(network: Network, reference: Network) -> dict[str, Any]:
    """Set a training run beside the reference's: how many times faster it was, and how far the costs lie apart."""
    costs = network.history.cost, reference.history.cost
    both = min(map(len, costs))  # rounding may stop one of them earlier
    apart = np.abs(costs[0][:both] - costs[1][:both])
    allowed = 1e-6 if network.parameters.W1.dtype == np.float64 else 1e-3
    return {
        "agree": bool(apart[: STABLE + 1].max() <= allowed),
        "ratio": float(reference.history.seconds[-1] / network.history.seconds[-1]),
        "largest_difference": float(apart[: STABLE + 1].max()),
        "through_epoch": min(STABLE, len(apart) - 1),
        "largest_difference_overall": float(apart.max()),
    }
