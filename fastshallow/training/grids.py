"""Which networks are to be trained: a grid of settings, seeds, and parts of the data for cross-validation."""

from __future__ import annotations

import difflib
import inspect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import Orders
from ..formulas import Output, generator, positive_integer
from .arguments import draw_key
from .settings import Data, kinds_of, split
from .training import train

# What may differ from network to network, with `train`'s defaults.
DEFAULTS: dict[str, Any] = {
    name: inspect.signature(train).parameters[name].default
    for name in (
        "n_h",
        "hidden",
        "epochs",
        "learning_rate",
        "scale",
        "optimizer",
        "l2",
        "dropout",
        "batch_size",
        "shuffle",
        "class_weight",
        "clip_norm",
        "patience",
        "tolerance",
    )
}


class Part(NamedTuple):
    """Examples to learn from, and those held out from them, if any are."""

    data: Data
    held_out: Data | None


class Grid(NamedTuple):
    """The settings of each network, all that were given, and the names of those that differ."""

    settings: list[dict[str, Any]]
    varied: tuple[str, ...]


def make_grid(settings: Any, given: Mapping[str, Any]) -> Grid:
    """All combinations of arguments that are lists, with each of the `settings`, dicts, if these are given."""
    for name in given:
        _check_name(name)
    lists = {name: _several(name, values) for name, values in given.items() if _is_several(values)}
    alone = {name: value for name, value in given.items() if name not in lists}
    rows = [{}] if settings is None else _checked_rows(settings, given)
    names = tuple(dict.fromkeys((*(name for row in rows for name in row), *lists)))
    combinations = itertools.product(rows, *lists.values())
    missing = {name: DEFAULTS[name] for name in names}
    grid = [{**missing, **alone, **row, **dict(zip(lists, values, strict=True))} for row, *values in combinations]
    return Grid(grid, names)


def check_seeds(seeds: Iterable[int]) -> list[int]:
    """Seeds as a list; an error if they are none, or one comes twice."""
    if isinstance(seeds, (int, np.integer, str)) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds must be several, such as range(100), or [1] for one, not {seeds!r}")
    found = list(seeds)
    if not found:
        raise ValueError("seeds must not be empty")
    for each in found:
        if isinstance(each, (bool, np.bool_)) or not isinstance(each, (int, np.integer)):
            raise TypeError(f"seeds must be integers, not {each!r}")
        if not 0 <= each < 2**32:
            raise ValueError(f"seeds must be from 0 to 2**32 - 1, not {each}")
    if len(set(found)) < len(found):
        twice = next(each for each in found if found.count(each) > 1)
        raise ValueError(f"seeds must differ, but {twice} comes {found.count(twice)} times")
    return [int(each) for each in found]


def make_parts(data: Data, folds: int | None, seed: Any, output: Output) -> list[Part]:
    """The data, or for cross-validation the data without each of so many folds, of classes the same part in each."""
    if folds is None:
        return [Part(data, None)]
    fold = fold_of_examples(data, folds, seed, output)
    return [Part(data.take(np.flatnonzero(fold != k)), data.take(np.flatnonzero(fold == k))) for k in range(folds)]


def held_out(data: Data, fraction: float, seed: Any, output: Output) -> list[Part]:
    """The data without a part that is held out from all networks alike, of classes the same part."""
    return [Part(*split(data, fraction, _key(seed), output))]


def fold_of_examples(data: Data, folds: int, seed: Any, output: Output) -> NDArray[np.intp]:
    """The fold (m,) of each example, as a seed draws them."""
    folds, m = positive_integer("folds", folds), data.m
    if folds < 2:
        raise ValueError("folds must be 2 or more, not 1")
    if folds > m:
        raise ValueError(f"folds must be at most {m}, the number of examples, not {folds}")
    order = np.empty(m, np.intp)
    Orders(_key(seed), m).fill(0, order[None])
    if not output.numbers:
        kinds = kinds_of(data.Y, output)
        counts = np.bincount(kinds)
        least = int(np.where(counts > 0, counts, m).argmin())
        if (output.normalized or len(data.Y) == 1) and counts[least] < folds:
            raise ValueError(f"folds must be at most {counts[least]}, the examples of class {least}, not {folds}")
        order = order[np.argsort(kinds[order], kind="stable")]  # dealt out class by class
    fold = np.empty(m, np.intp)
    fold[order] = np.arange(m) % folds
    return fold


def _key(fold_seed: Any) -> int:
    """What decides how examples are parted."""
    try:
        return draw_key(generator(fold_seed))
    except (TypeError, ValueError) as error:
        raise type(error)(f"fold_{error}") from None


def _is_several(values: Any) -> bool:
    return isinstance(values, (list, tuple, range)) or (isinstance(values, np.ndarray) and values.ndim == 1)


def _several(name: str, values: Any) -> list[Any]:
    found = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if not found:
        raise ValueError(f"{name} must be a value, or a list of several, not an empty one")
    return found


def _check_name(name: Any) -> None:
    if name not in DEFAULTS:
        near = difflib.get_close_matches(str(name), DEFAULTS, 1, 0.5)
        hint = f", did you mean {near[0]!r}?" if near else ""
        if name == "seed":
            hint = ", give seeds="
        raise TypeError(f"unknown argument {name!r}{hint}; what may be varied is {', '.join(DEFAULTS)}")


def _checked_rows(settings: Any, given: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    if not isinstance(settings, (list, tuple)) or not all(isinstance(row, Mapping) for row in settings):
        raise TypeError(f"settings must be a list of dicts, such as [{{'n_h': 8}}], not {settings!r}")
    if not settings:
        raise ValueError("settings must not be empty")
    for i, row in enumerate(settings):
        for name, value in row.items():
            _check_name(name)
            if name in given:
                raise ValueError(f"{name} is given twice: as an argument, and in settings[{i}]")
            if _is_several(value):
                raise ValueError(f"settings[{i}] must have one value for {name}, not {value!r}")
    return [dict(row) for row in settings]
