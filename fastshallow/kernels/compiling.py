"""How kernels are compiled: what their text writes is made one object file by LLVM; one place owns every option."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import llvmlite.binding as llvm

from .machine import target_machine
from .objects import load
from .values import INT, VOID
from .writing import Module

_numbers = itertools.count()


def write_functions(
    entries: Mapping[str, Callable[..., object]], kinds: tuple[Any, ...], returns: Any, aligned: bool = False
) -> str:
    """LLVM's code of C functions of these kinds, and of all that they call, on an `aligned` stack or not."""
    module = Module(aligned)
    for name, function in entries.items():
        module.add_entry(name, function, kinds, returns)
    return str(module.llvm)


def make_object(text: str, unrolled: bool = True) -> bytes:
    """The object file of LLVM's code, its loops `unrolled` where LLVM thinks that it helps."""
    machine, module = _optimized(text, unrolled)
    return bytes(machine.emit_object(module))


def make_assembly(text: str, unrolled: bool = True) -> str:
    """The same as one reads it: the machine's instructions."""
    machine, module = _optimized(text, unrolled)
    return str(machine.emit_assembly(module))


def _optimized(text: str, unrolled: bool) -> tuple[Any, Any]:
    machine = target_machine()
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = False  # vectors are explicit
    options.loop_unrolling = unrolled
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine, module


def compile_function(function: Callable[..., object], *kinds: Any) -> Callable[..., None]:
    """A function of arrays and integers, in the order of these kinds, that runs the text of a kernel of them.

    It serves measurements and tests: nothing is kept.
    """
    name = f"function_{next(_numbers)}"
    (address,) = load(make_object(write_functions({name: function}, kinds, VOID)), (name,))
    types = [ctypes.c_int64 if kind is INT else ctypes.c_void_p for kind in kinds]
    run = ctypes.CFUNCTYPE(None, *types)(address)

    def call(*arguments: Any) -> None:
        run(*(x if isinstance(x, int) else x.ctypes.data for x in arguments))

    return call
