"""Which backend and which kernel run a call, and why: decided here, from shape, dtype and machine alone."""

from __future__ import annotations

import functools
import os
from typing import Any, NamedTuple

import numpy as np

EXACT = int(os.environ.get('EXACT','32'))
CACHE = 2**20  # bytes of a core's second-level cache that the buffers of a tile may fill


class Plan(NamedTuple):
    """How the fused kernels treat a shape."""

    arrangement: str  # "examples", "units" or "features": what lies side by side in a vector
    tile: int  # examples that go through the whole step while they are in cache
    chunk: int  # examples between two looks at the clock
    chunks: int
    reason: str


class Choice(NamedTuple):
    """What `backend="auto"` takes, and why."""

    backend: str
    reason: str
    plan: Plan | None


def make_plan(n_x: int, n_h: int, n_y: int, m: int, itemsize: int, lanes: int) -> Plan:
    """The arrangement of the lanes and the tile for a shape, on vectors of `lanes` numbers of `itemsize` bytes."""
    if n_h < lanes and n_x * n_h <= 512:
        chunk = min(m, 8192)
        return Plan("exact" if n_h * (n_x + n_y) <= EXACT else "examples", min((m + 63) // 64 * 64, 256), chunk, -(-m // chunk), "narrow")
    bytes_each = itemsize * (n_x + 2 * n_h + 2 * n_y)
    tile = (min(max(CACHE // bytes_each, 96), 128, m) + 15) // 16 * 16
    chunk = tile * max(1, int(3e8) // (tile * 4 * n_x * n_h))
    rows = m < 32 or n_h < lanes
    return Plan("features" if rows else "units", tile, chunk, -(-m // chunk), "few" if rows else "wide")


def unavailable() -> str | None:
    """Why compiled backends can't run here, or None if they can."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "NUMBA_DISABLE_JIT is set, so nothing is compiled"
    return None


def choose(n_x: int, n_h: int, n_y: int, m: int, dtype: Any) -> Choice:
    return Choice("fused", "", None)
