"""The cases that the command and the benchmarks share, and what makes an answer right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import functional
from ..formulas import Parameters, initialize_parameters

Arguments = tuple[NDArray[Any], NDArray[Any], Parameters]  # X, Y and the parameters
Answer = tuple[float, Parameters] | NDArray[Any]  # the cost and its gradients, or A2


class WrongAnswerError(Exception):
    """A backend whose answer is not the reference's."""


@dataclass(frozen=True)
class Case:
    """One step, cost and gradients, of an n_x-n_h-n_y network on m random examples."""

    n_x: int
    n_h: int
    n_y: int
    m: int
    hidden: str = "tanh"
    output: str = "sigmoid"
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{self.shape} m={self.m} {self.hidden} {self.output} {self.dtype}"

    @property
    def shape(self) -> str:
        """The sizes of the network, as one writes them: 30-64-1."""
        return f"{self.n_x}-{self.n_h}-{self.n_y}"

    def arguments(self) -> Arguments:
        """X (n_x, m), Y (n_y, m) and the parameters, the same every time."""
        random = np.random.default_rng(self.m)
        X = random.standard_normal((self.n_x, self.m), dtype=np.float32).astype(self.dtype, copy=False)
        if self.output == "softmax":
            Y = np.eye(self.n_y, dtype=self.dtype)[:, random.integers(self.n_y, size=self.m)]
        else:
            Y = random.integers(2, size=(self.n_y, self.m)).astype(self.dtype)
        scale = "he" if self.hidden in ("relu", "leaky_relu") else "xavier"
        parameters = initialize_parameters(self.n_x, self.n_h, self.n_y, scale=scale, seed=1, dtype=self.dtype)
        return X, Y, parameters

    def step(self, backend: str, arguments: Arguments, threads: int | None = 1) -> Callable[[], Answer]:
        """Give a call of `cost_and_gradients`, with nothing around it that would be timed as well."""
        return partial(
            functional.cost_and_gradients,
            *arguments,
            hidden=self.hidden,
            output=self.output,
            backend=backend,
            threads=threads,
        )

    def prediction(self, backend: str, arguments: Arguments) -> Callable[[], NDArray[Any]]:
        """Give a call of `forward` on one thread, likewise."""
        X, _, parameters = arguments
        return partial(
            functional.forward, X, parameters, hidden=self.hidden, output=self.output, backend=backend, threads=1
        )

    @property
    def flops(self) -> int:
        """Multiplications and additions of the products: forward and dW1; forward, dW2 and dA1."""
        return self.m * (4 * self.n_x * self.n_h + 6 * self.n_h * self.n_y)

    @property
    def bytes(self) -> int:
        """Bytes that must move: X, Y and the parameters are read, the gradients written."""
        parameters = self.n_h * (self.n_x + 1) + self.n_y * (self.n_h + 1)
        return (self.m * (self.n_x + self.n_y) + 2 * parameters) * np.dtype(self.dtype).itemsize

    @property
    def tolerance(self) -> float:
        """How far two right answers may lie apart: sums of m terms of order one, divided by m, rounded in any order."""
        return float(np.finfo(self.dtype).eps * (16 + 2 * (self.n_x + self.n_h) ** 0.5 + self.m**0.5))

    def validate(self, backend: str, answer: Answer, reference: Answer) -> float:
        """Return how far an answer lies from the reference's, or raise WrongAnswerError if that is too far."""
        apart = difference(answer, reference)
        if not apart <= self.tolerance:
            raise WrongAnswerError(f"{backend} is {apart:.2g} from numpy on {self}; {self.tolerance:.2g} is allowed")
        return apart


def difference(one: Answer, other: Answer) -> float:
    """The largest difference between two answers, relative to the largest entry where that exceeds 1."""
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return float(np.max([np.abs(a - b).max() / max(1.0, np.abs(b).max()) for a, b in pairs]))


def _arrays(answer: Answer) -> list[NDArray[Any]]:
    return [answer] if isinstance(answer, np.ndarray) else [np.asarray(answer[0]), *answer[1]]
