"""How long functions take, and whether one is faster: turns in random order, in pairs, with an interval."""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .intervals import fewest, narrow, ratio_interval, verdict
from .records import Calibration, Interval, Spread

Function = Callable[[], object]

TURN = 2e-4  # seconds that a turn takes at least: 1000 times what the clock and its call take
WARM_BELOW = 2e-3  # seconds a call from which on one brings its own data into the caches whatever ran before
SPIN = 1000  # steps of the calibration loop, about 10 us
DISTURBED = 1.1  # times the fastest loop


@dataclass(frozen=True)
class Timing:
    """Seconds a call in each turn, and the baseline's in the turns beside them."""

    seconds: NDArray[Any]
    baseline: NDArray[Any]
    calls: int  # in a turn
    ratio: Interval  # how many times as fast as the baseline
    verdict: str

    @property
    def median(self) -> float:
        """Seconds of a call, as one may expect them."""
        return float(np.median(self.seconds))

    @property
    def minimum(self) -> float:
        """Seconds of a call in its best turn."""
        return float(self.seconds.min())


@dataclass
class _Runner:
    """A function in its turns."""

    function: Function
    calls: int
    warm: bool
    seconds: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)
    spent: float = 0.0

    def turn(self) -> float:
        if self.warm:
            self.function()
        return elapsed(self.function, self.calls) / self.calls


def compare(
    functions: Mapping[str, Function],
    baseline: str | None = None,
    *,
    seconds: float = 1.0,
    precision: float = 0.02,
    confidence: float = 0.95,
    seed: int | None = None,
    pulse: list[float] | None = None,
) -> dict[str, Timing]:
    """Time functions against a baseline, which is one of them.

    Each round all take a turn, in random order; a turn is as many calls as take 0.2 ms, after a first one that brings
    the data back into the caches. A function has had enough turns when the interval of its ratio to the baseline is
    narrow, or after `seconds`, but six turns at least.

    Parameters
    ----------
    functions
        Calls without arguments, by name.
    baseline
        The name of that which the others are compared with; the first one if not given.
    seconds
        The time for the turns of each function, and of the baseline beside it.
    precision
        How far the interval of a ratio may go from it: 0.02 is 2 % to both sides. Differences below twice as much do
        not count.
    confidence
        Of the interval.
    seed
        Of the order.
    pulse
        A list for the times of the calibration loop, one a round; see `calibration`.

    Returns
    -------
    dict
        A `Timing` for each name: ``ratio.value`` times as fast as the baseline, between ``ratio.low`` and
        ``ratio.high``; ``verdict`` is "faster", "slower", "no difference" or "unresolved".

    Examples
    --------
    >>> found = compare({"sorted": lambda: sorted(range(99)), "list": lambda: list(range(99))})
    >>> found["list"].verdict  # doctest: +SKIP
    'faster'
    """
    first = baseline if baseline is not None else next(iter(functions))
    if first not in functions:
        raise ValueError(f"baseline must be one of {', '.join(functions)}, not {baseline!r}")
    order, least = random.Random(seed), fewest(confidence)
    pulse = [] if pulse is None else pulse
    with collecting_later():
        runners = {name: _prepare(function) for name, function in functions.items()}
        under_way = set(functions) - {first} or {first}
        while under_way:
            turns = list(under_way | {first})
            order.shuffle(turns)
            times = {name: runners[name].turn() for name in turns}
            pulse.append(spin())
            for name in list(under_way):
                runner = runners[name]
                runner.seconds.append(times[name])
                runner.baseline.append(times[first])
                runner.spent += max(times[name] * runner.calls, times[first] * runners[first].calls)
                turn = len(runner.seconds)
                if turn >= least and (runner.spent >= seconds or _narrow_now(runner, turn, precision, confidence)):
                    under_way.remove(name)
            if {first} != set(functions):
                runners[first].seconds.append(times[first])
    runners[first].baseline = runners[first].seconds
    return {name: _timing(runner, precision, confidence) for name, runner in runners.items()}


def _prepare(function: Function) -> _Runner:
    function()  # which may compile
    one = elapsed(function)
    if one < TURN:
        calls = calls_within(function, TURN)
        one = elapsed(function, calls) / calls
    return _Runner(function, max(1, math.ceil(TURN / one)), one < WARM_BELOW)


def _narrow_now(runner: _Runner, turn: int, precision: float, confidence: float) -> bool:
    """Whether the interval is narrow, which is looked at now and then: after 20, 25, 31, ... turns."""
    if turn < 20 or turn not in _LOOKS:
        return False
    return narrow(ratio_interval(np.array(runner.baseline), np.array(runner.seconds), confidence), precision)


_LOOKS = frozenset(round(20 * 1.25**i) for i in range(60))


def _timing(runner: _Runner, precision: float, confidence: float) -> Timing:
    times, baseline = np.array(runner.seconds), np.array(runner.baseline)
    ratio = ratio_interval(baseline, times, confidence)
    return Timing(times, baseline, runner.calls, ratio, verdict(ratio, 2 * precision))


@contextmanager
def collecting_later() -> Iterator[None]:
    """Keep the collector of garbage out of what is timed."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def elapsed(function: Function, calls: int = 1) -> float:
    """Seconds that so many calls take."""
    turns = repeat(None, calls)
    start = perf_counter()
    for _ in turns:
        function()
    return perf_counter() - start


def calls_within(function: Function, seconds: float) -> int:
    """How many calls take about `seconds`."""
    calls = 1
    while (spent := elapsed(function, calls)) < seconds / 4:
        calls *= 4
    return max(1, round(calls * seconds / spent))


def spin() -> float:
    """Seconds of the calibration loop, which touches no memory."""
    turns = repeat(None, SPIN)
    start = perf_counter()
    for _ in turns:
        pass
    return perf_counter() - start


def calibration(pulse: NDArray[Any]) -> Calibration:
    """What the calibration loops say of the machine, from their times in order."""
    fastest = float(pulse.min())
    tenths = [float(np.median(each)) for each in np.array_split(pulse, min(10, len(pulse)))]
    disturbed, drift = float(np.mean(pulse > DISTURBED * fastest)), max(tenths) / min(tenths)
    notes = []
    if disturbed > 0.1:
        notes.append(f"{100 * disturbed:.0f} % of the calibration loops took over 10 % longer than the fastest")
    if drift > 1.1:
        notes.append(f"in a tenth of the run the processor was {drift:.2f} times slower than in another")
    return Calibration(fastest, float(np.median(pulse)), disturbed, drift, "; ".join(notes))


def spread(seconds: NDArray[Any], calls: int) -> Spread:
    """The five numbers of all turns."""
    minimum, lower, median, upper, maximum = map(float, np.quantile(seconds, [0.0, 0.25, 0.5, 0.75, 1.0]))
    return Spread(minimum, lower, median, upper, maximum, len(seconds), calls)
