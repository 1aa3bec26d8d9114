"""How the time of an epoch, and memory, grow with the examples: 30-64-1, tanh, float32, one thread.

Times are the best of several runs by turns, an epoch divided by its examples: constant if time is linear. Memory is
what a run of two epochs allocates at most, beyond the data, by tracemalloc: NumPy's arrays, in which kernels work too,
and Python's objects. With a million examples, the peak of the whole process under Linux was within 2 % of it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from .one_thread import ONE_THREAD

WAYS: dict[str, dict[str, Any]] = {
    "all examples": {},
    "in blocks": {"batch_size": 200, "shuffle": "blocks"},
    "shuffled": {"batch_size": 200, "shuffle": True},
}
TIMED = 10**6  # examples, so that what a call of train takes on its own does not count


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--large", action="store_true", help="go to 10,000,000 examples, in 4 GB of memory")
    parser.add_argument("--examples", nargs="+", type=int, metavar="M", help="default: 1,000 to 1,000,000")
    parser.add_argument("--order", choices="CF", default="F", help="F: the features of an example are neighbours")
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each way at each number (default: 1)")
    arguments = parser.parse_args(argv)
    os.environ.update(ONE_THREAD)  # before NumPy is imported: it reads them then
    from fastshallow.command.console import show_table

    examples = arguments.examples or [10**power for power in range(3, 8 if arguments.large else 7)]
    print("Training: 30-64-1, tanh, float32, one thread: time an epoch and example, and memory beyond the data,")
    print("for steps on all examples, and on 200, shuffled in blocks of neighbours or wholly\n")
    show_table(*table([measure(m, arguments.order, arguments.seconds) for m in examples]))
    return 0


def measure(m: int, order: str, seconds: float) -> tuple[int, dict[str, float], dict[str, int]]:
    """Examples, then by way seconds an epoch and example, and bytes at the peak."""
    import numpy as np

    import fastshallow as fs
    from fastshallow.measuring import Case, compare
    from fastshallow.measuring.cells import peak

    X, Y, parameters = Case(30, 64, 1, m).arguments()
    X = np.asarray(X, order=order)
    epochs = max(2, TIMED // m)
    train = partial(fs.train, X, Y, parameters=parameters, learning_rate=0.01, seed=1, threads=1, backend="fused")
    runs = {name: partial(train, epochs=epochs, **way) for name, way in WAYS.items()}
    times = {name: found.minimum for name, found in compare(runs, seconds=seconds).items()}
    memory = {name: peak(partial(train, epochs=2, **way)) for name, way in WAYS.items()}
    return m, {name: time / epochs / m for name, time in times.items()}, memory


def table(measured: Sequence[tuple[int, dict[str, float], dict[str, int]]]) -> tuple[list[str], list[list[str]]]:
    """Header and rows."""
    from fastshallow.command.console import seconds_text

    header = ["examples", "data"]
    for name in WAYS:
        header += [name, "memory"]
    rows = []
    for m, times, memory in measured:
        row = [f"{m:,}", bytes_text(m * 31 * 4)]
        for name in WAYS:
            row += [seconds_text(times[name]), bytes_text(memory[name])]
        rows.append(row)
    return header, rows


def bytes_text(count: int) -> str:
    """A size in the unit that suits it, to three digits."""
    from fastshallow.command.console import digits

    for unit, size in ("GB", 1e9), ("MB", 1e6):
        if count >= size:
            return f"{digits(count / size)} {unit}"
    return f"{digits(count / 1e3)} kB"


if __name__ == "__main__":
    sys.exit(main())
