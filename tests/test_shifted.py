"""Predictions subtract the mean of the features before anything is rounded, whatever the dtype, order and backend."""

import numpy as np
import pytest
from cases import make_case, ordered

import fastshallow as fs
from fastshallow.data import Features
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.training import Network

SHAPES = [(2, 4, 1), (5, 3, 2), (30, 64, 1), (200, 3, 1), (300, 40, 3)]


def network_of(p, mean, scale):
    features = Features(tuple(f"x{k}" for k in range(len(mean))), mean, scale)
    return Network(p, ACTIVATIONS["tanh"], OUTPUTS["sigmoid"], features=features)


@pytest.mark.kernels
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("far", [0.0, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_features_far_from_zero(shape, far, dtype):
    _, _, p = make_case(*shape, 1)
    random = np.random.default_rng(1)
    scale = random.uniform(0.5, 3.0, (shape[0], 1))
    mean = far * scale * random.choice([-1.0, 1.0], scale.shape)
    net = network_of(p, mean, scale)
    for m in (1, 7, 300):
        X = (mean + scale * random.standard_normal((shape[0], m))).astype(dtype)  # numbers that it holds exactly
        standardized = (X.astype(np.float64) - mean) / scale
        right = fs.forward(standardized, p, backend="numpy")
        for order in ("C", "F"):
            for backend in ("fused", "numpy"):
                got = net.predict_proba(ordered(X, order), backend=backend)
                size = np.abs(standardized).max() * np.abs(p.W1).sum(axis=1).max()
                assert got.dtype == dtype
                assert np.abs(got - right).max() < 8 * np.finfo(dtype).eps * max(1.0, size), (m, order, backend)


def test_in_loops_too():
    _, _, p = make_case(2, 4, 1, 1)
    mean, scale = np.array([[5e6], [-3.0]]), np.array([[3.0], [0.1]])
    X = np.array([[5e6 + 2, 5e6 - 5], [-3.125, -2.75]], np.float32)
    right = fs.forward((X - mean) / scale, p, backend="numpy")
    for backend in ("loops", "examples", "jit"):
        np.testing.assert_allclose(network_of(p, mean, scale).predict_proba(X, backend=backend), right, atol=1e-6)


def test_the_data_are_not_changed():
    _, _, p = make_case(2, 4, 1, 1)
    X = np.arange(20.0).reshape(2, 10)
    before = X.copy()
    network_of(p, np.full((2, 1), 7.0), np.ones((2, 1))).predict(X)
    assert np.array_equal(X, before)
