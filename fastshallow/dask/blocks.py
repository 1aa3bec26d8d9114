"""What runs on the workers: a partition is checked where it lies, and an actor computes with those of its worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import distributed
import numpy as np
from numpy.typing import NDArray

from ..backends import named_backend
from ..data import check_finite, check_labels, check_x, check_y
from ..formulas import Activation, Output, Parameters
from ..training import Data
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


class Formulas(NamedTuple):
    """What is computed with a block, and how."""

    hidden: Activation
    output: Output
    backend: str
    threads: int | None


def load(number: int, x: Any, y: Any, targets: Sequence[Any], output: Output) -> Data:
    """Partition `number` as a block: arrays have examples as columns, tables as rows.

    A table may hold Y too, in the columns `targets`.
    """
    with named(number):
        if targets:
            x, y = x.drop(columns=list(targets)), x[list(targets)]
        X = check_x(columns_of(x), stored=True)
        Y = check_y(columns_of(y), X, None)
        check_finite(X)
        check_labels(Y, output.name)
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


def describe(block: Data) -> Described:
    """What has to be known of a block elsewhere."""
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


def unpacked(w: Any, shapes: Sequence[tuple[int, int]]) -> Parameters:
    """The parameters that a vector holds."""
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    return Parameters(*(each.reshape(shape) for each, shape in zip(np.split(w, ends), shapes, strict=True)))


class Holder:
    """The blocks that lie on one worker, by their numbers among all `count` of them."""

    def __init__(
        self,
        numbers: Sequence[int],
        blocks: Sequence[Data],
        count: int,
        shapes: Sequence[tuple[int, int]],
        formulas: Formulas,
    ) -> None:
        fused = formulas.backend == "fused"  # which converts a tile at a time
        self._blocks = {n: b if fused else b.batch(slice(None)) for n, b in zip(numbers, blocks, strict=True)}
        self._count, self._shapes, self._formulas = count, shapes, formulas
        self._backend = named_backend(formulas.backend)
        self._threads = formulas.threads or distributed.get_worker().state.nthreads

    def warm(self, w: Vector) -> None:
        """Compile what is needed, or load it."""
        for block in {block.X.shape: block for block in self._blocks.values()}.values():
            self._sum(block, w)

    def sums(self, w: Vector) -> Nodes:
        """The sums over the examples of the cost and its gradients, added as far as the blocks here are neighbours."""
        return added({(0, number): self._sum(block, w) for number, block in self._blocks.items()}, self._count)

    def _sum(self, block: Data, w: Vector) -> Vector:
        hidden, output, *_ = self._formulas
        p = unpacked(w, self._shapes)
        cost, gradients = self._backend.cost_and_gradients(block.X, block.Y, p, hidden, output, self._threads)
        sums: Vector = np.float64(block.m) * packed((cost, *gradients)).astype(np.float64)
        return sums
