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
from numba import types
from numba.extending import intrinsic

from .compiling import helper, inline

SPINS = 2000  # looks at the number, about 20 us, before the processor is offered to others
PAUSE = {"x86_64": "llvm.x86.sse2.pause", "amd64": "llvm.x86.sse2.pause"}.get(platform.machine().lower())
YIELD = "SwitchToThread" if os.name == "nt" else "sched_yield"
I64 = ir.IntType(64)

# The first elements of the array of settings. Three are 64-bit integers: CALL is odd while a call is open, TAKEN and
# DONE count the parts of all calls; BASE is what these were when the call began.
CALL, TAKEN, DONE, BASE, THREADS = range(5)


def _integer(context: Any, builder: Any, a: Any, array: Any, i: Any) -> Any:
    data = context.make_array(a)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [i]), I64.as_pointer())


@intrinsic
def look(typingctx: Any, a: Any, i: Any) -> Any:
    """The 64-bit integer in element i of `a`, read atomically."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load_atomic(_integer(context, builder, a, *args), "acquire", 8)

    return types.int64(a, types.intp), codegen


@intrinsic
def add(typingctx: Any, a: Any, i: Any, n: Any) -> Any:
    """Add n to the 64-bit integer in element i of `a`, atomically; gives back what it was.

    Who sees the sum sees what was written before.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _integer(context, builder, a, *args[:2]), args[2], "acq_rel")

    return types.int64(a, types.intp, types.int64), codegen


@intrinsic
def replace(typingctx: Any, a: Any, i: Any, old: Any, new: Any) -> Any:
    """Make the 64-bit integer in element i of `a` `new` if it is `old`, atomically; gives back whether it was."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _integer(context, builder, a, *args[:2])
        return builder.extract_value(builder.cmpxchg(place, *args[2:], "acq_rel", "acquire"), 1)

    return types.boolean(a, types.intp, types.int64, types.int64), codegen


@intrinsic
def wait_a_little(typingctx: Any, spins: Any) -> Any:
    """Pause a few cycles, or after many spins let another thread have the processor."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        long = builder.icmp_signed(">", args[0], ir.Constant(args[0].type, SPINS))
        with builder.if_else(long) as (then, otherwise):
            with then:
                kind = ir.FunctionType(ir.IntType(32), [])
                builder.call(builder.module.globals.get(YIELD) or ir.Function(builder.module, kind, YIELD), [])
            with otherwise:
                if PAUSE:
                    kind = ir.FunctionType(ir.VoidType(), [])
                    builder.call(builder.module.globals.get(PAUSE) or ir.Function(builder.module, kind, PAUSE), [])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


@helper
def wait_for(control, counter, target):
    # returns when the counter has reached `target`
    spins = 0
    while look(control, counter) < target:
        spins += 1
        wait_a_little(spins)


@helper
def enter(control, rank, call):
    if rank == 0:
        add(control, CALL, 1)
        return True
    wait_for(control, CALL, call)
    return add(control, CALL, 0) == call


@inline
def join(control, threads, rank, call):
    # whether to take part: the first thread opens the call, the others may begin until it closes it. What a thread has
    # read of the settings before is then of this call: the addition keeps these reads before it, and what is written
    # for the next call after the one that closes this.
    return True if rank == 0 and threads == 1 else enter(control, rank, call)


@inline
def close(control, threads):
    # all parts are done: who has not begun need not
    if threads > 1:
        add(control, CALL, 1)


@helper
def take_next(control, begin, parts, last):
    if last >= 0:
        add(control, DONE, 1)
    taken = look(control, TAKEN)
    while taken < begin + parts:
        if replace(control, TAKEN, taken, taken + 1):
            return taken - begin
        taken = look(control, TAKEN)
    return parts


@inline
def take(control, threads, begin, parts, last):
    # the next of the parts of a phase, which are numbered from `begin` on, or `parts` if all are taken; `last` is the
    # part that this thread has now done, or -1
    return last + 1 if threads == 1 else take_next(control, begin, parts, last)


@inline
def meet(control, threads, begin, parts):
    # waits until all parts of a phase are done; gives back where the next phase begins
    if threads > 1:
        wait_for(control, DONE, begin + parts)
    return begin + parts
