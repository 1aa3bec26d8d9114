"""The order of the examples in each epoch."""

from __future__ import annotations

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

    def rows(self, first: int, count: int) -> NDArray[np.intp]:
        """The orders (count, m) of epochs first, first + 1, ..."""
        return np.stack([self._order(epoch) for epoch in range(first, first + count)])

    def _order(self, epoch: int) -> NDArray[np.intp]:
        self._start["state"]["key"][1] = epoch
        self._bits.state = self._start
        m, block, random = self._m, self._block, self._random
        if block is None or block >= m:
            return random.permutation(m)
        order, place = np.empty(m, np.intp), 0
        for b in random.permutation(-(-m // block)):
            begin, count = b * block, min(block, m - b * block)
            order[place : place + count] = begin + random.permutation(count)
            place += count
        return order


def block_size(n_x: int, itemsize: int) -> int:
    """Examples in a block of neighbours."""
    return max(64, 1 << (BLOCK // (n_x * itemsize)).bit_length() - 1) if n_x * itemsize <= BLOCK else 64
