"""Networks from scikit-learn and as its estimators: both predict the same."""

import itertools
import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from tolerance import tolerance

import fastshallow as fs
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.training import Network, Target

pytestmark = pytest.mark.filterwarnings("ignore:.*(Maximum iterations|lbfgs failed)")
THERE = ("identity", "sigmoid", "tanh", "relu")


def network(hidden="tanh", output="sigmoid", n_y=3, dtype="float64", standardized=True, **more):
    random = np.random.default_rng(7)
    shapes = (6, 4), (6, 1), (n_y, 6), (n_y, 1)
    p = fs.Parameters(*(random.normal(0, 0.7, shape).astype(dtype) for shape in shapes))
    net = Network(p, ACTIVATIONS[hidden], OUTPUTS[output], **more)
    features = fs.standardize(random.normal([[3], [-1], [0], [9]], [[5], [0.1], [1], [2]], (4, 50)))[1]
    return net.with_features(features) if standardized else net


def examples(m=40, dtype="float64"):
    return np.random.default_rng(8).normal([[3], [-1], [0], [9]], [[5], [0.1], [1], [2]], (4, m)).astype(dtype)


def outputs_of(net, X):
    return (net.predict if net.output.numbers else net.predict_proba)(X, backend="numpy")


def close(found, wanted, dtype, c=64.0):
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance(dtype, max(1.0, np.abs(wanted).max()), c))


def with_poisson():
    return "loss" in MLPRegressor().get_params()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("hidden", "output"), [*itertools.product(THERE, OUTPUTS)])
def test_an_estimator_predicts_the_same(hidden, output, dtype):
    if output == "exp" and not with_poisson():
        pytest.skip("this scikit-learn has no loss='poisson'")
    units = Target("income", (), np.full((3, 1), 40.0), np.full((3, 1), 7.0)) if output == "identity" else None
    net, X = network(hidden, output, 3, dtype, target=units), examples(dtype=dtype)
    mlp = net.to_sklearn()
    found = (mlp.predict if net.output.numbers else mlp.predict_proba)(X.T).T
    close(found, outputs_of(net, X), dtype)
    if output == "softmax":
        np.testing.assert_array_equal(mlp.predict(X.T), net.predict(X, backend="numpy")[0])
    if output == "sigmoid":
        np.testing.assert_array_equal(mlp.predict(X.T), net.predict(X, backend="numpy").T)
    back = fs.from_sklearn(mlp)
    close(outputs_of(back, X), outputs_of(net, X), dtype)


@pytest.mark.parametrize(
    ("output", "n_y", "names"),
    [
        ("sigmoid", 1, ("no", "yes")),
        ("sigmoid", 1, ("yes", "no")),
        ("softmax", 3, ("small", "medium", "large")),
        ("softmax", 2, ("b", "a")),
    ],
)
def test_classes_keep_their_probabilities_in_whatever_order(output, n_y, names):
    net = network(output=output, n_y=n_y, target=Target("size", names), standardized=False)
    p, X = net.parameters, np.random.default_rng(1).normal(size=(4, 40))
    net = replace(net, parameters=p._replace(b1=0.0 * p.b1, b2=0.0 * p.b2))  # no class wins everywhere
    mlp = net.to_sklearn()
    assert list(mlp.classes_) == sorted(names)
    P = net.predict_proba(X, backend="numpy")
    P = np.concatenate([1 - P, P]) if n_y == 1 else P
    close(mlp.predict_proba(X.T).T, P[np.argsort(names)], "float64")
    labels = net.classes[net.predict(X, backend="numpy")][0]
    np.testing.assert_array_equal(mlp.predict(X.T), labels)
    assert len(set(labels)) > 1
    assert mlp.score(X.T, labels) == 1.0


def test_labels_can_be_given():
    net, X = network(output="softmax"), examples()
    mlp = net.to_sklearn(classes=[30, 10, 20])
    np.testing.assert_array_equal(mlp.predict(X.T), np.array([30, 10, 20])[net.predict(X, backend="numpy")[0]])
    for wrong in ([1, 2], [1, 1, 2]):
        with pytest.raises(ValueError, match="classes must be 3 different labels"):
            net.to_sklearn(classes=wrong)
    with pytest.raises(ValueError, match="classes are for labels"):
        network(output="identity").to_sklearn(classes=[1, 2, 3])


def test_the_estimator_is_like_any_other():
    net, X = network(output="softmax", target=Target("t", ("a", "b", "c"))), examples()
    mlp = net.to_sklearn()
    labels = mlp.predict(X.T)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(mlp)).predict(X.T), labels)
    assert clone(mlp).get_params() == mlp.get_params()
    assert clone(mlp).set_params(max_iter=2).fit(X.T, labels).coefs_[0].shape == mlp.coefs_[0].shape == (4, 6)
    before = mlp.coefs_[0].copy()
    mlp.partial_fit(X.T, labels)
    assert 0 < np.abs(mlp.coefs_[0] - before).max() < 0.01  # it goes on from there


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_fitted_estimators_become_networks(activation, dtype):
    X = examples(60, dtype)
    words = np.array(["x", "y", "z"])[np.arange(60) % 3]
    for y in (words, words == "x", np.stack([words == "x", X[0] > 3], axis=1).astype(int)):
        mlp = MLPClassifier(5, activation, max_iter=3, random_state=0).fit(X.T, y)
        net, P = fs.from_sklearn(mlp), mlp.predict_proba(X.T).T
        close(net.predict_proba(X, backend="numpy"), P[1:] if mlp.n_outputs_ == 1 else P, dtype)
        labels = net.predict(X, backend="numpy")
        labels = labels.T if y.ndim == 2 else net.classes[labels][0]
        np.testing.assert_array_equal(labels.astype(str), mlp.predict(X.T).astype(str))
    for y in (X[0], X[:2].T):
        mlp = MLPRegressor(hidden_layer_sizes=[5], activation=activation, max_iter=3, random_state=0).fit(X.T, y)
        close(fs.from_sklearn(mlp).predict(X, backend="numpy"), np.atleast_2d(mlp.predict(X.T).T), dtype)


def test_own_estimators_and_names_of_features_come_too(tmp_path):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(examples().T, columns=list("abcd"))
    for activation in ("leaky_relu", "softplus"):
        mlp = fs.ShallowClassifier(5, activation, slope=0.3, max_iter=2, random_state=0).fit(X, X["a"] > 3)
        net = fs.from_sklearn(mlp)
        close(net.predict_proba(X.T.to_numpy(), backend="numpy"), mlp.predict_proba(X).T[1:], "float64")
        assert net.features.names == ("a", "b", "c", "d")
    net.save(tmp_path / "net.npz")
    assert fs.Network.load(tmp_path / "net.npz").features.names == net.features.names
    back = fs.from_sklearn(MLPClassifier(5, max_iter=2).fit(X, X["a"] > 3)).to_sklearn(classes=[False, True])
    assert list(back.feature_names_in_) == list("abcd")
    assert back.predict(X).dtype == bool


@pytest.mark.skipif(not with_poisson(), reason="this scikit-learn has no loss='poisson'")
def test_a_poisson_regressor():
    X = np.random.default_rng(0).normal(size=(4, 40))
    mlp = MLPRegressor("poisson", 5, max_iter=3, random_state=0).fit(X.T, np.arange(40) % 5)
    net = fs.from_sklearn(mlp)
    assert net.output.name == "exp"
    close(net.predict(X, backend="numpy")[0], mlp.predict(X.T), "float64")


def test_what_can_not_be_converted_is_named():
    X, y = examples().T, np.arange(40) % 2
    deep = MLPClassifier((5, 4), max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=r"mlp has 2 hidden layers, of \[5, 4\] units"):
        fs.from_sklearn(deep)
    with pytest.raises(ValueError, match="not fitted"):
        fs.from_sklearn(MLPClassifier())
    with pytest.raises(TypeError, match="not Pipeline; of a pipeline or a search give its MLP"):
        fs.from_sklearn(make_pipeline(deep))
    with pytest.raises(TypeError, match="not MLPClassifier itself"):
        fs.from_sklearn(MLPClassifier)
    with pytest.raises(TypeError, match="not int"):
        fs.from_sklearn(3)
    for hidden in ("leaky_relu", "softplus"):
        with pytest.raises(ValueError, match=f"'{hidden}' is one that scikit-learn's MLP has not: identity, sigmoid"):
            network(hidden).to_sklearn()
    broken = MLPClassifier(5, max_iter=1).fit(X, y)
    broken.coefs_[1][0, 0] = np.nan
    with pytest.raises(ValueError, match="a weight of its second layer is not a finite number"):
        fs.from_sklearn(broken)
