"""The product: SIMD kernels that take a tile of examples through the whole step while it is in cache.

Which kernel serves a shape is decided in `dispatch`; here its units are put together, and called.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np

from ..data import computing
from ..formulas import Activation, Output, Parameters, leaky_relu
from ..kernels.machine import lanes
from ..kernels.sizes import LINE
from . import native, team
from .cores import processors
from .dispatch import TEAM_WORK, Plan, make_plan
from .layout import Layout, Records, Sizes

empty, new = np.empty, tuple.__new__  # looked up once
KEEP = 2**25  # bytes of scratch memory that a thread keeps between calls
LONG_WORK = 10**5  # operations of a call from which on other Python threads may run meanwhile, some 20 us


class Call(NamedTuple):
    """All that a call on one shape needs beside its data."""

    run: Any  # the function of Python's C interface, on one thread
    shapes: tuple[tuple[int, int], ...]  # of W1, b1, W2, b2
    threads: int  # at most
    records: Records
    kernel: int  # the address of the loop, for several threads
    plan: Plan
    kept: tuple[Any, ...]  # arrays that the records point to

    def by_team(self, arguments: tuple[Any, ...], asked: bool) -> Any:
        """Run it on several threads, exactly so many if they were `asked` for; 0 says that the arguments do not fit."""
        filled = self.run(*arguments, None)
        return team.run(self.kernel, self.records, self.threads, asked) if filled == 1 else 0


class _Thread(threading.local):
    """What a thread keeps from call to call: nothing is looked up or allocated twice, and callers share no memory."""

    def __init__(self) -> None:
        self.calls: dict[tuple[Any, ...], Call] = {}
        self.memory = np.empty(0, np.uint8)


_thread = _Thread()


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2 (n_y, m) of checked input."""
    return infer(X, p, hidden, output, threads)[0]


def infer(
    X: Any,
    p: Parameters,
    hidden: Activation,
    output: Output,
    threads: int | None = None,
    shift: Any = None,
    out: Any = None,
) -> tuple[Any, bool]:
    """A2 (n_y, m) of checked input, and whether any of it is NaN.

    X - `shift` (n_x, 1) of X's dtype is in X's place, if that is given, and `out` of X's dtype, in C order, becomes A2.
    """
    W1, b1, W2, b2 = p
    key = (X.shape, W2.shape, X.dtype, hidden, output, "forward", threads, shift is not None)
    call = _thread.calls.get(key) or make_call(*key)
    if shift is not None:
        call.records.run["shift"] = shift.ctypes.data
    A2 = empty((W2.shape[0], X.shape[1]), X.dtype) if out is None else out
    arguments = (X, W1, b1, W2, b2, A2)
    done = call.run(*arguments) if call.threads == 1 else call.by_team(arguments, threads is not None)
    if type(done) is not float:
        raise ValueError("shapes do not fit")
    return A2, done > 0.0


def cost_and_gradients(
    X: Any,
    Y: Any,
    p: Parameters,
    hidden: Activation,
    output: Output,
    threads: int | None = None,
    weights: Any = None,
) -> tuple[float, Parameters]:
    """The cost and its gradients. Raises ValueError if layouts or shapes do not fit each other."""
    W1, b1, W2, b2 = p
    dtype = X.dtype
    key = (X.shape, W2.shape, dtype, hidden, output, "train", threads, False)
    call = _thread.calls.get(key) if weights is None else None
    if call is None:
        call = make_call(*key, w1_shape=W1.shape, weights=weights)
        dtype = W1.dtype
    run, (s1, s2, s3, s4), most, *_ = call
    dW1, db1, dW2, db2 = gradients = empty(s1, dtype), empty(s2, dtype), empty(s3, dtype), empty(s4, dtype)
    if most == 1:
        cost = run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2)
    else:
        cost = call.by_team((X, Y, W1, b1, W2, b2, *gradients), threads is not None)
    if type(cost) is not float:
        raise ValueError("shapes do not fit")
    return cost, new(Parameters, gradients)


def make_answer(
    p: Parameters, hidden: Activation, output: Output, shift: Any = None, fixed: bool = True
) -> tuple[Any, Any] | None:
    """The function of Python's C interface that answers one example: ``answer(x, out)``, where `out` may be None.

    x is (n_x,) or (n_x, 1) of the parameters' dtype, whose answer is (n_y,), a float if n_y is 1, or (n_y, 1). Whatever
    it does not take, and NaN for an answer, gives 0. So does a thread that asks while another is being answered.
    With it comes what has to live as long. None if several threads together answer sooner. Parameters that are not
    `fixed` are read anew for each example.
    """
    (n_y, n_h), n_x, dtype = p.W2.shape, p.W1.shape[1], p.W1.dtype
    call = make_call((n_x, 1), (n_y, n_h), dtype, hidden, output, "forward", None, shift is not None, shared=False)
    if call.threads > 1:
        return None
    run, single, shape = call.records.run, np.empty(1), np.array([n_y, 1])
    record = run[0]
    for name, address in native.answering(dtype).items():
        record[name] = address
    record["single"], record["answer_shape"] = single.ctypes.data, shape.ctypes.data
    if shift is not None:
        record["shift"] = shift.ctypes.data
    answer = native.python_function("answer", run)
    x, A2 = np.zeros((n_x, 1), dtype), np.empty((n_y, 1), dtype)
    if type(call.run(x, *p, A2)) is not float:  # brings the parameters to where they are taken
        raise ValueError("shapes do not fit")
    if fixed:
        record["begin"] = 0
    return answer, (call, p, shift, single, shape)


def make_call(
    x_shape: tuple[int, int],
    w_shape: tuple[int, int],
    stored: Any,
    hidden: Activation,
    output: Output,
    function: str,
    threads: int | None,
    shifted: bool,
    w1_shape: tuple[int, ...] | None = None,
    weights: Any = None,
    shared: bool = True,
) -> Call:
    """Plan a call, "train" or "forward", for X of shape (n_x, m) that is `stored` so, and W2 of shape (n_y, n_h).

    It is kept for the next one, unless X is converted, the examples have weights (m,) or it is not `shared`. Nothing is
    compiled for shapes that do not fit.
    """
    (n_x, m), (n_y, n_h) = x_shape, w_shape
    if not (n_x and m and n_y and n_h) or w1_shape not in (None, (n_h, n_x)):
        raise ValueError("shapes do not fit")
    thread, dtype, sizes = _thread, computing(stored), Sizes(n_x, n_h, n_y)
    plan = make_plan(*sizes, m, dtype.itemsize, lanes(dtype))
    parts = plan.parts
    if function == "forward":
        parts, plan = m // (2 * plan.tile), plan._replace(groups=1, work=plan.work // 2)
        if hidden.slope not in (None, leaky_relu().slope):  # ever another, if it is learned
            plan = plan.general
    most = max(1, min(threads or processors(), parts))
    if threads is None and plan.work < TEAM_WORK:  # to wake others would take longer
        most = 1
    layout = Layout(plan, sizes, dtype, most)
    own = dtype != stored or weights is not None or not shared
    kept = not own and layout.size + LINE <= KEEP
    fits = kept and thread.memory.size >= layout.size + LINE
    memory = thread.memory if fits else np.empty(layout.size + LINE, np.uint8)
    slope = np.array([hidden.slope or 0.0], dtype)
    records = make_records(layout, memory, hidden, output, stored)
    run = records.run[0]
    run["m"], run["slope"], run["work"] = m, slope.ctypes.data, native.loop(function)
    run["released"] = plan.work > LONG_WORK
    if shifted:
        run["x_converted"] = 1  # X is not used where it is
    if weights is not None:
        run["weights"] = weights.ctypes.data
    called = native.python_function("step" if function == "train" else "infer", records.run)
    shapes = ((n_h, n_x), (n_h, 1), (n_y, n_h), (n_y, 1))
    call = Call(called, shapes, most, records, native.loop(function), plan, (memory, slope, weights))
    if kept:
        if memory is not thread.memory or len(thread.calls) > 1000:
            thread.calls.clear()
        thread.memory = memory
        thread.calls[x_shape, w_shape, dtype, hidden, output, function, threads, shifted] = call
    return call


def make_records(
    layout: Layout, memory: Any, hidden: Activation, output: Output, stored: Any, index: Any = None
) -> Records:
    """The records of a call: memory laid out, and units to compute with, compiled now if they never were.

    Sparse X has indices of the dtype `index`.
    """
    plan, dtype = layout.plan, layout.dtype
    records = Records(layout, memory.ctypes.data + -memory.ctypes.data % LINE)
    run = records.run[0]
    run["x_itemsize"], run["x_converted"] = stored.itemsize, stored != dtype
    by_examples = layout.in_place
    kind = "sparse" if index is not None else plan.arrangement
    codes = native.parameters(dtype, kind) | native.loading(dtype, stored)
    codes = codes | native.output_layer(dtype, output) | native.PYTHON
    if plan.arrangement == "exact":
        codes = codes | native.exact(dtype, hidden, layout.sizes)
    else:
        work = native.arrangement(kind, dtype) if index is None else native.sparse(dtype, index)
        codes = codes | work | native.activation(dtype, hidden, by_examples)
    if plan.groups > 1 or layout.states is not None:
        codes = codes | native.arithmetic(dtype)
    for name, address in codes.items():
        run[name] = address
    if plan.shares == 1 or plan.arrangement != "features":
        run["stage"] = 0
    return records
