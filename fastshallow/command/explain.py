"""``fastshallow explain``: where a backend's step spends its time, and why the next rung of the ladder is faster."""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import asdict
from itertools import pairwise

import numpy as np

from ..backends import BACKENDS, backends
from ..measuring import KINDS, Anatomy, Case, Loop, bytes_text, dissect, reason
from .console import print_json, progress_bar, seconds_text, show_table

WIDTH = 96


def run(arguments: argparse.Namespace) -> int:
    """Take one backend's step apart, or every backend's."""
    n_x, n_h, n_y = arguments.shape
    if arguments.output == "softmax" and n_y == 1:
        raise ValueError("--output softmax needs two outputs or more: one is always 1; as in --shape 2-4-3")
    case = Case(n_x, n_h, n_y, arguments.batch, arguments.hidden, arguments.output, arguments.dtype)
    here = [name for name, state in backends().items() if name in BACKENDS and state.available]
    if arguments.backend and arguments.backend not in here:
        raise ValueError(f"{arguments.backend} is {backends()[arguments.backend]}")
    names = wanted(arguments.backend, here)
    found = []
    with progress_bar("taking steps apart", wanted=not arguments.json) as step:
        for done, name in enumerate(names, 1):
            if step:
                step(done - 1, len(names), name)
            found.append(dissect(case, name))
    reasons = [reason(one, other) for one, other in compared(found, arguments.backend)]
    if arguments.json:
        print_json({"anatomies": [asdict(each) for each in found], "reasons": reasons})
        return 0
    print(f"One step (cost and gradients) of {case.shape} on {case.m:,} example{'s' * (case.m > 1)}, ", end="")
    print(f"{case.hidden}, {case.output}, {case.dtype}, one thread")
    if arguments.backend:
        _show_one(found[0])
    else:
        _show_all(found)
    for text in reasons:
        print(textwrap.fill(text, WIDTH))
    if arguments.asm:
        for each in found[:1] if arguments.backend else found:
            _show_instructions(each)
    return 0


def wanted(backend: str | None, here: list[str]) -> list[str]:
    """The backend, the next rung and the last one; or all of them."""
    later = here[here.index(backend) :] if backend else here
    return list(dict.fromkeys([*later[:2], later[-1]])) if backend else later


def compared(found: list[Anatomy], backend: str | None) -> list[tuple[Anatomy, Anatomy]]:
    """Which are to be compared: one with the others, or each with the next."""
    if backend:
        return [(found[0], other) for other in found[1:]]
    return list(pairwise(found))


def _show_one(found: Anatomy) -> None:
    print(f"{found.backend}, {BACKENDS[found.backend]}: {seconds_text(found.seconds)}\n")
    rows = [[each.kind, seconds_text(each.seconds), _percent(each.seconds / found.seconds)] for each in found.parts]
    show_table(["where the time goes", "time", "share"], rows)
    for each in found.parts:
        print(textwrap.fill(f"{each.kind}: {each.how}", WIDTH, initial_indent="- ", subsequent_indent="  "))
    if found.measured < found.case.m:
        print(f"- measured on {found.measured:,} examples: each takes as long as the first")
    print()
    for name, text in (*_counted(found), *(_loop(found.loop) if found.loop else ())):
        print(textwrap.fill(f"{name:26}{text}", WIDTH, subsequent_indent=" " * 26))
    print()


def _show_all(found: list[Anatomy]) -> None:
    print()
    kinds = [kind for kind in KINDS if any(each.part(kind) for each in found)]
    rows = [
        [each.backend, seconds_text(each.seconds), *(_percent(each.part(kind) / each.seconds) for kind in kinds)]
        for each in found
    ]
    short = {"call overhead": "calls", "transcendental functions": "functions", "memory traffic": "memory"}
    show_table(["backend", "time", *(short.get(kind, kind) for kind in kinds)], rows)
    few = [f"{each.backend} on {each.measured:,} examples" for each in found if each.measured < each.case.m]
    if few:
        print(f"Measured {', '.join(few)}; the others take as long.")
    print("functions: transcendental ones; memory: its traffic. fastshallow explain BACKEND says how\n")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _counted(found: Anatomy) -> list[tuple[str, str]]:
    """What was counted, as lines of a name and a text."""
    counts, case = found.counts, found.case
    compiled = found.backend in ("jit", "fused")
    data = case.m * (case.n_x + case.n_y) * np.dtype(case.dtype).itemsize
    lines = []
    if counts.bytecodes is not None:
        lines.append(("interpreter", f"{counts.bytecodes:,} instructions of Python's"))
    if counts.calls is not None:
        lines.append(("calls", f"{counts.calls:,} of {'compiled code' if compiled else 'NumPy'}"))
    made = f"{counts.arrays:,}, {bytes_text(counts.array_bytes or 0)} in all"
    lines.append(("arrays made", f"{made}; at most {bytes_text(counts.peak or 0)} at a time, as tracemalloc sees it"))
    if counts.scratch is not None:
        lines.append(("buffers", f"{bytes_text(counts.scratch)}, kept from call to call, by the kernel's layout"))
    how = {"fused": "by the kernel's plan, once each", "jit": "as often as the source names them"}
    how["loops"] = how["jit"]
    text = f"{bytes_text(counts.read or 0)} and {bytes_text(counts.written or 0)}, "
    text += how.get(found.backend, "the operands and results of all calls")
    lines.append(("read and written", f"{text}; X and Y are {bytes_text(data)}"))
    return lines


def _loop(loop: Loop) -> list[tuple[str, str]]:
    """The hot loop, likewise."""
    wide = f"{loop.bits} bits, {loop.lanes} numbers at a time" if loop.lanes > 1 else "none: one number at a time"
    work = f"{loop.multiply_adds} multiply-adds, {loop.products_and_sums} other products and sums, "
    calls = ", ".join(f"{loop.calls.count(name)} of {name}" for name in dict.fromkeys(loop.calls))
    return [
        ("hot loop", f"in {loop.where}: {loop.instructions} instructions a round (--asm shows them)"),
        ("  vectors", wide),
        ("  arithmetic", f"{work}{loop.divisions} divisions"),
        ("  calls", calls or "none"),
        ("  memory", f"{loop.loads} loads, {loop.stores} stores"),
        ("  registers", f"{loop.stack_stores} spilled to the stack, {loop.stack_loads} fetched from it"),
    ]


def _show_instructions(found: Anatomy) -> None:
    if found.loop is None:
        print(f"\n{found.backend} is not compiled here: there is no machine code of it to show.")
        return
    print(f"\nThe hot loop of {found.backend}, in {found.loop.where}:\n")
    for text, word in found.loop.lines:
        print(f"    {text:56}{word}".rstrip())
