"""A lesson is what the command learns: taken from a table, partly held out, standardized."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import Features, Notes, Recipe, Rule, datasets, features_of, learn_recipe, standardized, stratified
from ..training import Network, Target
from . import tables

AT_ONCE = 2**22  # hidden values that NumPy computes in 0.02 s, while to compile a prediction takes 2 s, to load one 0.3


class Lesson(NamedTuple):
    """What to learn: X (n_x, m), of a table standardized, and Y (n_y, m) in the table's own units."""

    name: str
    X: NDArray[Any]
    Y: NDArray[Any]
    output: str
    features: Features | None = None
    target: Target | None = None  # None for the flower, which is learnt as it is
    report: tuple[str, ...] = ()

    @property
    def taught(self) -> NDArray[Any]:
        """Y as training takes it: numbers of a table standardized."""
        target = self.target
        if target is None or target.mean is None or target.scale is None:
            return self.Y
        return np.asarray((self.Y - target.mean) / target.scale)


def flower(fraction: float | None, seed: int) -> tuple[Lesson, Lesson | None]:
    """The planar flower of the course, and the part of it that is held out."""
    X, Y = datasets.planar_flower()
    lesson = Lesson("planar flower", X, Y, "sigmoid")
    learnt, *held_out = (lesson._replace(X=X[:, part], Y=Y[:, part]) for part in _parts(lesson.name, Y, fraction, seed))
    return learnt, held_out[0] if held_out else None


def from_table(path: str, options: tables.Options, fraction: float | None, seed: int) -> tuple[Lesson, Lesson | None]:
    """The table at `path`, whose target decides the output, and the part of it that is held out.

    How columns become features is learnt from what is not held out.
    """
    table = tables.read(path, options)
    target_name = options.target or "Y"
    assert table.target is not None
    m = table.target.shape[1] if isinstance(table.target, np.ndarray) else len(table.target.values)
    if m < 2:
        raise tables.TableError(f"{table.name}: too few rows: {m}, and training needs 2 or more")
    Y, output, target = tables.learn_target(table.name, table.target, target_name, options.classify)
    parts = _parts(table.name, Y, fraction, seed, of_classes=output != "identity")
    recipe = learn_recipe(table.columns.values(), parts[0], options.features, options.categorical)
    recipe = dataclasses.replace(recipe, header=table.header, decimal=table.decimal)
    if not recipe.names:
        raise tables.TableError(f"{table.name}: no column is left to learn from: {'; '.join(recipe.report())}")
    made = features_of(recipe, table.columns, parts if fraction else (None,))
    mean, scale = tables.standardization(made[0], table.name, recipe.names)
    for X in made:
        standardized(X, mean, scale, out=X)
    if output == "identity":
        target_mean, target_scale = tables.standardization(Y[:, parts[0]], table.name, [target_name] * len(Y))
        target = dataclasses.replace(target, mean=target_mean, scale=target_scale)
    lesson = Lesson(
        table.name,
        made[0],
        Y,
        output,
        Features(recipe.names, mean, scale, recipe),
        target,
        (*table.notes, *recipe.report()),
    )
    learnt, *held_out = (lesson._replace(X=X, Y=Y[:, part]) for X, part in zip(made, parts, strict=True))
    return learnt, held_out[0] if held_out else None


def features_like(
    path: str, network: Network, options: tables.Options, network_path: str
) -> tuple[NDArray[Any], list[str]]:
    """The features (n_x, m) of a table that a network knows, and what is worth a word about them."""
    recipe, features = None, network.features
    if features is not None and features.names:
        rules = (
            Rule(name, "numbers", fill=float(mean))
            for name, mean in zip(features.names, features.mean[:, 0], strict=True)
        )
        recipe = features.recipe or Recipe(tuple(rules))
    table = tables.read_like(path, recipe, options)
    notes = Notes()
    if recipe is not None:
        X = features_of(recipe, table.columns, notes=notes)[0]
        return X, [f"{count:,} {text}" for text, count in notes.items()]
    X, n_x = np.array([column.values for column in table.columns.values()]), network.parameters.W1.shape[1]
    if len(X) != n_x:
        raise ValueError(f"{table.name}: {len(X)} features, but {network_path} was trained on {n_x}")
    return X, []


def _parts(
    name: str, Y: NDArray[Any], fraction: float | None, seed: int, of_classes: bool = True
) -> list[NDArray[np.intp]]:
    """Draw the examples to learn from and those to hold out, in order; classes in both parts, where that can be."""
    m = Y.shape[1]
    if fraction is None:
        return [np.arange(m)]
    count = round(m * fraction)
    if count < 1 or m - count < 2:
        raise ValueError(f"{name}: too few rows: {m}, of which {fraction:g} to hold out makes {count}")
    order = np.random.default_rng(seed).permutation(m)
    if of_classes:
        order = stratified(order, np.unique(np.argmax(Y, axis=0) if len(Y) > 1 else Y[0], return_inverse=True)[1])
    parts = [np.sort(order[count:]), np.sort(order[:count])]
    learnt = Y[:, parts[0]]
    if (learnt.min(axis=1) == learnt.max(axis=1)).any():
        raise ValueError(f"{name}: too few rows: in those not held out a target is constant; hold out fewer")
    return parts


def backend_for(network: Network, X: NDArray[Any]) -> str:
    """What predicts soonest in a process that does so once."""
    return "numpy" if len(network.parameters.W1) * X.shape[1] <= AT_ONCE else "auto"
