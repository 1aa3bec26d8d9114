"""Mini-batches, each epoch in a new order: Adam, from the same parameters, to the same loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastshallow as fs
from fastshallow.command.console import digits, seconds_text
from fastshallow.measuring import WrongAnswerError, compare

from .implementations import Implementation, Task, installed

BATCH_SIZES = (32, 200)
LEARNING_RATE = 1e-3
TOLERANCE = 0.1  # of the lowest loss: orders differ, and 20 seeds of fastshallow were up to 6 % apart


@dataclass(frozen=True)
class Trained:
    """Seconds an epoch, in the mean of so many, and the loss over all examples that they led to."""

    data: str
    batch_size: int
    name: str
    dtype: str
    seconds: float
    epochs: int
    loss: float


def tasks(dtype: str, quick: bool) -> Iterator[tuple[Task, int]]:
    """What is to be learnt, and in how many epochs; scikit-learn brings the digits."""
    data = [("made up", *made_up(2_000 if quick else 100_000), 64, "sigmoid", 3)]
    if installed("sklearn"):
        data.insert(0, ("digits", *handwritten(), 100, "softmax", 20))
    for name, X, Y, n_h, output, epochs in data:
        X, Y = X.astype(dtype), Y.astype(dtype)
        start = fs.initialize_parameters(len(X), n_h, len(Y), scale="xavier", seed=1, dtype=dtype)
        title = f"{name}, {X.shape[1]:,} x {len(X)}-{n_h}-{len(Y)}"
        for batch_size in BATCH_SIZES:
            yield Task(title, (X, Y, start), output, batch_size, LEARNING_RATE), epochs


def handwritten() -> tuple[NDArray[Any], NDArray[Any]]:
    """scikit-learn's digits: images (64, 1797) from 0 to 1, and which of ten each is."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images.T / 16, np.eye(10)[:, labels]


def made_up(m: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A curved rule of 4 of 30 features, with noise: standardized (30, m), and on which side each example is."""
    random = np.random.default_rng(1)
    rows = random.standard_normal((m, 30))
    score = rows[:, 0] * rows[:, 1] + np.sin(2 * rows[:, 2]) + rows[:, 3] + 0.5 * random.standard_normal(m)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return rows.T, (score > 0)[None]


def measure(
    task: Task, epochs: int, implementations: Sequence[Implementation], threads: int, seconds: float
) -> list[Trained]:
    """Check that all come to the same loss, then time them by turns."""
    X, Y, start = task.arguments

    def loss(parameters: fs.Parameters) -> float:
        return fs.cost_and_gradients(X, Y, parameters, output=task.output, backend="numpy")[0]

    runs = {one.name: one.make_batches(task, threads) for one in implementations if one.batches}
    losses = {name: loss(run(epochs)) for name, run in runs.items()}
    best = min([*losses.values(), loss(start)])
    for name, reached in losses.items():
        if not reached <= (1 + TOLERANCE) * best:
            raise WrongAnswerError(
                f"{name} comes to a loss of {reached:.4f} in {epochs} epochs ({task.name}, batches of "
                f"{task.batch_size}), others to {best:.4f}; {TOLERANCE:.0%} more is allowed"
            )
    times = compare({name: partial(run, epochs) for name, run in runs.items()}, seconds=seconds)
    return [
        Trained(task.name, task.batch_size, name, str(X.dtype), times[name].minimum / epochs, epochs, losses[name])
        for name in runs
    ]


def table(trained: Sequence[Trained]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: times, how many times faster fastshallow is, and losses."""
    ours = {(one.data, one.batch_size): one.seconds for one in trained if one.name == "fastshallow"}
    rows, before = [], ("", 0)
    for one in trained:
        task = one.data, one.batch_size
        ratio = one.seconds / ours[task] if task in ours else None
        rows.append(
            [
                one.data if one.data != before[0] else "",
                str(one.batch_size) if task != before else "",
                one.name,
                seconds_text(one.seconds),
                digits(ratio) if ratio else "-",
                f"{one.loss:.4f}",
                "faster than fastshallow" if ratio and ratio < 1.0 else "",
            ]
        )
        before = task
    return ["data", "batch", "", "an epoch", "x fastshallow", "loss", ""], rows
