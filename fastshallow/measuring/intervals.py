"""What samples allow to say: the interval of a median, of a mean of few processes, and a verdict.

Times on a shared machine have a long tail to the right, and come in bursts. The interval of a median by order
statistics assumes nothing of their distribution: the median lies between the k-th smallest and the k-th largest of n
independent samples but in the cases where fewer than k of n fair coins show heads (H. A. David, H. N. Nagaraja, Order
Statistics, 7.1). Of pairs of neighbouring turns it takes logarithms of ratios: what slows both falls out, and a ratio
and its inverse are as far from 1 (S. M. Blackburn et al., Wake Up and Smell the Coffee; the paired tests of Tango).

A process has its own layout of memory and of code, which moves all its samples alike, so one process does not know how
far another may lie: T. Kalibera, R. Jones, Rigorous Benchmarking in Reasonable Time.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Interval

FASTER, SLOWER, SAME, UNRESOLVED = "faster", "slower", "no difference", "unresolved"
PRIOR = 6  # processes that the scatter of all cells counts as, beside a cell's own
# How far, as a standard deviation of the logarithm, a ratio moves with what else runs on a machine that is not quiet:
# that outlasts all processes of a run. On two shared cores under a load of 2 to 5, 4 of 40 ratios of the same code were
# called changed without it.
RESTLESS = 0.04


def median_interval(values: NDArray[Any], confidence: float = 0.95) -> tuple[float, float, float]:
    """The median, and the interval in which that of the whole population lies; infinite for too few values."""
    ordered = np.sort(values)
    k = depth(len(ordered), confidence)
    middle = float(np.median(ordered))
    if k == 0:
        return middle, -math.inf, math.inf
    return middle, float(ordered[k - 1]), float(ordered[-k])


@functools.cache
def depth(n: int, confidence: float) -> int:
    """The largest k for which the k-th smallest and k-th largest of n enclose the median with this confidence, or 0."""
    allowed = (1 - confidence) / 2
    ways, below, k = 1, 1, 0  # to have k of n heads; to have at most so many
    while below / 2**n <= allowed and k < n // 2:
        k += 1
        ways = ways * (n - k + 1) // k
        below += ways
    return k


@functools.cache
def fewest(confidence: float) -> int:
    """How many values an interval of a median needs: 6 for 95 %."""
    return next(n for n in range(1, 100) if depth(n, confidence))


def ratio_interval(baseline: NDArray[Any], seconds: NDArray[Any], confidence: float = 0.95) -> Interval:
    """How many times as fast as its baseline something is, from pairs of turns."""
    return Interval(*(_exp(each) for each in median_interval(np.log(baseline / seconds), confidence)))


def verdict(ratio: Interval, margin: float) -> str:
    """Faster or slower where the interval excludes 1; no difference where it lies within a margin around 1."""
    if 1 / (1 + margin) <= ratio.low and ratio.high <= 1 + margin:
        return SAME
    if ratio.low > 1:
        return FASTER
    return SLOWER if ratio.high < 1 else UNRESOLVED


def narrow(ratio: Interval, precision: float) -> bool:
    """Whether the interval goes at most so far from the ratio."""
    return ratio.high <= ratio.value * (1 + precision) and ratio.low * (1 + precision) >= ratio.value


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


@dataclass(frozen=True)
class Scatter:
    """How far processes lie apart, as the variance of logarithms of ratios, pooled over all cells of a run.

    `common` is the variance of what moves all processes of the run alike.
    """

    variance: float
    common: float = 0.0

    @classmethod
    def of(cls, groups: Sequence[Sequence[float]], quiet: bool = True) -> Scatter:
        """From the logarithms of the processes of each cell: their median variance, so that no noisy cell counts more.

        That of chi-square with k degrees of freedom is k (1 - 2 / 9k)^3 (Wilson and Hilferty).
        """
        found = [float(np.var(logs, ddof=1)) / (1 - 2 / (9 * (len(logs) - 1))) ** 3 for logs in groups if len(logs) > 1]
        return cls(float(np.median(found)) if found else 0.0, 0.0 if quiet else RESTLESS**2)

    def error(self, logs: Sequence[float]) -> tuple[float, float]:
        """The variance of the mean of these logarithms, and its degrees of freedom.

        Few processes tell little of their own variance, and by chance sometimes none: it is drawn towards that of all
        cells, which counts as much as PRIOR processes more (the moderated t of G. K. Smyth, Linear Models and Empirical
        Bayes Methods, 2004). Where a cell's own is larger, it counts.
        """
        freedom = len(logs) - 1
        own = float(np.var(logs, ddof=1)) if freedom else 0.0
        variance = max(own, (PRIOR * self.variance + freedom * own) / (PRIOR + freedom))
        return variance / len(logs) + self.common, PRIOR + freedom


def process_interval(logs: Sequence[float], scatter: Scatter, confidence: float) -> Interval:
    """The mean ratio of several processes, and its interval by Student's t."""
    variance, freedom = scatter.error(logs)
    return log_interval(float(np.mean(logs)), variance, freedom, confidence)


def log_interval(mean: float, variance: float, freedom: float, confidence: float) -> Interval:
    """The interval of a ratio whose logarithm has this variance."""
    half = student(confidence, freedom) * math.sqrt(variance)
    return Interval(_exp(mean), _exp(mean - half), _exp(mean + half))


def student(confidence: float, freedom: float) -> float:
    """What Student's t exceeds to both sides in 1 - confidence of cases, within 1 % from 5 degrees of freedom on.

    The expansion of G. W. Hill, Algorithm 395 and 396, in powers of 1 / freedom.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))
