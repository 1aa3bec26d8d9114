"""Where the time of a step goes: measured by leaving parts out, and by doing parts again apart from the rest.

No counters of the processor are needed. Whole and parts are timed by turns, each as a ratio to the whole step beside
it, so what slows the machine slows both.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..backends import BY_EXAMPLE, explain, unavailable
from . import timing
from .cases import Case
from .code import hot_loop
from .findings import ARITHMETIC, CALLS, FUNCTIONS, INTERPRETER, TRAFFIC, Anatomy, Counts, Part
from .machine import caches
from .operations import counted, recorded, replays
from .sources import accesses, bytecodes
from .units import bytes_text

TURNS = 0.15  # seconds for each thing that is timed
LONGEST = 0.02  # seconds a call of what goes example by example: more examples are taken to last as long as these
CACHE = 2**18  # bytes of a second-level cache, where the system does not say

Function = Callable[[], object]


def dissect(case: Case, backend: str, seconds: float = TURNS, code: bool = True) -> Anatomy:
    """Take a backend's step of one case apart, on one thread.

    Parameters
    ----------
    case
        The cell.
    backend
        One of the ladder's.
    seconds
        The time for each of the two to six things that are timed.
    code
        Whether to look for the hot loop, which compiles the backend's code again.
    """
    m = _few(case, backend) if backend in BY_EXAMPLE else case.m
    found = {"loops": _loops, "examples": _numpy, "numpy": _numpy, "jit": _compiled, "fused": _compiled}[backend]
    whole, parts = found(replace(case, m=m), backend, seconds)
    once = CALLS if backend == "jit" else ""  # a call is one, for however many examples
    parts = [each if each.kind == once else replace(each, seconds=each.seconds * case.m / m) for each in parts]
    calls = parts_of(parts, once)
    whole = calls + (whole - calls) * case.m / m
    functions = parts_of(parts, FUNCTIONS) > parts_of(parts, ARITHMETIC)
    loop = hot_loop(case, backend, functions) if code else None
    return Anatomy(case, backend, whole, m, _fitting(parts, whole), _counts(case, backend), loop)


def _fitting(parts: list[Part], whole: float) -> list[Part]:
    """Parts that are measured apart may be more than the whole by the noise: the largest one then gives way."""
    excess = max(0.0, sum(each.seconds for each in parts) - whole)
    largest = max(parts, key=lambda each: each.seconds)
    return [replace(each, seconds=each.seconds - excess) if each is largest else each for each in parts]


def parts_of(parts: list[Part], kind: str) -> float:
    """Seconds of one kind."""
    return sum(each.seconds for each in parts if each.kind == kind)


def _few(case: Case, backend: str) -> int:
    """As many examples as take no more than LONGEST."""
    one, some = (_step(replace(case, m=m), backend) for m in (1, min(case.m, 8)))
    one()
    each = timing.elapsed(one)
    if each < LONGEST:  # one alone would mostly be what a call takes on its own
        some()
        each = timing.elapsed(some) / min(case.m, 8)
    return max(1, min(case.m, int(LONGEST / each)))


def _timed(functions: dict[str, Function], seconds: float) -> dict[str, float]:
    """Seconds of each: those of the first one, and by their ratios those of the others."""
    first = next(iter(functions))
    found = timing.compare(functions, seconds=seconds)
    return {name: found[first].median / each.ratio.value for name, each in found.items()}


def _step(case: Case, backend: str) -> Function:
    return case.step(backend, case.arguments())


def _plain(case: Case) -> Case:
    """The same with identity for the activation and for the output."""
    return replace(case, hidden="identity", output="identity")


def _smallest(case: Case) -> Case:
    """A step that has next to nothing to compute, of the same formulas."""
    n_y = 2 if case.output == "softmax" else 1
    return replace(case, n_x=1, n_h=1, n_y=n_y, m=1)


def _cached(case: Case) -> int:
    """How many examples take a half of the second-level cache: all of them if they nearly do."""
    room = caches().get("L2", CACHE) // 2
    each = (case.n_x + case.n_y) * np.dtype(case.dtype).itemsize
    return case.m if case.m * each <= 2 * room else max(256, room // each)


def _rest(whole: float, *parts: Part, how: str) -> Part:
    return Part(TRAFFIC, max(0.0, whole - sum(each.seconds for each in parts)), how)


def _loops(case: Case, backend: str, seconds: float) -> tuple[float, list[Part]]:
    plain = _plain(case)
    if unavailable():
        took = _timed({"whole": _step(case, "loops"), "plain": _step(plain, "loops")}, seconds)
        return took["whole"], [
            Part(INTERPRETER, took["plain"], "the same with identity for its functions; nothing can be compiled here"),
            Part(FUNCTIONS, max(0.0, took["whole"] - took["plain"]), "what goes away then"),
        ]
    took = _timed(
        {"whole": _step(case, "loops"), "plain": _step(plain, "loops"), "compiled": _step(plain, "jit")}, seconds
    )
    return took["whole"], [
        Part(
            INTERPRETER,
            max(0.0, took["plain"] - took["compiled"]),
            "what goes away when the same source, with identity for its functions, is compiled",
        ),
        Part(
            FUNCTIONS,
            max(0.0, took["whole"] - took["plain"]),
            "what goes away when activation and output become identity",
        ),
        Part(ARITHMETIC, took["compiled"], "the same source with identity for its functions, compiled: jit"),
    ]


def _numpy(case: Case, backend: str, seconds: float) -> tuple[float, list[Part]]:
    """The step's own operations again, on examples that stay in the cache; and a step with nothing to compute."""
    by_example = backend == "examples"
    # Operations on one example are as many as all examples have; the calls of each are those of a smallest step.
    cached = 1 if by_example else min(case.m, max(256, _cached(replace(case, n_x=case.n_x + 3 * case.n_h))))
    smallest = replace(_smallest(case), m=case.m if by_example else 1)
    few = replays(recorded(replace(case, m=cached), backend))
    none = replays(recorded(replace(smallest, m=1), backend))
    took = _timed(
        {
            "whole": _step(case, backend),
            "calls": _step(smallest, backend),
            "functions": few[0],
            "others": few[1],
            "no functions": none[0],
            "no others": none[1],
        },
        seconds,
    )
    scale = case.m / cached
    calls = Part(CALLS, min(took["calls"], took["whole"]), "a step of the smallest network, on one example")
    if by_example:
        calls = replace(calls, how="as many steps of the smallest network, on one example each")
    where = "one example" if cached == 1 else f"{cached:,} examples, which stay in the cache"
    how = f"again apart, on {where}, less what they take on single numbers"
    functions = Part(
        FUNCTIONS, scale * max(0.0, took["functions"] - took["no functions"]), f"NumPy's exp, tanh, ... {how}"
    )
    others = Part(ARITHMETIC, scale * max(0.0, took["others"] - took["no others"]), f"the other operations {how}")
    rest = _rest(
        took["whole"],
        calls,
        functions,
        others,
        how="the rest: what the same operations take longer on arrays that are new, or too large for the cache",
    )
    return took["whole"], [calls, functions, rest, others]


def _compiled(case: Case, backend: str, seconds: float) -> tuple[float, list[Part]]:
    cached = replace(case, m=_cached(case))
    steps = {
        "whole": _step(case, backend),
        "calls": _step(_plain(_smallest(case)), backend),
        "plain": _step(_plain(cached), backend),
    }
    if cached.m < case.m:
        steps["cached"] = _step(cached, backend)
    took = _timed(steps, seconds)
    scale, whole = case.m / cached.m, took["whole"]
    in_cache = took.get("cached", whole)
    calls = Part(CALLS, min(took["calls"], whole), "a step of the smallest network with identity, on one example")
    functions = Part(
        FUNCTIONS,
        scale * max(0.0, in_cache - took["plain"]),
        "what goes away when activation and output become identity",
    )
    arithmetic = Part(
        ARITHMETIC,
        scale * max(0.0, min(took["plain"], in_cache) - calls.seconds),
        "what is left then, but for the call",
    )
    if cached.m == case.m:
        traffic = Part(TRAFFIC, 0.0, f"none of the examples, which the cache holds{_weights(case)}")
    else:
        how = f"the rest: what {case.m:,} examples take longer than {cached.m:,}, which stay in the cache, so often"
        traffic = _rest(whole, calls, functions, arithmetic, how=how)
    return whole, [calls, functions, traffic, arithmetic]


def _weights(case: Case) -> str:
    size = case.n_h * (case.n_x + case.n_y) * np.dtype(case.dtype).itemsize
    if size <= caches().get("L2", CACHE):
        return ""
    return f"; the weights, {bytes_text(size)}, it does not: their traffic is in the arithmetic"


def _counts(case: Case, backend: str) -> Counts:
    if backend in ("examples", "numpy"):
        found = counted(recorded(case if backend == "numpy" else replace(case, m=1), backend))
        if backend == "examples" and case.m > 1:
            two = counted(recorded(replace(case, m=2), backend))
            found = Counts(*(_extrapolated(a, b, case.m) for a, b in zip(_values(found), _values(two), strict=True)))
        small = case if backend == "numpy" else replace(case, m=min(case.m, 64))
        return replace(found, bytecodes=bytecodes(case, backend), peak=_peak(small, backend))
    if backend == "fused":
        return Counts(
            calls=1,
            arrays=4,
            array_bytes=_gradient_bytes(case),
            peak=_peak(case, backend),
            read=case.bytes - _gradient_bytes(case),
            written=_gradient_bytes(case),
            scratch=_scratch(case),
        )
    read, written = accesses(case)
    compiled = backend == "jit"
    small = case if compiled else replace(case, m=min(case.m, 64))
    return Counts(
        calls=1 if compiled else None,
        bytecodes=None if compiled else bytecodes(case, backend),
        arrays=4 + 4,  # and z1, a1, z2, dz2 of one example
        array_bytes=_gradient_bytes(case) + 2 * (case.n_h + case.n_y) * np.dtype(case.dtype).itemsize,
        peak=_peak(small, backend),
        read=read,
        written=written,
    )


def _values(counts: Counts) -> tuple[int | None, ...]:
    return tuple(vars(counts).values())


def _extrapolated(one: int | None, two: int | None, m: int) -> int | None:
    return None if one is None or two is None else one + (m - 1) * (two - one)


def _gradient_bytes(case: Case) -> int:
    numbers = case.n_h * (case.n_x + 1) + case.n_y * (case.n_h + 1)
    return int(numbers * np.dtype(case.dtype).itemsize)


def _scratch(case: Case) -> int:
    from ..backends.layout import Layout, Sizes  # here, since they import LLVM

    plan = explain(case.n_x, case.n_h, case.n_y, case.m, case.dtype).plan
    assert plan is not None  # fused runs here
    return int(Layout(plan, Sizes(case.n_x, case.n_h, case.n_y), np.dtype(case.dtype), 1).size)


def _peak(case: Case, backend: str) -> int:
    """The most bytes that a second call allocates at a time."""
    step = _step(case, backend)
    step()
    tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        step()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
