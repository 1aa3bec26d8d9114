"""What training says of its own accord: equal units, constant features, raw features, bad ends; each once."""

import warnings

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.training.notices import constant_features, warn_of_end

FLOWER = fs.datasets.planar_flower()
RANDOM = np.random.default_rng(0)
BACKENDS = pytest.mark.parametrize("backend", ["numpy", "fused"])


def said(*arguments, **options):
    """What a run warns of, each from the line that called it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = fs.train(*arguments, **{"epochs": 2, "seed": 1, "backend": "numpy"} | options)
    assert all(each.filename == __file__ and each.category is UserWarning for each in caught)
    return net, [str(each.message) for each in caught]


# ---- equal units ----


EQUAL = fs.Parameters(np.ones((4, 2)), np.ones((4, 1)), np.ones((1, 4)), np.ones((1, 1)))


@pytest.mark.parametrize("options", [{"scale": 0.0}, {"parameters": EQUAL}])
def test_equal_units_are_warned_of(options):
    net, (message,) = said(*FLOWER, 4, epochs=20, **options)
    assert message.startswith("all hidden units begin equal")
    assert np.ptp(net.parameters.W1, axis=0).max() < 1e-12  # and so they stay


def test_a_single_unit_or_unequal_ones_are_fine():
    assert said(*FLOWER, 1, scale=0.0)[1] == said(*FLOWER, 4, scale=0.01)[1] == []


# ---- constant features ----


def with_constants(*values, dtype="float64"):
    """The flower, with features that are the same in all examples, and its labels."""
    X, Y = FLOWER
    rows = [np.full(X.shape[1], value) for value in values]
    return np.stack([X[0], *rows, X[1]]).astype(dtype), Y.astype(dtype)


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_features_count_for_nothing(backend, dtype):
    X, Y = with_constants(0.0, 1.5, dtype=dtype)
    options = {"epochs": 200, "n_h": 4, "backend": backend, "batch_size": 100, "optimizer": "momentum"}
    net, (message,) = said(X, Y, learning_rate=0.1, **options)
    assert message.startswith("2 of the 4 features of X, counted from 0, are the same in all examples (1, 2):")
    assert not net.parameters.W1[:, 1:3].any() and net.parameters.W1[:, ::3].all()
    other = X.copy()
    other[1:3] = RANDOM.standard_normal((2, X.shape[1]))
    np.testing.assert_array_equal(net.predict_proba(other), net.predict_proba(X))


@BACKENDS
def test_what_a_constant_feature_learns_is_in_the_bias(backend):
    """Such a feature of value c is a bias whose learning rate is c^2 times as large; its answers stay."""
    X, Y = with_constants(2.0)
    net, _ = said(X, Y, epochs=1, n_h=3, learning_rate=0.5, scale="xavier", backend=backend)
    p = fs.initialize_parameters(3, 3, 1, "xavier", seed=1)
    p.W1[:, 1] = 0.0
    _, gradients = fs.cost_and_gradients(X, Y, p)
    np.testing.assert_allclose(net.parameters.b1, -0.5 * (1.0 + 2.0**2) * gradients.b1, rtol=1e-12)
    np.testing.assert_allclose(net.parameters.W1[:, ::2], (p.W1 - 0.5 * gradients.W1)[:, ::2], rtol=1e-12)


def test_validation_and_callbacks_see_the_network_without_them():
    X, Y = with_constants(1.0)
    V = X.copy()
    V[1] = 50.0  # which must not matter
    seen = []
    options = {"epochs": 30, "patience": 30, "callbacks": lambda progress: seen.append(progress.network)}
    mine, other = (said(X, Y, validation=(each, Y), **options)[0].history for each in (X, V))
    np.testing.assert_array_equal(mine.validation_cost, other.validation_cost)
    assert not any(each.parameters.W1[:, 1].any() for each in seen)


@BACKENDS
def test_a_resumed_run_leaves_them_out_too(tmp_path, backend):
    X, Y = with_constants(1.0)
    whole, _ = said(X, Y, epochs=40, backend=backend, optimizer="adam", learning_rate=0.01)
    said(X, Y, epochs=20, backend=backend, optimizer="adam", learning_rate=0.01, checkpoint=tmp_path / "run.npz")
    rest = fs.resume(tmp_path / "run.npz", X, Y, epochs=40)
    assert all(map(np.array_equal, rest.parameters, whole.parameters)) and not rest.parameters.W1[:, 1].any()


def test_given_parameters_are_left_as_they_are():
    X, Y = with_constants(1.0)
    p = fs.initialize_parameters(3, 4, 1, "xavier", seed=1)
    net, messages = said(X, Y, epochs=1, learning_rate=0.1, parameters=p)
    np.testing.assert_array_equal(net.parameters.W1, p.W1 - 0.1 * fs.cost_and_gradients(X, Y, p, backend="numpy")[1].W1)
    assert messages == []
    begun, _ = said(X, Y, n_h=4)  # but what is 0 stays 0 when training goes on
    assert not said(X, Y, parameters=begun.parameters)[0].parameters.W1[:, 1].any()


def test_a_single_example_is_not_constant():
    assert said(np.ones((3, 1)), np.ones((1, 1)))[1] == []


@pytest.mark.parametrize("m", [2, 3, 64, 65, 700, 5000])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float64", "uint8", ">i2", "bool"])
def test_a_last_example_may_be_what_differs(m, order, dtype):
    X = np.asarray(np.zeros((70, m)), dtype, order=order)
    X[::3, -1] = 1
    assert constant_features(X) == [k for k in range(70) if k % 3]


def test_sparse_features_without_numbers():
    sparse = pytest.importorskip("scipy.sparse")
    X, Y = with_constants(0.0)
    columns = sparse.csc_array(X)
    columns.data[:3] = 0.0  # stored, but zero
    net, (message,) = said(columns, Y, epochs=5)
    assert "1 of the 3 features" in message and not net.parameters.W1[:, 1].any()


# ---- features that are not standardized ----


def raw(name):
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return X.T, (y == 0).astype(float)[None]


@pytest.mark.parametrize(
    ("X", "feature"),
    [
        (3.0 * FLOWER[0], 1),
        (np.stack([RANDOM.standard_normal(500), 5e6 + RANDOM.standard_normal(500)]), 1),
        (RANDOM.integers(0, 256, (9, 500)).astype(np.uint8), None),
        (np.asfortranarray(1e4 * RANDOM.standard_normal((3, 20_000))), None),
        (0.01 * FLOWER[0], None),
        (1e200 * FLOWER[0], None),
    ],
    ids=["flower", "mean", "bytes", "many", "small", "huge"],
)
def test_raw_features_are_warned_of(X, feature):
    _, (message,) = said(X, np.ones((1, X.shape[1])), learning_rate=1e-9)
    assert "features should have mean 0 and variance 1" in message and "fs.standardize(X)" in message
    assert feature is None or f"feature {feature} of X" in message


@pytest.mark.parametrize(
    "X",
    [
        FLOWER[0],
        RANDOM.random((784, 50)),
        (RANDOM.random((784, 50)) < 0.02) * 1.0,
        RANDOM.standard_normal((30, 500)),
        RANDOM.standard_t(3, (4, 500)),
        2.0 + RANDOM.standard_normal((3, 500)),
        np.eye(300)[:, RANDOM.integers(0, 300, 3000)],
        np.ones((2, 1)),
    ],
    ids=["flower", "image", "strokes", "standard", "tails", "shifted", "one-hot", "example"],
)
def test_others_are_not(X):
    _, messages = said(X, np.ones((1, X.shape[1])))
    assert not any("mean 0" in message for message in messages)


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_raw_tables_end_at_the_majority_and_standardized_ones_do_not(name):
    X, Y = raw(name)
    net, messages = said(X, Y, n_h=8, epochs=200, learning_rate=0.3)
    assert "features should have mean 0" in messages[0]
    Z, _ = fs.standardize(X)
    better, silence = said(Z, Y, n_h=8, epochs=200, learning_rate=0.3)
    assert silence == [] and np.mean(better.predict(Z) == Y) > max(0.95, np.mean(net.predict(X) == Y))


# ---- runs that end badly ----


@BACKENDS
def test_a_run_that_ends_high_is_warned_of(backend):
    net, (message,) = said(*FLOWER, epochs=20, seed=2, learning_rate=60.0, backend=backend)
    first, last = net.history.cost[[0, -1]]
    assert message.startswith(f"training ends at a cost of {last:.4g}, far above the first, {first:.4g}: try a smaller")


@pytest.mark.parametrize(
    ("costs", "what"),
    [
        ([0.7, 0.1, 0.5], "far above the lowest, 0.1 in epoch 10"),
        ([0.7, 0.3, 0.2, 0.69], "far above the lowest, 0.2 in epoch 20"),
        ([0.7, 0.1, 1.5], "far above the first, 0.7"),
        ([0.7, 0.1, 0.39], None),  # most of what was gained is kept
        ([0.7, 0.4, 0.6], None),  # it is small
        ([0.7, 0.8, 0.9], None),
        ([1e-9, 1e-8], None),  # rounding
        ([0.7], None),
        ([], None),
    ],
)
def test_what_counts_as_high(costs, what):
    history = fs.History(epoch=10 * np.arange(len(costs)), cost=np.array(costs))
    if what is None:
        return warn_of_end(history)
    with pytest.warns(UserWarning, match=f"a cost of {costs[-1]}, {what}: try"):
        warn_of_end(history)


def test_so_is_one_that_goes_on(tmp_path):
    said(*FLOWER, epochs=5, learning_rate=1.2, checkpoint=tmp_path / "run.npz")
    with pytest.warns(UserWarning, match="far above the first"):
        fs.resume(tmp_path / "run.npz", *FLOWER, epochs=25, learning_rate=1000.0)


def test_ups_and_downs_are_not():
    assert said(*FLOWER, epochs=300, batch_size=16, optimizer="adam", learning_rate=0.03)[1] == []
    assert said(*FLOWER, epochs=1)[1] == []
    high = {"epochs": 1520, "seed": 2, "learning_rate": lambda epoch: 1.2 if epoch < 1500 else 30.0}
    assert said(*FLOWER, validation=FLOWER, patience=1520, **high)[1] == []  # which goes back to the best
