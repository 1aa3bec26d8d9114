"""What this machine can do at most: multiply-adds in registers, and reads by what holds the data; measured."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np

from .cases import Case
from .machine import caches
from .records import Bound, Limits, Reads

MEMORY = 2**28  # bytes that no cache of a core's own holds
TURNS = 10
FACTORS, STEPS = 2**9, 2**18  # numbers that are multiplied, again and again, and steps of that loop: about 2 ms
PASSES = 2**24  # bytes that a turn of reading takes at least
ROWS, COLUMNS = 4, 3  # 12 sums that do not wait for each other: two units of latency 4 or 5 keep 8 to 10 under way


def bound(case: Case, limits: Limits) -> Bound:
    """What a step takes at least; its data stay in the nearest memory that holds them."""
    fits = [each for each in limits.reads if each.bytes <= case.bytes] or limits.reads[:1]  # smaller: read no slower
    arithmetic, memory = case.flops / limits.flops_per_second, case.bytes / fits[-1].bytes_per_second
    return Bound(max(arithmetic, memory), "arithmetic" if arithmetic >= memory else "memory")


def measured(dtype: str, threads: int = 1, again: bool = False) -> Limits:
    """The best that so many threads were seen to reach in this process, which `again` adds to."""
    found = _found(dtype, threads)
    if again or not found:
        found.append(_better(_measure(dtype, threads), *found[-1:]))
    return found[-1]


@functools.cache
def _found(dtype: str, threads: int) -> list[Limits]:
    return []


def _better(one: Limits, *others: Limits) -> Limits:
    """The best of both, place by place."""
    for other in others:
        reads = [max(pair, key=lambda each: each.bytes_per_second) for pair in zip(one.reads, other.reads, strict=True)]
        flops = max(one.flops_per_second, other.flops_per_second)
        one = Limits(one.dtype, one.threads, flops, reads)
    return one


def sizes() -> dict[str, int]:
    """Bytes to read that stay in each level of cache, by its name; and those that stay in none."""
    known = caches() or {"L1": 2**15, "L2": 2**18}
    halves = {level: size // 2 for level, size in known.items()}
    if "L3" in halves:  # others use it too
        halves["L3"] = min(halves["L3"], 8 * halves["L2"])
    return {**halves, "memory": MEMORY}


def _measure(dtype: str, threads: int) -> Limits:
    multiply_add, read, lanes = _kernels(dtype)
    sums = ROWS * COLUMNS * lanes
    memory = np.full((threads, FACTORS + sums), 2.0**-20, dtype)
    seconds = _best_seconds(lambda i: multiply_add(memory[i].copy(), FACTORS, 1, STEPS // FACTORS), threads)
    peak = 2 * STEPS * sums * threads / seconds
    reads = []
    for level, size in sizes().items():
        nbytes = size if level == "memory" else size * threads  # caches of one's own
        passes = max(1, PASSES // size)
        loop = ROWS * COLUMNS * lanes
        share = nbytes // threads // np.dtype(dtype).itemsize // loop * loop
        data = np.ones((threads, share), dtype)
        seconds = _best_seconds(functools.partial(_read, read, data, share, passes), threads)
        reads.append(Reads(level, nbytes, passes * data.nbytes / seconds))
    return Limits(dtype, threads, peak, reads)


def _read(read: Callable[..., Any], data: Any, share: int, passes: int, thread: int) -> None:
    read(data[thread], share, passes)


def _best_seconds(function: Callable[[int], Any], threads: int) -> float:
    """The best turn of a function on all threads at once."""
    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(TURNS):
            start = perf_counter()
            list(pool.map(function, range(threads)))
            best = min(best, perf_counter() - start)
    return best


@functools.cache
def _kernels(dtype: str) -> tuple[Any, Any, int]:
    """Two compiled functions, multiply-adds in registers and reads, and the lanes of a register."""
    from ..kernels.compiling import compile_function  # here, since they import LLVM
    from ..kernels.machine import lanes
    from ..kernels.simd.tiles import inner_add, outer_add, tile_store, tile_zeros
    from ..kernels.values import INT, Pointer

    R, V, L = ROWS, COLUMNS, lanes(dtype)

    def multiply_add(a: Any, n: Any, step: Any, passes: Any) -> None:
        # a: n + R * V * L numbers; the sums go back there, or the compiler would drop them. It would take products of
        # the same numbers out of the loop, so these move on within the nearest cache, by a step that it does not know:
        # rounds that it merges run out of registers.
        acc = tile_zeros(a, R, V, L)
        for _ in range(passes):
            for i in range(0, n, step):
                acc = outer_add(acc, a, i, 1, a, i)
        tile_store(a, 0, V * L, acc)

    def read(a: Any, n: Any, passes: Any) -> None:
        # a: n numbers, a multiple of R * V * L
        acc = tile_zeros(a, R * V, 1, L)
        for _ in range(passes):
            for i in range(0, n, R * V * L):
                acc = inner_add(acc, a, i, L, a, 0, 0, L)
        tile_store(a, 0, L, acc)

    numbers = Pointer(dtype)
    return compile_function(multiply_add, numbers, INT, INT, INT), compile_function(read, numbers, INT, INT), L
