"""Learning-rate schedules: PyTorch's and scikit-learn's formulas, the same in both loops, and what stops training."""

import math

import numpy as np
import pytest
from cases import make_case
from tolerance import tolerance

import fastshallow as fs

FLOWER = fs.datasets.planar_flower()
SCHEDULES = {
    "number": (0.5, lambda e, n: 0.5),
    "inverse": (fs.InverseScaling(0.5, decay=0.1, power=0.5), lambda e, n: 0.5 / math.sqrt(1 + 0.1 * e)),
    "step": (fs.StepDecay(0.5, every=7, factor=0.5), lambda e, n: 0.5 * 0.5 ** (e // 7)),
    "cosine": (fs.Cosine(0.5, final=0.1), lambda e, n: 0.1 + 0.4 * (1 + math.cos(math.pi * e / n)) / 2),
    "warm-up": (fs.WarmUp(0.5, epochs=4), lambda e, n: 0.5 * min(1.0, (e + 1) / 4)),
    "warm cosine": (fs.WarmUp(fs.Cosine(0.5)), lambda e, n: min(1, (e + 1) / 5) * (1 + math.cos(math.pi * e / n)) / 4),
    "function": (lambda e: 0.1 + 0.01 * e, lambda e, n: 0.1 + 0.01 * e),
}


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_each_epoch_has_its_rate(name, backend):
    X, Y, p = make_case(2, 4, 1, 50)
    schedule, formula = SCHEDULES[name]
    net = fs.train(X, Y, epochs=30, learning_rate=schedule, parameters=p, backend=backend)
    rates = [formula(epoch, 30) for epoch in range(30)]
    np.testing.assert_allclose(net.history.learning_rate, rates, rtol=1e-14)
    w = p
    for rate in rates:
        _, gradients = fs.cost_and_gradients(X, Y, w, backend="numpy")
        w = fs.Parameters(*(a - rate * da for a, da in zip(w, gradients, strict=True)))
    for mine, right in zip(net.parameters, w, strict=True):
        assert np.abs(mine - right).max() <= tolerance("float64", 1.0, 100.0)


DEFAULTS = {  # of 70 epochs, the learning rates of some
    "inverse": (fs.InverseScaling(0.5), {0: 0.5, 1: 0.25, 4: 0.1, 49: 0.01}),
    "step": (fs.StepDecay(0.5), {0: 0.5, 29: 0.5, 30: 0.05, 59: 0.05, 60: 0.005, 69: 0.005}),
    "cosine": (fs.Cosine(0.5), {0: 0.5, 35: 0.25, 69: 0.00025173336467}),
    "warm-up": (fs.WarmUp(0.5), {0: 0.1, 1: 0.2, 4: 0.5, 69: 0.5}),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_defaults_give_these_numbers(name):
    schedule, right = DEFAULTS[name]
    X, Y, p = make_case(2, 4, 1, 10)
    rates = fs.train(X, Y, epochs=70, learning_rate=schedule, parameters=p, backend="numpy").history.learning_rate
    np.testing.assert_allclose(rates[list(right)], list(right.values()), rtol=1e-7)


def test_the_defaults_of_the_adaptive_rate():
    rule = fs.Adaptive(0.5)
    assert (rule.factor, rule.patience, rule.tolerance, rule.minimum) == (0.2, 10, 1e-4, 1e-6)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_batches_share_the_rate_of_their_epoch(backend):
    X, Y, p = make_case(2, 4, 1, 50)
    options = {"batch_size": 16, "parameters": p, "seed": 1, "backend": backend, "epochs": 6}
    halved = fs.train(X, Y, learning_rate=fs.StepDecay(0.4, every=2, factor=0.5), **options)
    np.testing.assert_array_equal(halved.history.learning_rate, [0.4, 0.4, 0.2, 0.2, 0.1, 0.1])
    constant = fs.train(X, Y, learning_rate=0.4, **options)
    assert (halved.history.cost[:2] == constant.history.cost[:2]).all()
    assert halved.history.cost[2] != constant.history.cost[2]


def adaptive(costs, rate, rule):
    """scikit-learn's rule, written out: the learning rate of each epoch, and whether training ends."""
    best, idle, rates = math.inf, 0, []
    for cost in costs:
        rates.append(rate)
        idle = idle + 1 if cost > best - rule.tolerance else 0
        best = min(best, cost)
        if idle > rule.patience:
            if rate <= rule.minimum:
                return rates, True
            rate, idle = rate * rule.factor, 0
    return rates, False


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_the_adaptive_rate(backend):
    rule = fs.Adaptive(2.0, factor=0.5, patience=2, tolerance=1e-3, minimum=0.1)
    net = fs.train(*FLOWER, epochs=3000, learning_rate=rule, seed=2, backend=backend)
    rates, ended = adaptive(net.history.cost, 2.0, rule)
    np.testing.assert_allclose(net.history.learning_rate, rates, rtol=1e-14)
    assert ended and net.history.stopped == "no improvement" and len(rates) < 3000 and len(set(rates)) > 3


@pytest.mark.parametrize(
    ("kind", "rate"), [("invscaling", fs.InverseScaling(0.2, decay=50, power=0.5)), ("adaptive", fs.Adaptive(0.2))]
)
@pytest.mark.filterwarnings("ignore:.*Maximum iterations")
def test_scikit_learns_schedules(kind, rate):
    MLPRegressor = pytest.importorskip("sklearn.neural_network").MLPRegressor
    random = np.random.default_rng(0)
    X, y = random.standard_normal((50, 3)), random.standard_normal(50)
    options = {"activation": "tanh", "solver": "sgd", "momentum": 0.0, "alpha": 0.0, "batch_size": 50, "shuffle": False}
    options |= {"hidden_layer_sizes": (4,), "learning_rate": kind, "random_state": 1}
    start = MLPRegressor(**options, learning_rate_init=1e-300, max_iter=1).fit(X, y)
    (W1, W2), (b1, b2) = start.coefs_, start.intercepts_
    p = fs.Parameters(W1.T, b1[:, None], W2.T, b2[:, None])
    peer = MLPRegressor(**options, learning_rate_init=0.2, max_iter=1000, tol=1e-4).fit(X, y)
    epochs = len(peer.loss_curve_)
    net = fs.train(X.T, y[None], output="identity", parameters=p, learning_rate=rate, epochs=epochs)
    np.testing.assert_allclose(net.history.cost, peer.loss_curve_, rtol=1e-9)
    if kind == "adaptive":
        assert net.history.stopped == "no improvement" or epochs == 1000
        assert len(set(net.history.learning_rate)) > 3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fs.Cosine(-1.0), ValueError, "learning_rate must be positive and finite, not -1.0"),
        (lambda: fs.Cosine(0.1, final=-1.0), ValueError, "final must be not negative and finite"),
        (lambda: fs.StepDecay(0.1, every=0), ValueError, "every must be 1 or more, not 0"),
        (lambda: fs.StepDecay(0.1, every=2.5), TypeError, "every must be an integer, not 2.5"),
        (lambda: fs.WarmUp("fast"), TypeError, "learning_rate must be a number, a schedule .* not 'fast'"),
        (lambda: fs.train(*FLOWER, learning_rate=fs.Cosine), TypeError, "a schedule such as fs.Cosine.* not <class"),
        (lambda: fs.WarmUp(fs.Adaptive(0.1)), ValueError, "learning_rate of fs.WarmUp can't be fs.Adaptive"),
        (lambda: fs.train(*FLOWER, epochs=2, learning_rate=lambda e: -1), ValueError, r"learning_rate\(0\) must"),
    ],
)
def test_bad_schedules_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
