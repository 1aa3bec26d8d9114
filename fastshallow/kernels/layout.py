"""Where things lie in the scratch memory of a step, which all threads share.

First comes what is one for all, then a slab of gradients for each group of examples, then one for each state of the
optimizer, then the buffers of each thread.
"""

from __future__ import annotations

from typing import NamedTuple

from . import CACHE
from .compiling import inline

LINE = 64  # bytes in a cache line
BLOCK = 2**18  # bytes of a larger tile of X that stay there beside a panel of W1 and the next block on its way


class Layout(NamedTuple):
    """Sizes and offsets, in elements, when hidden units are side by side.

    The gradient of the parameter at i is at gradient + i.
    """

    n_x: int  # features
    n_h: int  # hidden units
    n_y: int  # outputs
    width: int  # hidden units, up to a multiple of L
    depth: int  # rows of a panel of W1: features, up to a multiple of R; 0 where W1 stays in rows
    block: int  # features of a tile of X that are in the scratch memory at a time: a multiple of R
    ld_h: int  # from example to example in A1 and D1
    ld_t: int  # from row to row in Y, its weights and Z2, and in X where examples are side by side
    ld_x: int  # from example to example in X where features are side by side
    W1: int
    b1: int
    W2: int
    b2: int
    slope: int  # of a leaky rectifier that learns it
    slab: int  # from gradients to gradients of the next group; as much as the parameters take
    gradient: int
    state: int
    state_slab: int  # from state to state: a slab, and what W1 takes where it stays in rows
    X: int
    Y: int
    Z: int
    A: int
    D: int
    sums: int
    starts: int  # of the examples' random words
    size: int  # up to the end of this thread's buffers


class InPlace(NamedTuple):
    """Offsets, in elements, when the parameters stay in their own arrays; their gradients follow each other.

    A learned slope, whose gradient follows that of b2, has no array: it lies in the scratch memory.
    """

    b1: int
    W2: int
    b2: int
    slab: int
    gradient: int
    state: int
    slope: int
    buffers: int
    size: int


@inline
def round_up(n: int, multiple: int) -> int:
    return (n + multiple - 1) // multiple * multiple


@inline
def cut(n: int, share: int, shares: int) -> int:
    """Where a share of n things begins, which ends where the next begins; without a division if there is but one."""
    return 0 if share == 0 else n if share == shares else n * share // shares


@inline
def odd_lines(n: int, itemsize: int) -> int:
    """`n` elements rounded up to an odd number of cache lines: rows so far apart do not share cache sets."""
    line = LINE // itemsize
    return ((n + line - 1) // line | 1) * line


@inline
def make_in_place(
    n_x: int, n_h: int, n_y: int, buffers: int, group: int, groups: int, states: int, rank: int, itemsize: int
) -> InPlace:
    """The layout of one group, for a thread that needs so many elements of `buffers`."""
    line = LINE // itemsize
    b1 = n_h * n_x
    W2 = b1 + n_h
    b2 = W2 + n_y * n_h
    slab = round_up(b2 + n_y + 1, line)
    state = groups * slab
    slope = state + states * slab
    own = round_up(buffers, line)
    start = slope + line + rank * own
    return InPlace(b1, W2, b2, slab, group * slab, state, slope, start, start + own)


@inline
def make_layout(
    n_x: int,
    n_h: int,
    n_y: int,
    T: int,
    group: int,
    groups: int,
    states: int,
    rank: int,
    rows: bool,
    L: int,
    R: int,
    V: int,
    itemsize: int,
) -> Layout:
    """The layout of one group and thread for tiles of T examples (a multiple of R and L), W1 in rows or panels."""
    line = LINE // itemsize
    width = round_up(n_h, L)
    depth = 0 if rows else round_up(n_x, R)
    blocks = 1 if rows or T * n_x * itemsize < CACHE else T * n_x * itemsize // BLOCK
    block = round_up((n_x + blocks - 1) // blocks, R)
    ld_h, ld_t = odd_lines(width, itemsize), odd_lines(T, itemsize)
    ld_x = odd_lines(round_up(n_x, V * L) if rows else block, itemsize)
    b1 = round_up(depth * width, line)
    W2 = b1 + round_up(width, line)
    b2 = W2 + round_up(n_y * width, line)
    slab = b2 + round_up(n_y + 1, line)
    state = (1 + groups) * slab
    state_slab = slab + round_up(n_h * n_x, line) if rows else slab
    # from X on, as if this were the first thread
    X = state + states * state_slab
    Y = X + T * ld_x if rows else X + max(T * ld_x, block * ld_t)
    Z = Y + (n_y + 1) * ld_t  # a row of weights follows Y
    A = Z + n_y * ld_t
    D = A + T * ld_h
    sums = D + T * ld_h
    starts = sums + round_up(L, line)
    size = starts + ld_t
    # where W1 stays in rows, threads share the examples, but for `sums`
    own, own_sums = (0, rank * (size - sums)) if rows else (rank * (size - X), rank * (size - X))
    sizes = n_x, n_h, n_y, width, depth, block, ld_h, ld_t, ld_x
    buffers = X + own, Y + own, Z + own, A + own, D + own, sums + own_sums, starts + own, size + own_sums
    return Layout(*sizes, 0, b1, W2, b2, b2 + n_y, slab, (1 + group) * slab, state, state_slab, *buffers)
