"""The order of the examples in each epoch, and the one from whose beginning some are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**18  # bytes of a block of examples, which the second-level cache holds


class Orders:
    """Orders of m examples: a new one for each epoch, a function of the key and the epoch's number alone.

    With a `block`, so many neighbours stay together: the blocks come in random order, and the examples of each in an
    order of their own.
    """

    def __init__(self, key: int, m: int, block: int | None = None) -> None:
        self._m, self._block = m, block
        self._bits = np.random.Philox(key=[key, 0])
        self._start = self._bits.state
        self._random = np.random.Generator(self._bits)

    def fill(self, first: int, rows: NDArray[Any]) -> None:
        """Write the orders of epochs first, first + 1, ... into `rows` (count, m), of any dtype that holds m."""
        for epoch, row in enumerate(rows, first):
            row[:] = 1
            np.cumsum(row, out=row)  # without memory of its own, of which 1e7 examples would need 80 MB
            row -= 1
            self._shuffle(epoch, row)

    def _shuffle(self, epoch: int, row: NDArray[Any]) -> None:
        """Put 0, 1, ..., m - 1 into the order of an epoch."""
        self._start["state"]["key"][1] = epoch
        self._bits.state = self._start
        m, block, random = self._m, self._block, self._random
        if block is None or block >= m:
            random.shuffle(row)
            return
        place = 0
        for b in random.permutation(-(-m // block)):
            begin, end = b * block, min((b + 1) * block, m)
            row[place : place + end - begin] = begin + random.permutation(end - begin)
            place += end - begin


def stratified(order: NDArray[np.intp], kinds: NDArray[np.intp]) -> NDArray[np.intp]:
    """Order examples anew so that any first part has each class in proportion, given a random order and their classes.

    The first of each class come first of all, and the last of each, also a class of one, come last: wherever the order
    is cut, both parts have examples of every class, if there are enough for that.
    """
    mine = kinds[order]
    by_kind, sizes = np.argsort(mine, kind="stable"), np.bincount(mine)
    rank = np.empty(len(order))
    rank[by_kind] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    last = sizes[mine] - 1
    return order[np.argsort(np.where(last > 0, rank / np.maximum(last, 1), 1.0), kind="stable")]


def block_size(n_x: int, itemsize: int) -> int:
    """Examples in a block of neighbours."""
    return max(64, 1 << (BLOCK // (n_x * itemsize)).bit_length() - 1) if n_x * itemsize <= BLOCK else 64
