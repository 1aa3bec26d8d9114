"""What a training run is asked to do, and the data that it does it with."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..data import Columns, Orders, as_array, block_size, computing, stratified
from ..formulas import Activation, Output, Parameters, Schedule


class Shuffle(Protocol):
    """An order of the examples that is drawn elsewhere."""

    def fill(self, first: int, rows: NDArray[Any]) -> None:
        """Write the orders of epochs first, first + 1, ... into `rows` (count, m)."""


@dataclass(frozen=True)
class Settings:
    """The checked arguments of `train`."""

    hidden: Activation
    output: Output
    optimizer: Any  # Optimizer or LBFGS
    schedule: Schedule
    epochs: int
    cost_every: int
    batch_size: int | None
    shuffle: bool | str | Shuffle
    l2: float
    dropout: float
    clip_norm: float | None
    validation: float | None  # the fraction of the examples, if it is not given as examples
    patience: int | None
    tolerance: float
    key: int  # of all random numbers that are drawn while training goes on
    backend: str
    constant: tuple[int, ...] = ()  # features that are the same in all examples, and count for nothing
    by_weight: bool = False  # a step's sums are divided by the sum of its weights, not by its examples
    averaged: bool = False  # the loss is the mean over outputs, in the cost alone


class Data(NamedTuple):
    """What is learnt from: X (n_x, m), Y (n_y, m) and the examples' weights (m,), or None if all count alike.

    X is in the dtype that it is stored as, or sparse, and Y in the dtype that is computed in.
    """

    X: Any  # an array or Columns
    Y: NDArray[Any]
    weights: NDArray[np.float64] | None = None

    @property
    def elsewhere(self) -> Any:
        """What makes the steps of a run, if the examples are not in this process."""
        return None

    @property
    def extremes(self) -> Any:
        """Examples in which only those features are constant that are so in all."""
        return self.X

    @property
    def sample(self) -> Any:
        """Examples that show how large the features are."""
        return self.X

    @property
    def m(self) -> int:
        """Number of examples."""
        return int(self.X.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """What is computed in: float32 or float64."""
        return computing(self.X.dtype)

    def batch(self, examples: Any) -> Data:
        """Some of the examples, to compute with."""
        taken = self.take(examples)
        X = taken.X.dense() if isinstance(taken.X, Columns) else taken.X.astype(self.dtype, copy=False)
        return taken._replace(X=X)

    def take(self, examples: Any) -> Data:
        """Some of the examples, X as it is stored: a view for a slice, else a copy."""
        weights = None if self.weights is None else self.weights[examples]
        X = self.X.take(examples) if isinstance(self.X, Columns) else self.X[:, examples]
        return Data(X, self.Y[:, examples], weights)

    def settled(self, p: Parameters, constant: Sequence[int]) -> Parameters:
        """Parameters of the same answers to these examples, with no weights of features that are constant in them."""
        if not constant:
            return p
        x, W1, columns = self.batch(slice(0, 1)).X, p.W1.copy(), list(constant)
        W1[:, columns] = 0.0
        return p._replace(W1=W1, b1=p.b1 + p.W1[:, columns] @ x[columns])

    def batch_size(self, settings: Settings) -> int:
        """Examples of a step."""
        return min(self.m, settings.batch_size or self.m)

    def orders(self, settings: Settings) -> Shuffle | None:
        """The orders of the examples in each epoch; None takes them as they are."""
        if not isinstance(settings.shuffle, (bool, str)):
            return settings.shuffle
        if not settings.shuffle or self.batch_size(settings) == self.m:
            return None
        block = block_size(self.X.shape[0], self.dtype.itemsize) if settings.shuffle == "blocks" else None
        return Orders(settings.key, self.m, block)

    def fingerprint(self) -> str:
        """A checksum of all of it, which reads it in pieces."""
        sums = []
        X, *others = self
        for array in (X[:3] if isinstance(X, Columns) else (X,)) + tuple(others):
            if array is None:
                continue
            rows = array.reshape(-1, array.shape[-1])
            step, total = max(1, 2**20 // len(rows)), 0
            for start in range(0, rows.shape[1], step):
                total = zlib.crc32(np.ascontiguousarray(rows[:, start : start + step]).tobytes(), total)
            sums.append(f"{array.dtype}{array.shape}{total:08x}")
        return " ".join(sums)

    def close(self) -> None:
        """Let go of what reads the examples."""


@dataclass(frozen=True)
class Outline:
    """What is known of an array whose numbers are elsewhere, or come later."""

    shape: tuple[int, int]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return self.shape[0]


class Source(ABC):
    """Examples that come from elsewhere, and are looked for once all other arguments are right."""

    @abstractmethod
    def load(self, output: Output) -> Data:
        """Check them, and give what a run is to take for them."""


def split(data: Data, fraction: float, key: int, output: Output) -> tuple[Data, Data]:
    """Hold out a random part of the examples, of each class; return copies of the rest, and of that part."""
    held_out = round(data.m * fraction)
    if not 1 <= held_out < data.m:
        raise ValueError(f"validation={fraction:g} of {data.m} examples makes {held_out}: too few, or all")
    order = np.empty(data.m, np.intp)
    Orders(key, data.m).fill(2**63, order[None])  # that of an epoch that never comes
    if not output.numbers:
        order = stratified(order, kinds_of(data.Y, output))
    return data.take(np.sort(order[held_out:])), data.take(np.sort(order[:held_out]))


def kinds_of(Y: NDArray[Any], output: Output) -> NDArray[np.intp]:
    """The class of each example (m,); of several labels each combination is one."""
    if output.normalized:
        return np.argmax(Y, axis=0)  # type: ignore[no-any-return]
    if len(Y) == 1:
        return (Y[0] > 0.5).astype(np.intp)  # type: ignore[no-any-return]
    return np.unique(Y > 0.5, axis=1, return_inverse=True)[1].reshape(-1)


def sample_weights(sample_weight: Any, m: int) -> NDArray[np.float64] | None:
    """The weights that a user gives, as an array (m,)."""
    if sample_weight is None:
        return None
    given = as_array("sample_weight", sample_weight)
    try:
        weights = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"sample_weight must be {m} numbers, one for each example, not {sample_weight!r}") from None
    if weights.shape != (m,):
        raise ValueError(f"sample_weight must have shape ({m},), one for each example, not {weights.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0.0).all()):
        raise ValueError("sample_weight must be finite and not negative")
    return weights


def weighted(data: Data, class_weight: Any, output: Output) -> Data:
    """The data with the weights of their classes too, all scaled to mean 1."""
    weights = data.weights
    if class_weight is not None:
        if data.elsewhere is not None:
            raise TypeError("class_weight is for arrays: X that is read block by block has no weights")
        each = _class_weights(class_weight, data.Y, output)
        weights = each if weights is None else each * weights
    if weights is None:
        return data
    total = weights.sum()
    if not 0.0 < total < np.inf:
        raise ValueError(f"the weights of all examples add up to {total:g}: some must be positive, and none too large")
    return data._replace(weights=weights * (data.m / total))


def _class_weights(class_weight: Any, Y: NDArray[Any], output: Output) -> NDArray[np.float64]:
    if output.numbers or (not output.normalized and len(Y) > 1):
        raise ValueError(f"class_weight needs classes: output='softmax', or 'sigmoid' with one row of Y, not {len(Y)}")
    labels = kinds_of(Y, output)
    classes = len(Y) if output.normalized else 2
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(labels, minlength=classes)
        each = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return each[labels]  # type: ignore[no-any-return]
    if not isinstance(class_weight, dict):
        raise TypeError(f"class_weight must be 'balanced' or a dict of class: weight, not {class_weight!r}")
    each = np.ones(classes)
    for label, weight in class_weight.items():
        if isinstance(label, bool) or label not in range(classes):
            raise ValueError(f"class_weight has class {label!r}; the classes are 0 to {classes - 1}")
        if not isinstance(weight, (int, float, np.number)) or not 0.0 <= weight < np.inf:
            raise ValueError(f"class_weight[{label!r}] must be finite and not negative, not {weight!r}")
        each[int(label)] = weight
    return each[labels]
