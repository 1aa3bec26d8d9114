"""Which backend and which kernel run a call, and why: decided here, from shape, dtype and machine alone."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from ..formulas import positive_integer
from ..kernels import CACHE, MANY

TILE = 128  # examples that fill it best, where it has room for them
WIDE_TILE = 256  # examples where the weights do not fit, so that each is fetched for more of them
NARROW_TILE = 256  # examples, where they are side by side
LONG_TILE = 1024  # examples, where X is not copied: shorter pieces of its rows come more slowly
SUMS = 32  # n_h * (n_x + n_y) up to which the sums of all gradients fit into the registers
CHUNK = 8192  # examples whose gradients are summed before they are added to the rest: it bounds rounding
PARTS = 16  # of the examples, and of the parameters, at most, that threads share; whoever computes them
GROUP_WORK = 2 * 10**6  # operations that a group should have, about 20 us
SHARE = 2**14  # parameters of a share
GROUP_MEMORY = 2**24  # bytes that the gradients of all groups may take
TEAM_WORK = 2 * 10**7  # operations of a call from which it is worth to wake threads, about 0.2 ms
CHUNK_WORK = 10**9  # multiplications and additions between two looks at the clock, about 0.02 s


class Plan(NamedTuple):
    """How the fused kernels treat a shape."""

    arrangement: str  # what lies side by side in a vector: "examples" ("exact": of constant sizes), "units", "features"
    tile: int  # examples that go through the whole step while they are in cache
    chunk: int  # examples of a group between two looks at the clock
    group: int  # examples whose gradients are summed apart from the others', perhaps on another thread
    groups: int
    shares: int  # of the parameters, which threads take one by one for what is done to each
    work: int  # operations, roughly
    reason: str

    @property
    def chunks(self) -> int:
        """Of a group."""
        return -(-self.group // self.chunk)

    @property
    def general(self) -> Plan:
        """The same without a kernel of constant sizes, in whose code the slope of a rectifier is constant too."""
        return self._replace(arrangement="examples") if self.arrangement == "exact" else self

    @property
    def parts(self) -> int:
        """What threads take one by one in a step: groups of examples, or shares of W1 if each lane is a feature."""
        return self.shares if self.arrangement == "features" else self.groups


class Explanation(NamedTuple):
    """What `backend="auto"` takes for a shape, and why."""

    backend: str
    reason: str
    plan: Plan | None

    def __str__(self) -> str:
        kernel = f"; {self.plan.reason}; tiles of {self.plan.tile} examples" if self.plan else ""
        return f"{self.backend}: {self.reason}{kernel}"


def make_plan(n_x: int, n_h: int, n_y: int, m: int, itemsize: int, lanes: int, numbers: int | None = None) -> Plan:
    """Plan a shape, for numbers of `itemsize` bytes on registers of `lanes` of them.

    Sparse X has so many `numbers` an example, and hidden units in the lanes, however few they are.
    """
    # To transpose W1 costs more than the products of so few examples (measured from 30-8-1 to 3000-50-1), or of more
    # where W1 does not fit into the cache (1024-1024-1). Registers of 256 bits hold too few sums for more than a few.
    large = n_x * n_h * itemsize > 2 * CACHE
    wide = lanes * itemsize == 64
    limit = (64 if wide else 3 * lanes) if large else (40 if wide else 2)
    few = numbers is None and n_x >= 24 and m <= min(limit, max(8, n_x // 4))
    work = m * (4 * (n_x if numbers is None else numbers) * n_h + 6 * n_h * n_y + 30 * n_h + 60 * n_y)
    shares = n_h * (n_x + n_y) // SHARE
    if few:
        shares = _power_of_two(min(shares, work // GROUP_WORK))  # of less, threads get in each other's way
        reason = f"{m} example{'s' * (m > 1)} of {n_x} features: each lane is a feature, and W1 stays as it is"
        return Plan("features", _round_up(m, 16), m, m, 1, shares, work, reason)
    room = CACHE // (itemsize * (n_x + 2 * n_h + 2 * n_y))
    if numbers is None and n_h < 2 * lanes:
        exact = n_h * (n_x + n_y) <= SUMS
        reason = (
            "a tiny network: a kernel for just these sizes" if exact else "few hidden units: each lane is an example"
        )
        arrangement = "exact" if exact else "examples"
        tile = min(_round_up(m, 64), max(32, min(room // 64 * 64, NARROW_TILE)))
    else:
        # X comes by blocks of features, and does not count
        best = TILE if large else min(max(CACHE // (itemsize * 2 * (n_h + n_y)), 96), TILE)
        arrangement, tile, reason = "units", _round_up(min(best, m), 16), "each lane of a vector is a hidden unit"
    long = arrangement == "examples" and n_x >= MANY
    least = max(tile, LONG_TILE // (2 * n_h)) if long else tile  # with one unit, half the speed at 128 examples
    slab = itemsize * (n_h + lanes) * (n_x + n_y + 1)
    groups = _power_of_two(min(m // least, work // GROUP_WORK, max(2, GROUP_MEMORY // slab)))
    group = _round_up(-(-m // groups), 16 if arrangement == "units" else tile) if groups > 1 else m
    if long:
        tile = min(_round_up(group, 64), LONG_TILE)
    elif arrangement == "units":  # tiles of nearly equal size: each fetches all weights, however small it is
        best = WIDE_TILE if large else tile
        tile = _round_up(-(-group // max(1, (2 * group + best) // (2 * best))), 16)
    chunk = min(group, tile * max(1, min(CHUNK, CHUNK_WORK // (2 * n_x * n_h)) // tile))
    return Plan(arrangement, tile, chunk, group, -(-m // group), _power_of_two(shares), work, reason)


@cache  # a search takes longer than a prediction
def _numba_is_here() -> bool:
    return importlib.util.find_spec("numba") is not None


def unavailable() -> str | None:
    """Why compiled backends can't run here, or None if they can."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "NUMBA_DISABLE_JIT is set, so nothing is compiled"
    if not _numba_is_here():
        return "Numba is not installed: pip install numba"
    return None


def choose(n_x: int, n_h: int, n_y: int, m: int, dtype: DTypeLike, problem: str | None, lanes: int) -> Explanation:
    """Pick a backend for a shape; `problem` is why compiled ones can't run, `lanes` what a vector register holds."""
    if problem:
        return Explanation("numpy", problem, None)
    plan = make_plan(n_x, n_h, n_y, m, np.dtype(dtype).itemsize, lanes)
    return Explanation("fused", "SIMD kernels that read the data once", plan)


def explain(n_x: int, n_h: int, n_y: int, m: int, dtype: DTypeLike = "float64") -> Explanation:
    """What ``backend="auto"`` takes for a network and a number of examples on this machine, and why.

    Parameters
    ----------
    n_x, n_h, n_y, m
        Features, hidden units, outputs and examples, 1 or more each.
    dtype
        ``"float32"`` or ``"float64"``.

    Returns
    -------
    Explanation
        With ``backend``, ``reason`` and ``plan``, the kernel's arrangement and tile; prints as one line.

    Raises
    ------
    ValueError, TypeError
        For an argument that is none of these.
    """
    n_x, n_h, n_y, m = (positive_integer(name, n) for name, n in (("n_x", n_x), ("n_h", n_h), ("n_y", n_y), ("m", m)))
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, not {np.dtype(dtype)}")
    problem, lanes = unavailable(), 0
    if problem is None:
        from ..kernels.machine import lanes as lanes_of

        lanes = lanes_of(dtype)
    return choose(n_x, n_h, n_y, m, dtype, problem, lanes)


def _power_of_two(n: int) -> int:
    """The largest up to n, from 1 to PARTS: 2, 4, 8, ... threads share so many parts evenly."""
    return 1 << (max(1, min(n, PARTS)).bit_length() - 1)


def _round_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple
