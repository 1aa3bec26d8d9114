"""Examples that lie on a cluster, and what stands for them in the process that trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data import computing
from ..training import Data, Outline
from .blocks import Described
from .cluster import Cluster


class Spread(Data):
    """All examples of a cluster, which are taken together or not at all."""

    cluster: Cluster
    blocks: Sequence[Described]

    @classmethod
    def over(cls, cluster: Cluster) -> Spread:
        """What lies on a cluster, once it is there."""
        blocks = cluster.described()
        check_alike(blocks)
        first, m = blocks[0], sum(each.shape[1] for each in blocks)
        X, Y = Outline((first.shape[0], m), first.dtype), Outline((first.n_y, m), computing(first.dtype))
        self = cls(X, Y)  # type: ignore[arg-type]
        self.cluster, self.blocks = cluster, blocks
        return self

    @property
    def elsewhere(self) -> Cluster:
        """What makes the steps of a run."""
        return self.cluster

    @property
    def extremes(self) -> Any:
        """Each feature's least and largest value in each block."""
        return np.concatenate([each.extremes for each in self.blocks], axis=1)

    @property
    def sample(self) -> Any:
        """Some examples of each block."""
        return np.concatenate([each.sample for each in self.blocks], axis=1)

    def batch(self, examples: slice) -> Data:
        """All examples, or if it is but one, an example with the features that are the same in all."""
        if examples in (slice(None), slice(0, self.m)):
            return self
        return Data(self.extremes[:, examples].astype(self.dtype), self.Y)

    def fingerprint(self) -> str:
        """A checksum of all of them."""
        return self.cluster.fingerprint()


def check_alike(blocks: Sequence[Described]) -> None:
    """Refuse partitions that differ from the first in more than their examples."""
    first = blocks[0]
    for number, block in enumerate(blocks):
        sizes = ("features", block.shape[0], first.shape[0]), ("rows of Y", block.n_y, first.n_y)
        for name, found, right in sizes:
            if found != right:
                raise ValueError(f"partition {number} has {found} {name}, but partition 0 has {right}")
        if computing(block.dtype) != computing(first.dtype):
            raise ValueError(f"X is {block.dtype} in partition {number}, but {first.dtype} in partition 0")
