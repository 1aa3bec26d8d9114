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
from ..kernels.descent import EPOCH, FAILED, STATE_SIZE, make_run
from ..kernels.exact import make_exact
from ..kernels.exact import scratch_size as exact_scratch
from ..kernels.examples_in_lanes import make_examples_in_lanes
from ..kernels.examples_in_lanes import scratch_size as examples_scratch
from ..kernels.layout import LINE, make_layout
from ..kernels.units_in_lanes import make_units_in_lanes
from ..losses import Output
from ..parameters import Parameters

REGISTERS = 2  # side by side where examples are in lanes: independent chains hide each other's latency
COLUMNS = 3  # vectors in a row of a register tile
empty = np.empty
KEEP = 2**25  # bytes of scratch memory that a thread keeps between calls


class Call(NamedTuple):
    """All that a call on one shape needs beside its data."""

    kernel: Any
    plan: Plan
    scratch: Any
    state: Any


class _Thread(threading.local):
    """What a thread keeps from call to call: nothing is looked up or allocated twice, and threads share no memory."""

    def __init__(self) -> None:
        self.calls: dict[tuple[Any, ...], Call] = {}
        self.memory = np.empty(0, np.uint8)


_thread = _Thread()
_kernels: dict[tuple[Any, ...], Any] = {}
_compiling = threading.Lock()


def forward(X: Any, p: Parameters, hidden: Activation, output: Output) -> Any:
    """A2 (n_y, m) of checked input."""
    W1, b1, W2, b2 = p
    kernel, plan, scratch, _ = prepare("forward", X.shape, W2.shape, X.dtype, hidden, output)
    A2 = empty((W2.shape[0], X.shape[1]), X.dtype)
    kernel(X, W1, b1, W2, b2, scratch, A2, plan.tile)
    return A2


def cost_and_gradients(X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output) -> tuple[float, Parameters]:
    """The cost and its gradients, of checked input."""
    W1, b1, W2, b2 = p
    dtype = X.dtype
    run, plan, scratch, state = prepare("run", X.shape, W2.shape, dtype, hidden, output)
    dW1, db1, dW2, db2 = empty(W1.shape, dtype), empty(b1.shape, dtype), empty(W2.shape, dtype), empty(b2.shape, dtype)
    _, tile, chunk, pieces, _ = plan
    cost = run(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2, scratch, state, state, tile, chunk, pieces, 1, 0, 0.0)
    return cost, Parameters(dW1, db1, dW2, db2)


def prepare(
    function: str, x_shape: tuple[int, int], w_shape: tuple[int, int], dtype: Any, hidden: Activation, output: Output
) -> Call:
    """What a call needs for X of shape (n_x, m) and W2 of shape (n_y, n_h)."""
    key = (function, x_shape, w_shape, dtype, hidden.digest, output.digest)
    call = _thread.calls.get(key)
    return make_call(key, hidden, output) if call is None else call


def make_call(key: tuple[Any, ...], hidden: Activation, output: Output, own: bool = False) -> Call:
    """Plan and compile for a shape. The call is kept for the next one, unless it shall have scratch memory of its own."""
    function, (n_x, m), (n_y, n_h), dtype, _, _ = key
    thread = _thread
    plan = make_plan(n_x, n_h, n_y, m, dtype.itemsize, lanes(dtype))
    sizes = (n_x, n_h, n_y)
    if plan.arrangement == "exact" and function == "forward":
        plan = plan._replace(arrangement="examples")
    size = scratch_size(plan, sizes, dtype)
    need = size * dtype.itemsize + LINE
    kept = not own and need <= KEEP
    memory = thread.memory if kept and thread.memory.size >= need else np.empty(need, np.uint8)
    start = -memory.ctypes.data % LINE
    scratch = memory[start : start + size * dtype.itemsize].view(dtype)
    call = Call(compiled(function, plan, sizes, dtype, hidden, output), plan, scratch, np.zeros(STATE_SIZE))
    if kept:
        if memory is not thread.memory or len(thread.calls) > 1000:
            thread.calls.clear()
        thread.memory = memory
        thread.calls[key] = call
    return call


def scratch_size(plan: Plan, sizes: tuple[int, int, int], dtype: Any) -> int:
    """Elements of scratch memory for a plan."""
    L, itemsize = lanes(dtype), dtype.itemsize
    if plan.arrangement == "exact":
        return exact_scratch(*sizes, REGISTERS * L)
    if plan.arrangement == "examples":
        return examples_scratch(*sizes, plan.tile, L, itemsize)
    return make_layout(*sizes, plan.tile, plan.arrangement == "features", L, tile_rows(), COLUMNS, itemsize).size


def tile_rows() -> int:
    """Rows of a register tile of 3 columns: what 32 registers hold, or 16."""
    return 8 if register_bits() == 512 else 4


def compiled(
    function: str, plan: Plan, sizes: tuple[int, int, int], dtype: Any, hidden: Activation, output: Output
) -> Any:
    """The compiled function, "run" or "forward", made when it is first used."""
    arrangement = (plan.arrangement, *sizes) if plan.arrangement == "exact" else (plan.arrangement,)
    key = (function, *arrangement, dtype, hidden.digest, output.digest)
    found = _kernels.get(key)
    if found is None:
        with _compiling:
            found = _kernels[key] = compile_function(function, arrangement, dtype, hidden, output)
    return found


def compile_function(function: str, arrangement: tuple[Any, ...], dtype: Any, hidden: Activation, output: Output) -> Any:
    """Compile "run" or "forward" for X of any memory order."""
    formulas = SimpleNamespace(
        value=inline(hidden.value),
        derivative=inline(hidden.derivative),
        output_value=inline(output.value),
        output_loss=inline(output.loss),
        normalized=output.normalized,
    )
    L, itemsize = lanes(dtype), dtype.itemsize
    if arrangement[0] == "exact":
        step = make_exact(formulas, REGISTERS * L, itemsize, *arrangement[1:])
    elif arrangement[0] == "examples":
        step = make_examples_in_lanes(formulas, L, REGISTERS, itemsize)
    else:
        step = make_units_in_lanes(formulas, L, tile_rows(), itemsize, arrangement[0] == "features")
    number = number_type(dtype)
    data = types.Array(number, 2, "A", readonly=True)
    matrix, vector = types.Array(number, 2, "C"), types.Array(number, 1, "C")
    floats, i = types.Array(types.float64, 1, "C"), types.intp
    digests = (hidden.digest, output.digest)
    if function == "forward":
        return kernel(step.forward, types.void(data, *[matrix] * 4, vector, matrix, i), *digests)
    run_type = types.float64(data, data, *[matrix] * 8, vector, floats, floats, i, i, i, i, i, types.float64)
    return kernel(make_run(step), run_type, *digests)


class Descent:
    """Gradient descent that goes on, a piece at a time, from where it stopped; updates `p` in place."""

    def __init__(
        self,
        X: Any,
        Y: Any,
        p: Parameters,
        hidden: Activation,
        output: Output,
        learning_rate: float,
        costs: Any,
        cost_every: int,
    ) -> None:
        key = ("run", X.shape, p.W2.shape, X.dtype, hidden.digest, output.digest)
        self._run, self._plan, scratch, self._state = make_call(key, hidden, output, own=True)
        gradients = [np.empty_like(array) for array in p]
        self._arrays = (X, Y, *p, *gradients, scratch, self._state, costs)
        self._rest = (cost_every, learning_rate)

    def __call__(self, epochs: int, pieces: int) -> tuple[int, bool]:
        """Run up to `epochs`, at most `pieces` chunks of examples; gives back the epochs done, and if it failed."""
        _, tile, chunk, _, _ = self._plan
        self._run(*self._arrays, tile, chunk, pieces, epochs, *self._rest)
        return self.epoch(), bool(self._state[FAILED])

    def epoch(self) -> int:
        """The epochs done."""
        return int(self._state[EPOCH])
