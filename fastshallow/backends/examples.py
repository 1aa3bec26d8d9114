"""NumPy on one example after the other, with a Python loop over the examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..formulas import Activation, Output, Parameters
from .numpy import normalizers


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2, one column at a time."""
    n_y, m = p.W2.shape[0], X.shape[1]
    A2 = np.empty((n_y, m), X.dtype)
    with np.errstate(all="ignore"):
        for t in range(m):
            a1 = hidden.value(p.W1 @ X[:, t : t + 1] + p.b1)
            z2 = p.W2 @ a1 + p.b2
            A2[:, t : t + 1] = output.value(z2, *normalizers(z2, output))
    return A2


def cost_and_gradients(
    X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None
) -> tuple[float, Parameters]:
    """The cost and its gradients, summed over the examples."""
    m = X.shape[1]
    cost = 0.0
    gradients = Parameters(*(np.zeros_like(array) for array in p))
    with np.errstate(all="ignore"):
        for t in range(m):
            x, y = X[:, t : t + 1], Y[:, t : t + 1]
            z1 = p.W1 @ x + p.b1
            a1 = hidden.value(z1)
            z2 = p.W2 @ a1 + p.b2
            shift, total = normalizers(z2, output)
            cost += float(output.loss(z2, y, shift, total).sum())
            dz2 = output.value(z2, shift, total) - y
            dz1 = p.W2.T @ dz2
            dz1 *= hidden.derivative(z1, a1)
            gradients.W1[...] += dz1 @ x.T
            gradients.b1[...] += dz1
            gradients.W2[...] += dz2 @ a1.T
            gradients.b2[...] += dz2
        for array in gradients:
            array /= m
    return cost / m, gradients
