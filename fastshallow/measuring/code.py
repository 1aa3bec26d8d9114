"""The hot loop of a compiled backend, read from the machine code that runs."""

from __future__ import annotations

import functools

import numpy as np

from ..backends import explain
from ..formulas import activation, output_layer
from .cases import Case
from .findings import Loop
from .machine_code import hottest, loops


def hot_loop(case: Case, backend: str, functions: bool) -> Loop | None:
    """The loop where transcendental `functions`, or products, take most time; None for what is not compiled here."""
    if backend not in ("jit", "fused"):
        return None
    texts = _jit(case.hidden, case.output, case.dtype) if backend == "jit" else _fused(case, functions)
    return hottest([each for where, text in texts.items() for each in loops(text, where)], functions)


@functools.cache  # which takes seconds
def _jit(hidden: str, output: str, dtype: str) -> dict[str, str]:
    from ..backends import jit

    return {"the source of loops": jit.assembly(activation(hidden), output_layer(output), np.dtype(dtype))}


def _fused(case: Case, functions: bool) -> dict[str, str]:
    """The units that the plan names: the work on a tile, or that on the activation where that is apart."""
    from ..backends import native
    from ..kernels.building import assembly
    from ..kernels.units import ENTRIES, Unit

    plan, dtype, hidden = explain(*_sizes(case), case.m, case.dtype).plan, np.dtype(case.dtype), activation(case.hidden)
    assert plan is not None  # fused runs here
    kind = plan.arrangement
    unit, where = Unit(kind, (dtype,)), f"the work on a tile, {kind} in lanes"
    if kind == "exact":
        unit, where = Unit(kind, (dtype, hidden, *_sizes(case))), "the kernel for just these sizes"
    elif functions:
        unit = native.activation_unit(dtype, hidden, kind == "examples")
        where = f"{hidden.name} and its derivative"
    symbols = tuple(f"{entry}_" for entry in ENTRIES[unit.kind])
    return {where: assembly(unit.kind, unit.arguments or unit.parts, symbols)}


def _sizes(case: Case) -> tuple[int, int, int]:
    return case.n_x, case.n_h, case.n_y
