"""Validate and time fastshallow and its peers in training: gradient descent, and Adam in mini-batches.

Prints tables, and writes JSON if asked. Single steps are in ``fastshallow bench --set peers``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..avx2 import AVX2
from ..one_thread import ONE_THREAD

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

AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
NARROW = {  # who is held to registers of 256 bits, each by its own means
    **AVX2,
    "NPY_DISABLE_CPU_FEATURES": AVX512,
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    arguments = parse(argv)
    # Libraries read these when they are imported, so nothing that imports one comes before.
    os.environ.update(ALWAYS | (WITHOUT_THREADS if arguments.threads == 1 else {}))
    if arguments.isa == "avx2":
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_max_isa=AVX2".strip()
        os.environ.update(NARROW | {"XLA_FLAGS": flags})
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
    parser.add_argument("--dtype", nargs="+", choices=("float32", "float64"), default=["float32", "float64"])
    parser.add_argument("--threads", type=lambda text: None if text == "all" else int(text), default=1, help="1 or all")
    parser.add_argument("--isa", choices=("native", "avx2"), default="native", help="avx2 holds all to 256 bits")
    parser.add_argument("--seconds", type=float, help="a tenth of the time for each implementation (default: 0.3)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="implementations to compare")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to compare (default: all)")
    parser.add_argument("--quick", action="store_true", help="few examples, few iterations, short times")
    parser.add_argument("--json", metavar="FILE", help="write all results there")
    arguments = parser.parse_args(argv)
    if arguments.threads not in (1, None):
        parser.error("--threads is 1 or all")
    if arguments.seconds is None:
        arguments.seconds = 0.02 if arguments.quick else 0.3
    return arguments


def run(arguments: argparse.Namespace) -> int:
    from fastshallow.measuring import cores, machine

    from .implementations import present

    implementations, missing = present(arguments.only)
    if missing:
        print(f"{missing}\n")
    threads = arguments.threads or cores()
    results: dict[str, Any] = {"machine": machine(), "threads": threads} | {part: [] for part in PARTS}
    for dtype in arguments.dtype:
        for part in arguments.parts:
            PARTS[part](arguments, dtype, implementations, threads, results)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 0


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


PARTS = {"training": run_training, "batches": run_batches}


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
