"""How much each class counts, as the command line says it by the classes' names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from . import lessons, tables
from .scores import classes_of


def class_weights(given: Sequence[str] | None, lesson: lessons.Lesson) -> Any:
    """What `fastshallow.train` takes for ``--class-weight balanced`` or ``--class-weight yes=5 no=1``."""
    if given is None:
        return None
    classes = classes_of(lesson)
    if not classes:
        raise ValueError("--class-weight needs classes; the target is learnt as numbers, or as several labels at once")
    if list(given) == ["balanced"]:
        return "balanced"
    if given[0] == "balanced":
        raise ValueError(f"--class-weight balanced stands alone, without {given[1]!r}; other arguments go before it")
    weights = {}
    for text in given:
        name, sign, weight = text.rpartition("=")
        value = _number(weight)
        if not sign or value is None:
            raise ValueError(f"--class-weight {text!r} must be balanced, or a class and its weight, as in yes=5")
        if name not in classes:
            close = difflib.get_close_matches(name, classes, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {tables.listed(classes, 6)}"
            raise ValueError(f"--class-weight {text!r}: no class {name!r}; {hint}")
        weights[classes.index(name)] = value
    return weights


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value < float("inf") else None
