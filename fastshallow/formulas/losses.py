"""Outputs, each with its loss merged: the cost comes from the raw scores Z2, and only that of ``exp`` can overflow.

For all of them dZ2 = A2 - Y. `shift` and `total` are used by the normalized output alone: an example's largest score
and the sum over outputs of exp(score - shift).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .text import digest


@dataclass(frozen=True, eq=False)
class Output:
    """An output activation and its loss.

    Attributes
    ----------
    name
        ``"sigmoid"``, ``"softmax"``, ``"identity"`` or ``"exp"``.
    value
        (z, shift, total) -> a, one number of A2.
    loss
        (z, y, shift, total) -> what one output adds to the loss of its example.
    normalized
        Whether an example's outputs depend on each other through `shift` and `total`.
    numbers
        Whether it predicts numbers, not probabilities.
    """

    name: str
    value: Callable[[Any, Any, Any], Any]
    loss: Callable[[Any, Any, Any, Any], Any]
    normalized: bool = False
    numbers: bool = False
    digest: str = field(init=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Outputs are pickled by their names."""
        return output_layer, (self.name,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", f"{self.name}{self.normalized}{digest(self.value, self.loss)}")


def _sigmoid(z: Any, shift: Any, total: Any) -> Any:
    # 1 / (1 + exp(-z)), and where z < 0, exp(z) / (1 + exp(z)): nothing overflows, and the loss shares the exponential
    e = np.exp(-np.abs(z))
    return np.maximum(z >= 0.0, e) / (1.0 + e)


def _binary_cross_entropy(z: Any, y: Any, shift: Any, total: Any) -> Any:
    # -y log(a) - (1 - y) log(1 - a) with a = sigmoid(z)
    return np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))


def _softmax(z: Any, shift: Any, total: Any) -> Any:
    return np.exp(z - shift) / total


def _cross_entropy(z: Any, y: Any, shift: Any, total: Any) -> Any:
    # -y log(a) with a = softmax(z)
    return y * (np.log(total) - (z - shift))


def _identity(z: Any, shift: Any, total: Any) -> Any:
    return z


def _half_squared_error(z: Any, y: Any, shift: Any, total: Any) -> Any:
    return 0.5 * (z - y) * (z - y)


def _exp(z: Any, shift: Any, total: Any) -> Any:
    return np.exp(z)


def _half_poisson_deviance(z: Any, y: Any, shift: Any, total: Any) -> Any:
    # y log(y / a) - y + a with a = exp(z), which is 0 where a = y; scikit-learn's loss="poisson"
    return np.exp(z) - y * z + y * np.log(np.maximum(y, 1e-30)) - y


OUTPUTS = {
    each.name: each
    for each in (
        Output("sigmoid", _sigmoid, _binary_cross_entropy),
        Output("softmax", _softmax, _cross_entropy, normalized=True),
        Output("identity", _identity, _half_squared_error, numbers=True),
        Output("exp", _exp, _half_poisson_deviance, numbers=True),
    )
}


def output_layer(output: str | Output) -> Output:
    """The output of that name, or the given one itself."""
    if isinstance(output, Output):
        return output
    if isinstance(output, str) and output in OUTPUTS:
        return OUTPUTS[output]
    raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, not {output!r}")
