"""Steps whose sums are divided by the weights of their batch, and costs that are means over outputs."""

from dataclasses import replace

import numpy as np
import pytest
from cases import DTYPES, make_case
from networks import far

import fastshallow as fs
from fastshallow.training import loop


@pytest.fixture
def trained(monkeypatch):
    """A short run with other settings than `train` would give it."""

    def train(changes, *data, **options):
        go = loop.go
        monkeypatch.setattr(
            "fastshallow.training.training.go", lambda settings, *rest: go(replace(settings, **changes), *rest)
        )
        return fs.train(*data, epochs=4, learning_rate=0.1, seed=3, **options)

    return train


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"batch_size": 7}, {"batch_size": 7, "shuffle": False}, {"batch_size": 64}])
def test_both_loops_take_the_same_steps(trained, dtype, options):
    X, Y, p = make_case(9, 11, 3, 40, dtype, "identity")
    weights = np.random.default_rng(1).uniform(0.1, 4.0, 40)
    changes = {"by_weight": True, "averaged": True}
    given = {"output": "identity", "l2": 0.5, "sample_weight": weights, "parameters": p, **options}
    fused, numpy = (trained(changes, X, Y, backend=backend, **given) for backend in ("fused", "numpy"))
    assert far(fused, numpy, dtype, 200.0, 20.0) <= 1.0
    plain = trained({}, X, Y, backend="numpy", **given)
    assert far(plain, numpy, dtype, 200.0, 20.0) > 10.0


def test_by_hand(trained):
    """An epoch of two batches, its cost from the definition."""
    X, Y, p = make_case(3, 4, 2, 10, "float64", "identity")
    w = np.arange(1.0, 11.0) / 5.5  # of mean 1, as `train` makes them
    net = trained(
        {"by_weight": True, "averaged": True, "epochs": 1},
        X,
        Y,
        output="identity",
        l2=0.5,
        sample_weight=w,
        parameters=p,
        batch_size=6,
        shuffle=False,
        backend="fused",
    )
    costs = []
    for part in (slice(0, 6), slice(6, 10)):
        x, y, v = X[:, part], Y[:, part], w[part]
        total = v.sum()
        A2 = fs.forward(x, p, output="identity", backend="numpy")
        decay = 0.25 * (np.sum(p.W1**2) + np.sum(p.W2**2)) / total
        costs.append(0.5 * np.mean(((A2 - y) ** 2) @ v) / total + decay)
        A1 = np.tanh(p.W1 @ x + p.b1)
        dZ2 = (A2 - y) * v / total
        dZ1 = (p.W2.T @ dZ2) * (1 - A1**2)
        gradients = dZ1 @ x.T + 0.5 / total * p.W1, dZ1.sum(1)[:, None]
        gradients = (*gradients, dZ2 @ A1.T + 0.5 / total * p.W2, dZ2.sum(1)[:, None])
        p = fs.Parameters(*(each - 0.1 * d for each, d in zip(p, gradients, strict=True)))
    assert net.history.cost[0] == pytest.approx(0.6 * costs[0] + 0.4 * costs[1], rel=1e-12)
    for mine, right in zip(net.parameters, p, strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-13)
