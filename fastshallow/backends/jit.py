"""The very source of `loops`, compiled by Numba: what a JIT alone buys."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from ..formulas import Activation, Output, Parameters
from ..kernels.compiling import inline, kernel, number_type
from .loops import make, number

_compiled: dict[tuple[str, str, Any], tuple[Any, Any]] = {}


@overload(number)
def _number(x):  # type: ignore[no-untyped-def]
    if isinstance(x, types.Array):
        return lambda x: x[()]
    return (lambda x: 1.0 if x else 0.0) if isinstance(x, types.Boolean) else lambda x: x


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2 (n_y, m) of checked input."""
    A2 = np.empty((p.W2.shape[0], X.shape[1]), X.dtype)
    compiled(hidden, output, X.dtype)[0](X, *p, A2)
    return A2


def cost_and_gradients(
    X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None
) -> tuple[float, Parameters]:
    """The cost and its gradients, of checked input."""
    gradients = Parameters(*(np.zeros(array.shape, X.dtype) for array in p))
    return compiled(hidden, output, X.dtype)[1](X, Y, *p, *gradients), gradients


def compiled(hidden: Activation, output: Output, dtype: Any) -> tuple[Any, Any]:
    """The two compiled functions, made when they are first used."""
    key = (hidden.digest, output.digest, dtype)
    found = _compiled.get(key)
    if found is None:
        forward, cost_and_gradients = make(
            inline(hidden.value),
            inline(hidden.derivative),
            inline(output.value),
            inline(output.loss),
            output.normalized,
            helper=inline,
        )
        data = types.Array(number_type(dtype), 2, "A", readonly=True)
        matrix = types.Array(number_type(dtype), 2, "C")
        found = _compiled[key] = (
            kernel(forward, types.void(data, *[matrix] * 5), *key[:2]),
            kernel(cost_and_gradients, types.float64(data, data, *[matrix] * 8), *key[:2]),
        )
    return found
