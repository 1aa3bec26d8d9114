"""The product: SIMD kernels that take a tile of examples through the whole step while it is in cache.

What is compiled, and for which types, is decided here; which kernel serves a shape, in `dispatch`.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numba import types

from ..data import computing
from ..formulas import LEARNED, OPTIMIZERS, Activation, Optimizer, Output, Parameters, leaky, leaky_derivative
from ..kernels import (
    runs,
    vector_math,  # noqa: F401  gives SIMD vectors their operators and functions
)
from ..kernels.compiling import inline, kernel, lanes, number_type, register_bits
from ..kernels.exact import buffers_size as exact_buffers
from ..kernels.exact import make_exact
from ..kernels.examples_in_lanes import buffers_size as examples_buffers
from ..kernels.examples_in_lanes import make_examples_in_lanes
from ..kernels.layout import LINE, InPlace, Layout, make_in_place, make_layout
from ..kernels.reading import as_kernel_takes, element_type, how_to_read
from ..kernels.threads import THREADS
from ..kernels.units_in_lanes import make_units_in_lanes
from . import team
from .dispatch import TEAM_WORK, Plan, make_plan

REGISTERS = 2  # side by side where examples are in lanes: independent chains hide each other's latency
COLUMNS = 3  # vectors in a row of a register tile
empty, new = np.empty, tuple.__new__  # looked up once
GRADIENT_DESCENT = OPTIMIZERS["gradient_descent"]
KEEP = 2**25  # bytes of scratch memory that a thread keeps between calls


class Call(NamedTuple):
    """All that a call on one shape needs beside its data."""

    kernel: Any
    scratch: Any
    control: Any
    shapes: tuple[tuple[int, int], ...]  # of W1, b1, W2, b2
    plan: Plan
    threads: int  # at most


class Switches(NamedTuple):
    """What a run does beside the plain one: in the kernel's key, since branches in it slowed small steps by 5 %."""

    regularized: bool = False  # the cost counts the weights
    shuffled: bool = False  # examples come in an order of their own
    weighted: bool = False  # and have weights
    clipped: bool = False  # the norm of the gradients has a limit
    dropped: bool = False  # hidden units are dropped
    learned: bool = False  # the slope of the leaky rectifier is a parameter
    stored: Any = None  # the dtype of X, where it is converted tile by tile
    sparse: Any = None  # the type of X for Numba, where it is sparse


PLAIN = Switches()


class _Thread(threading.local):
    """What a thread keeps from call to call: nothing is looked up or allocated twice, and callers share no memory."""

    def __init__(self) -> None:
        self.calls: dict[tuple[Any, ...], Call] = {}
        self.memory = np.empty(0, np.uint8)


_thread = _Thread()
_kernels: dict[tuple[Any, ...], Any] = {}
_compiling = threading.Lock()


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2 (n_y, m) of checked input."""
    W1, b1, W2, b2 = p
    key = (X.shape, W2.shape, X.dtype, hidden, output, "forward", threads)
    forward, scratch, control, _, _, most = _thread.calls.get(key) or make_call(*key)
    A2 = empty((W2.shape[0], X.shape[1]), X.dtype)
    if most == 1:
        forward(X, W1, b1, W2, b2, scratch, A2, control, 0, 0)
    else:
        team.run(forward, (X, W1, b1, W2, b2, scratch, A2, control), most, threads is not None)
    return A2


def cost_and_gradients(
    X: Any,
    Y: Any,
    p: Parameters,
    hidden: Activation,
    output: Output,
    threads: int | None = None,
    weights: Any = None,
) -> tuple[float, Parameters]:
    """The cost and its gradients. Raises TypeError or ValueError if dtypes, layouts or shapes do not fit each other."""
    W1, b1, W2, b2 = p
    dtype = X.dtype
    key = (X.shape, W2.shape, dtype, hidden, output, "run", threads)
    call = _thread.calls.get(key) if weights is None else None
    if call is None:
        call = _new_call(key, W1.shape, weights)
        X, dtype = as_kernel_takes(X), W1.dtype
    run, scratch, control, (s1, s2, s3, s4), _, most = call
    dW1, db1, dW2, db2 = gradients = empty(s1, dtype), empty(s2, dtype), empty(s3, dtype), empty(s4, dtype)
    if most == 1:
        cost = run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, scratch, control, 0, 0)
    else:
        arguments = X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, scratch, control
        cost = team.run(run, arguments, most, threads is not None)
    return cost, new(Parameters, gradients)


def _new_call(key: tuple[Any, ...], w1_shape: tuple[int, ...], weights: Any) -> Call:
    """A call that is not kept yet, or can't be, on examples that may have weights (m,)."""
    if weights is None:
        return make_call(*key, w1_shape=w1_shape)  # type: ignore[misc]
    call = make_call(*key, own=True, switches=PLAIN._replace(weighted=True))  # type: ignore[misc]
    control = np.concatenate([call.control, weights])
    control[runs.WEIGHTS] = len(call.control)
    return call._replace(control=control)


def make_call(
    x_shape: tuple[int, int],
    w_shape: tuple[int, int],
    dtype: Any,
    hidden: Activation,
    output: Output,
    function: str,
    threads: int | None,
    own: bool = False,
    w1_shape: tuple[int, ...] | None = None,
    optimizer: Optimizer = GRADIENT_DESCENT,
    switches: Switches = PLAIN,
    numbers: int | None = None,
) -> Call:
    """Plan and compile "run" or "forward" for X of shape (n_x, m) and a `dtype`, and W2 of shape (n_y, n_h).

    The call is kept for the next one, unless X is converted or it shall have scratch memory of its own, which begins as
    zeros. Nothing is compiled for shapes that do not fit. Sparse X has so many `numbers` an example.
    """
    (n_x, m), (n_y, n_h) = x_shape, w_shape
    if not (n_x and m and n_y and n_h) or w1_shape not in (None, (n_h, n_x)):
        raise ValueError("shapes do not fit")
    thread, number = _thread, computing(dtype)
    if dtype != number:
        own, switches = True, switches._replace(stored=dtype)
    dtype = number
    plan = make_plan(n_x, n_h, n_y, m, dtype.itemsize, lanes(dtype), numbers)
    sizes = (n_x, n_h, n_y)
    parts = plan.shares if plan.arrangement == "features" else plan.groups
    if function == "forward":
        parts = m // (2 * plan.tile)
        arrangement = "examples" if plan.arrangement == "exact" else plan.arrangement
        plan = plan._replace(arrangement=arrangement, groups=0, work=plan.work // 2)
        switches = switches._replace(learned=bool(hidden.slope))  # one kernel for all slopes: training tries many
    most = max(1, min(threads or team.processors(), parts))
    if threads is None and not own and plan.work < TEAM_WORK:  # to wake others would take longer
        most = 1
    size = scratch_size(plan, sizes, optimizer.states, dtype, most)
    need = size * dtype.itemsize + LINE
    kept = not own and need <= KEEP
    memory = thread.memory if kept and thread.memory.size >= need else (np.zeros if own else np.empty)(need, np.uint8)
    start = -memory.ctypes.data % LINE
    scratch = memory[start : start + size * dtype.itemsize].view(dtype)
    shapes = ((n_h, n_x), (n_h, 1), (n_y, n_h), (n_y, 1))
    made = compiled(function, plan, sizes, dtype, (hidden, output, optimizer, switches))
    call = Call(made, scratch, make_control(plan), shapes, plan, most)
    call.control[runs.SLOPE] = hidden.slope or 0.0
    if kept:
        if memory is not thread.memory or len(thread.calls) > 1000:
            thread.calls.clear()
        thread.memory = memory
        thread.calls[x_shape, w_shape, dtype, hidden, output, function, threads] = call
    return call


def make_control(plan: Plan, costs: int = 0) -> Any:
    """The settings of a run once over the data, with room for so many recorded costs."""
    control = np.zeros(runs.COSTS + costs)
    control[runs.TILE], control[runs.CHUNK] = plan.tile, plan.chunk
    control[runs.GROUP], control[runs.GROUPS], control[runs.SHARES] = plan.group, plan.groups, plan.shares
    control[runs.PIECES], control[runs.EPOCHS], control[THREADS] = plan.chunks, 1, 1
    return control


def scratch_size(plan: Plan, sizes: tuple[int, int, int], states: int, dtype: Any, threads: int) -> int:
    """Elements of scratch memory for a plan on so many threads."""
    return layout(plan, sizes, states, dtype, threads - 1).size


def layout(plan: Plan, sizes: tuple[int, int, int], states: int, dtype: Any, rank: int = 0) -> Layout | InPlace:
    """Where a plan's first group and thread `rank` have their part of the scratch memory."""
    L, itemsize = lanes(dtype), dtype.itemsize
    if plan.arrangement in ("exact", "examples"):
        exact = plan.arrangement == "exact"
        buffers = exact_buffers(*sizes, L) if exact else examples_buffers(*sizes, plan.tile, L, itemsize)
        return make_in_place(*sizes, buffers, 0, plan.groups, states, rank, itemsize)
    rows = plan.arrangement == "features"
    return make_layout(*sizes, plan.tile, 0, plan.groups, states, rank, rows, L, tile_rows(), COLUMNS, itemsize)


def tile_rows() -> int:
    """Rows of a register tile of 3 columns: what 32 registers hold, or 16."""
    return 8 if register_bits() == 512 else 4


Formulas = tuple[Activation, Output, Optimizer, Switches]


def compiled(function: str, plan: Plan, sizes: tuple[int, int, int], dtype: Any, formulas: Formulas) -> Any:
    """The compiled function, "run" or "forward", made when it is first used."""
    arrangement: tuple[Any, ...] = (plan.arrangement,)
    if plan.arrangement == "exact":
        arrangement += sizes
    elif plan.arrangement in ("units", "features"):  # stages of one part slowed small steps by 0.1 us
        arrangement += (plan.arrangement == "features" and plan.shares > 1,)
    hidden, output, optimizer, switches = formulas
    if switches.learned:  # the slope is not in the code
        hidden, formulas = LEARNED, (LEARNED, *formulas[1:])
    key = (function, arrangement, dtype, hidden.digest, output.digest, optimizer.digest, switches)
    found = _kernels.get(key)
    if found is None:
        with _compiling:
            found = _kernels[key] = compile_function(function, arrangement, dtype, *formulas)
    return found


def compile_function(
    function: str,
    arrangement: tuple[Any, ...],
    dtype: Any,
    hidden: Activation,
    output: Output,
    optimizer: Optimizer,
    switches: Switches,
) -> Any:
    """Compile "run" or "forward" for X of any memory order."""
    value, derivative = hidden_formulas(hidden, switches.learned)
    formulas = SimpleNamespace(
        value=value,
        derivative=derivative,
        output_value=inline(output.value),
        output_loss=inline(output.loss),
        normalized=output.normalized,
        rule=inline(optimizer.rule),
        coefficients=inline(optimizer.coefficients),
        settings=1 + len(optimizer.hyperparameters),
        states=optimizer.states,
        itemsize=dtype.itemsize,
        **how_to_read(switches.stored, dtype),
        **switches._asdict(),
    )
    L, itemsize = lanes(dtype), dtype.itemsize
    if arrangement[0] == "exact":
        step = make_exact(formulas, L, itemsize, *arrangement[1:])
    elif arrangement[0] == "examples":
        step = make_examples_in_lanes(formulas, L, REGISTERS, itemsize)
    else:
        step = make_units_in_lanes(formulas, L, tile_rows(), itemsize, arrangement[0] == "features", *arrangement[1:])
    number = number_type(dtype)
    data = types.Array(number, 2, "A", readonly=True)
    x_data = switches.sparse or data
    if switches.stored is not None:
        x_data = types.Array(element_type(switches.stored), 2, "A", readonly=True)
    matrix, vector = types.Array(number, 2, "C"), types.Array(number, 1, "C")
    control = types.Array(types.float64, 1, "C")
    closure = (hidden.digest, output.digest, optimizer.digest, switches, arrangement)
    if function == "forward":
        forward_type = types.void(data, *[matrix] * 4, vector, matrix, control, types.intp, types.int64)
        return kernel(runs.make_forward(step, switches.learned), forward_type, *closure)
    run_type = types.float64(x_data, data, *[matrix] * 8, vector, control, types.intp, types.int64)
    return kernel(runs.make_run(step, formulas, L), run_type, *closure)


def hidden_formulas(hidden: Activation, learned: bool) -> tuple[Any, Any]:
    """The value, of z and the slope, and the derivative, of z, a and the slope, as compiled code calls them."""
    if learned:
        return inline(leaky), inline(leaky_derivative)
    value, derivative = inline(hidden.value), inline(hidden.derivative)

    @inline
    def value_alone(z, slope):  # type: ignore[no-untyped-def]
        return value(z)

    @inline
    def derivative_alone(z, a, slope):  # type: ignore[no-untyped-def]
        return derivative(z, a)

    return value_alone, derivative_alone
