"""The reference: NumPy, vectorized over the examples. Every other backend is proven equal to this one.

X (n_x, m), Y (n_y, m), W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1); Z1, A1 (n_h, m); Z2, A2 (n_y, m).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..formulas import Activation, Output, Parameters


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2 = g2(W2 g1(W1 X + b1) + b2)."""
    with np.errstate(all="ignore"):  # infinity and NaN go through, and show in the cost
        A1 = hidden.value(p.W1 @ X + p.b1)
        Z2 = p.W2 @ A1 + p.b2
        return output.value(Z2, *normalizers(Z2, output))


def cost_and_gradients(
    X: Any,
    Y: Any,
    p: Parameters,
    hidden: Activation,
    output: Output,
    threads: int | None = None,
    weights: Any = None,
    mask: Any = None,
    learned: bool = False,
) -> tuple[float, Any]:
    """J = 1/m sum w L(A2, Y) and its gradients by backpropagation.

    w are the examples' weights (m,); dropout's mask (n_h, m) multiplies A1. If `learned`, the derivative of J by the
    slope of a leaky rectifier (1, 1) follows the gradients.
    """
    m = X.shape[1]
    with np.errstate(all="ignore"):
        Z1 = p.W1 @ X + p.b1
        A1 = hidden.value(Z1)
        kept = A1 if mask is None else mask * A1
        Z2 = p.W2 @ kept + p.b2
        shift, total = normalizers(Z2, output)
        losses, dZ2 = output.loss(Z2, Y, shift, total), output.value(Z2, shift, total) - Y
        if weights is not None:
            losses, dZ2 = weights * losses, weights * dZ2
        cost = float(losses.sum(dtype=np.float64)) / m
        dW2 = dZ2 @ kept.T / m
        db2 = dZ2.sum(axis=1, keepdims=True) / m
        dZ1 = p.W2.T @ dZ2
        if mask is not None:
            dZ1 *= mask
        dslope = np.sum(dZ1 * np.minimum(Z1, 0.0), keepdims=True) / m if learned else None
        dZ1 *= hidden.derivative(Z1, A1)
        dW1 = dZ1 @ X.T / m
        db1 = dZ1.sum(axis=1, keepdims=True) / m
    gradients = Parameters(dW1, db1, dW2, db2)
    return cost, (*gradients, dslope) if learned else gradients


def normalizers(Z2: Any, output: Output) -> tuple[Any, Any]:
    """Each example's largest score, and the sum of exp(score - largest); only the normalized output needs them."""
    if not output.normalized:
        return None, None
    shift = Z2.max(axis=0, keepdims=True)
    return shift, np.exp(Z2 - shift).sum(axis=0, keepdims=True)
