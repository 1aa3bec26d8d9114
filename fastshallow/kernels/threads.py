"""How threads that run one kernel together meet: a barrier on one number in memory that they share.

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

from .compiling import helper

SPINS = 2000  # looks at the number, about 20 us, before the processor is offered to others
PAUSE = {"x86_64": "llvm.x86.sse2.pause", "amd64": "llvm.x86.sse2.pause"}.get(platform.machine().lower())
YIELD = "SwitchToThread" if os.name == "nt" else "sched_yield"
I64 = ir.IntType(64)


def _integer(context: Any, builder: Any, a: Any, array: Any, i: Any) -> Any:
    data = context.make_array(a)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [i]), I64.as_pointer())


@intrinsic
def arrive(typingctx: Any, a: Any, i: Any) -> Any:
    """Add 1 to the 64-bit integer in element i of `a`, atomically; who sees it sees what was written before."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.atomic_rmw("add", _integer(context, builder, a, *args), I64(1), "acq_rel")
        return context.get_dummy_value()

    return types.void(a, types.intp), codegen


@intrinsic
def arrived(typingctx: Any, a: Any, i: Any) -> Any:
    """The 64-bit integer in element i of `a`, read atomically."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load_atomic(_integer(context, builder, a, *args), "acquire", 8)

    return types.int64(a, types.intp), codegen


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
def barrier(control, counter, given_up, target):
    # returns when the count of arrivals has reached `target`; False if the others will not come
    arrive(control, counter)
    spins = 0
    while arrived(control, counter) < target:
        spins += 1
        if arrived(control, given_up) != 0:
            return False
        wait_a_little(spins)
    return True
