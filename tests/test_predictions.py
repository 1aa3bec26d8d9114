"""Predictions keep the digits of their dtype: numbers by hand, and labels on either side of the smallest step."""

import numpy as np
import pytest
from cases import make_case

import fastshallow as fs
from fastshallow.formulas import activation, output_layer

BACKENDS = pytest.mark.parametrize("backend", ["loops", "examples", "numpy", "jit", "fused", "auto"])


def network(p, hidden, output):
    return fs.Network(p, activation(hidden), output_layer(output))


def by_hand(X, p):
    """W2 tanh(W1 X + b1) + b2 in float64."""
    W1, b1, W2, b2 = (np.asarray(each, np.float64) for each in p)
    return W2 @ np.tanh(W1 @ X.astype(np.float64) + b1) + b2


@BACKENDS
@pytest.mark.parametrize(("dtype", "digits"), [("float32", 2e-6), ("float64", 1e-14)])
def test_numbers_by_hand(dtype, digits, backend):
    X, _, p = make_case(9, 11, 3, 33, dtype)
    right = by_hand(X, p)
    predicted = network(p, "tanh", "identity").predict(X, backend=backend)
    assert predicted.dtype == dtype
    assert np.abs(predicted - right).max() <= digits * np.abs(right).max()
    E = np.exp(right)
    A2 = network(p, "tanh", "softmax").predict_proba(X, backend=backend)
    np.testing.assert_allclose(A2, E / E.sum(axis=0), rtol=4 * digits)


@BACKENDS
@pytest.mark.parametrize(("dtype", "step"), [("float32", 1e-6), ("float64", 1e-14)])
def test_labels_next_to_the_boundary(dtype, step, backend):
    """The score is the feature itself, a step above or below 0; a class's, a step more or less than the other's."""
    X = np.array([[step, -step, 1.0, -1.0, 3 * step, -3 * step]], dtype)
    p = fs.Parameters(*(np.full((1, 1), w, dtype) for w in (1.0, 0.0, 1.0, 0.0)))
    assert network(p, "identity", "sigmoid").predict(X, backend=backend).tolist() == [[1, 0, 1, 0, 1, 0]]
    p = p._replace(W2=np.array([[0.0], [1.0]], dtype), b2=np.zeros((2, 1), dtype))
    assert network(p, "identity", "softmax").predict(X, backend=backend).tolist() == [[1, 0, 1, 0, 1, 0]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_features_keep_their_digits(dtype):
    """1 + a few eps: what any narrower dtype makes 1."""
    eps = np.finfo(dtype).eps
    X = (1.0 + eps * np.arange(6)[None]).astype(dtype)
    p = fs.Parameters(*(np.full((1, 1), w, dtype) for w in (1.0, -1.0, 1.0, 0.0)))
    for backend in ("numpy", "fused"):
        predicted = network(p, "identity", "identity").predict(X, backend=backend)
        np.testing.assert_array_equal(predicted, (eps * np.arange(6)[None]).astype(dtype))


@pytest.mark.parametrize("form", ["csc_array", "csr_matrix"])
def test_sparse_features_keep_theirs(form, monkeypatch):
    sparse = pytest.importorskip("scipy.sparse")
    X, _, p = make_case(9, 11, 2, 40)
    X[np.random.default_rng(1).random(X.shape) < 0.7] = 0.0
    right = by_hand(X, p)
    for pieces in (2**22, 9 * 16):
        monkeypatch.setattr("fastshallow.data.dtypes.PIECE", pieces)
        predicted = network(p, "tanh", "identity").predict(getattr(sparse, form)(X))
        np.testing.assert_allclose(predicted, right, rtol=1e-13, atol=1e-14)
