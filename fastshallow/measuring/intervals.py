"""What samples allow to say: the interval of a median, of a mean of few processes, and a verdict.

Times on a shared machine have a long tail to the right, and come in bursts. The interval of a median by order
statistics assumes nothing of their distribution: the median lies between the k-th smallest and the k-th largest of n
independent samples but in the cases where fewer than k of n fair coins show heads (H. A. David, H. N. Nagaraja, Order
Statistics, 7.1). Of pairs of neighbouring turns it takes logarithms of ratios: what slows both falls out, and a ratio
and its inverse are as far from 1 (S. M. Blackburn et al., Wake Up and Smell the Coffee; the paired tests of Tango).

A process has its own layout of memory and of code, which moves all its samples alike, so one process does not know how
far another may lie: T. Kalibera, R. Jones, Rigorous Benchmarking in Reasonable Time. And where another tenant uses the
other half of a core, all turns of a process may take 1.5 times as long, and those of two functions not equally so:
medians of ratios then lie 4 to 7 % apart from process to process, the ratios of least times 1 to 2 %. So what several
processes say is the least time of each, and how close the lowest of these lie together.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Interval

FASTER, SLOWER, SAME, UNRESOLVED = "faster", "slower", "no difference", "unresolved"
# What outlasts all processes of a run, as a standard deviation of a floor's logarithm: floors of 20 processes of the
# same code, on two shared cores, still lay 0.5 to 0.8 % apart.
RESTLESS = 0.004


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


def excess(times: Sequence[float]) -> float:
    """How far the least of several processes' least times lies above the floor, as a part of it: its expectation.

    What disturbs a process only adds to its time, so just above the floor their logarithms are taken as exponential,
    and the least of n of them lies 1 / n of their mean above it. That mean is the estimate of B. Epstein, M. Sobel,
    Life Testing (1953), from the lowest quarter alone: what lies above says how disturbed the machine was. One process
    does not know how others differ: infinity.
    """
    if len(times) < 2:
        return math.inf
    above = np.sort(np.log(times)) - math.log(min(times))
    n = len(above)
    lowest = max(1, n // 4)
    return float(above[1 : lowest + 1].sum() + (n - 1 - lowest) * above[lowest]) / lowest / n


def pooled(results: Iterable[Sequence[float]]) -> float:
    """The mean excess of all that a run measured in several processes; 0 if there is none."""
    found = [excess(times) for times in results if len(times) > 1]
    return float(np.mean(found)) if found else 0.0


@dataclass(frozen=True)
class Floor:
    """What something takes where nothing disturbs it: the logarithm of its seconds, and the variance of that."""

    log: float
    variance: float

    @classmethod
    def of(cls, times: Sequence[float], common: float) -> Floor:
        """From the least time of each process; their excess may be none by chance, so half is the run's `common`."""
        return cls(math.log(min(times)), (excess(times) ** 2 + common**2) / 2 + RESTLESS**2)


def floor_interval(over: Sequence[Floor], under: Sequence[Floor], confidence: float) -> Interval:
    """The product of some floors divided by that of others, and its interval."""
    mean = sum(each.log for each in over) - sum(each.log for each in under)
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(sum(each.variance for each in (*over, *under)))
    return Interval(_exp(mean), _exp(mean - half), _exp(mean + half))
