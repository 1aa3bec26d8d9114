"""What samples allow to say: exact values, how often intervals hold on simulated noise, and verdicts."""

import math

import numpy as np
import pytest

from fastshallow.measuring.intervals import (
    PRIOR,
    Scatter,
    depth,
    fewest,
    median_interval,
    narrow,
    process_interval,
    ratio_interval,
    student,
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


@pytest.mark.parametrize(
    ("confidence", "freedom", "expected"),
    [(0.95, 6, 2.4469), (0.95, 30, 2.0423), (0.99, 8, 3.3554), (0.998, 12, 3.9296)],
)
def test_student_is_that_of_the_tables(confidence, freedom, expected):
    assert student(confidence, freedom) == pytest.approx(expected, rel=0.005)


def test_processes_that_agree_by_chance_are_not_believed():
    scatter = Scatter.of([[0.0, 0.02, 0.04]] * 5)
    assert scatter.variance == pytest.approx(0.02**2 / (1 - 1 / 9) ** 3)
    same = [0.1, 0.1, 0.1]
    variance, freedom = scatter.error(same)
    assert freedom == PRIOR + 2
    assert variance == pytest.approx(PRIOR * scatter.variance / (PRIOR + 2) / 3)
    found = process_interval(same, scatter, 0.95)
    assert found.value == pytest.approx(math.exp(0.1)) and found.low < 0.99 * found.value


def test_a_noisy_cell_has_its_own_variance():
    scatter = Scatter(1e-6)
    assert scatter.error([0.0, 0.2])[0] == pytest.approx(0.02 / 2)


@pytest.mark.parametrize("processes", [3, 5])
def test_the_interval_of_processes_holds_as_often_as_it_says(processes):
    """20 cells of a run whose processes lie 3 % apart: those of one cell alone would be far too few."""
    random, held = np.random.default_rng(2), 0
    for _ in range(100):
        cells = 0.03 * random.standard_normal((20, processes))
        scatter = Scatter.of(cells)
        held += sum(each.low <= 1 <= each.high for each in (process_interval(cell, scatter, 0.95) for cell in cells))
    assert 0.93 * 2000 < held < 0.99 * 2000
