"""Many networks of the same data: 2-4-1 on the flower by all of 400 examples, beside JAX's vmap and scikit-learn.

``python -m benchmarks.many`` trains 100 networks from as many seeds, first checks that those trained at once have the
bits of those trained alone, then prints how long each way takes, and how long processors work for it, which tells more
where others use the machine. What is not installed is left out. It takes some four minutes, with ``--quick`` one. Where
a way is slow, fewer networks are timed, and the table says how many.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from time import perf_counter, process_time
from typing import Any

from .one_thread import ONE_THREAD
from .peers.implementations import installed

SIZES = {"n_h": 4, "learning_rate": 1.2, "scale": 0.01}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many", description=__doc__)
    parser.add_argument("--networks", type=int, default=100, help="default: 100")
    parser.add_argument("--epochs", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--repeats", type=int, default=2, help="the least of so many times counts; default: 2")
    parser.add_argument("--threads", type=int, default=2, help="of the rows with several; default: 2")
    parser.add_argument("--quick", action="store_true", help="20 networks, once")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.networks, arguments.repeats = 20, 1
    os.environ.update(ONE_THREAD)  # read when NumPy is imported
    os.environ.update({"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_ENABLE_X64": "1"})  # and when JAX is
    count, epochs = arguments.networks, arguments.epochs
    ways = [*ours(count, epochs, arguments.threads), *theirs(count, epochs)]
    check(epochs // 100)
    show(ways, count, epochs, arguments.repeats)
    show_parts(epochs)
    return 0


Way = tuple[str, str, int, Callable[[], Any]]  # its name, the dtype, how many networks, and what trains them


def ours(count: int, epochs: int, threads: int) -> list[Way]:
    """fs.train again and again, and fs.train_many."""
    import fastshallow as fs

    X, Y = fs.datasets.planar_flower()
    ways: list[Way] = []
    for dtype in ("float64", "float32"):
        A, B = X.astype(dtype), Y.astype(dtype)

        def alone(A: Any = A, B: Any = B) -> None:
            for seed in range(count):
                fs.train(A, B, epochs=epochs, seed=seed, threads=1, **SIZES)

        def many(number: int, every: int = 1, A: Any = A, B: Any = B) -> Callable[[], Any]:
            options = {"epochs": epochs, "threads": number, "cost_every": every, **SIZES}
            return lambda: fs.train_many(A, B, seeds=range(count), **options)

        ways += [
            ("fs.train, one after the other", dtype, count, alone),
            ("fs.train_many, 1 thread", dtype, count, many(1)),
            ("fs.train_many, 1 thread, cost_every=100", dtype, count, many(1, 100)),
            (f"fs.train_many, {threads} threads", dtype, count, many(threads)),
            (f"fs.train_many, {threads} threads, cost_every=100", dtype, count, many(threads, 100)),
        ]
    return ways


def theirs(count: int, epochs: int) -> list[Way]:
    """JAX's vmap of the whole loop, and scikit-learn's MLP again and again."""
    import fastshallow as fs

    X, Y = fs.datasets.planar_flower()
    starts = [fs.initialize_parameters(2, 4, 1, 0.01, seed) for seed in range(count)]
    ways: list[Way] = []
    if installed("jax"):
        for dtype in ("float64", "float32"):
            arrays = X.astype(dtype), Y.astype(dtype), [start._make(a.astype(dtype) for a in start) for start in starts]
            ways.append(("JAX: vmap of the whole loop", dtype, count, jax_way(*arrays, epochs)))
    if installed("sklearn"):
        from .peers.with_sklearn import train

        few = min(2, count)
        runs = [train((X, Y, start), 1.2, 1) for start in starts[:few]]
        ways.append(("scikit-learn's MLPClassifier", "float64", few, lambda: [run(epochs) for run in runs]))
    return ways


def jax_way(X: Any, Y: Any, starts: Sequence[Any], epochs: int) -> Callable[[], Any]:
    """All networks in one compiled call, which is compiled now."""
    import jax
    import numpy as np

    from fastshallow.formulas import Parameters
    from fastshallow.measuring.with_jax import arrays, make_cost

    stacked = Parameters(*(np.stack(each) for each in zip(*starts, strict=True)))
    rows, labels, _ = arrays((X, Y, starts[0]))
    cost = make_cost("tanh", "sigmoid")
    start = jax.tree.map(jax.numpy.asarray, jax.vmap(lambda p: arrays((X, Y, p))[2])(stacked))

    def descend(p: Any, X: Any, Y: Any) -> Any:
        def update(_: int, p: Any) -> Any:
            return jax.tree.map(lambda w, dw: w - 1.2 * dw, p, jax.grad(cost)(p, X, Y))

        return jax.lax.fori_loop(0, epochs, update, p)

    compiled = jax.jit(jax.vmap(descend, in_axes=(0, None, None))).lower(start, rows, labels).compile()
    return lambda: jax.block_until_ready(compiled(start, rows, labels))


def check(epochs: int) -> None:
    """Refuse to time what gives other bits."""
    import numpy as np

    import fastshallow as fs

    X, Y = fs.datasets.planar_flower()
    for seed, net in enumerate(fs.train_many(X, Y, seeds=range(5), epochs=epochs, threads=2, **SIZES)):
        alone = fs.train(X, Y, epochs=epochs, seed=seed, **SIZES)
        same = (np.array_equal(a, b) for a, b in zip(net.parameters, alone.parameters, strict=True))
        if not all(same) or not np.array_equal(net.history.cost, alone.history.cost):
            raise SystemExit(f"the network of seed {seed} has other bits than alone")


def show(ways: Sequence[Way], count: int, epochs: int, repeats: int) -> None:
    """The table of times."""
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    least = [(float("inf"), float("inf"))] * len(ways)
    for _ in range(repeats):
        for i, (*_, timed, run) in enumerate(ways):
            begun, used = perf_counter(), process_time()
            run()
            found = (perf_counter() - begun) / timed, (process_time() - used) / timed
            least[i] = min(least[i][0], found[0]), min(least[i][1], found[1])
    rows = []
    for (seconds, work), (name, dtype, timed, _) in zip(least, ways, strict=True):
        times = [seconds_text(count * seconds), f"{least[0][0] / seconds:.2f}", seconds_text(count * work)]
        scaled = "" if timed == count else f"{timed} timed"
        rows.append([name, dtype, *times, f"{least[0][1] / work:.2f}", scaled])
    print(f"{count} networks 2-4-1, 400 examples, {epochs:,} epochs: the least of {repeats}, and times the first row\n")
    show_table(("", "dtype", "time", "faster", "processors' time", "less", ""), rows, left=(0, 1, 6))


def show_parts(epochs: int) -> None:
    """What an epoch of one network consists of, and what a run costs beside its epochs."""
    import fastshallow as fs
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    X, Y = fs.datasets.planar_flower()

    def least(run: Callable[[], Any], times: int = 7) -> float:
        found = []
        for _ in range(times):
            begun = process_time()
            run()
            found.append(process_time() - begun)
        return min(found)

    rows = []
    for m in (1, 8, 40, 400):
        A, B = X[:, :: 400 // m].copy(), Y[:, :: 400 // m].copy()
        one = least(lambda A=A, B=B: fs.train(A, B, epochs=1, seed=0, threads=1, **SIZES), 20)
        runs = [
            least(lambda A=A, B=B, more=more: fs.train(A, B, epochs=epochs, seed=0, threads=1, **SIZES | more))
            for more in ({}, {"cost_every": epochs}, {"cost_every": epochs, "hidden": "identity", "learning_rate": 0.1})
        ]
        rows.append([str(m), *(seconds_text((run - one) / epochs) for run in runs), seconds_text(one)])
    print("an epoch of one network, float64, one thread; and a run of one epoch, of which nearly all is Python\n")
    show_table(("examples", "epoch", "without costs", "and without tanh", "a run of one epoch"), rows)


if __name__ == "__main__":
    sys.exit(main())
