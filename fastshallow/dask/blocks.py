"""What runs on the workers: a partition is checked where it lies, and an actor computes with those of its worker."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

import distributed
import numpy as np
from numpy.typing import NDArray

from ..backends import named_backend
from ..data import check_finite, check_labels, check_x, check_y
from ..formulas import Output, Parameters
from ..training import Data, Settings, make_steps
from .sums import Nodes, Vector, added

SAMPLE = 64  # examples of a block by which the size of its features is judged


class Described(NamedTuple):
    """What the process that trains has to know of a block.

    `extremes` (n_x, 2) are each feature's least and largest value, `sample` (n_x, <= SAMPLE) some of its examples.
    """

    shape: tuple[int, int]
    n_y: int
    dtype: np.dtype[Any]
    extremes: NDArray[Any]
    sample: NDArray[Any]


class Task(NamedTuple):
    """What is computed with blocks, of `blocks` in all with `m` examples, and for parameters of which shapes."""

    settings: Settings
    threads: int | None
    shapes: Sequence[tuple[int, int]]
    blocks: int
    m: int


def load(number: int, x: Any, y: Any, targets: Sequence[Any], output: Output) -> Data | Exception:
    """Partition `number` as a block, or what is wrong with it, of which the worker would log more if it were raised.

    Arrays have examples as columns, tables as rows. A table may hold Y too, in the columns `targets`.
    """
    try:
        with named(number):
            if targets:
                x, y = x.drop(columns=list(targets)), x[list(targets)]
            X = check_x(columns_of(x), stored=True)
            Y = check_y(columns_of(y), X, None)
            check_finite(X)
            check_labels(Y, output.name)
    except (ValueError, TypeError) as error:
        return error.with_traceback(None)
    return Data(X, Y)


@contextmanager
def named(number: int | None) -> Iterator[None]:
    """Say of what is wrong with a partition which it is, if that is known."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise type(error)(str(error) if number is None else f"partition {number}: {error}") from None


def columns_of(part: Any) -> Any:
    """An array with examples as columns; what a table lacks is NaN."""
    if not hasattr(part, "to_numpy"):
        return part
    numbers = part.to_numpy()
    if numbers.dtype == object:  # of words, whose place is then told
        with suppress(TypeError, ValueError):
            numbers = part.to_numpy(np.float64, na_value=np.nan)
    return numbers.T


def describe(block: Data | Exception) -> Described | Exception:
    """What has to be known of a block elsewhere."""
    if isinstance(block, Exception):
        return block
    X = block.X
    some = np.unique(np.linspace(0, block.m - 1, SAMPLE).astype(np.intp))
    extremes = np.stack([X.min(axis=1), X.max(axis=1)], axis=1)
    return Described(X.shape, len(block.Y), X.dtype, extremes, X[:, some])


def fingerprint(block: Data) -> str:
    """A checksum of a block."""
    return block.fingerprint()


def packed(arrays: Any) -> Any:
    """Arrays as one vector."""
    return np.concatenate([np.ravel(each) for each in arrays])


def unpacked(w: Any, shapes: Sequence[tuple[int, int]]) -> list[Parameters]:
    """What a vector holds: one set of arrays in the shapes of the parameters, or several."""
    sizes = [rows * columns for rows, columns in shapes]
    sets = w.reshape(-1, sum(sizes))
    ends = np.cumsum(sizes)[:-1]
    return [Parameters(*map(np.reshape, np.split(each, ends), shapes)) for each in sets]


class Holder:
    """The blocks that lie on one worker, by their numbers.

    What it answers is, for each block, a mean over the block's examples, times their part of all; added as far as the
    blocks are neighbours.
    """

    def __init__(self, numbers: Sequence[int], blocks: Sequence[Data], task: Task) -> None:
        fused = task.settings.backend == "fused"  # which converts a tile at a time
        self._blocks = {n: b if fused else b.batch(slice(None)) for n, b in zip(numbers, blocks, strict=True)}
        self._task, self._backend = task, named_backend(task.settings.backend)
        self._threads = task.threads or distributed.get_worker().state.nthreads

    def warm(self, w: Vector) -> None:
        """Compile what is needed, or load it."""
        for number in {block.X.shape: number for number, block in self._blocks.items()}.values():
            if self._task.settings.batch_size is None:
                self._step(number, w)
            else:
                self._steps(number, w, 0, 0.0)

    def step(self, w: Vector) -> Nodes:
        """The cost and its gradients at parameters w."""
        return self._added(self._step, w)

    def epoch(self, w: Vector, epoch: int, rate: float) -> Nodes:
        """What an epoch of mini-batches makes of parameters and states of the optimizer w, in each block for itself.

        Its cost comes first.
        """
        return self._added(self._epoch, w, epoch, rate)

    def _added(self, mean: Callable[..., Any], *arguments: Any) -> Nodes:
        task = self._task
        leaves: Nodes = {}
        for number, block in self._blocks.items():
            leaves[0, number] = block.m / task.m * packed(mean(number, *arguments)).astype(np.float64)
        return added(leaves, task.blocks)

    def _step(self, number: int, w: Vector) -> Any:
        (X, Y, _), settings = self._blocks[number], self._task.settings
        (p,) = unpacked(w, self._task.shapes)
        cost, gradients = self._backend.cost_and_gradients(X, Y, p, settings.hidden, settings.output, self._threads)
        return cost, *gradients

    def _epoch(self, number: int, w: Vector, epoch: int, rate: float) -> Any:
        steps = self._steps(number, w, epoch, rate)
        while steps.epoch == epoch:
            if not steps.run(epoch + 1, math.inf):
                return np.full(1 + len(w), np.nan)
        state, kinds = steps.state(), range(self._task.settings.optimizer.states)
        states = (state[f"state{k}_{name}"] for k in kinds for name in Parameters._fields)
        return *steps.costs(epoch, epoch + 1), *steps.parameters, *states

    def _steps(self, number: int, w: Vector, epoch: int, rate: float) -> Any:
        settings, block = self._task.settings, self._blocks[number]
        p, *states = unpacked(w, self._task.shapes)
        own = replace(settings, key=(settings.key + number) % 2**63, epochs=epoch + 1, cost_every=1)
        state = {f"state{k}_{name}": array for k, each in enumerate(states) for name, array in each._asdict().items()}
        return make_steps(own, block, p, lambda _, n: np.full(n, rate), self._threads, {"epoch": epoch, **state})
