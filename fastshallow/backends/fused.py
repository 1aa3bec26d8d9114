"""The product: SIMD kernels that take a tile of examples through the whole step while it is in cache.

What is compiled, and for which types, is decided here; which kernel serves a shape, in `dispatch`.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numba import types

from ..activations import Activation
from ..dispatch import Plan, make_plan
from ..kernels import vector_math  # noqa: F401  gives SIMD vectors their operators and functions
from ..kernels.compiling import inline, kernel, lanes, number_type, register_bits
from ..kernels.descent import STATE_SIZE, make_run
from ..kernels.examples_in_lanes import make_examples_in_lanes
from ..kernels.examples_in_lanes import scratch_size as examples_scratch
from ..kernels.layout import LINE, make_layout
from ..kernels.units_in_lanes import make_units_in_lanes
from ..losses import Output
from ..parameters import Parameters

EXAMPLES = 2  # registers in a vector of examples: two independent chains hide the latency of each
COLUMNS = 3  # vectors in a row of a register tile
empty = np.empty
KEEP = 2**25  # bytes of scratch memory that a thread keeps between calls


class Kernels(NamedTuple):
    """The compiled functions for one hidden activation, output, dtype and arrangement of the lanes."""

    run: Any
    forward: Any


class Call(NamedTuple):
    """All that a call on one shape needs beside its data."""

    run: Any
    forward: Any
    plan: Plan
    scratch: Any
    state: Any


class _Thread(threading.local):
    """What a thread keeps from call to call: nothing is looked up or allocated twice, and threads share no memory."""

    def __init__(self) -> None:
        self.calls: dict[tuple[Any, ...], Call] = {}
        self.memory = np.empty(0, np.uint8)


_thread = _Thread()
_kernels: dict[tuple[str, str, str, str], Kernels] = {}
_compiling = threading.Lock()


def forward(X: Any, p: Parameters, hidden: Activation, output: Output) -> Any:
    """A2 (n_y, m) of checked input."""
    W1, b1, W2, b2 = p
    call = prepare(X.shape, W2.shape, X.dtype, hidden, output)
    A2 = np.empty((W2.shape[0], X.shape[1]), X.dtype)
    call.forward(X, W1, b1, W2, b2, call.scratch, A2, call.plan.tile)
    return A2


def cost_and_gradients(X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output) -> tuple[float, Parameters]:
    """The cost and its gradients, of checked input."""
    W1, b1, W2, b2 = p
    dtype = X.dtype
    run, _, plan, scratch, state = prepare(X.shape, W2.shape, dtype, hidden, output)
    dW1, db1, dW2, db2 = empty(W1.shape, dtype), empty(b1.shape, dtype), empty(W2.shape, dtype), empty(b2.shape, dtype)
    _, tile, chunk, pieces, _ = plan
    cost = run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, scratch, state, state, tile, chunk, pieces, 1, 0, 0.0)
    return cost, Parameters(dW1, db1, dW2, db2)


def prepare(x_shape: tuple[int, int], w_shape: tuple[int, int], dtype: Any, hidden: Activation, output: Output) -> Call:
    """What a call needs for X of shape (n_x, m) and W2 of shape (n_y, n_h)."""
    key = (x_shape, w_shape, dtype, hidden.digest, output.digest)
    call = _thread.calls.get(key)
    return make_call(*key[:3], hidden, output) if call is None else call


def make_call(
    x_shape: tuple[int, int], w_shape: tuple[int, int], dtype: Any, hidden: Activation, output: Output
) -> Call:
    (n_x, m), (n_y, n_h) = x_shape, w_shape
    L, thread = lanes(dtype), _thread
    plan = make_plan(n_x, n_h, n_y, m, dtype.itemsize, L)
    if plan.arrangement == "examples":
        size = examples_scratch(n_x, n_h, n_y, plan.tile, L, dtype.itemsize)
    else:
        rows = plan.arrangement == "features"
        size = make_layout(n_x, n_h, n_y, plan.tile, rows, L, tile_rows(), COLUMNS, dtype.itemsize).size
    need = size * dtype.itemsize + LINE
    memory = thread.memory
    if memory.size < need:
        memory = np.empty(need, np.uint8)
    if memory is not thread.memory or len(thread.calls) > 1000:
        thread.calls.clear()
    start = -memory.ctypes.data % LINE
    scratch = memory[start : start + size * dtype.itemsize].view(dtype)
    found = kernels(hidden, output, dtype, plan.arrangement)
    call = Call(found.run, found.forward, plan, scratch, np.zeros(STATE_SIZE))
    if need <= KEEP:
        thread.memory = memory
        thread.calls[(x_shape, w_shape, dtype, hidden.digest, output.digest)] = call
    return call


def tile_rows() -> int:
    """Rows of a register tile of 3 columns: what 32 registers hold, or 16."""
    return 8 if register_bits() == 512 else 4


def kernels(hidden: Activation, output: Output, dtype: Any, arrangement: str) -> Kernels:
    """The compiled functions, made when they are first used."""
    key = (hidden.digest, output.digest, dtype.char, arrangement)
    found = _kernels.get(key)
    if found is None:
        with _compiling:
            found = _kernels[key] = compile_kernels(hidden, output, dtype, arrangement)
    return found


def compile_kernels(hidden: Activation, output: Output, dtype: Any, arrangement: str) -> Kernels:
    formulas = SimpleNamespace(
        value=inline(hidden.value),
        derivative=inline(hidden.derivative),
        output_value=inline(output.value),
        output_loss=inline(output.loss),
        normalized=output.normalized,
    )
    L = lanes(dtype)
    if arrangement == "examples":
        step = make_examples_in_lanes(formulas, L, EXAMPLES, dtype.itemsize)
    else:
        step = make_units_in_lanes(formulas, L, tile_rows(), dtype.itemsize, arrangement == "features")
    number = number_type(dtype)
    data = types.Array(number, 2, "A", readonly=True)
    matrix, vector = types.Array(number, 2, "C"), types.Array(number, 1, "C")
    floats = types.Array(types.float64, 1, "C")
    i = types.intp
    digests = (hidden.digest, output.digest)
    run_type = types.float64(data, data, *[matrix] * 8, vector, floats, floats, i, i, i, i, i, types.float64)
    forward_type = types.void(data, *[matrix] * 4, vector, matrix, i)
    return Kernels(
        kernel(make_run(step), run_type, *digests),
        kernel(step.forward, forward_type, *digests),
    )
