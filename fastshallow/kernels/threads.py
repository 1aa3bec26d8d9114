"""How threads that run one kernel together share its work, with three counters in memory that they share.

All go through the same phases, each of so many parts. Who is free takes the next part of a phase, and goes on when all
its parts are done, whoever did them: nobody waits for a thread that has taken none. The parts of all phases and calls
are numbered through, and the counters only grow, so that a thread that comes late finds everything taken that was done
without it. It may begin as long as the call is open, which is while the first thread, the caller's, is at work.

No threading layer is needed. Numba's `workqueue` aborts the process when two threads use it at once, GNU OpenMP dies
in a forked child, and both take longer to begin a parallel region than a small step takes.
"""

from __future__ import annotations

import os
import platform
from typing import Any

from llvmlite import ir

from .machine import is_aarch64
from .marks import helper, inline
from .values import BOOL, I32, I64, INT, Value, as_kind, call_llvm

SPINS = 2000  # looks at the number, about 20 us, before the processor is offered to others
PAUSE: tuple[str, list[Any]] | None = None  # the instruction that lets a core's other half go on
if is_aarch64():
    PAUSE = "llvm.aarch64.isb", [I32(15)]
elif platform.machine().lower() in ("x86_64", "amd64"):
    PAUSE = "llvm.x86.sse2.pause", []
YIELD = "SwitchToThread" if os.name == "nt" else "sched_yield"

# The fields `call`, `taken` and `done` of the record: `call` is odd while a call is open, the others count the parts of
# all calls; `base` is what these were when the call began.


def _counter(run: Value, field: str) -> Any:
    at = run.builder.gep(run.value, [I64(8 * run.kind.places[field])])
    return run.builder.bitcast(at, I64.as_pointer())


def look(run: Value, field: str) -> Value:
    """A counter, read atomically."""
    return run.new(run.builder.load_atomic(_counter(run, field), "acquire", 8), INT)


def add(run: Value, field: str, n: int) -> Value:
    """Add n to a counter, atomically; gives back what it was. Who sees the sum sees what was written before."""
    return run.new(run.builder.atomic_rmw("add", _counter(run, field), I64(n), "acq_rel"), INT)


def replace(run: Value, field: str, old: Value, new: Value) -> Value:
    """Make a counter `new` if it is `old`, atomically; gives back whether it was."""
    builder = run.builder
    pair = builder.cmpxchg(_counter(run, field), old.value, new.value, "acq_rel", "acquire")
    return run.new(builder.extract_value(pair, 1), BOOL)


def wait_a_little(spins: Value) -> None:
    """Pause a few cycles, or after many spins let another thread have the processor."""
    builder = spins.builder
    with builder.if_else(as_kind(spins > SPINS, BOOL, builder)) as (then, otherwise):
        with then:
            call_llvm(builder, YIELD, I32, [])
        with otherwise:
            if PAUSE:
                call_llvm(builder, PAUSE[0], ir.VoidType(), PAUSE[1])


@helper
def wait_for_call(run, number):
    spins = 0
    while look(run, "call") < number:
        spins += 1
        wait_a_little(spins)


@helper
def wait_for_parts(run, target):
    spins = 0
    while look(run, "done") < target:
        spins += 1
        wait_a_little(spins)


@helper
def enter(run, rank, number) -> bool:
    if rank == 0:
        add(run, "call", 1)
        return True
    wait_for_call(run, number)
    return add(run, "call", 0) == number


@inline
def join(run, threads, rank, number):
    # whether to take part in the call of that number: the first thread opens it, the others may begin until it closes
    # it. What a thread has read of the record before is then of this call: the addition keeps these reads before it,
    # and what is written for the next call after the one that closes this.
    return True if rank == 0 and threads == 1 else enter(run, rank, number)


@inline
def close(run, threads):
    # all parts are done: who has not begun need not
    if threads > 1:
        add(run, "call", 1)


@helper
def take_next(run, begin, parts, last) -> int:
    if last >= 0:
        add(run, "done", 1)
    taken = look(run, "taken")
    while taken < begin + parts:
        if replace(run, "taken", taken, taken + 1):
            return taken - begin
        taken = look(run, "taken")
    return parts


@inline
def take(run, threads, begin, parts, last):
    # the next of the parts of a phase, which are numbered from `begin` on, or `parts` if all are taken; `last` is the
    # part that this thread has now done, or -1
    return last + 1 if threads == 1 else take_next(run, begin, parts, last)


@inline
def meet(run, threads, begin, parts):
    # waits until all parts of a phase are done; gives back where the next phase begins
    if threads > 1:
        wait_for_parts(run, begin + parts)
    return begin + parts
