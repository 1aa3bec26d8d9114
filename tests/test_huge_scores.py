"""Scores far beyond where exp overflows: softmax gives exact costs, probabilities and gradients."""

import numpy as np
import pytest
from shapes import fitted

import fastshallow as fs

SCALES = {"float32": 1e4, "float64": 1e6}  # exp overflows from 89 and 710 on
CASES = [
    fitted("exact", (3, 4, 3, 40), 40, "float32"),
    fitted("exact", (3, 4, 3, 40), 40, "float64"),
    fitted("examples", (9, 11, 4, 40), 40, "float32"),
    fitted("units", (30, 40, 4, 40), 40, "float64"),
    fitted("features", (66, 19, 4, 6), 6, "float32"),
]


def huge_case(n_x, n_h, n_y, m, dtype, offset=0.0):
    """X, scores and parameters of examples of three kinds: kind k scores scale * ((y + k) mod n_y) + offset.

    All numbers are exact in the dtype. Features are 1, and whether it is kind 1, or 2; three units hand them on.
    """
    kind = np.arange(m) % 3
    each = SCALES[dtype] * ((np.arange(n_y)[:, None] + np.arange(3)) % n_y) + offset
    X, W1, W2 = (np.zeros(shape, dtype) for shape in ((n_x, m), (n_h, n_x), (n_y, n_h)))
    X[0], X[1], X[2] = 1.0, kind == 1, kind == 2
    W1[:3, :3] = np.eye(3)
    W2[:, :3] = each - [0.0, 1.0, 1.0] * each[:, :1]
    p = fs.Parameters(W1, np.zeros((n_h, 1), dtype), W2, np.zeros((n_y, 1), dtype))
    return X, each[:, kind], p


def softmax_by_hand(scores, Y):
    """Only the largest score is left, and a wrong label costs the distance to it."""
    best = scores.max(axis=0)
    A2 = (scores == best).astype(float)
    return float(((best - scores) * Y).sum(axis=0).mean()), A2


@pytest.mark.parametrize("backend", ["loops", "examples", "numpy", "jit", "fused"])
@pytest.mark.parametrize("offset", [0.0, 2.0**20, -(2.0**20)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax(dtype, offset, backend):
    check((3, 4, 3, 40), dtype, offset, backend)


@pytest.mark.kernels
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype"), CASES)
def test_softmax_in_each_arrangement(arrangement, shape, size, dtype):
    n_x, n_h, n_y, _ = shape
    assert n_h >= 3 and fs.explain(n_x, n_h, n_y, size, dtype).plan.arrangement == arrangement
    for offset in (0.0, 2.0**20, -(2.0**20)):
        check((n_x, n_h, n_y, size), dtype, offset, "fused")


def check(shape, dtype, offset, backend):
    X, scores, p = huge_case(*shape, dtype, offset)
    n_y, m = scores.shape
    label = (np.arange(m) // 2) % n_y
    Y = np.eye(n_y)[:, label].astype(dtype)
    cost, A2 = softmax_by_hand(scores, Y)
    mine, gradients = fs.cost_and_gradients(X, Y, p, "identity", "softmax", backend=backend)
    assert mine == pytest.approx(cost, rel=1e-6 if dtype == "float32" else 1e-14)
    np.testing.assert_array_equal(fs.forward(X, p, "identity", "softmax", backend=backend), A2)
    dZ2 = (A2 - Y) / m
    np.testing.assert_allclose(gradients.b2, dZ2.sum(axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(gradients.W2, dZ2 @ (p.W1 @ X).T, atol=1e-6)
    np.testing.assert_allclose(gradients.W1, p.W2.T @ dZ2 @ X.T, rtol=1e-5, atol=1e-6 * np.abs(p.W2).max())


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_on_them(dtype, backend):
    """One step of descent is as large as the error of each example, whatever its scores."""
    X, scores, p = huge_case(3, 4, 3, 40, dtype)
    Y = np.eye(3)[:, np.arange(40) % 2].astype(dtype)
    cost, A2 = softmax_by_hand(scores, Y)
    options = {"hidden": "identity", "output": "softmax", "learning_rate": 1.0, "backend": backend}
    net = fs.train(X, Y, parameters=p, epochs=1, **options)
    assert net.history.cost[0] == pytest.approx(cost, rel=1e-6)
    b2 = -(A2 - Y).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(net.parameters.b2, b2, atol=1e-6)
