"""Where everything of a call lies in memory: its record is filled with addresses and sizes.

First comes what is one for all threads: the parameters, where the kernels do not take them from their own arrays; a
slab of gradients for each group of examples; the optimizer's states. Then come the buffers of each thread.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kernels import CACHE
from ..kernels.machine import lanes, tile_rows
from ..kernels.record import MOST_PARTS, PLACE_DTYPE, RUN_DTYPE, SEGMENT_DTYPE
from ..kernels.sizes import EXACT_TILE, LINE, REGISTERS, odd_lines, round_up
from .dispatch import Plan

BLOCK = 2**18  # bytes of a larger tile of X that stay there beside a panel of W1 and the next block on its way
COEFFICIENTS = 16  # of an optimizer's rule, at most
OWN = ("sums", "words", "numbers")  # buffers that threads never share


class Sizes(NamedTuple):
    """Features, hidden units and outputs."""

    n_x: int
    n_h: int
    n_y: int


class Arena:
    """Memory that is handed out from an address on, in whole cache lines."""

    def __init__(self, address: int, itemsize: int) -> None:
        self.address, self._itemsize = address, itemsize

    def take(self, count: int, itemsize: int | None = None) -> int:
        """The address of room for so many numbers."""
        address = self.address
        self.address += round_up(count * (itemsize or self._itemsize), LINE)
        return address


class Layout:
    """The layout of a plan, for numbers of `dtype` and so many threads; with an optimizer of so many `states` to train.

    ``states=None`` computes gradients alone. A learned slope is a parameter too.
    """

    def __init__(
        self, plan: Plan, sizes: Sizes, dtype: Any, threads: int, states: int | None = None, learned: bool = False
    ) -> None:
        self.plan, self.sizes, self.dtype, self.threads, self.states = plan, sizes, dtype, threads, states
        self.lanes, self.itemsize, self.learned = lanes(dtype), dtype.itemsize, learned
        self.rows = plan.arrangement == "features"
        self.in_place = plan.arrangement in ("exact", "examples")
        (n_x, n_h, n_y), T = sizes, plan.tile
        self.width, self.depth, self.block, self.ld_h = n_h, n_x, n_x, n_h
        if not self.in_place:
            R = tile_rows()
            self.width = max(2 * self.lanes, round_up(n_h, self.lanes))
            self.depth = round_up(n_x, R)
            blocks = 1 if self.rows or T * n_x * self.itemsize < CACHE else T * n_x * self.itemsize // BLOCK
            self.block = round_up(-(-n_x // blocks), R)
            self.ld_h = odd_lines(self.width, self.itemsize)
        # numbers of W1, b1, W2, b2 and the slope, as the kernels take them
        W1 = n_h * n_x if self.rows else self.width * self.depth
        self.numbers = (W1, self.width, n_y * self.width, n_y, 1)
        self.states_at: list[list[int]] = []  # the addresses of each state of each parameter
        run, places, segments = _records(threads)
        self.size = self._fill(run[0], places, segments, Arena(0, self.itemsize))

    def fill(self, run: Any, places: Any, segments: Any, address: int) -> None:
        """Write addresses and sizes into records, for memory from an address on."""
        self._fill(run, places, segments, Arena(address, self.itemsize))

    def _fill(self, run: Any, places: Any, segments: Any, arena: Arena) -> int:
        """Do so, and give back where the memory ends."""
        names, training = ("W1", "b1", "W2", "b2", "slope"), self.states is not None
        given = (*[self.in_place] * 4, False) if not self.rows else (True, False, False, False, False)
        for name, numbers, is_given in zip(names, self.numbers, given, strict=True):
            run[name] = 0 if is_given else arena.take(numbers)
        run["slabs"] = arena.address
        for name, numbers in zip(names, self.numbers, strict=True):
            if not (self.rows and name == "W1"):
                run[f"d{name}"] = arena.take(numbers)
        run["slab"] = arena.address - run["slabs"]
        arena.address += int(run["slab"]) * (max(1, self.plan.groups) - 1)
        if self.rows and training:
            run["dW1"] = arena.take(self.numbers[0])
        self.states_at = [[arena.take(numbers) for numbers in self.numbers] for _ in range(self.states or 0)]
        for name in ("parts", "squares", "norms"):
            run[name] = arena.take(MOST_PARTS, 8)
        for rank, place in enumerate(places):
            for name, (numbers, itemsize) in self._buffers().items():
                # where W1 stays in rows, threads go through one tile together
                shared = self.rows and rank > 0 and name not in OWN
                place[name] = places[0][name] if shared else arena.take(numbers, itemsize)
        run["segment_count"] = 5 if self.learned else 4
        for k, name in enumerate(names):
            segments[k]["P"], segments[k]["G"] = run[name], run[f"d{name}"]
            segments[k]["size"], segments[k]["decays"] = self.numbers[k], name in ("W1", "W2")
            for state, addresses in zip(("first", "second"), self.states_at, strict=False):
                segments[k][state] = addresses[k]
        self._fill_sizes(run)
        return arena.address

    def _fill_sizes(self, run: Any) -> None:
        L, plan = self.lanes, self.plan
        run["n_x"], run["n_h"], run["n_y"] = self.sizes
        run["itemsize"], run["x_itemsize"], run["learned"] = self.itemsize, self.itemsize, self.learned
        run["width"], run["depth"], run["block"] = self.width, self.depth, self.block
        run["ld_h"], run["ld_t"] = self.ld_h, self.ld_t
        run["ld_features"], run["ld_examples"] = self._x_ld(False), self._x_ld(True)
        run["turn"] = 2 if self.in_place else 0 if self.rows else 1
        if self.in_place:
            run["pad_features"], run["pad_by_examples"] = 1, REGISTERS * L
        else:
            R = tile_rows()
            run["pad_features"] = 3 * L if self.rows else R
            run["pad_by_features"], run["pad_by_examples"] = R, max(R, L)
        if plan.arrangement == "units":
            run["uncleared"] = run["db1"] - run["dW1"]  # which is not read before it is written
        for name in ("tile", "chunk", "group", "groups", "shares"):
            run[name] = getattr(plan, name)

    @property
    def ld_t(self) -> int:
        """From row to row where examples are side by side."""
        if self.plan.arrangement == "exact":
            return EXACT_TILE
        return odd_lines(round_up(self.plan.tile, REGISTERS * self.lanes), self.itemsize)

    def _x_ld(self, by_examples: bool) -> int:
        """From row to row of a tile of X."""
        n_x, T = self.sizes.n_x, self.plan.tile
        if self.plan.arrangement == "examples":
            cached = max(32, CACHE // (n_x * self.itemsize) // 64 * 64)
            return odd_lines(round_up(min(T, cached), REGISTERS * self.lanes), self.itemsize)
        if by_examples:
            return self.ld_t
        return odd_lines(round_up(n_x, 3 * self.lanes) if self.rows else self.block, self.itemsize)

    def _buffers(self) -> dict[str, tuple[int, int | None]]:
        """A thread's buffers: how many numbers each has, and of how many bytes if it is not of `dtype`."""
        n_x, n_h, n_y = self.sizes
        T, sums = round_up(self.plan.tile, 16), self.lanes
        if self.in_place:
            X, A = n_x * self._x_ld(True), n_h * self.ld_t
            sums *= n_h * (n_x + 1 + n_y) + n_y if self.plan.arrangement == "exact" else 1
        else:
            X, A = max(T * self._x_ld(False), 0 if self.rows else self.block * self.ld_t), T * self.ld_h
        Y = n_y * self.ld_t
        numbers = {"X": X, "Y": Y, "Z": Y, "A": A, "D": A, "weights": self.ld_t, "sums": sums}
        return {name: (n, None) for name, n in numbers.items()} | {
            "words": (self.ld_t, 4),
            "numbers": (COEFFICIENTS, 8),
        }


def _records(threads: int) -> tuple[Any, Any, Any]:
    """The run, the threads' places and the segments, all zero."""
    return np.zeros(1, RUN_DTYPE), np.zeros(threads, PLACE_DTYPE), np.zeros(5, SEGMENT_DTYPE)


class Records:
    """The records of a call, in memory of their own."""

    def __init__(self, layout: Layout, address: int) -> None:
        self.run, self.places, self.segments = _records(layout.threads)
        run = self.run[0]
        layout.fill(run, self.places, self.segments, address)
        run["segments"] = self.segments.ctypes.data
        run["threads"], run["epochs"] = 1, 1
        run["pieces"] = layout.plan.chunks
        run["place"] = self.place_addresses[0]
        run["taken_in_place"] = 2 if layout.in_place else int(layout.rows)

    @property
    def run_address(self) -> int:
        """Of the run."""
        return int(self.run.ctypes.data)

    @property
    def place_addresses(self) -> list[int]:
        """Of each thread's place."""
        first = int(self.places.ctypes.data)
        return [first + rank * PLACE_DTYPE.itemsize for rank in range(len(self.places))]
