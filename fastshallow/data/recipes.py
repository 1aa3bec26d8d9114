"""The recipe by which a table's columns become features, as a network keeps it: one JSON text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

KINDS = ("numbers", "booleans", "texts", "dates", "presence")


@dataclass(frozen=True)
class Rule:
    """How one column becomes features.

    Attributes
    ----------
    name
        The column's.
    kind
        ``numbers``, ``booleans``, ``dates`` and ``texts``, or ``presence`` of the one value that it holds, if any.
    missing
        How many values were missing in training; if any were, a feature says where.
    fill
        The median, which stands for missing numbers and dates.
    values
        The texts that have a feature each; of ``presence`` the one value, as a message shows it.
    form
        How dates are written: ``year first``, ``day first`` or ``month first``.
    """

    name: str
    kind: str
    missing: int = 0
    fill: float = 0.0
    values: tuple[str, ...] = ()
    form: str = ""

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        made: tuple[str, ...] = (self.name,)
        if self.kind == "texts":
            made = tuple(f"{self.name}={value}" for value in self.values)
        elif self.kind == "dates":
            made = (f"{self.name} in days", f"{self.name}, sine of the year", f"{self.name}, cosine of the year")
        elif self.kind == "presence":
            made = ()
        return (*made, f"{self.name} is missing") if self.missing else made

    @property
    def text(self) -> str:
        """What a report says of it, behind the column's name."""
        if self.kind == "presence":
            return f"always {self.values[0]} or missing; a feature says which"
        if self.kind == "texts":
            text = f"texts, a feature each for {listed(self.values, 6)}"
        else:
            text = {"dates": f"dates, {self.form}, as days and the sine and cosine of the year"}.get(
                self.kind, self.kind
            )
        if not self.missing:
            return text
        instead = "" if self.kind == "texts" else "the median instead, and "
        return f"{text}; {self.missing:,} missing: {instead}a feature that says so"


@dataclass(frozen=True)
class Recipe:
    """The rules of all columns that become features, why the others don't, and how the table was written."""

    rules: tuple[Rule, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    header: bool = True
    decimal: str = "."

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the n_x features."""
        return tuple(name for rule in self.rules for name in rule.features)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are needed."""
        return tuple(rule.name for rule in self.rules)

    def report(self) -> list[str]:
        """Say in a line each what becomes of the columns; columns that fare alike share one."""
        alike: dict[str, list[str]] = {}
        for rule in self.rules:
            alike.setdefault(rule.text, []).append(rule.name)
        for name, reason in self.left_out.items():
            alike.setdefault(f"left out, {reason}", []).append(name)
        lines = [f"{listed(names, 6)}: {text}" for text, names in alike.items()]
        return [*lines, "written with decimal commas"] if self.decimal == "," else lines

    def members(self) -> dict[str, str]:
        """What a file keeps."""
        return {"recipe": json.dumps(asdict(self), ensure_ascii=False)}

    @classmethod
    def of(cls, stored: str) -> Recipe:
        """Read what `members` wrote under the name ``recipe``; ValueError if it is something else."""
        try:
            found = json.loads(stored)
            rules = tuple(_rule(**rule) for rule in found.pop("rules"))
            recipe = cls(rules, **found)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"its recipe of features can't be read: {error}") from None
        texts = [*recipe.left_out, *recipe.left_out.values()] if isinstance(recipe.left_out, dict) else [None]
        if not all(isinstance(text, str) for text in texts) or type(recipe.header) is not bool:
            raise ValueError("its recipe of features is damaged")
        if recipe.decimal not in (".", ",") or len(set(recipe.columns)) < len(rules) or not recipe.names:
            raise ValueError("its recipe of features is damaged")
        return recipe


def _rule(name: Any, kind: Any, missing: Any, fill: Any, values: Any, form: Any) -> Rule:
    texts = isinstance(values, list) and all(isinstance(text, str) for text in (name, form, *values))
    numbers = type(missing) is int and missing >= 0 and isinstance(fill, (int, float)) and math.isfinite(fill)
    if not texts or not numbers or kind not in KINDS or (kind == "presence" and not (values and missing)):
        raise ValueError(f"the rule of column {name!r}")
    return Rule(name, kind, missing, float(fill), tuple(values), form)


def listed(names: Sequence[str], most: int = 12) -> str:
    """List names for a message; of many the first and the last."""
    texts = [repr(name) for name in names]
    if len(texts) > most:
        texts[most - 2 : -2] = [f"... ({len(names) - most} more)"]
    return ", ".join(texts)
