"""What computes a step: the backends, and libraries that people would take instead, each in the layout it prefers."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple

from ..backends import BACKENDS, backends
from .cases import Answer, Arguments, Case


class Step(NamedTuple):
    """One step, ready to be called, and how to read what it gives back as a cost and gradients."""

    call: Callable[[], Any]
    answer: Callable[[Any], Answer]


PEERS = {  # package, module and function
    "torch": ("torch", "with_torch", "step"),
    "torch.compile": ("torch", "with_torch", "compiled_step"),
    "jax": ("jax", "with_jax", "step"),
}
NAMES = (*BACKENDS, *PEERS)
PEERS_OUTPUTS = ("sigmoid", "softmax", "identity")
THREADS = {  # what a process must know before it imports a peer
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",  # else compilers go on beside what is timed
}
ONE_THREAD = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}


def missing(name: str, output: str = "sigmoid") -> str:
    """Why an implementation can't run here, or an empty text."""
    if name in PEERS:
        package = PEERS[name][0]
        if output not in PEERS_OUTPUTS:
            return f"not written for {output}"
        return "" if importlib.util.find_spec(package) else f"not installed: pip install {package}"
    state = backends()[name]
    return "" if state.available else str(state)


def make_step(name: str, case: Case, arguments: Arguments, threads: int) -> Step:
    """One step by that implementation."""
    if name in BACKENDS:
        return Step(case.step(name, arguments, threads), _as_it_is)
    _, module, function = PEERS[name]
    make = getattr(importlib.import_module(f".{module}", __package__), function)
    step: Step = make(case, arguments, threads)
    return step


def _as_it_is(answer: Answer) -> Answer:
    return answer
