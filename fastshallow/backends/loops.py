"""Pure Python: every sum spelled out, one scalar at a time. The backend `jit` compiles this very source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..formulas import Activation, Output, Parameters


def number(x: Any) -> float:
    """A scalar formula's result, which may be a truth value or an array without dimensions, as a number."""
    return float(x)


def make(
    value: Callable[..., Any],
    derivative: Callable[..., Any],
    output_value: Callable[..., Any],
    output_loss: Callable[..., Any],
    normalized: bool,
    helper: Callable[[Any], Any] = lambda function: function,
) -> tuple[Callable[..., None], Callable[..., float]]:
    """The loops for these formulas; both functions fill arrays that they are given. `helper` marks what they call."""

    @helper
    def hidden_scores(X, W1, b1, t, z1):  # type: ignore[no-untyped-def]
        # z1 (n_h) of example t: Z1 = W1 X + b1
        for j in range(W1.shape[0]):
            z1[j] = b1[j, 0]
            for k in range(X.shape[0]):
                z1[j] += W1[j, k] * X[k, t]

    @helper
    def output_scores(a1, W2, b2, z2):  # type: ignore[no-untyped-def]
        # z2 (n_y): Z2 = W2 A1 + b2
        for y in range(W2.shape[0]):
            z2[y] = b2[y, 0]
            for j in range(W2.shape[1]):
                z2[y] += W2[y, j] * a1[j]

    @helper
    def normalizers(z2):  # type: ignore[no-untyped-def]
        shift = z2[0]
        total = 0.0
        if normalized:
            for y in range(z2.shape[0]):
                shift = max(shift, z2[y])
            for y in range(z2.shape[0]):
                total += np.exp(z2[y] - shift)
        return shift, total

    def forward(X, W1, b1, W2, b2, A2):  # type: ignore[no-untyped-def]
        # X (n_x, m) -> A2 (n_y, m)
        z1, z2 = np.empty(W1.shape[0], W1.dtype), np.empty(W2.shape[0], W2.dtype)
        for t in range(X.shape[1]):
            hidden_scores(X, W1, b1, t, z1)
            for j in range(W1.shape[0]):
                z1[j] = number(value(z1[j]))
            output_scores(z1, W2, b2, z2)
            shift, total = normalizers(z2)
            for y in range(W2.shape[0]):
                A2[y, t] = number(output_value(z2[y], shift, total))

    def cost_and_gradients(X, Y, W1, b1, W2, b2, dW1, db1, dW2, db2):  # type: ignore[no-untyped-def]
        # X (n_x, m), Y (n_y, m); the gradients come in as zeros
        n_x, m = X.shape
        n_h, n_y = W1.shape[0], W2.shape[0]
        z1, a1 = np.empty(n_h, W1.dtype), np.empty(n_h, W1.dtype)
        z2, dz2 = np.empty(n_y, W1.dtype), np.empty(n_y, W1.dtype)
        cost = 0.0
        for t in range(m):
            hidden_scores(X, W1, b1, t, z1)
            for j in range(n_h):
                a1[j] = number(value(z1[j]))
            output_scores(a1, W2, b2, z2)
            shift, total = normalizers(z2)
            for y in range(n_y):
                cost += number(output_loss(z2[y], Y[y, t], shift, total))
                dz2[y] = number(output_value(z2[y], shift, total)) - Y[y, t]
                db2[y, 0] += dz2[y] / m
                for j in range(n_h):
                    dW2[y, j] += dz2[y] * a1[j] / m
            for j in range(n_h):
                dz1 = 0.0
                for y in range(n_y):
                    dz1 += W2[y, j] * dz2[y]
                dz1 *= number(derivative(z1[j], a1[j]))
                db1[j, 0] += dz1 / m
                for k in range(n_x):
                    dW1[j, k] += dz1 * X[k, t] / m
        return cost / m

    return forward, cost_and_gradients


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2, one scalar at a time."""
    A2 = np.empty((p.W2.shape[0], X.shape[1]), X.dtype)
    with np.errstate(all="ignore"):
        _made(hidden, output)[0](X, *p, A2)
    return A2


def cost_and_gradients(
    X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None
) -> tuple[float, Parameters]:
    """The cost and its gradients, one scalar at a time."""
    gradients = Parameters(*(np.zeros_like(array) for array in p))
    with np.errstate(all="ignore"):
        cost = _made(hidden, output)[1](X, Y, *p, *gradients)
    return float(cost), gradients


def _made(hidden: Activation, output: Output) -> tuple[Callable[..., None], Callable[..., float]]:
    return make(hidden.value, hidden.derivative, output.value, output.loss, output.normalized)
