"""The commands: each takes what `cli` has parsed, prints a report, and returns the exit status."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from time import perf_counter
from typing import Any

import numpy as np

from ..backends import COMPILED, dispatch
from ..data import files
from ..measuring import report
from ..training import Network, Progress
from ..training import train as fit
from . import lessons, tables
from .console import digits, progress_bar, seconds_text, show_table
from .predictions import as_csv, as_json, predictions


def train(arguments: argparse.Namespace) -> int:
    """Train on a table, or on the planar flower; show how well and how fast it went; save the network."""
    if arguments.output:
        files.check_writable("--output", arguments.output)
    flower = arguments.data is None
    options = tables.Options.of(arguments)
    if flower and options != tables.Options():
        raise ValueError("--target, --ignore and their like go with a table: fastshallow train data.csv --target NAME")
    if flower:
        learnt, held_out = lessons.flower(arguments.test_fraction, arguments.seed)
    else:
        learnt, held_out = lessons.from_table(arguments.data, options, arguments.test_fraction, arguments.seed)
    X = learnt.X.astype(arguments.dtype, copy=False)
    Y = learnt.taught.astype(arguments.dtype, copy=False)

    n_h, epochs, learning_rate, scale = (4, 10_000, 1.2, 0.01) if flower else (16, 2_000, 0.1, "xavier")
    n_h, epochs = arguments.hidden_units or n_h, arguments.epochs or epochs
    if arguments.optimizer in ("rmsprop", "adam", "adamw"):
        learning_rate = 0.01
    learning_rate = arguments.learning_rate or learning_rate
    backend, reason = arguments.backend, "as asked"
    if backend == "auto":
        choice = dispatch.explain(len(X), n_h, len(Y), X.shape[1], arguments.dtype)
        backend, reason = choice.backend, choice.reason
    settings = {"hidden": arguments.hidden, "output": learnt.output, "seed": arguments.seed}
    settings |= {"learning_rate": learning_rate, "scale": scale, "optimizer": arguments.optimizer, "l2": arguments.l2}
    settings |= {"batch_size": arguments.batch_size, "patience": arguments.patience}
    settings["validation"] = 0.1 if arguments.patience else None

    def run(backend: str) -> tuple[Network, dict[str, Any]]:
        with progress_bar(backend, wanted=not arguments.json) as step:
            if step and backend in COMPILED:
                step(0, epochs, "compiling, or loading what is compiled")
            start = perf_counter()
            first = fit(X, Y, n_h, epochs=1, backend=backend, **settings)
            before = perf_counter() - start

            def show(progress: Progress) -> None:
                if step:
                    step(progress.epoch, epochs, f"cost {progress.cost:.6f}")

            network = fit(X, Y, n_h, epochs=epochs, backend=backend, callbacks=show, **settings)
        history = network.history
        if first.history.stopped == "interrupted" or not len(history.epoch):
            raise KeyboardInterrupt
        network = dataclasses.replace(network, features=learnt.features, target=learnt.target)
        return network, {
            "backend": backend,
            "compile_seconds": before,
            "seconds": float(history.seconds[-1]),
            "epochs": int(history.epoch[-1]) + 1,
            "stopped": history.stopped,
            "cost": float(history.cost[-1]),
            "training": lessons.score(network, learnt),
            "held_out": lessons.score(network, held_out) if held_out else None,
        }

    result: dict[str, Any] = {
        "data": learnt.name,
        "columns": learnt.report,
        "examples": X.shape[1],
        "examples_held_out": held_out.X.shape[1] if held_out else 0,
        "shape": [len(X), n_h, len(Y)],
        "epochs": epochs,
        "dtype": arguments.dtype,
        "reason": reason,
        "saved": arguments.output,
        **settings,
    }
    if not arguments.json:
        _announce(learnt, result, backend)
    network, result["run"] = run(backend)
    if arguments.output:
        network.save(arguments.output)
    stopped = network.history.stopped == "interrupted"
    if (flower if arguments.compare is None else arguments.compare) and not stopped and backend != "numpy":
        reference, result["reference"] = run("numpy")
        stopped = reference.history.stopped == "interrupted"
        if not stopped:
            result["comparison"] = lessons.compared(network, reference)
    if arguments.json:
        print(json.dumps(result))
    else:
        _show_training(result, arguments.data)
    return 130 if stopped else 0


def _announce(lesson: lessons.Lesson, result: dict[str, Any], backend: str) -> None:
    held_out = result["examples_held_out"]
    part = f", {held_out:,} of them held out" if held_out else ""
    print(f"data      {lesson.name}: {result['examples'] + held_out:,} examples{part}; {len(lesson.X)} features")
    for i, line in enumerate(lesson.report):
        print(f"{'' if i else 'columns':10}{line}")
    if lesson.target is not None:
        kind = "a number" if lesson.output == "identity" else f"{len(lesson.target.classes)} classes"
        if lesson.target.classes:
            kind += f", {tables.listed(lesson.target.classes, 6)}"
        print(f"target    {lesson.target.name!r}: {kind}")
        values = np.unique(lesson.Y) if lesson.output == "identity" else np.empty(0)
        if 0 < len(values) <= 20 and (values == np.round(values)).all():
            print(f"          it has only {len(values)} different values: with --classify they are classes")
    shape = "-".join(map(str, result["shape"]))
    print(f"network   {shape}, {result['hidden']}, {result['output']}, {result['dtype']}")
    rate = "" if result["optimizer"] == "lbfgs" else f", learning rate {result['learning_rate']:g}"
    size = f", batches of {result['batch_size']:,}" if result["batch_size"] else ""
    print(f"training  {result['epochs']:,} epochs, {result['optimizer'].replace('_', ' ')}{rate}{size}")
    print(f"backend   {backend}: {result['reason']}\n", flush=True)


def _show_training(result: dict[str, Any], data: str | None) -> None:
    run, comparison = result["run"], result.get("comparison")
    rows = []
    for one in (run, result["reference"]) if comparison else (run,):
        speed = f"{one['epochs'] / one['seconds']:,.0f}"
        row = [one["backend"], seconds_text(one["seconds"]), speed, f"{one['cost']:.6f}", _score_text(one["training"])]
        rows.append(row + ([_score_text(one["held_out"])] if one["held_out"] else []))
        if comparison:
            rows[-1].append(f"{digits(result['reference']['seconds'] / one['seconds'])}x")
    kind = "R2" if "r2" in run["training"] else "accuracy"
    header = ["", "time", "epochs/s", "cost", *([f"{kind}, training", "held out"] if run["held_out"] else [kind])]
    show_table(header + (["speed"] if comparison else []), rows)
    if run["stopped"]:
        print(f"Ended after {run['epochs']:,} of {result['epochs']:,} epochs: {run['stopped']}.")
    if "most_frequent" in run["training"]:
        best = (run["held_out"] or run["training"])["most_frequent"]
        print(f"Guessing the most frequent value would be right for {_percent(best)}.")
    else:
        rmse = (run["held_out"] or run["training"])["rmse"]
        print(f"Root mean square error{' on what was held out' if run['held_out'] else ''}: {rmse:.6g}.")
    if comparison:
        through = comparison["through_epoch"]
        verdict = "Both give the same answer" if comparison["agree"] else "They give DIFFERENT answers"
        apart = comparison["largest_difference"]
        print(f"{verdict}: their costs through epoch {through:,} differ by {apart:.1e} at most.")
        if through < result["epochs"] - 1:
            later = comparison["largest_difference_overall"]
            print(f"(This problem amplifies rounding in its later epochs: {later:.1e} through the last.)")
    if run["backend"] in COMPILED:
        took = seconds_text(run["compile_seconds"])
        print(f"Before the first epoch, compiling or loading what is compiled took {took}.")
    if result["saved"]:
        print(f"Saved as {result['saved']}. Next: fastshallow predict {result['saved']} {data or 'data.csv'}")


def _score_text(score: dict[str, float]) -> str:
    return f"{score['r2']:.4f}" if "r2" in score else _percent(score["accuracy"])


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def predict(arguments: argparse.Namespace) -> int:
    """Write a prediction, and the probability of each class, for each row of a table."""
    if arguments.output:
        files.check_writable("--output", arguments.output)
    network = Network.load(arguments.network)
    X, notes = lessons.features_like(arguments.data, network, tables.Options.of(arguments), arguments.network)
    for note in notes:
        print(f"fastshallow: note: {note}", file=sys.stderr)
    columns = predictions(network, X)
    pieces = [as_json(columns) + "\n"] if arguments.json else as_csv(columns)
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    else:
        sys.stdout.writelines(pieces)
    return 0


def bench(arguments: argparse.Namespace) -> int:
    """Validate and time backends on steps of several shapes and batch sizes."""
    names = list(dict.fromkeys(["numpy", *arguments.backends]))  # ratios are to NumPy
    cases = [
        report.Case(n_x, n_h, n_y, m, arguments.hidden, arguments.output, arguments.dtype)
        for n_x, n_h, n_y in arguments.shape
        for m in sorted(set(arguments.batch_sizes))
    ]
    with progress_bar("validating and timing", wanted=not arguments.json) as step:
        timings = []
        for done, case in enumerate(cases, 1):
            try:
                timings.append(report.compare(case, names, arguments.seconds))
            except report.WrongAnswerError as error:
                print(f"fastshallow: error: {error}", file=sys.stderr)
                return 1
            if step:
                step(done, len(cases), str(case))
    if arguments.json:
        steps = [dataclasses.asdict(timing) for row in timings for timing in row]
        print(json.dumps({"machine": report.machine(), "steps": steps}))
        return 0
    rows = []
    for row in timings:
        rows += [_timing_cells(timing, first=timing is row[0]) for timing in row]
    print(f"One step (cost and gradients): {arguments.hidden}, {arguments.output}, {arguments.dtype}, one thread\n")
    show_table(["shape", "examples", "backend", "time", "x numpy", "ns/example"], rows, left=(0, 2))
    apart = max(timing.apart or 0.0 for row in timings for timing in row)
    print(f"Every backend gave NumPy's answer first; the largest difference was {apart:.1e}.")
    compiling = dict.fromkeys(names, 0.0)
    for timing in (timing for row in timings for timing in row):
        compiling[timing.backend] += max(0.0, (timing.first_seconds or 0.0) - (timing.seconds or 0.0))
    slow = [f"{name} {seconds_text(seconds)}" for name, seconds in compiling.items() if seconds > 0.05]
    if slow:
        print(f"First calls took longer, for compiling or loading what is compiled: {', '.join(slow)}.")
    return 0


def _timing_cells(timing: report.Timing, first: bool) -> list[str]:
    case = timing.case
    cells = [f"{case.n_x}-{case.n_h}-{case.n_y}", f"{case.m:,}"] if first else ["", ""]
    if timing.seconds is None or timing.ratio is None:
        return [*cells, timing.backend, "-", "-", timing.reason]
    ratio = "1" if timing.backend == "numpy" else digits(timing.ratio)
    return [*cells, timing.backend, seconds_text(timing.seconds), ratio, digits(1e9 * timing.seconds / case.m)]


def info(arguments: argparse.Namespace) -> int:
    """Show what decides speed on this machine."""
    found = report.machine()
    if arguments.json:
        print(json.dumps(found))
        return 0
    lanes = f"{found['float32_lanes']} float32 or {found['float64_lanes']} float64"
    cores = f"{found['cores_allowed']} of {found['cores']} for this process"
    where = found["cache_folder"] if found["cache"] else "off (FASTSHALLOW_CACHE=0)"
    rows = [
        ["processor", found["cpu"]],
        ["vector registers", f"{found['vector_bits']} bits in use: {lanes}"],
        ["cores", cores if found["cores_allowed"] != found["cores"] else str(found["cores"])],
        ["threads", f"up to {found['threads']}"],
        ["threading layer", found["threading_layer"]],
        ["NumPy's BLAS", f"{found['blas']}; threads: {found['blas_threads'] or 'its own choice'}"],
        ["compiled code", where],
        ["system", found["system"]],
        *([name, version or "not installed as a package"] for name, version in found["versions"].items()),
        *([f"backend {name}", state] for name, state in found["backends"].items()),
    ]
    for name, text in rows:
        print(f"{name:18}{text}")
    return 0
