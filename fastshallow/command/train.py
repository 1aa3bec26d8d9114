"""``fastshallow train``: learn from a table, or from the planar flower of the course, and say how well it went."""

from __future__ import annotations

import argparse
import dataclasses
import os
from time import perf_counter
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ..backends import COMPILED, dispatch
from ..data import files
from ..formulas import update_rule
from ..training import CheckpointError, Network, Progress, read_checkpoint
from ..training import resume as go_on
from ..training import train as fit
from . import lessons, picture, tables, training_report
from .console import print_json, progress_bar
from .scores import compared, score
from .weights import class_weights


class Task(NamedTuple):
    """What is trained, and how: `settings` are what `fastshallow.train` takes, and what JSON shows."""

    X: NDArray[Any]
    Y: NDArray[Any]
    n_h: int
    settings: dict[str, Any]
    backend: str
    reason: str
    class_weight: Any  # as `fastshallow.train` takes it
    resumed: str | None = None
    elapsed: float = 0.0  # seconds that a resumed run has taken already

    def run(self, backend: str, arguments: argparse.Namespace, callback: Any) -> Network:
        """Train on a backend."""
        more: dict[str, Any] = {"threads": arguments.threads, "callbacks": callback, "class_weight": self.class_weight}
        more["callback_every"] = 0.1
        if self.resumed is not None:
            epochs, checkpoint = self.settings["epochs"], arguments.checkpoint
            try:
                return go_on(self.resumed, self.X, self.Y, epochs=epochs, checkpoint=checkpoint, **more)
            except CheckpointError as error:
                raise ValueError(f"{error}; so must be the table, --seed, --test-fraction and --class-weight") from None
        if backend == self.backend:  # the reference has no checkpoint
            more["checkpoint"] = arguments.checkpoint
        return fit(self.X, self.Y, self.n_h, backend=backend, **self.settings, **more)


def run(arguments: argparse.Namespace) -> int:
    """Train on a table, or on the planar flower; show how well and how fast it went; save the network."""
    for option in "output", "checkpoint":
        if getattr(arguments, option):
            files.check_replaceable(f"--{option}", getattr(arguments, option))
    kept = [os.path.abspath(path) for path in (arguments.checkpoint, arguments.resume) if path]
    if arguments.output and os.path.abspath(arguments.output) in kept:
        raise ValueError(f"--output {arguments.output}: the checkpoint is there; a network needs a file of its own")
    if arguments.resume and arguments.compare:
        raise ValueError("--compare goes with a whole run, not with --resume")
    if arguments.plot:
        picture.check(arguments.plot)
        if os.path.abspath(arguments.plot) in [*kept, os.path.abspath(arguments.output or "")]:
            raise ValueError(f"--plot {arguments.plot}: another file is written there; a picture needs one of its own")
    options = tables.Options.of(arguments)
    flower = arguments.data is None
    if flower and options != tables.Options():
        raise ValueError("--target, --ignore and their like go with a table: fastshallow train data.csv --target NAME")
    if flower:
        learnt, held_out = lessons.flower(arguments.test_fraction, arguments.seed)
    else:
        learnt, held_out = lessons.from_table(arguments.data, options, arguments.test_fraction, arguments.seed)
    task = _resumed(arguments, learnt) if arguments.resume else _begun(arguments, learnt)
    result: dict[str, Any] = {
        "data": learnt.name,
        "columns": learnt.report,
        "examples": learnt.X.shape[1],
        "examples_held_out": held_out.X.shape[1] if held_out else 0,
        "shape": [len(learnt.X), task.n_h, len(learnt.Y)],
        "dtype": str(task.X.dtype),
        "reason": task.reason,
        "class_weight": arguments.class_weight,
        "threads": arguments.threads,
        "checkpoint": arguments.checkpoint or arguments.resume,
        "resumed": arguments.resume,
        "saved": arguments.output,
        "plot": arguments.plot,
        **task.settings,
    }
    if not arguments.json:
        training_report.announce(learnt, result, task.backend)
    network, result["run"] = _train(task, task.backend, arguments, learnt, held_out)
    if arguments.output:
        network.save(arguments.output)
    if arguments.plot:
        picture.draw(arguments.plot, network, learnt)
    stopped = network.history.stopped == "interrupted"
    compare = flower and not arguments.resume if arguments.compare is None else arguments.compare
    if compare and not stopped and task.backend != "numpy":
        reference, result["reference"] = _train(task, "numpy", arguments, learnt, held_out)
        stopped = reference.history.stopped == "interrupted"
        if not stopped:
            result["comparison"] = compared(network, reference)
    if arguments.json:
        print_json(result)
    else:
        training_report.show(result, arguments.data)
    return 130 if stopped else 0


def _begun(arguments: argparse.Namespace, learnt: lessons.Lesson) -> Task:
    """What the arguments ask for, with defaults for what they leave open."""
    flower = arguments.data is None
    n_h, epochs, scale = (4, 10_000, 0.01) if flower else (16, 2_000, "xavier")
    optimizer = arguments.optimizer or "gradient_descent"
    rate = 1.2 if flower and optimizer == "gradient_descent" else update_rule(optimizer).typical_rate
    dtype, n_h = arguments.dtype or "float64", arguments.hidden_units or n_h
    X, Y = (array.astype(dtype, copy=False) for array in (learnt.X, learnt.taught))
    backend, reason = arguments.backend or "auto", "as asked"
    if backend == "auto":
        choice = dispatch.explain(len(X), n_h, len(Y), min(X.shape[1], arguments.batch_size or X.shape[1]), dtype)
        backend, reason = choice.backend, choice.reason
    settings = {
        "hidden": arguments.hidden or "tanh",
        "output": learnt.output,
        "seed": arguments.seed,
        "epochs": arguments.epochs or epochs,
        "learning_rate": arguments.learning_rate or rate,
        "scale": scale,
        "optimizer": optimizer,
        "l2": arguments.l2 or 0.0,
        "dropout": arguments.dropout or 0.0,
        "batch_size": arguments.batch_size,
        "patience": arguments.patience,
        "validation": 0.1 if arguments.patience else None,
    }
    return Task(X, Y, n_h, settings, backend, reason, class_weights(arguments.class_weight, learnt))


def _resumed(arguments: argparse.Namespace, learnt: lessons.Lesson) -> Task:
    """The run that a checkpoint keeps; arguments that contradict it are refused."""
    path = arguments.resume
    stored = read_checkpoint(path)
    kept, p = stored.settings(None, None), stored.parameters
    settings = {
        "hidden": kept.hidden.name,
        "output": kept.output.name,
        "seed": arguments.seed,
        "epochs": arguments.epochs or kept.epochs,
        "learning_rate": kept.schedule.learning_rate,
        "scale": None,
        "optimizer": kept.optimizer.name,
        "l2": kept.l2,
        "dropout": kept.dropout,
        "batch_size": kept.batch_size,
        "patience": kept.patience,
        "validation": kept.validation,
    }
    sizes, here = (p.W1.shape[1], len(p.W2), kept.output.name), (len(learnt.X), len(learnt.Y), learnt.output)
    if sizes != here:
        began, makes = ("{} features and {} outputs, {}".format(*each) for each in (sizes, here))
        raise ValueError(f"{path} began with {began}; {learnt.name} makes {makes}")
    begun = settings | {"hidden_units": len(p.W1), "dtype": str(p.W1.dtype), "backend": kept.backend}
    for name, value in begun.items():
        given = getattr(arguments, name, None)
        if name not in ("output", "epochs") and given not in (None, value, "auto"):
            raise ValueError(f"--{name.replace('_', '-')} {given}: {path} began with {value}; leave it out")
    X, Y = (array.astype(p.W1.dtype, copy=False) for array in (learnt.X, learnt.taught))
    elapsed, weights = float(stored.members["elapsed"]), class_weights(arguments.class_weight, learnt)
    return Task(X, Y, len(p.W1), settings, kept.backend, f"as {path} began", weights, path, elapsed)


def _train(
    task: Task,
    backend: str,
    arguments: argparse.Namespace,
    learnt: lessons.Lesson,
    held_out: lessons.Lesson | None,
) -> tuple[Network, dict[str, Any]]:
    """Train on a backend; give the network and what JSON shows of the run."""
    epochs = task.settings["epochs"]
    with progress_bar(backend, wanted=not arguments.json) as step:
        if step and backend in COMPILED:
            step(0, epochs, "compiling, or loading")

        def show(progress: Progress) -> None:
            if step:
                step(progress.epoch, epochs, f"cost {progress.cost:.6f}")

        start = perf_counter()
        network = task.run(backend, arguments, show)
        took = perf_counter() - start
    history = network.history
    recorded = len(history.epoch) > 0  # L-BFGS may have converged where it begins
    if history.stopped == "interrupted" and not recorded:
        raise KeyboardInterrupt
    seconds = float(history.seconds[-1]) if recorded else 0.0
    network = dataclasses.replace(network, features=learnt.features, target=learnt.target)
    return network, {
        "backend": backend,
        "compile_seconds": max(0.0, took - (seconds - task.elapsed)),
        "seconds": seconds,
        "epochs": int(history.epoch[-1]) + 1 if recorded else 0,
        "stopped": history.stopped,
        "cost": float(history.cost[-1]) if recorded else None,
        "training": score(network, learnt),
        "held_out": score(network, held_out) if held_out else None,
    }
