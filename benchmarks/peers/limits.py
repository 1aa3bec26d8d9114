"""The limits of this machine, measured, and the time below which a step can't come."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np

from fastshallow.report import Case

SMALLEST, LARGEST = 2**12, 2**28  # bytes
L2 = 2**18  # bytes that no first-level cache holds, but every second-level cache


def flops(case: Case) -> int:
    """Multiplications and additions of the products: forward and dW1; forward, dW2 and dA1."""
    return case.m * (4 * case.n_x * case.n_h + 6 * case.n_h * case.n_y)


def moved_bytes(case: Case) -> int:
    """Bytes that must move: X and Y are read, parameters read and gradients written."""
    parameters = case.n_h * (case.n_x + 1) + case.n_y * (case.n_h + 1)
    return (case.m * (case.n_x + case.n_y) + 2 * parameters) * np.dtype(case.dtype).itemsize


def intensity(case: Case) -> float:
    """Flops for each byte that must move."""
    return flops(case) / moved_bytes(case)


def limit_seconds(case: Case, peak: float, bandwidth: float) -> float:
    """What a step takes at least, at `peak` flops and `bandwidth` bytes a second."""
    return max(flops(case) / peak, moved_bytes(case) / bandwidth)


def measured_limit(case: Case, threads: int) -> float:
    """The limit of a step at the measured peak, reading from the level of cache that can hold its data."""
    return limit_seconds(case, peak(case.dtype, threads), bandwidth(case.dtype, moved_bytes(case), threads))


def roofs(dtype: str, threads: int) -> dict[str, float]:
    """Flops a second at most, and bytes a second from a cache and from memory."""
    return {
        "peak": peak(dtype, threads),
        "L2": bandwidth(dtype, L2 * threads, threads),
        "memory": bandwidth(dtype, LARGEST, threads),
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def peak(dtype: str, threads: int) -> float:
    """Flops a second of independent multiply-adds in registers."""
    multiply_add, _ = kernels(dtype)
    memory, steps = np.ones(4096, dtype), 2**20
    return (
        steps
        * 2
        * ROWS
        * COLUMNS
        * lanes_of(dtype)
        * threads
        / _best_seconds(lambda _: multiply_add(memory.copy(), steps), threads)
    )


def bandwidth(dtype: str, nbytes: int, threads: int) -> float:
    """Bytes a second of reading at least half of `nbytes` again and again; threads share them."""
    return _bandwidth(dtype, min(max(2 ** (nbytes.bit_length() - 1), SMALLEST * threads), LARGEST), threads)


@cache
def _bandwidth(dtype: str, nbytes: int, threads: int) -> float:
    _, read = kernels(dtype)
    itemsize = np.dtype(dtype).itemsize
    n = nbytes // threads // itemsize // (ROWS * lanes_of(dtype)) * ROWS * lanes_of(dtype)
    passes = max(1, LARGEST // 8 // nbytes)
    memory = [np.ones(n, dtype) for _ in range(threads)]
    return passes * n * itemsize * threads / _best_seconds(lambda thread: read(memory[thread], n, passes), threads)


def _best_seconds(function: Any, threads: int) -> float:
    """The best of ten turns of a function on all threads at once."""
    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(10):
            start = perf_counter()
            list(pool.map(function, range(threads)))
            best = min(best, perf_counter() - start)
    return best


ROWS, COLUMNS = 4, 3  # 12 sums that do not wait for each other: two units of latency 4 or 5 need 8 to 10


def lanes_of(dtype: str) -> int:
    from fastshallow.kernels.compiling import lanes

    return lanes(dtype)


@cache
def kernels(dtype: str) -> tuple[Any, Any]:
    """Two compiled functions: multiply-adds in registers, and reads of memory."""
    from numba import types

    from fastshallow.kernels.compiling import kernel, number_type
    from fastshallow.kernels.tiles import inner_add, outer_add, tile_store, tile_zeros

    R, V, L = ROWS, COLUMNS, lanes_of(dtype)

    def multiply_add(a, steps):
        # a: any numbers, R * V * L at least; the sums go back there, or the compiler would drop them
        acc = tile_zeros(a, R, V, L)
        for _ in range(steps):
            acc = outer_add(acc, a, 0, 1, a, 0)
        tile_store(a, 0, V * L, acc)

    def read(a, n, passes):
        # a: n ones, n a multiple of R * L
        acc = tile_zeros(a, R, 1, L)
        for _ in range(passes):
            for i in range(0, n, R * L):
                acc = inner_add(acc, a, i, L, a, 0, 0, L)
        tile_store(a, 0, L, acc)

    array = types.Array(number_type(dtype), 1, "C")
    return (
        kernel(multiply_add, types.void(array, types.intp)),
        kernel(read, types.void(array, types.intp, types.intp)),
    )
