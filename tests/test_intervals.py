"""What samples allow to say: exact values, how often intervals hold on simulated noise, and verdicts."""

import math

import numpy as np
import pytest

from fastshallow.measuring.intervals import (
    RESTLESS,
    Floor,
    depth,
    excess,
    fewest,
    floor_interval,
    median_interval,
    narrow,
    pooled,
    ratio_interval,
    verdict,
)  # fmt: skip
from fastshallow.measuring.records import Interval


@pytest.mark.parametrize(("n", "k"), [(5, 0), (6, 1), (8, 1), (9, 2), (20, 6), (100, 40), (1000, 469)])
def test_depths_are_those_of_the_binomial_table(n, k):
    assert depth(n, 0.95) == k


def test_six_values_are_the_fewest_for_95_percent():
    assert fewest(0.95) == 6 and fewest(0.5) == 2
    assert median_interval(np.array([3.0, 1.0, 2.0])) == (2.0, -math.inf, math.inf)
    assert median_interval(np.array([6.0, 1.0, 5.0, 2.0, 4.0, 3.0])) == (3.5, 1.0, 6.0)


def noisy(random, rounds):
    """Seconds of two functions, the second 1.2 times as fast: bursts slow both, and each has a tail of its own."""
    burst = 1 + 0.8 * (random.random(rounds) < 0.3)
    tails = np.exp(0.05 * random.standard_normal((2, rounds))) + (random.random((2, rounds)) < 0.1) * random.pareto(
        1.5, (2, rounds)
    )
    return 1.2 * burst * tails[0], burst * tails[1]


def test_the_interval_of_a_ratio_holds_as_often_as_it_says():
    """At least 95 % of 1000, by three standard deviations of their number."""
    random = np.random.default_rng(5)
    found = [ratio_interval(*noisy(random, 60)) for _ in range(1000)]
    held = sum(each.low <= 1.2 <= each.high for each in found)
    assert 930 <= held <= 990
    assert np.median([each.high / each.low for each in found]) < 1.1
    assert sum(each.low > 1.2 * 1.05 or each.high < 1.2 / 1.05 for each in found) == 0


def test_pairs_take_out_what_slows_both():
    random = np.random.default_rng(1)
    slow = np.exp(random.standard_normal(100))  # a machine that changes its clock
    one, other = (slow * np.exp(0.01 * random.standard_normal(100)) for _ in range(2))
    assert narrow(ratio_interval(one, other), 0.01)
    assert not narrow(ratio_interval(one, random.permutation(other)), 0.2)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.1, 1.3, "faster"), (0.7, 0.9, "slower"), (0.97, 1.03, "no difference"), (1.01, 1.03, "no difference"),
        (0.9, 1.02, "unresolved"), (0.99, 1.2, "unresolved"), (0.0, math.inf, "unresolved"), (1.01, 1.2, "faster"),
    ],
)  # fmt: skip
def test_verdicts(low, high, expected):
    assert verdict(Interval((low + high) / 2, low, high), 0.05) == expected


def test_the_excess_of_few_times():
    """By hand: the lowest quarter of four is one, 0.1 above the least, and two lie above: (0.1 + 2 x 0.1) / 4."""
    times = 3.0 * np.exp([0.5, 0.1, 0.0, 0.3])
    assert excess(times) == pytest.approx(0.3 / 4)
    assert excess(times * np.exp([0.5, 0, 0, 0.9])) == excess(times)  # how slow a disturbed process was
    assert pooled([times, [1.0], [2.0, 2.0]]) == pytest.approx(0.3 / 8) and pooled([[1.0]]) == 0.0


def test_what_one_process_alone_has_timed_is_unresolved():
    """Where the others left it out as too slow, in a run of several."""
    alone = Floor.of([1.0], common=0.01)
    found = floor_interval([alone], [Floor.of([2.0, 2.0], common=0.01)], 0.95)
    assert (found.value, found.low, found.high) == (0.5, 0.0, math.inf) and verdict(found, 0.08) == "unresolved"


def test_processes_that_agree_by_chance_are_not_believed():
    same = Floor.of([2.0, 2.0, 2.0], common=0.02)
    assert same.log == math.log(2.0)
    assert same.variance == pytest.approx(0.02**2 / 2 + RESTLESS**2)
    noisy = Floor.of([1.0, math.exp(0.3)], common=0.0)  # one cell's own
    assert noisy.variance == pytest.approx(0.15**2 / 2 + RESTLESS**2)


def test_floors_are_multiplied_and_divided():
    a, b, c = (Floor(math.log(value), 1e-4) for value in (6.0, 2.0, 4.0))
    found = floor_interval([a, b], [c], 0.95)
    half = math.exp(1.959964 * math.sqrt(3e-4))
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 3.0 / half, 3.0 * half))


@pytest.mark.parametrize("processes", [4, 12])
def test_the_interval_of_processes_holds_as_often_as_it_says(processes):
    """20 cells of a run whose processes lie 3 % above their floors in the mean, and some far above."""
    random, held = np.random.default_rng(2), 0
    for _ in range(100):
        above = random.exponential(0.03, (20, 2, processes)) + 0.4 * (random.random((20, 2, processes)) < 0.2)
        times = np.exp(above)
        common = pooled(times.reshape(40, processes))
        for one, other in times:
            found = floor_interval([Floor.of(one, common)], [Floor.of(other, common)], 0.95)
            held += found.low <= 1 <= found.high
    assert 0.92 * 2000 < held < 0.995 * 2000
