"""Dropout: which hidden units an example does without, for the length of an epoch.

A mask is a function of the key, the epoch, the example's index in the data and the unit's number alone, so batches,
orders, threads and kernels change nothing in it. It comes from counters: each example has a SplitMix generator of
32-bit words of its own (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), unit j takes
word j, and `mix` is the permutation of 32-bit words with the lowest bias known, 0.108, for two products (C. Wellons and
contributors, github.com/skeeto/hash-prospector). `kernels.random_bits` has the same on SIMD vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GAMMA = np.uint32(0x9E3779B9)  # from word to word: 2^32 / the golden ratio
WORD = 2**32

Words = NDArray[Any]  # of uint32


def mix(x: Any) -> Any:
    """A permutation of all 32-bit words, each bit of which depends on each."""
    x = (x ^ x >> 16) * np.uint32(0x21F0AAAD)
    x = (x ^ x >> 15) * np.uint32(0xD35A2D97)
    return x ^ x >> 15


@dataclass(frozen=True)
class Dropout:
    """What drops each hidden unit of each example with probability `rate`, by a key of 63 bits."""

    rate: float
    key: int

    @property
    def threshold(self) -> int:
        """A unit is kept if its word is below this."""
        return min(max(round((1.0 - self.rate) * WORD), 1), WORD - 1)

    @property
    def scale(self) -> float:
        """What a kept unit is multiplied by, so that the expected value stays what it is."""
        return 1.0 / (1.0 - self.rate)

    def keys(self, first: int, count: int) -> Words:
        """The keys (count, 2) of epochs first, first + 1, ..."""
        epoch = (np.arange(first, first + count) % WORD).astype(np.uint32)
        low, high = np.uint32(self.key % WORD), np.uint32(self.key // WORD)
        return np.stack([mix(mix(epoch ^ low) ^ high), mix(mix(epoch + high) + low)], axis=1)

    def mask(self, epoch: int, examples: NDArray[Any], n_h: int, dtype: Any) -> NDArray[Any]:
        """What A1 (n_h, m) of these m examples is multiplied by in an epoch: 0, or `scale`."""
        ((one, two),) = self.keys(epoch, 1)
        starts = mix(examples.astype(np.uint32) ^ one) + two
        words = mix(starts + np.arange(n_h, dtype=np.uint32)[:, None] * GAMMA)
        return np.where(words < self.threshold, self.scale, 0.0).astype(dtype)
