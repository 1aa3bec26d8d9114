"""Sums in a fixed tree: the same additions in the same order, wherever the blocks lie.

The leaves are blocks 0, 1, 2, ...; a node (level, i) is the sum of its children (level - 1, 2 i) and, if there is one,
(level - 1, 2 i + 1). Which of them a worker can add itself depends on what it holds; what the root is does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Nodes = dict[tuple[int, int], Vector]


def added(nodes: Nodes, blocks: int) -> Nodes:
    """Add neighbours as far as both are here, in the tree of so many blocks."""
    nodes = dict(nodes)
    for level in range(height(blocks)):
        last = (blocks - 1) >> level  # of this level
        for i in sorted(i for at, i in nodes if at == level and i % 2 == 0):
            if i == last:
                nodes[level + 1, i // 2] = nodes.pop((level, i))
            elif (level, i + 1) in nodes:
                nodes[level + 1, i // 2] = nodes.pop((level, i)) + nodes.pop((level, i + 1))
    return nodes


def height(blocks: int) -> int:
    """The level of the root."""
    return (blocks - 1).bit_length()


def total(parts: Any, blocks: int) -> Vector:
    """The root, of what each worker has added."""
    merged: Nodes = {}
    for part in parts:
        merged |= part
    return added(merged, blocks)[height(blocks), 0]
