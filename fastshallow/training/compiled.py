"""Training wholly inside compiled code: many steps, or a part of a large one, in each call of the kernel."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import fused, make_plan, native, processors, team
from ..backends.layout import Layout, Records, Sizes
from ..data import Columns
from ..formulas import Activation, Dropout, Parameters, leaky_relu_of
from ..kernels.machine import lanes
from ..kernels.sizes import LINE, panel_count, panel_start
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
        (n_x, m), size, dtype, optimizer = X.shape, data.batch_size(settings), data.dtype, settings.optimizer
        self._orders, self._rates, self._every = data.orders(settings), rates, settings.cost_every
        self.finished = None
        self._batches, self._hidden, self._size = int(-(-m // size)), settings.hidden, size
        self._by_weight = settings.by_weight and weights is not None
        self._dropout = Dropout(settings.dropout, settings.key) if settings.dropout else None
        sparse = isinstance(X, Columns)
        sizes = Sizes(n_x, *p.W2.shape[::-1])
        plan = make_plan(*sizes, size, dtype.itemsize, lanes(dtype), -(-len(X.values) // m) if sparse else None)
        if settings.hidden.learned:
            plan = plan.general
        self._threads, self._asked = max(1, min(threads or processors(), plan.parts)), threads is not None
        layout = Layout(plan, sizes, dtype, self._threads, optimizer.states, settings.hidden.learned)
        memory = np.zeros(layout.size + LINE, np.uint8)
        index = X.features.dtype if sparse else None
        self._records = fused.make_records(layout, memory, settings.hidden, settings.output, X.dtype, index)
        self._run: Any = self._records.run[0]
        self._kernel = native.KERNEL(native.loop("train"))
        self.parameters = Parameters(*(each.copy() for each in p))
        self._memory = Memory(memory, layout, self._records, self.parameters)
        self._room = min(settings.epochs, max(1, ROOM // m if self._orders or self._by_weight else ROOM))
        self._tables = self._make_tables(m)
        if isinstance(X, Columns):
            X = X._replace(starts=X.starts.astype(np.int64, copy=False))
        self._kept = X, Y, weights, np.array(optimizer.hyperparameters)
        self._connect(settings, layout, size)
        self._pieces = 1
        self._go_on(state, settings)

    def _make_tables(self, m: int) -> dict[str, NDArray[Any]]:
        """Costs, learning rates, orders and keys of dropout of the next epochs, as far as there is room."""
        return {
            "costs": np.zeros(-(-self._room // self._every)),
            "rates": np.zeros(self._room),
            "orders": np.zeros((self._room if self._orders else 0, m), np.int64),
            "keys": np.zeros((self._room if self._dropout else 0, 2), np.int64),
            "totals": np.zeros((self._room if self._by_weight else 0, self._batches)),
        }

    def _connect(self, settings: Settings, layout: Layout, size: int) -> None:
        """Tell the run what there is, and what to do."""
        run, (X, Y, weights, hyperparameters), dtype = self._run, self._kept, layout.dtype
        run["m"], run["batch"], run["cost_every"], run["l2"] = X.shape[1], size, self._every, settings.l2
        run["clip_norm"], run["hyperparameters"] = settings.clip_norm or 0.0, hyperparameters.ctypes.data
        run["averaged"] = settings.averaged
        for name, table in self._tables.items():
            run[name] = table.ctypes.data if table.size else 0
        run["shuffled"], run["weights"] = self._shuffled, 0 if weights is None else weights.ctypes.data
        if isinstance(X, Columns):
            run["X"], run["features"], run["starts"] = (each.ctypes.data for each in X[:3])
            run["uncleared"] = 0  # most of dW1 is not written
        else:
            self._point("X", X)
        self._point("Y", Y)
        by_examples = not run["shuffled"] and run["turn"] == 1 and abs(run["x_column"]) <= abs(run["x_row"])
        if run["turn"] == 2 or by_examples:
            run["x_step"], run["x_next"], run["pad_examples"] = run["ld_examples"], 1, run["pad_by_examples"]
        else:
            run["x_step"], run["x_next"], run["pad_examples"] = 1, run["ld_features"], run["pad_by_features"]
        codes = native.update(dtype, settings.optimizer)
        if self._dropout:
            run["dropped"], run["keep"], run["scale"] = 1, self._dropout.threshold, self._dropout.scale
            codes = codes | native.dropping(dtype, layout.in_place)
        if settings.hidden.learned:
            codes = codes | native.learning(dtype, layout.in_place)
        for name, address in codes.items():
            run[name] = address

    def _point(self, name: str, a: NDArray[Any], first: int = 0) -> None:
        """Tell the run where the examples from number `first` on lie."""
        run, row, column = self._run, *a.strides
        run[name] = a.ctypes.data - first * column
        run[f"{name.lower()}_row"], run[f"{name.lower()}_column"] = row // a.itemsize, column // a.itemsize

    def _go_on(self, state: dict[str, Any], settings: Settings) -> None:
        run = self._run
        run["epoch"] = run["epochs"] = state.get("epoch", 0)
        run["position"], run["sum"] = state.get("position", 0), state.get("sum", 0.0)
        self._memory.slope[...] = state.get("slope", settings.hidden.slope or 0.0)
        for k, views in enumerate(self._memory.states):
            for name, rows, view in views:
                if f"state{k}_{name}" in state:
                    view[...] = state[f"state{k}_{name}"][rows]

    @property
    def hidden(self) -> Activation:
        """The activation as the last step left it."""
        return leaky_relu_of(float(self._memory.slope[0])) if self._hidden.learned else self._hidden

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return int(self._run["epoch"])

    @property
    def step(self) -> int:
        """Steps done."""
        return self.epoch * self._batches + int(self._run["position"] // self._run["batch"])

    @property
    def failure(self) -> str:
        """What became NaN or infinite, once `run` has given back False."""
        number, later = divmod(self.epoch, self._every)
        cost = 0.0 if later else self._tables["costs"][number - int(self._run["first"])]
        return "a parameter became NaN or infinite" if np.isfinite(cost) else f"the cost became {cost}"

    def run(self, until: int, seconds: float) -> bool:
        """Take steps up to epoch `until` at most, for about so many seconds; give back whether all is still finite."""
        run = self._run
        if run["failed"]:
            return False
        if self.epoch == run["epochs"]:
            self._prepare(until)
        pieces = run["pieces"] = min(self._pieces, self._left())
        before = perf_counter()
        if self._threads == 1:
            self._kernel(self._records.run_address, self._records.place_addresses[0], 0, 0, 0, 0)
        else:
            team.run(native.loop("train"), self._records, self._threads, self._asked)
        if self.epoch < run["epochs"]:  # else there were no more pieces to go through
            self._pieces = max(1, int(pieces * min(10.0, seconds / max(perf_counter() - before, 1e-6))))
        return not run["failed"]

    @property
    def _shuffled(self) -> bool:
        """Whether the run has a table of orders."""
        return self._orders is not None

    def _left(self) -> int:
        """How many pieces may follow, at most, of examples that the run can find."""
        return 2**62

    def _prepare(self, until: int) -> None:
        """Fill the tables for the epochs up to `until`, as far as there is room."""
        run, tables, epoch = self._run, self._tables, self.epoch
        count = min(until - epoch, self._room)
        tables["rates"][:count] = self._rates(epoch, count)
        if self._orders:
            self._orders.fill(epoch, tables["orders"][:count])
        if self._dropout:
            tables["keys"][:count] = self._dropout.keys(epoch, count)
        if self._by_weight:
            weights: Any = self._kept[2]
            starts = np.arange(0, len(weights), self._size)
            for k, totals in enumerate(tables["totals"][:count]):
                order: Any = tables["orders"][k] if self._orders else slice(None)
                totals[:] = np.add.reduceat(weights[order], starts)
        run["first"] = -(-epoch // self._every)
        run["begun"], run["epochs"] = epoch, epoch + count

    def costs(self, begin: int, end: int) -> Any:
        """The recorded costs of these numbers, which must be taken before the next `run`."""
        first = int(self._run["first"])
        return self._tables["costs"][begin - first : end - first]

    def state(self) -> dict[str, Any]:
        """All that a run needs, beside its parameters, to go on exactly; finishes the step that has begun."""
        run = self._run
        while run["start"] and not run["failed"]:
            self._pieces = 1
            self.run(self.epoch + 1, 0.0)
        learned: dict[str, NDArray[Any]] = self.parameters._asdict()
        numbers = {"epoch": self.epoch, "position": int(run["position"]), "sum": float(run["sum"])}
        if self._hidden.learned:
            numbers["slope"], learned["slope"] = float(self._memory.slope[0]), np.zeros((1, 1))
        arrays = {
            f"state{k}_{name}": np.zeros_like(array, self._memory.dtype)
            for k in range(len(self._memory.states))
            for name, array in learned.items()
        }
        for k, views in enumerate(self._memory.states):
            for name, rows, view in views:
                arrays[f"state{k}_{name}"][rows] = view
        return numbers | arrays

    def largest_gradient(self) -> float:
        """The largest element of the last step's gradients, in absolute value; NaN if one is."""
        return largest(self._memory.gradients)


class Memory:
    """The numbers of a run that Python looks at, as views of its scratch memory; notes where the parameters are."""

    def __init__(self, memory: NDArray[Any], layout: Layout, records: Records, p: Parameters) -> None:
        self._memory, self._layout, self.dtype = memory, layout, layout.dtype
        run = records.run[0]
        self.slope = self._at(int(run["slope"]), 1)
        for array, name, segment in zip(p, NAMES, records.segments, strict=False):
            run[f"given_{name}"] = array.ctypes.data
            if run[name] == 0:  # the kernels take it where it is
                run[name] = segment["P"] = array.ctypes.data
        self.gradients = [self._at(int(run[f"d{name}"]), n) for name, n in zip(NAMES, layout.numbers, strict=True)]
        self.states = [self._views(addresses) for addresses in layout.states_at]

    def _at(self, address: int, count: int) -> NDArray[Any]:
        start = address - self._memory.ctypes.data
        return self._memory[start : start + count * self.dtype.itemsize].view(self.dtype)

    def _views(self, addresses: list[int]) -> list[tuple[str, slice, NDArray[Any]]]:
        """A state of the optimizer by the parameters' names: views in their shapes, each of some of their rows."""
        layout, (n_x, n_h, n_y) = self._layout, self._layout.sizes
        width, every = layout.width, slice(None)
        W1, b1, W2, b2, slope = (self._at(a, n) for a, n in zip(addresses, layout.numbers, strict=True))
        views = [
            ("b1", every, b1[:n_h].reshape(n_h, 1)),
            ("W2", every, W2.reshape(n_y, width)[:, :n_h]),
            ("b2", every, b2.reshape(n_y, 1)),
        ]
        if layout.learned:
            views.append(("slope", every, slope.reshape(1, 1)))
        if layout.in_place or layout.rows:
            return [*views, ("W1", every, W1.reshape(n_h, n_x))]
        vectors, L, depth = width // layout.lanes, layout.lanes, layout.depth
        for panel in range(panel_count(vectors)):
            j, end = panel_start(panel, vectors) * L, panel_start(panel + 1, vectors) * L
            last = min(end, n_h)
            numbers = W1[j * depth : end * depth].reshape(depth, end - j)
            views.append(("W1", slice(j, last), numbers[:n_x, : last - j].T))
        return views


NAMES = (*Parameters._fields, "slope")
