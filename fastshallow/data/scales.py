"""Mean and deviation of each feature, of a whole X or of one that comes block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PIECE = 2**18  # numbers that are taken at a time: 2 MiB of float64
CACHED = 2**16  # of which the cache holds three


class Moments(NamedTuple):
    """Of `m` examples: each feature's lowest and highest number, mean and sum of squared deviations, all (n_x, 1)."""

    m: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, X: NDArray[Any]) -> Moments:
        """Of X (n_x, m), of which no second one is made."""
        m = X.shape[1]
        low, high, total, rest, squares = np.zeros((5, len(X), 1))
        low += np.inf
        high -= np.inf
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for x in _pieces(X):
                np.minimum(low, x.min(axis=1, keepdims=True), out=low)
                np.maximum(high, x.max(axis=1, keepdims=True), out=high)
                total += x.sum(axis=1, keepdims=True)
            mean = total / m
            for x in _pieces(X):
                x = x - mean
                rest += x.sum(axis=1, keepdims=True)  # of which rounding in the mean leaves some
                squares += np.square(x, out=x).sum(axis=1, keepdims=True)
            mean += rest / m
        return cls(m, low, high, mean, squares)

    def merged(self, other: Moments) -> Moments:
        """Of both sets of examples together: nothing large is subtracted from something large."""
        m = self.m + other.m
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            step = other.mean - self.mean
            mean = self.mean + step * (other.m / m)
            squares = self.squares + other.squares + np.square(step) * (self.m * (other.m / m))
        return Moments(m, low, high, mean, squares)

    def mean_and_scale(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation, both (n_x, 1); a constant feature has scale 1.

        The scale is 0, infinite or NaN where float64 doesn't hold its square.
        """
        constant = self.low == self.high
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            scale = np.sqrt(self.squares / self.m)
        return np.where(constant, self.low, self.mean), np.where(constant, 1.0, scale)


def moments(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each feature of X (n_x, m): see `Moments.mean_and_scale`."""
    return Moments.of(X).mean_and_scale()


def standardized(X: NDArray[Any], mean: NDArray[Any], scale: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    """``(X - mean) / scale``, rounded once, in `out`, which may be X."""
    step = max(1, CACHED // len(X))
    means, scales = (np.empty_like(X[:, :step], np.float64) for _ in range(2))  # one long loop, not one an example
    means[:], scales[:] = mean, scale
    for start in range(0, X.shape[1], step):
        x = X[:, start : start + step]
        x = x - means[:, : x.shape[1]]
        x /= scales[:, : x.shape[1]]
        out[:, start : start + step] = x
    return out


def _pieces(X: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    step = max(1, PIECE // len(X))
    order: Any = "C" if len(X) < 16 else "K"  # sums along a few strided rows take ten times as long
    for start in range(0, X.shape[1], step):
        yield X[:, start : start + step].astype(np.float64, order, copy=False)
