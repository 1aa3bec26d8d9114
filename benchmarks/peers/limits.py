"""The limits of this machine, measured, and the time below which a step can't come."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np

from fastshallow.kernels.compiling import compile_function
from fastshallow.kernels.machine import lanes
from fastshallow.kernels.simd.tiles import inner_add, outer_add, tile_store, tile_zeros
from fastshallow.kernels.values import INT, Pointer
from fastshallow.measuring import Case

L2 = 2**18  # bytes that no first-level cache holds, but every second-level cache
SMALLEST, LARGEST = 2**12, 2**28  # bytes that are read
TURNS = 10
STEPS = 2**18  # of the loop of multiply-adds, about 2 ms
ROWS, COLUMNS = 4, 3  # 12 sums that do not wait for each other: two units of latency 4 or 5 keep 8 to 10 under way


def flops(case: Case) -> int:
    """Multiplications and additions of the products: forward and dW1; forward, dW2 and dA1."""
    return case.m * (4 * case.n_x * case.n_h + 6 * case.n_h * case.n_y)


def moved_bytes(case: Case) -> int:
    """Bytes that must move: X, Y and the parameters are read, the gradients written."""
    parameters = case.n_h * (case.n_x + 1) + case.n_y * (case.n_h + 1)
    return (case.m * (case.n_x + case.n_y) + 2 * parameters) * np.dtype(case.dtype).itemsize


def limit_seconds(case: Case, peak: float, bandwidth: float) -> float:
    """What a step takes at least, at `peak` flops and `bandwidth` bytes a second."""
    return max(flops(case) / peak, moved_bytes(case) / bandwidth)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Limits:
    """What threads of this machine reach in one dtype: the best that was observed."""

    def __init__(self, dtype: str, threads: int) -> None:
        self.dtype, self.threads = np.dtype(dtype), threads
        self.lanes = lanes(dtype)
        self.multiply_add, self.read = make_kernels(dtype)
        self.peak = 0.0
        self.bandwidths: dict[int, float] = {}

    def observe(self, nbytes: int) -> None:
        """Measure multiply-adds in registers, and reading about so many bytes again and again, which threads share."""
        memory = np.ones((self.threads, ROWS * COLUMNS * self.lanes), self.dtype)
        done = 2 * STEPS * memory.size
        self.peak = max(self.peak, done / self._best_seconds(lambda i: self.multiply_add(memory[i].copy(), STEPS)))

        size = self._size(nbytes)
        passes = max(1, 2**24 // size)
        loop = ROWS * self.lanes
        share = size // self.threads // self.dtype.itemsize // loop * loop
        data = np.ones((self.threads, share), self.dtype)
        done = passes * data.nbytes
        reached = done / self._best_seconds(lambda i: self.read(data[i], share, passes))
        self.bandwidths[size] = max(self.bandwidths.get(size, 0.0), reached)

    def bandwidth(self, nbytes: int) -> float:
        """Bytes a second when so many are read, which has been observed."""
        return self.bandwidths[self._size(nbytes)]

    def seconds(self, case: Case) -> float:
        """The limit of a step whose data stay in the nearest memory that can hold them."""
        return limit_seconds(case, self.peak, self.bandwidth(moved_bytes(case)))

    def roofs(self) -> dict[str, float]:
        """Flops a second, and bytes a second from a cache and from memory."""
        for nbytes in (L2 * self.threads, LARGEST):
            self.observe(nbytes)
        return {"peak": self.peak, "L2": self.bandwidth(L2 * self.threads), "memory": self.bandwidth(LARGEST)}

    def _size(self, nbytes: int) -> int:
        """A power of two below: smaller arrays are read faster, so the limit stays one."""
        return min(max(2 ** (nbytes.bit_length() - 1), SMALLEST * self.threads), LARGEST)

    def _best_seconds(self, function: Callable[[int], Any]) -> float:
        """The best turn of a function on all threads at once."""
        best = float("inf")
        with ThreadPoolExecutor(self.threads) as pool:
            for _ in range(TURNS):
                start = perf_counter()
                list(pool.map(function, range(self.threads)))
                best = min(best, perf_counter() - start)
        return best


def make_kernels(dtype: str) -> tuple[Any, Any]:
    """Two compiled functions: multiply-adds in registers, and reads."""
    R, V, L = ROWS, COLUMNS, lanes(dtype)

    def multiply_add(a, steps):
        # a: R * V * L numbers; the sums go back there, or the compiler would drop them
        acc = tile_zeros(a, R, V, L)
        for _ in range(steps):
            acc = outer_add(acc, a, 0, 1, a, 0)
        tile_store(a, 0, V * L, acc)

    def read(a, n, passes):
        # a: n numbers, a multiple of R * L
        acc = tile_zeros(a, R, 1, L)
        for _ in range(passes):
            for i in range(0, n, R * L):
                acc = inner_add(acc, a, i, L, a, 0, 0, L)
        tile_store(a, 0, L, acc)

    numbers = Pointer(dtype)
    return compile_function(multiply_add, numbers, INT), compile_function(read, numbers, INT, INT)
