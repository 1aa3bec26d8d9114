"""Measure: cases that the command and the benchmarks share, how to validate and time them, and this machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import BLAS_THREADS, BY_EXAMPLE, functional
from ..formulas import Parameters, initialize_parameters

ROUNDS = 20  # each backend's time budget is spent in so many turns

Arguments = tuple[NDArray[Any], NDArray[Any], Parameters]  # X, Y and the parameters
Answer = tuple[float, Parameters] | NDArray[Any]  # the cost and its gradients, or A2


class WrongAnswerError(Exception):
    """A backend whose answer is not the reference's."""


@dataclass(frozen=True)
class Case:
    """One step, cost and gradients, of an n_x-n_h-n_y network on m random examples."""

    n_x: int
    n_h: int
    n_y: int
    m: int
    hidden: str = "tanh"
    output: str = "sigmoid"
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{self.n_x}-{self.n_h}-{self.n_y} m={self.m} {self.hidden} {self.output} {self.dtype}"

    def arguments(self) -> Arguments:
        """X (n_x, m), Y (n_y, m) and the parameters, the same every time."""
        random = np.random.default_rng(self.m)
        X = random.standard_normal((self.n_x, self.m), dtype=np.float32).astype(self.dtype, copy=False)
        if self.output == "softmax":
            Y = np.eye(self.n_y, dtype=self.dtype)[:, random.integers(self.n_y, size=self.m)]
        else:
            Y = random.integers(2, size=(self.n_y, self.m)).astype(self.dtype)
        scale = "he" if self.hidden in ("relu", "leaky_relu") else "xavier"
        parameters = initialize_parameters(self.n_x, self.n_h, self.n_y, scale=scale, seed=1, dtype=self.dtype)
        return X, Y, parameters

    def step(self, backend: str, arguments: Arguments) -> Callable[[], Answer]:
        """Give a call of `cost_and_gradients` on one thread, with nothing around it that would be timed as well."""
        return partial(
            functional.cost_and_gradients,
            *arguments,
            hidden=self.hidden,
            output=self.output,
            backend=backend,
            threads=1,
        )

    def prediction(self, backend: str, arguments: Arguments) -> Callable[[], NDArray[Any]]:
        """Give a call of `forward`, likewise."""
        X, _, parameters = arguments
        return partial(
            functional.forward, X, parameters, hidden=self.hidden, output=self.output, backend=backend, threads=1
        )

    @property
    def tolerance(self) -> float:
        """How far two right answers may lie apart: sums of m terms of order one, divided by m, rounded in any order."""
        return float(np.finfo(self.dtype).eps * (16 + 2 * (self.n_x + self.n_h) ** 0.5 + self.m**0.5))

    def validate(self, backend: str, answer: Answer, reference: Answer) -> float:
        """Return how far an answer lies from the reference's, or raise WrongAnswerError if that is too far."""
        apart = difference(answer, reference)
        if not apart <= self.tolerance:
            raise WrongAnswerError(f"{backend} is {apart:.2g} from numpy on {self}; {self.tolerance:.2g} is allowed")
        return apart


def difference(one: Answer, other: Answer) -> float:
    """The largest difference between two answers, relative to the largest entry where that exceeds 1."""
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return float(np.max([np.abs(a - b).max() / max(1.0, np.abs(b).max()) for a, b in pairs]))


def _arrays(answer: Answer) -> list[NDArray[Any]]:
    return [answer] if isinstance(answer, np.ndarray) else [np.asarray(answer[0]), *answer[1]]


def alternate(functions: Mapping[str, Callable[[], object]], seconds: float = 0.2) -> dict[str, float]:
    """Time functions by turns, so that what slows the machine slows all; return the best turn of each, seconds a call.

    Each gets about `seconds` in up to 20 turns, and one call at least.
    """
    calls = {name: _calls(function, seconds / ROUNDS) for name, function in functions.items()}
    best = dict.fromkeys(functions, float("inf"))
    spent = dict.fromkeys(functions, 0.0)
    for turn in range(ROUNDS):
        for name, function in functions.items():
            if turn and spent[name] >= seconds:
                continue
            elapsed = _elapsed(function, calls[name])
            spent[name] += elapsed
            best[name] = min(best[name], elapsed / calls[name])
    return best


def _calls(function: Callable[[], object], seconds: float) -> int:
    """How many calls take about `seconds`."""
    calls = 1
    while (elapsed := _elapsed(function, calls)) < seconds / 4:
        calls *= 4
    return max(1, round(calls * seconds / elapsed))


def _elapsed(function: Callable[[], object], calls: int) -> float:
    turns = range(calls)
    start = perf_counter()
    for _ in turns:
        function()
    return perf_counter() - start


@dataclass(frozen=True)
class Timing:
    """What one backend took for one case: seconds a step, or why there are none."""

    case: Case
    backend: str
    seconds: float | None = None
    ratio: float | None = None  # how many times faster than numpy
    apart: float | None = None  # how far from numpy's answer
    first_seconds: float | None = None  # of the first call, which may compile
    reason: str = ""


def compare(case: Case, backends: Iterable[str], seconds: float = 0.2, longest: float = 1.0) -> list[Timing]:
    """Validate, then time, backends, ``numpy`` among them; what would take longer than `longest` a step is left out."""
    arguments = case.arguments()
    reference = case.step("numpy", arguments)()
    left_out = {name: too_slow(case, name, longest) for name in backends}
    steps = {name: case.step(name, arguments) for name, reason in left_out.items() if not reason}
    first, apart = {}, {}
    for name, step in steps.items():
        start = perf_counter()
        answer = step()
        first[name] = perf_counter() - start
        apart[name] = case.validate(name, answer, reference)
    best = alternate(steps, seconds)
    return [
        Timing(case, name, reason=reason)
        if reason
        else Timing(case, name, best[name], best["numpy"] / best[name], apart[name], first[name])
        for name, reason in left_out.items()
    ]


def too_slow(case: Case, backend: str, longest: float) -> str:
    """Judge from a few examples: why to leave a backend out, or an empty text."""
    if backend not in BY_EXAMPLE:
        return ""
    few, elapsed = 0, 0.0
    while few < case.m and elapsed < longest / 50:  # one example alone would mostly be what a call takes on its own
        few = min(case.m, max(1, 8 * few))
        some = replace(case, m=few)
        step = some.step(backend, some.arguments())
        step()
        elapsed = _elapsed(step, 1)
    expected = case.m / few * elapsed
    if expected <= longest:
        return ""
    return f"about {expected:,.0f} s a step" if expected >= 9.5 else f"about {expected:.2g} s a step"


def machine() -> dict[str, Any]:
    """What decides speed here: processor, vector width, threads, versions, and where compiled code is kept."""
    from ..backends import team  # here, since they import LLVM
    from ..kernels import machine as processor
    from ..kernels import objects

    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": _cpu(),
        "vector_bits": processor.register_bits(),
        "float32_lanes": processor.lanes("float32"),
        "float64_lanes": processor.lanes("float64"),
        "cores": os.cpu_count(),
        "cores_allowed": len(affinity(0)) if affinity else os.cpu_count(),
        "threads": team.processors(),
        "threading_layer": "its own: threads meet inside the kernel",
        "blas": _blas(),
        "blas_threads": {name: os.environ[name] for name in BLAS_THREADS if name in os.environ},
        "cache": objects.enabled(),
        "cache_folder": str(objects.folder()),
        "backends": {name: str(state) for name, state in functional.backends().items()},
        "system": platform.platform(),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
    }


_PACKAGES = ("fastshallow", "numpy", "numba", "llvmlite")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        if sys.platform == "darwin":
            return subprocess.check_output(["sysctl", "-n", "machdep.cpu.brand_string"], text=True).strip()
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except (OSError, subprocess.SubprocessError):
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _blas() -> str:
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
