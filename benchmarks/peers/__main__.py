"""Validate and time fastshallow and its peers: one step, gradient descent, and Adam in mini-batches.

Prints tables, and writes JSON or draws a roofline if asked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from ..one_thread import ONE_THREAD

CELLS = {  # examples by shape
    (2, 4, 1): (1, 64, 1024, 131072),
    (30, 64, 1): (1, 32, 256, 16384, 131072),
    (784, 128, 10): (1, 32, 1024, 16384),
    (1024, 1024, 1): (1, 32, 256, 16384),
}
WITHOUT_THREADS = {
    **ONE_THREAD,
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
ALWAYS = {
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",  # else compilers go on beside what is timed
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    arguments = parse(argv)
    # Libraries read these when they are imported, so nothing that imports one comes before.
    os.environ.update(ALWAYS | (WITHOUT_THREADS if arguments.threads == 1 else {}))
    from fastshallow.measuring import WrongAnswerError

    try:
        return run(arguments)
    except WrongAnswerError as error:
        print(f"wrong answer: {error}", file=sys.stderr)
        return 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    from .implementations import IMPLEMENTATIONS

    names = [one.name for one in IMPLEMENTATIONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--shape", nargs="+", type=shape, metavar="N_X-N_H-N_Y", help="of single steps (default: four)")
    parser.add_argument(
        "--batch-sizes", nargs="+", type=positive, metavar="M", help="of single steps (default: four or five a shape)"
    )
    parser.add_argument("--dtype", nargs="+", choices=("float32", "float64"), default=["float32", "float64"])
    parser.add_argument("--threads", type=lambda text: None if text == "all" else int(text), default=1, help="1 or all")
    parser.add_argument("--seconds", type=float, help="time for each implementation of each cell (default: 0.3)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="implementations to compare")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to compare (default: all)")
    parser.add_argument("--quick", action="store_true", help="few examples, few iterations, short times")
    parser.add_argument("--json", metavar="FILE", help="write all results there")
    parser.add_argument("--plot", metavar="FILE", help="draw a roofline there")
    arguments = parser.parse_args(argv)
    if arguments.threads not in (1, None):
        parser.error("--threads is 1 or all")
    if arguments.plot and "steps" not in arguments.parts:
        parser.error("--plot draws steps, which --parts leaves out")
    if arguments.seconds is None:
        arguments.seconds = 0.02 if arguments.quick else 0.3
    return arguments


def shape(text: str) -> tuple[int, int, int]:
    n_x, n_h, n_y = (positive(part) for part in text.split("-"))
    return n_x, n_h, n_y


def positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    from fastshallow.measuring import machine

    from .implementations import present
    from .limits import cores

    implementations, missing = present(arguments.only, extras=["matplotlib"] if arguments.plot else [])
    if missing:
        print(f"{missing}\n")
    threads = arguments.threads or cores()
    results: dict[str, Any] = {"machine": machine(), "threads": threads, "limits": {}} | {part: [] for part in PARTS}
    for dtype in arguments.dtype:
        for part in arguments.parts:
            PARTS[part](arguments, dtype, implementations, threads, results)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    if arguments.plot and "matplotlib" not in missing:
        from .drawing import draw

        draw(results, arguments.plot)
    return 0


def run_steps(
    arguments: argparse.Namespace, dtype: str, implementations: list[Any], threads: int, results: dict[str, Any]
) -> None:
    from fastshallow.command.console import progress_bar

    from . import steps
    from .limits import Limits

    limits, measured, chosen = Limits(dtype, threads), [], [case for case in cases(arguments) if case.dtype == dtype]
    with progress_bar("validating and timing") as show:
        for done, case in enumerate(chosen, 1):
            measured.append(steps.measure(steps.fitting(case), implementations, limits, threads, arguments.seconds))
            if show:
                show(done, len(chosen), str(case))
    roofs = results["limits"][dtype] = limits.roofs()
    measured = [replace(one, limit=limits.seconds(one.case)) for one in measured]
    print(f"One step (cost and gradients): tanh, {dtype}, {'one thread' if threads == 1 else f'{threads} threads'}")
    print(
        f"Limits measured: {roofs['peak'] / 1e9:.0f} GF/s; reads {roofs['L2'] / 1e9:.0f} GB/s from L2, "
        f"{roofs['memory'] / 1e9:.0f} GB/s from memory\n"
    )
    show_table(*steps.table(measured))
    results["steps"] += [one.as_dict() for one in measured]


def run_training(
    arguments: argparse.Namespace, dtype: str, implementations: list[Any], threads: int, results: dict[str, Any]
) -> None:
    from . import training

    iterations = 1_000 if arguments.quick else 10_000
    trained = training.measure(implementations, dtype, threads, iterations, 10 * arguments.seconds)
    print(f"Training: planar flower, 2-4-1, 400 examples, {iterations:,} iterations, {dtype}\n")
    show_table(*training.table(trained))
    results["training"] += [asdict(one) for one in trained]


def run_batches(
    arguments: argparse.Namespace, dtype: str, implementations: list[Any], threads: int, results: dict[str, Any]
) -> None:
    from . import batches

    trained = []
    for task, epochs in batches.tasks(dtype, arguments.quick):
        trained += batches.measure(task, epochs, implementations, threads, 10 * arguments.seconds)
    print(f"Mini-batches: Adam, tanh, {dtype}, a new order each epoch\n")
    show_table(*batches.table(trained))
    results["batches"] += [asdict(one) for one in trained]


PARTS = {"steps": run_steps, "training": run_training, "batches": run_batches}


def cases(arguments: argparse.Namespace) -> list[Any]:
    """What is asked for; softmax where there are several outputs."""
    from fastshallow.measuring import Case

    cells = [
        Case(*sizes, m, "tanh", "softmax" if sizes[2] > 1 else "sigmoid", dtype)
        for dtype in arguments.dtype
        for sizes in arguments.shape or CELLS
        for m in sorted(set(arguments.batch_sizes or CELLS.get(sizes, (1, 32, 1024, 16384))))
    ]
    return [case for case in cells if case.m <= 256] if arguments.quick and not arguments.batch_sizes else cells


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table and a blank line, the first and last column aligned at the left."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in header, *rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        cells[0], cells[-1] = row[0].ljust(widths[0]), row[-1]
        print("  ".join(cells).rstrip())
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
