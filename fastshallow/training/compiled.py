"""Training wholly inside compiled code: many steps, or a part of a large one, in each call of the kernel."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ..backends import Plan, team
from ..backends.fused import COLUMNS, Switches, layout, make_call
from ..data import Columns
from ..formulas import Activation, Dropout, Parameters, leaky_relu_of
from ..kernels import runs
from ..kernels.compiling import lanes
from ..kernels.layout import InPlace
from ..kernels.panels import make_panels
from ..kernels.reading import as_kernel_takes
from ..kernels.threads import THREADS
from .settings import Data, Settings
from .stepwise import Rates, largest

ROOM = 2**18  # costs, and places of examples in an order, that there is room for before they are fetched, or made anew


class Compiled:
    """A run of training that goes on, some steps at a time, from where it stopped: see `Stepwise`."""

    def __init__(
        self,
        data: Data,
        p: Parameters,
        settings: Settings,
        rates: Rates,
        threads: int | None,
        state: dict[str, Any],
    ) -> None:
        X, Y, weights = data
        stored, (n_x, m), size, optimizer = X.dtype, X.shape, data.batch_size(settings), settings.optimizer
        self._orders, self._rates, self._every = data.orders(settings), rates, settings.cost_every
        self.finished = None
        self._batches = int(-(-m // size))
        self._dropout = Dropout(settings.dropout, settings.key) if settings.dropout else None
        switches = Switches(
            settings.l2 > 0.0,
            self._orders is not None,
            weights is not None,
            settings.clip_norm is not None,
            self._dropout is not None,
            settings.hidden.learned,
        )
        numbers = None
        if isinstance(X, Columns):
            switches = switches._replace(sparse=numba.typeof(X))
            numbers = -(-len(X.values) // m)
        else:
            X = as_kernel_takes(X)
        key = ((n_x, size), p.W2.shape, stored, settings.hidden, settings.output, "run", threads)
        call = make_call(*key, own=True, optimizer=optimizer, switches=switches, numbers=numbers)
        self._room = min(settings.epochs, max(1, ROOM // m if self._orders else ROOM))
        control = np.zeros(runs.COSTS)
        self._control = np.concatenate([control, *self._tables(control, m, weights)])
        self._set(call.plan, settings, size)
        self.parameters = Parameters(*(each.copy() for each in p))
        gradients = [np.zeros_like(each) for each in p]
        self._run, self._threads, self._asked = call.kernel, call.threads, threads is not None
        self._arguments = (X, Y, *self.parameters, *gradients, call.scratch, self._control)
        at = layout(call.plan, (n_x, len(p.W1), len(p.W2)), optimizer.states, data.dtype)
        self._hidden = settings.hidden
        self._states = [
            [each for each in _views(call.scratch, at, at.state, k, p) if each[0] != "slope" or self._hidden.learned]
            for k in range(optimizer.states)
        ]
        self._slab, self._pieces = call.scratch[at.gradient : at.gradient + at.slab], 1
        self._go_on(state, settings)

    def _tables(self, control: Any, m: int, weights: NDArray[Any] | None) -> list[NDArray[Any]]:
        """What follows the settings: costs, learning rates, weights, orders and keys; notes where each begins."""
        tables = [np.zeros(-(-self._room // self._every)), np.zeros(self._room)]
        tables += [np.zeros(0) if weights is None else weights]
        tables += [np.zeros(self._room * m if self._orders else 0), np.zeros(self._room * 2 if self._dropout else 0)]
        starts = runs.COSTS + np.cumsum([0, *map(len, tables)])
        control[runs.RATES], control[runs.WEIGHTS], control[runs.ORDERS], control[runs.KEYS] = starts[1:5]
        return tables

    def _set(self, plan: Plan, settings: Settings, size: int) -> None:
        control, optimizer = self._control, settings.optimizer
        control[runs.TILE], control[runs.CHUNK] = plan.tile, plan.chunk
        control[runs.GROUP], control[runs.GROUPS], control[runs.SHARES] = plan.group, plan.groups, plan.shares
        control[THREADS] = 1
        control[runs.COST_EVERY], control[runs.L2], control[runs.BATCH] = self._every, settings.l2, size
        control[runs.CLIP_NORM] = settings.clip_norm or 0.0
        if self._dropout:
            control[runs.KEEP], control[runs.SCALE] = self._dropout.threshold, self._dropout.scale
        first = runs.LEARNING_RATE + 1
        control[first : first + len(optimizer.hyperparameters)] = optimizer.hyperparameters

    def _go_on(self, state: dict[str, Any], settings: Settings) -> None:
        control = self._control
        control[runs.EPOCH] = control[runs.EPOCHS] = state.get("epoch", 0)
        control[runs.POSITION], control[runs.SUM] = state.get("position", 0), state.get("sum", 0.0)
        control[runs.SLOPE] = state.get("slope", settings.hidden.slope or 0.0)
        for k, views in enumerate(self._states):
            for name, rows, view in views:
                if f"state{k}_{name}" in state:
                    view[...] = state[f"state{k}_{name}"][rows]

    @property
    def hidden(self) -> Activation:
        """The activation as the last step left it."""
        return leaky_relu_of(float(self._control[runs.SLOPE])) if self._hidden.learned else self._hidden

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return int(self._control[runs.EPOCH])

    @property
    def step(self) -> int:
        """Steps done."""
        return self.epoch * self._batches + int(self._control[runs.POSITION] // self._control[runs.BATCH])

    @property
    def failure(self) -> str:
        """What became NaN or infinite, once `run` has given back False."""
        number, later = divmod(self.epoch, self._every)
        cost = 0.0 if later else self._control[runs.COSTS + number - int(self._control[runs.FIRST])]
        return "a parameter became NaN or infinite" if np.isfinite(cost) else f"the cost became {cost}"

    def run(self, until: int, seconds: float) -> bool:
        """Take steps up to epoch `until` at most, for about so many seconds; give back whether all is still finite."""
        control = self._control
        if control[runs.FAILED]:
            return False
        if self.epoch == control[runs.EPOCHS]:
            self._prepare(until)
        control[runs.PIECES] = self._pieces
        before = perf_counter()
        if self._threads == 1:
            self._run(*self._arguments, 0, 0)
        else:
            team.run(self._run, self._arguments, self._threads, self._asked)
        if self.epoch < control[runs.EPOCHS]:  # else there were no more pieces to go through
            self._pieces = max(1, int(self._pieces * min(10.0, seconds / max(perf_counter() - before, 1e-6))))
        return not control[runs.FAILED]

    def _prepare(self, until: int) -> None:
        """Fill the tables for the epochs up to `until`, as far as there is room."""
        control, epoch = self._control, self.epoch
        count = min(until - epoch, self._room)
        tables: list[tuple[int, Any]] = [(runs.RATES, self._rates(epoch, count))]
        if self._orders:
            start, m = int(control[runs.ORDERS]), self._arguments[0].shape[1]
            self._orders.fill(epoch, control[start : start + count * m].reshape(count, m))
        if self._dropout:
            tables.append((runs.KEYS, self._dropout.keys(epoch, count).ravel()))
        for index, table in tables:
            start = int(control[index])
            control[start : start + len(table)] = table
        control[runs.FIRST] = -(-epoch // self._every)
        control[runs.BEGUN], control[runs.EPOCHS] = epoch, epoch + count

    def costs(self, begin: int, end: int) -> Any:
        """The recorded costs of these numbers, which must be taken before the next `run`."""
        start = runs.COSTS - int(self._control[runs.FIRST])
        return self._control[start + begin : start + end]

    def state(self) -> dict[str, Any]:
        """All that a run needs, beside its parameters, to go on exactly; finishes the step that has begun."""
        control = self._control
        while control[runs.START] and not control[runs.FAILED]:
            self._pieces = 1
            self.run(self.epoch + 1, 0.0)
        learned: dict[str, NDArray[Any]] = self.parameters._asdict()
        numbers = {"epoch": self.epoch, "position": int(control[runs.POSITION]), "sum": float(control[runs.SUM])}
        if self._hidden.learned:
            numbers["slope"], learned["slope"] = float(control[runs.SLOPE]), np.zeros((1, 1))
        arrays = {
            f"state{k}_{name}": np.zeros_like(array, self._slab.dtype)
            for k in range(len(self._states))
            for name, array in learned.items()
        }
        for k, views in enumerate(self._states):
            for name, rows, view in views:
                arrays[f"state{k}_{name}"][rows] = view
        return numbers | arrays

    def largest_gradient(self) -> float:
        """The largest element of the last step's gradients, in absolute value; NaN if one is."""
        return largest((self._slab, self._arguments[6]))


def _views(S: Any, at: Any, state: int, k: int, p: Parameters) -> list[tuple[str, slice, NDArray[Any]]]:
    """The k-th state of the optimizer as views of the scratch memory, each of some rows of a parameter."""
    (n_h, n_x), n_y = p.W1.shape, len(p.W2)
    L = lanes(S.dtype)
    if isinstance(at, InPlace):
        start, width, panels = state + k * at.slab, n_h, []
        W1 = start
    else:
        start, width = state + k * at.state_slab, at.width
        W1 = start + at.slab if at.depth == 0 else start + at.W1
        begin, count = make_panels(L, COLUMNS)
        vectors = width // L
        panels = [(begin(p, vectors), begin(p + 1, vectors)) for p in range(count(vectors) if at.depth else 0)]
    every = slice(None)
    views = [
        ("b1", every, S[start + at.b1 :][:n_h].reshape(n_h, 1)),
        ("W2", every, S[start + at.W2 :][: n_y * width].reshape(n_y, width)[:, :n_h]),
        ("b2", every, S[start + at.b2 :][:n_y].reshape(n_y, 1)),
        ("slope", every, S[start + at.b2 + n_y :][:1].reshape(1, 1)),
    ]
    if not panels:
        return [*views, ("W1", every, S[W1:][: n_h * n_x].reshape(n_h, n_x))]
    for j, end in panels:
        panel = S[W1 + j * at.depth :][: at.depth * (end - j)].reshape(at.depth, end - j)
        last = min(end, n_h)
        views.append(("W1", slice(j, last), panel[:n_x, : last - j].T))
    return views
