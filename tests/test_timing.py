"""Functions that take as long as a clock says: turns, pairs, stopping, and what the calibration loop tells."""

import gc

import numpy as np
import pytest

from fastshallow.measuring import compare, timing


class Clock:
    """A clock that functions move on."""

    def __init__(self):
        self.now, self.random, self.order, self.pace = 0.0, np.random.default_rng(3), [], 1.0

    def function(self, name, seconds, noise=0.0):
        def call():
            self.order.append(name)
            self.now += self.pace * seconds * (1 + noise * self.random.random())

        return call


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()

    def now():
        clock.now += 1e-9  # what the clock takes itself
        return clock.now

    monkeypatch.setattr(timing, "perf_counter", now)
    return clock


def test_ratio_and_verdict(clock):
    functions = {"slow": clock.function("slow", 3e-5, 0.01), "fast": clock.function("fast", 2e-5, 0.01)}
    found = compare(functions)
    assert found["fast"].ratio.value == pytest.approx(1.5, rel=0.01)
    assert found["fast"].ratio.low <= 1.5 <= found["fast"].ratio.high
    assert found["fast"].verdict == "faster"
    assert found["fast"].minimum == pytest.approx(2e-5, rel=0.01) and found["fast"].median < 2.02e-5
    assert found["slow"].verdict == "no difference" and found["slow"].ratio.value == 1.0
    assert compare(functions, "fast")["slow"].verdict == "slower"


def test_a_turn_is_long_enough_for_the_clock(clock):
    found = compare({"one": clock.function("one", 1e-6), "other": clock.function("other", 1e-2)})
    assert found["one"].calls == pytest.approx(200, abs=2) and found["other"].calls == 1


def test_what_differs_little_is_no_difference(clock):
    found = compare({"a": clock.function("a", 1e-4, 0.01), "b": clock.function("b", 1.01e-4, 0.01)}, precision=0.01)
    assert found["b"].verdict == "no difference"


def test_noise_forbids_a_verdict(clock):
    found = compare({"a": clock.function("a", 0.1, 5.0), "b": clock.function("b", 0.1, 5.0)}, seconds=0.1, seed=1)
    assert found["b"].verdict == "unresolved"
    assert len(found["b"].seconds) == 6  # the fewest that have an interval


def test_turns_end_when_the_interval_is_narrow_or_the_time_is_over(clock):
    exact = compare({"a": clock.function("a", 1e-3), "b": clock.function("b", 1e-3)}, seconds=10.0)
    assert len(exact["b"].seconds) == 20
    noisy = compare(
        {"a": clock.function("a", 1e-3, 1.0), "b": clock.function("b", 1e-3, 1.0)}, seconds=0.2, precision=1e-3
    )
    assert 100 < len(noisy["b"].seconds) < 200


def test_the_order_of_turns_is_random(clock):
    functions = {name: clock.function(name, 1e-2, 0.1) for name in "abc"}
    compare(functions, precision=1e-9, seconds=1.0, seed=1)
    turns = clock.order[6:]  # after those that tell how many calls a turn has
    firsts = [turns[i] for i in range(0, len(turns) - 2, 3)]
    assert {*firsts} == {*"abc"}
    assert all({*turns[i : i + 3]} == {*"abc"} for i in range(0, 60, 3))


def test_a_machine_that_slows_down_moves_no_ratio(clock):
    def slowing():
        clock.pace = 1.0 + (clock.now > 0.03)
        clock.now += 1e-3 * clock.pace

    found = compare({"a": slowing, "b": clock.function("b", 1e-3)}, seconds=1.0, precision=1e-9)
    assert found["b"].ratio.value == pytest.approx(1.0, rel=1e-3)
    assert max(found["b"].seconds) > 1.9 * min(found["b"].seconds)


def test_a_baseline_that_is_none_of_them():
    with pytest.raises(ValueError, match="baseline must be one of a, b, not 'c'"):
        compare({"a": int, "b": int}, "c")


def test_one_function_alone(clock):
    found = compare({"a": clock.function("a", 1e-3, 0.01)}, seconds=0.1)
    assert found["a"].median == pytest.approx(1e-3, rel=0.01)


def test_garbage_is_collected_again_afterwards(clock):
    seen = []
    compare({"a": lambda: (seen.append(gc.isenabled()), clock.function("a", 1.0)())})
    assert not any(seen) and gc.isenabled()


def test_calibration():
    quiet = timing.calibration(np.full(100, 1e-5))
    assert (quiet.disturbed, quiet.drift, quiet.note) == (0.0, 1.0, "")
    half = timing.calibration(np.tile([1e-5, 1.2e-5], 50))
    assert half.disturbed == 0.5 and half.note.startswith("50 % of the calibration loops took over 10 % longer")
    throttled = timing.calibration(np.repeat([1e-5, 1.5e-5], [95, 5]) * np.linspace(1, 1.3, 100))
    assert throttled.drift > 1.2 and "times slower than in another" in throttled.note
