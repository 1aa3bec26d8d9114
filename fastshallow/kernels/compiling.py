"""How kernels are compiled: what their text writes is made one object file by LLVM; one place owns every option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import llvmlite.binding as llvm

from .machine import target_machine
from .values import INT, REAL, Record
from .writing import Module


def write(entries: Mapping[str, Callable[..., object]], run: Record, place: Record) -> str:
    """LLVM's code of entries, functions of two records and four integers, and of all that they call."""
    return write_functions(entries, (run, place, INT, INT, INT, INT), REAL)


def write_functions(entries: Mapping[str, Callable[..., object]], kinds: tuple[Any, ...], returns: Any) -> str:
    """LLVM's code of C functions of these kinds, and of all that they call."""
    module = Module()
    for name, function in entries.items():
        module.add_entry(name, function, kinds, returns)
    return str(module.llvm)


def make_object(text: str) -> bytes:
    """The object file of LLVM's code."""
    machine = target_machine()
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))
