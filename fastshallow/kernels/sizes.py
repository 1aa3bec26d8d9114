"""Arithmetic of sizes, which runs in Python and is written into kernels."""

from __future__ import annotations

from .marks import inline

LINE = 64  # bytes in a cache line
EXACT_TILE = 256  # examples that a kernel for constant sizes takes together
REGISTERS = 2  # side by side where examples are in lanes: independent chains hide each other's latency


@inline
def round_up(n: int, multiple: int) -> int:
    """`n`, up to a multiple."""
    return (n + multiple - 1) // multiple * multiple


@inline
def cut(n: int, share: int, shares: int) -> int:
    """Where a share of n things begins, which ends where the next begins; without a division if there is but one."""
    return 0 if share == 0 else n if share == shares else n * share // shares


def odd_lines(n: int, itemsize: int) -> int:
    """`n` elements up to an odd number of cache lines: rows so far apart do not share cache sets."""
    line = LINE // itemsize
    return ((n + line - 1) // line | 1) * line


@inline
def panel_count(vectors: int) -> int:
    """How few panels of units of 2 or 3 vectors there can be."""
    return (vectors + 2) // 3


@inline
def panel_start(p: int, vectors: int) -> int:
    """The vector where panel p begins; sizes differ by at most one."""
    return p * vectors // panel_count(vectors)
