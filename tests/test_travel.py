"""Networks travel: through pickle, copies, joblib and other processes; what can't says why."""

import copy
import multiprocessing
import os
import pickle
import re

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.data import Features
from fastshallow.formulas import ACTIVATIONS
from fastshallow.training import Network, Target

X, Y = fs.datasets.planar_flower()


def softsign_value(z):
    return z / (1.0 + np.abs(z))


def softsign_derivative(z, a):
    return (1.0 - np.abs(a)) ** 2


def trained(hidden="tanh", output="sigmoid", **options):
    return fs.train(X, Y, 3, hidden, output, 3, 0.1, seed=1, backend="numpy", **options)


def same(one, other):
    arrays = zip(one.parameters, other.parameters, strict=True)
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in arrays)
    assert np.array_equal(one.predict(X, backend="numpy"), other.predict(X, backend="numpy"))
    assert one.hidden.name == other.hidden.name and one.hidden.slope == other.hidden.slope
    assert np.array_equal(one.history.cost, other.history.cost) and one.output is other.output
    return True


HIDDEN = [*ACTIVATIONS, fs.leaky_relu(0.2), fs.leaky_relu("learn")]
TRIPS = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("trip", TRIPS)
def test_trips(trip, hidden, tmp_path):
    net = trained(hidden)
    net.predict(X)
    there = TRIPS[trip](net)
    assert same(there, net)
    there.save(tmp_path / "net.npz")  # a copy's activation is a built-in one still
    assert same(Network.load(tmp_path / "net.npz"), net)


def test_what_predicting_has_made_stays_here():
    net = trained()
    before = len(pickle.dumps(net))
    net.predict(X)
    assert len(pickle.dumps(net)) == before


def test_a_built_in_activation_is_known_by_its_text(tmp_path):
    tanh = ACTIVATIONS["tanh"]
    net = trained(fs.Activation("tanh", tanh.value, tanh.derivative), checkpoint=tmp_path / "run.npz")
    net.save(tmp_path / "net.npz")
    assert same(Network.load(tmp_path / "net.npz"), net) and same(fs.resume(tmp_path / "run.npz", X, Y), net)


def test_joblib(tmp_path):
    joblib = pytest.importorskip("joblib")
    net = trained("relu")
    joblib.dump(net, tmp_path / "net.joblib")
    assert same(joblib.load(tmp_path / "net.joblib"), net)


def train_there(hidden):
    return trained(hidden)


@pytest.mark.parametrize("method", sorted(set(multiprocessing.get_all_start_methods()) - {"forkserver"}))
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_back_from_a_worker(method, tmp_path):
    with multiprocessing.get_context(method).Pool(1) as pool:
        for hidden in ("relu", fs.leaky_relu(0.3)):
            net = pool.apply(train_there, (hidden,))
            assert same(net, trained(hidden))
            net.save(tmp_path / "net.npz")


def test_all_that_the_command_has_learnt_goes_along():
    features = Features(("a", "b"), np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]))
    net = trained()
    net = Network(net.parameters, net.hidden, net.output, net.history, features, Target("y", ("no", "yes")))
    there = pickle.loads(pickle.dumps(net))
    assert same(there, net) and there.target.classes == ("no", "yes")
    assert there.features.names == ("a", "b") and np.array_equal(there.features.mean, features.mean)


def test_ones_own_activation_travels_by_its_functions():
    own = fs.Activation("softsign", softsign_value, softsign_derivative)
    net = trained(own)
    assert same(pickle.loads(pickle.dumps(net)), net)
    assert copy.deepcopy(net).hidden is own


@pytest.mark.parametrize("what", ["value", "derivative"])
def test_a_lambda_does_not(what):
    functions = {"value": softsign_value, "derivative": softsign_derivative}
    functions[what] = lambda z, *a: functions["value"](z) if not a else softsign_derivative(z, *a)
    if what == "value":
        functions["value"] = lambda z: z / (1.0 + np.abs(z))
    else:
        functions["derivative"] = lambda z, a: (1.0 - np.abs(a)) ** 2
    net = trained(fs.Activation("softsign", **functions))
    with pytest.raises(pickle.PicklingError, match=rf"'softsign' can't be pickled: its {what} is a .* def at module"):
        pickle.dumps(net)
    assert same(copy.deepcopy(net), net)


def test_a_lambda_goes_along_with_what_pickles_functions(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    net = trained(fs.Activation("softsign", lambda z: z / (1.0 + np.abs(z)), softsign_derivative))
    assert same(pickle.loads(cloudpickle.dumps(net)), net)
    joblib = pytest.importorskip("joblib")
    with pytest.raises(pickle.PicklingError, match="define it with def at module level"):
        joblib.dump(net, tmp_path / "net.joblib")


def test_a_name_of_a_built_in_activation_does_not_make_one(tmp_path):
    own = fs.Activation("tanh", softsign_value, softsign_derivative)
    net = trained(own)
    net.save(tmp_path / "net.npz")
    with pytest.raises(fs.NetworkFileError, match="its activation 'tanh' is your own"):
        Network.load(tmp_path / "net.npz")
    whole = trained(own, checkpoint=tmp_path / "run.npz")
    with pytest.raises(
        fs.CheckpointError, match=r"run.npz: its activation 'tanh' is your own: give it again as hidden="
    ):
        fs.resume(tmp_path / "run.npz", X, Y)
    assert same(fs.resume(tmp_path / "run.npz", X, Y, hidden=own), whole)
    with pytest.raises(TypeError, match=r"hidden must be the fs.Activation of the network, not 'tanh'"):
        Network.load(tmp_path / "net.npz", hidden="tanh")
    with pytest.raises(TypeError, match=r"hidden must be the fs.Activation that training began with, not 'tanh'"):
        fs.resume(tmp_path / "run.npz", X, Y, hidden="tanh")


def test_classes():
    net = trained()
    assert net.classes is None
    named = Network(net.parameters, net.hidden, net.output, target=Target("colour", ("blue", "red")))
    assert named.classes.tolist() == ["blue", "red"]
    assert named.classes[named.predict(X)].shape == (1, 400)
    assert set(named.classes[named.predict(X)].ravel()) <= {"blue", "red"}


@pytest.mark.parametrize("backend", ["fused", "numpy", "examples"])
@pytest.mark.parametrize("hidden", list(ACTIVATIONS))
def test_nan_is_refused_with_its_place(backend, hidden):
    net = trained(hidden)
    odd = X[:, :50].copy()
    odd[0, 7] = odd[1, 9] = np.nan
    for ask in (net.predict, net.predict_proba):
        with pytest.raises(ValueError, match="X holds nan at feature 0, example 7"):
            ask(odd, backend=backend)
    A2 = net.predict_proba(odd, backend=backend, allow_nan=True)
    assert np.flatnonzero(np.isnan(A2[0])).tolist() == [7, 9]
    right = net.predict_proba(X[:, :50], backend=backend)
    np.testing.assert_allclose(np.delete(A2, [7, 9], 1), np.delete(right, [7, 9], 1), rtol=1e-13)


def test_the_place_of_nan_is_no_infinity_that_does_no_harm():
    odd = X[:, :9].copy()
    odd[0, 2], odd[0, 5], odd[1, 5] = np.inf, np.inf, np.nan
    net = trained().with_features(Features(("width", "height"), np.zeros((2, 1)), np.ones((2, 1))))
    assert np.isfinite(net.predict_proba(odd[:, :5])).all()
    with pytest.raises(ValueError, match=r"^X holds nan at feature 1 \('height'\), example 5$"):
        net.predict(odd)
    relu = fs.Parameters(np.ones((2, 2)), np.zeros((2, 1)), np.array([[1.0, -1.0]]), np.zeros((1, 1)))
    with pytest.raises(ValueError, match=r"^X holds inf at feature 0, example 2$"):
        Network(relu, ACTIVATIONS["relu"], net.output).predict(odd)


def test_nan_in_sparse_examples():
    sparse = pytest.importorskip("scipy.sparse")
    odd = X[:, :9].copy()
    odd[0] = 0.0
    odd[1, 7] = np.nan
    with pytest.raises(ValueError, match=r"^X holds nan at feature 1, example 7$"):
        trained().predict(sparse.csc_array(odd))


def test_scores_that_are_too_large():
    p = fs.Parameters(np.full((2, 1), 1e200), np.zeros((2, 1)), np.array([[1e200, -1e200]]), np.zeros((1, 1)))
    net = Network(p, ACTIVATIONS["identity"], trained().output)
    with pytest.raises(ValueError, match="example 1 of X is so large that its scores are NaN"):
        net.predict(np.array([[0.0, 1e10]]), backend="numpy")


def test_errors_name_the_path_that_was_given(tmp_path):
    net = trained()
    for path in (tmp_path / "none" / "net.npz", tmp_path):
        with pytest.raises(OSError) as caught:
            net.save(path)
        assert str(path) in str(caught.value) and ".tmp" not in str(caught.value)
    checkpoint, network = tmp_path / "run.npz", tmp_path / "net.npz"
    trained(checkpoint=checkpoint)
    net.save(network)
    with pytest.raises(fs.NetworkFileError, match=r"run.npz: a checkpoint of training; fs.resume\(path, X, Y\)"):
        Network.load(checkpoint)
    with pytest.raises(fs.CheckpointError, match=r"net.npz: a trained network; fs.Network.load\(path\)"):
        fs.resume(network, X, Y)


@pytest.mark.parametrize("path", ["", "a\0b", b"net.npz", 5, None])
def test_what_is_no_path(path):
    net = trained()
    kind = ValueError if isinstance(path, str) else TypeError
    for ask in (net.save, Network.load, lambda path: fs.resume(path, X, Y)):
        with pytest.raises(kind, match=f"^path must be the path of a file, not {re.escape(repr(path))}$"):
            ask(path)


def test_the_longest_name(tmp_path):
    net = trained()
    net.save(tmp_path / ("n" * 251 + ".npz"))
    with pytest.raises(OSError, match="n" * 252 + ".npz"):
        net.save(tmp_path / ("n" * 252 + ".npz"))
    assert [len(name) for name in os.listdir(tmp_path)] == [255]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_nothing_takes_the_place_of_a_pipe_or_a_link(tmp_path):
    pipe, link, net = tmp_path / "pipe", tmp_path / "link", trained()
    os.mkfifo(pipe)
    for ask in (net.save, lambda path: trained(checkpoint=path)):
        with pytest.raises(ValueError, match=f"^{pipe}: this is a pipe or a device"):
            ask(pipe)
    link.symlink_to(tmp_path / "net.npz")
    net.save(link)
    assert link.is_symlink() and same(Network.load(tmp_path / "net.npz"), net)
