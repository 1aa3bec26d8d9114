"""A cluster of local workers, of one thread each: the time of a step, its bits, and from which size on it pays.

The network is 30-64-1, tanh, float32, trained by gradient descent. Times are the least of a run's steps. Overhead is
the time of a step on 512 examples, which take none themselves. Workers are processes of this machine, and share its
processors with each other, the scheduler and the client.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from threading import Timer
from typing import Any, NamedTuple

from .one_thread import ONE_THREAD

BLOCKS = 16
SIZES = [10**4, 10**5, 10**6]
PAPER = [1, 10, 100, 1000]  # workers


class Run(NamedTuple):
    """A network, the time of its quickest step, and of its longest."""

    network: Any
    step: float
    longest: float


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--examples", type=int, default=2 * 10**6, metavar="M", help="default: 2,000,000")
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4], help="default: 1 2 4")
    parser.add_argument("--epochs", type=int, default=12, help="of each run (default: 12)")
    arguments = parser.parse_args(argv)
    os.environ.update(ONE_THREAD)  # before NumPy is imported: it reads them then
    from fastshallow.command.console import seconds_text, show_table

    m, pair = arguments.examples, min(2, max(arguments.workers))
    alone = {size: train(None, size, arguments.epochs) for size in [*SIZES, m]}
    runs, overhead, killed, small = {}, {}, None, {}
    for workers in arguments.workers:
        with start(workers) as client:
            overhead[workers] = train(client, 32 * BLOCKS, 100).step
            runs[workers] = train(client, m, arguments.epochs)
            if workers == pair:
                small = {size: train(client, size, arguments.epochs) for size in SIZES}
        if workers == pair and workers > 1:
            with start(workers) as client:
                killed = train(client, m, arguments.epochs, partial(kill, client, 3, runs[workers].step / 2))
    first = next(iter(runs.values()))
    print(f"{m:,} examples in {BLOCKS} chunks; a step of fs.train on one thread: {seconds_text(alone[m].step)}\n")
    rows = [
        [
            str(workers),
            seconds_text(run.step),
            seconds_text(overhead[workers]),
            cost(run),
            "yes" if same(run, first) else "NO",
        ]
        for workers, run in runs.items()
    ]
    if killed:
        rows.append([f"{pair}, one killed", f"{seconds_text(killed.step)}, once {seconds_text(killed.longest)}", ""])
        rows[-1] += [cost(killed), "yes" if same(killed, first) else "NO"]
    rows.append(["fs.train", seconds_text(alone[m].step), "", cost(alone[m]), "to rounding"])
    show_table(["workers", "step", "of it overhead", "last cost", "same bits"], rows)
    print(f"\nA step on one thread, and on {pair} workers\n")
    both = {**small, m: runs[pair]}
    show_table(
        ["examples", "fs.train", f"{pair} workers", "speedup"],
        [
            [f"{n:,}", seconds_text(alone[n].step), seconds_text(run.step), f"{alone[n].step / run.step:.2f}"]
            for n, run in both.items()
        ],
    )
    model(alone[m].step / m, overhead)
    return 0 if all(same(run, first) for run in [*runs.values(), *([killed] if killed else [])]) else 1


def model(example: float, overhead: dict[int, float]) -> None:
    """Print what a step takes on paper: T(w) = a + b w + c m / w."""
    import numpy as np

    from fastshallow.command.console import seconds_text, show_table

    b, a = np.polyfit(list(overhead), list(overhead.values()), 1) if len(overhead) > 1 else (0.0, overhead.popitem()[1])
    a, b = max(a, 0.0), max(b, 1e-5)
    constants = f"a = {seconds_text(a)}, b = {seconds_text(b)} a worker, c = {example * 1e9:.1f} ns an example"
    print(f"\nOn paper a step takes a + b w + c m / w on w workers: {constants}\n")
    rows = []
    for w in PAPER:
        pays = (a + b * w) / (example * (1.0 - 1.0 / w)) if w > 1 else None
        tenfold = [seconds_text(a + b * w + example * m / w) for m in (10**6, 10**8, 10**10)]
        rows.append([f"{w:,}", *tenfold, f"{pays:,.0f}" if pays else "never"])
    show_table(["workers", "10^6 examples", "10^8", "10^10", "faster than one from"], rows)


def start(workers: int) -> Any:
    """A client of so many workers."""
    from dask.distributed import Client

    return Client(
        n_workers=workers, threads_per_worker=1, processes=True, direct_to_workers=True, dashboard_address=":0"
    )


def train(client: Any, m: int, epochs: int, callbacks: Any = ()) -> Run:
    """Train on a cluster, or without a client on one thread of this process."""
    import dask.array as da
    import numpy as np

    import fastshallow as fs

    chunk = -(-m // BLOCKS)
    X = da.random.default_rng(1).standard_normal((30, m), chunks=(30, chunk), dtype=np.float32)
    Y = (X[:1] * X[1:2] > 0).astype(np.float32)
    options: Any = {"n_h": 64, "epochs": epochs, "learning_rate": 0.1, "scale": "xavier", "seed": 1, "threads": 1}
    if client is None:
        X, Y = da.compute(X, Y, scheduler="threads")
        net = fs.train(X, Y, callbacks=lambda _: None, **options)  # so that it looks at the clock after each step
    else:
        X, Y = client.persist((X, Y))
        net = fs.dask.train(X, Y, client=client, callbacks=callbacks, **options)
    steps = np.diff(net.history.seconds)
    return Run(net, float(steps.min()), float(steps.max()))


def kill(client: Any, epoch: int, delay: float, progress: Any) -> None:
    """Kill a worker in the middle of the step after this epoch."""
    if progress.epoch == epoch:
        pid = min(client.run(os.getpid).items())[1]
        Timer(delay, os.kill, (pid, signal.SIGKILL)).start()


def same(run: Run, other: Run) -> bool:
    """Whether two runs have the same bits."""
    return all((a == b).all() for a, b in zip(run.network.parameters, other.network.parameters, strict=True)) and bool(
        (run.network.history.cost == other.network.history.cost).all()
    )


def cost(run: Run) -> str:
    """The last cost, to all its digits."""
    return f"{run.network.history.cost[-1]:.17g}"


if __name__ == "__main__":
    sys.exit(main())
