"""What a unit is made of: its entries, as the text of kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import Entries, make_arithmetic, make_update
from .calling import make_calling
from .compiling import make_assembly, make_object, write_functions
from .dropping import make_dropping
from .exact import make_exact
from .examples_in_lanes import make_examples_in_lanes
from .hidden_layer import make_activation
from .learned_slope import make_learning
from .loading import make_loading
from .loop import forward, train
from .machine import lanes, tile_rows
from .output_layer import make_output
from .panels import make_parameters_in_panels, make_parameters_in_place
from .simd import mathematics  # noqa: F401  NumPy's functions, which formulas call
from .simd.reading import bits_dtype, kind_of
from .sizes import REGISTERS
from .units_in_lanes import make_units_in_lanes
from .values import FLOAT64, INT, REAL, records

# Where most of the time goes; elsewhere unrolled loops take twice as long to compile, and gain nothing.
UNROLLED = ("units", "sparse", "features", "examples", "exact", "activation", "update")

# Formulas of more vectors than there are registers: the stack, which has the rest, is aligned to whole vectors, so that
# none lies in two cache lines (2-4-1 takes 0.93 of the time with 256 bits). Elsewhere the register that it takes is
# missed: a product would have to load its strides.
ALIGNED = ("exact", "activation", "output")


def build(kind: str, arguments: tuple[Any, ...], symbols: tuple[str, ...]) -> bytes:
    """The object code of a unit of this kind, whose functions have these symbols."""
    return make_object(_text(kind, arguments, symbols), kind in UNROLLED)


def assembly(kind: str, arguments: tuple[Any, ...], symbols: tuple[str, ...]) -> str:
    """The same as one reads it. With fewer entries it would be other code: what but one calls is inlined there."""
    return make_assembly(_text(kind, arguments, symbols), kind in UNROLLED)


def _text(kind: str, arguments: tuple[Any, ...], symbols: tuple[str, ...]) -> str:
    """LLVM's code of a unit."""
    kinds: tuple[Any, ...]
    if kind == "calling":
        run, place = records(FLOAT64, fixed=False)
        entries, kinds, returns = make_calling(run, place, *arguments), (INT, INT, INT), INT
    else:
        entries, (run, place) = MAKERS[kind](*arguments)
        kinds, returns = (run, place, INT, INT, INT, INT), REAL
    named = {symbol: entries[symbol.rpartition("_")[0]] for symbol in symbols}
    return write_functions(named, kinds, returns, kind in ALIGNED)


def _loop() -> tuple[Entries, Any]:
    return {"train": train, "forward": forward}, records(FLOAT64, fixed=False)


def _simple(make: Any) -> Any:
    """A maker of what needs the dtype's lanes, and arguments, alone."""

    def made(dtype: Any, *arguments: Any) -> tuple[Entries, Any]:
        return make(lanes(dtype), *arguments), records(dtype)

    return made


def _loading(dtype: Any, stored: Any) -> tuple[Entries, Any]:
    entries = make_loading(lanes(dtype), kind_of(stored))
    return entries, records(dtype, bits_dtype(stored))


def _units(kind: str) -> Any:
    def made(dtype: Any, index: Any = np.int64) -> tuple[Entries, Any]:
        entries = make_units_in_lanes(lanes(dtype), tile_rows(), kind == "features", kind == "sparse")
        return entries, records(dtype, index=index)

    return made


MAKERS: dict[str, Any] = {
    "loop": _loop,
    "arithmetic": _simple(make_arithmetic),
    "update": _simple(lambda L, optimizer: make_update(optimizer, L)),
    "loading": _loading,
    "activation": _simple(make_activation),
    "output": _simple(lambda L, output: make_output(output, 2 * L)),
    "dropping": _simple(make_dropping),
    "learning": _simple(make_learning),
    "units": _units("units"),
    "sparse": _units("sparse"),
    "features": _units("features"),
    "panels": _simple(make_parameters_in_panels),
    "in_place": _simple(make_parameters_in_place),
    "examples": _simple(lambda L: make_examples_in_lanes(L, REGISTERS)),
    "exact": _simple(lambda L, hidden, *sizes: make_exact(hidden, L, *sizes)),
}
