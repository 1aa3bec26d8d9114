"""The units that are compiled, each by itself, and kept: they add up, and do not multiply.

A unit knows only what its inner loops need; units call each other by addresses in a record, once a tile or a step.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from . import objects

ENTRIES = {
    "loop": ("train", "forward"),
    "calling": ("step", "infer", "answer"),
    "arithmetic": ("add_slabs", "decay", "square", "probe"),
    "update": ("update",),
    "loading": ("load_x", "load_y"),
    "activation": ("activate",),
    "output": ("outputs", "output"),
    "dropping": ("drop",),
    "learning": ("learn",),
    "panels": ("begin", "give"),
    "in_place": ("give",),
    "units": ("accumulate", "predict"),
    "sparse": ("accumulate", "predict"),
    "features": ("accumulate", "predict", "stage"),
    "examples": ("accumulate", "predict"),
    "exact": ("accumulate", "predict"),
}


class Unit(NamedTuple):
    """A unit: its kind, what its name is made of, and what `building` needs to make it."""

    kind: str
    parts: tuple[Any, ...]  # digests, dtypes and sizes, that say all
    arguments: tuple[Any, ...] | None = None  # what they stand for, if not for themselves

    @property
    def name(self) -> str:
        """Its key among all that is compiled."""
        return objects.key(self.kind, *self.parts)


_addresses: dict[tuple[Any, ...], dict[str, int]] = {}
_compiling = threading.Lock()


def addresses(unit: Unit) -> dict[str, int]:
    """Where the unit's entries are, which are compiled now if they never were."""
    key = (unit.kind, *unit.parts)
    found = _addresses.get(key)
    if found is None:
        with _compiling:
            found = _addresses.get(key)
            if found is None:
                found = _addresses[key] = _made(unit)
    return found


def _made(unit: Unit) -> dict[str, int]:
    name, entries = unit.name, ENTRIES[unit.kind]
    symbols = tuple(f"{entry}_{name}" for entry in entries)
    code = objects.find(name)
    if code is None:
        from .building import build  # which takes a while to import

        code = build(unit.kind, unit.parts if unit.arguments is None else unit.arguments, symbols)
        objects.keep(name, code)
    return dict(zip(entries, objects.load(code, symbols), strict=True))
