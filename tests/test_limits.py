"""What a step takes at least, and what is done with what seems faster."""

from dataclasses import replace

import pytest

from fastshallow.measuring import Case, limits, pooling
from fastshallow.measuring.records import Cell, Limits, Reads, Result, Spread

CASE = Case(2, 4, 1, 10)
READS = [Reads("L1", 64, 256.0), Reads("L2", 256, 128.0), Reads("memory", 4096, 64.0)]


def test_flops_and_bytes_by_hand():
    assert CASE.flops == 10 * (2 * 8 + 2 * 8 + 3 * 2 * 4)
    assert CASE.bytes == 4 * (10 * 3 + 2 * 17)
    assert Case(2, 4, 1, 10, dtype="float64").bytes == 2 * CASE.bytes


@pytest.mark.parametrize(
    ("peak", "case", "seconds", "by"),
    [
        (560.0, CASE, 2.0, "memory"),  # 256 bytes, which L2 holds
        (140.0, CASE, 4.0, "arithmetic"),
        (1e9, replace(CASE, n_x=1, n_h=1, m=1), 40 / 256, "memory"),  # smaller than what was read from L1
        (1e9, replace(CASE, m=2000), 4 * (6000 + 34) / 64, "memory"),
    ],
)
def test_the_slower_of_both_counts(peak, case, seconds, by):
    found = limits.bound(case, Limits("float32", 1, peak, READS))
    assert (found.seconds, found.by) == (pytest.approx(seconds), by)


def test_levels_are_halves_of_caches(monkeypatch):
    monkeypatch.setattr(limits, "caches", lambda: {"L1": 2**15, "L2": 2**19, "L3": 2**25})
    assert limits.sizes() == {"L1": 2**14, "L2": 2**18, "L3": 2**21, "memory": 2**28}
    monkeypatch.setattr(limits, "caches", dict)
    assert limits.sizes() == {"L1": 2**14, "L2": 2**17, "memory": 2**28}


@pytest.fixture
def peaks(monkeypatch):
    """Limits that come out so, one after the other."""

    def say(*values):
        left = iter(values)
        monkeypatch.setattr(
            limits, "_measure", lambda dtype, threads: Limits(dtype, threads, next(left), [Reads("L1", 1, 1e30)])
        )
        return left

    limits._found.cache_clear()
    yield say
    limits._found.cache_clear()


def cell(seconds):
    spread = Spread(*[seconds] * 5, turns=9, calls=1)
    return Cell(
        CASE, 1, CASE.flops, CASE.bytes, None, [Result("numpy", seconds=spread), Result("loops", reason="slow")]
    )


def test_limits_are_measured_once(peaks):
    peaks(560.0)
    for _ in range(3):
        (numpy, loops) = pooling.limited(cell(4.0)).results
        assert numpy.of_limit == 0.25 and loops.of_limit is None


def test_what_is_faster_than_the_limit_measures_it_again(peaks):
    left = peaks(280.0, 200.0, 1120.0, 9999.0)
    found = pooling.limited(cell(1.0))
    assert found.limit.seconds == 0.5 and found.results[0].of_limit == 0.5
    assert list(left) == [9999.0]
    assert limits.measured("float32", 1).flops_per_second == 1120.0  # the best of all, for all that follow


def test_what_stays_faster_has_no_share(peaks):
    peaks(*[280.0] * 4)
    assert pooling.limited(cell(1.0)).results[0].of_limit is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_measured_here(dtype):
    """Loops that the compiler has not emptied: no core multiplies or reads at such rates."""
    found = limits.measured(dtype)
    assert 1e8 < found.flops_per_second < 1e12
    assert all(1e8 < each.bytes_per_second < 4e12 for each in found.reads)
    assert found.reads[-1].level == "memory"
