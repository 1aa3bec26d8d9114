"""What training gives back predicts, and survives a file; a file that is not its own is refused."""

import os
import zipfile

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.formulas.activations import leaky_relu, tanh
from fastshallow.formulas.losses import OUTPUTS
from fastshallow.training.network import Features, History, Network, NetworkFileError, Target

N_X, N_H = 3, 4


def make(output="sigmoid", n_y=1, hidden=tanh, dtype="float64", **more):
    parameters = fs.initialize_parameters(N_X, N_H, n_y, scale=0.8, seed=3, dtype=dtype)
    history = History(
        epoch=np.array([0, 5]),
        cost=np.array([0.7, 0.25]),
        validation_cost=np.array([0.8, 0.3]),
        validation_score=np.array([0.5, 1.0]),
        learning_rate=np.array([0.1, 0.2]),
        seconds=np.array([0.25, 0.5]),
        stopped="interrupted",
        best_epoch=5,
    )
    return Network(parameters, hidden, OUTPUTS[output], history, **more)


def described(output="sigmoid", n_y=1, **target):
    random = np.random.default_rng(0)
    features = Features(("a", "b", "ü"), random.standard_normal((N_X, 1)), random.uniform(0.5, 2, (N_X, 1)))
    return make(output, n_y, features=features, target=Target("kind", **target))


def examples(m=7, dtype="float64"):
    return np.random.default_rng(1).standard_normal((N_X, m)).astype(dtype)


def by_hand(p, X):
    return p.W2 @ np.tanh(p.W1 @ X + p.b1) + p.b2


def test_sigmoid_predicts_labels():
    network, X = make(n_y=2), examples()
    P = network.predict_proba(X)
    np.testing.assert_allclose(P, 1 / (1 + np.exp(-by_hand(network.parameters, X))), rtol=1e-12)
    labels = network.predict(X)
    assert labels.dtype.kind == "i"
    np.testing.assert_array_equal(labels, P > 0.5)


def test_a_probability_of_exactly_one_half_is_label_zero():
    parameters = fs.initialize_parameters(N_X, N_H, 1, scale=0.0, seed=1)
    np.testing.assert_array_equal(Network(parameters, tanh, OUTPUTS["sigmoid"]).predict(examples()), np.zeros((1, 7)))


def test_softmax_predicts_a_class():
    network, X = make("softmax", n_y=3), examples()
    P = network.predict_proba(X)
    np.testing.assert_allclose(P.sum(axis=0), 1.0)
    np.testing.assert_array_equal(network.predict(X), [np.argmax(by_hand(network.parameters, X), axis=0)])


def test_identity_predicts_numbers_without_probabilities():
    network, X = make("identity", n_y=2), examples()
    np.testing.assert_allclose(network.predict(X), by_hand(network.parameters, X), rtol=1e-12)
    with pytest.raises(ValueError, match="no probabilities"):
        network.predict_proba(X)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "float16", "int8"])
@pytest.mark.parametrize("learnt", ["float32", "float64"])
def test_dtype_follows_X(dtype, learnt):
    X = (examples() * 4).round().astype(dtype)
    A2 = make("identity", dtype=learnt).predict(X)
    assert A2.dtype == ("float64" if dtype in ("float64", "int64") else "float32")


def test_features_and_a_number_are_in_the_tables_own_units():
    mean, scale = np.array([[100.0], [-3.0]]), np.array([[7.0], [0.1]])
    network, X = described("identity", 2, mean=mean, scale=scale), examples()
    standardized = (X - network.features.mean) / network.features.scale
    np.testing.assert_allclose(network.predict(X), by_hand(network.parameters, standardized) * scale + mean, rtol=1e-12)


def test_wrong_number_of_features_is_refused():
    with pytest.raises(ValueError):
        make().predict(np.zeros((N_X + 1, 2)))


@pytest.mark.parametrize(
    "network",
    [
        make(),
        make(dtype="float32"),
        make(hidden=leaky_relu(0.25)),
        described(classes=("no", "yes")),
        described("softmax", 3, classes=("rot", "grün", "")),
        described("identity", 2, mean=np.ones((2, 1)), scale=np.full((2, 1), 3.0)),
        described("sigmoid", 2),
    ],
    ids=repr,
)
def test_a_file_keeps_everything(network, tmp_path):
    path = tmp_path / "net.npz"
    network.save(path)
    loaded = Network.load(path)
    for ours, theirs in zip(network.parameters, loaded.parameters, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert (loaded.hidden.name, loaded.output.name) == (network.hidden.name, network.output.name)
    for name, column in network.history.as_dict().items():
        np.testing.assert_array_equal(getattr(loaded.history, name), column)
    assert (loaded.history.best_epoch, loaded.history.stopped) == (5, "interrupted")
    if network.features is not None:
        assert (loaded.features.names, loaded.target.name) == (network.features.names, network.target.name)
        assert loaded.target.classes == network.target.classes
    np.testing.assert_array_equal(
        loaded.predict(examples(), backend="numpy"), network.predict(examples(), backend="numpy")
    )
    assert os.listdir(tmp_path) == ["net.npz"]


def test_a_trained_network_survives(tmp_path):
    X, Y = fs.datasets.planar_flower()
    network = fs.train(X, Y, 4, epochs=3, seed=2, backend="numpy")
    network.save(tmp_path / "net")  # the name is taken as it is
    loaded = Network.load(tmp_path / "net")
    np.testing.assert_array_equal(loaded.history.cost, network.history.cost)
    assert loaded.history.stopped is None
    assert repr(loaded) == repr(network)


def test_repr():
    assert repr(make()) == "Network(3-4-1, tanh, sigmoid, float64, cost 0.25)"
    assert repr(make().history) == "History(cost 0.25 at epoch 5, validation cost 0.3, 0.5 s, stopped: interrupted)"
    assert repr(History()) == "History()"


def test_your_own_activation_is_asked_for(tmp_path):
    own = fs.Activation("double", value=lambda z: 2.0 * z, derivative=lambda z, a: 0.0 * z + 2.0)
    other = fs.Activation("treble", value=lambda z: 3.0 * z, derivative=lambda z, a: 0.0 * z + 3.0)
    network, path = make("identity", hidden=own), tmp_path / "net.npz"
    network.save(path)
    with pytest.raises(NetworkFileError, match=r"net\.npz: .*'double' is your own.*hidden="):
        Network.load(path)
    with pytest.raises(NetworkFileError, match="'double', but hidden= is 'treble'"):
        Network.load(path, hidden=other)
    loaded = Network.load(path, hidden=own)
    np.testing.assert_array_equal(
        loaded.predict(examples(), backend="numpy"), network.predict(examples(), backend="numpy")
    )


def test_saving_replaces_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    make().save(path)
    before = path.read_bytes()

    def full(file, **members):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        make("softmax", 3).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.npz"]


def test_a_network_that_no_file_could_give_back_is_not_saved(tmp_path):
    network = make()
    network.parameters.W1[0, 0] = np.nan
    with pytest.raises(ValueError, match="W1"):
        network.save(tmp_path / "net.npz")
    assert not os.listdir(tmp_path)


def members_of(path):
    with np.load(path) as file:
        return dict(file)


@pytest.mark.parametrize(
    "member", ["W1", "b2", "hidden", "output", "version", "epoch", "feature_mean", "target_classes"]
)
def test_a_missing_member_is_refused(member, tmp_path):
    path = tmp_path / "net.npz"
    described(classes=("no", "yes")).save(path)
    members = members_of(path)
    del members[member]
    np.savez(path, **members)
    with pytest.raises(NetworkFileError, match=r"net\.npz: .*damaged"):
        Network.load(path)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("W1", np.zeros((4, 2))),
        ("W1", np.zeros(3)),
        ("W2", np.zeros((2, 4))),
        ("b1", np.zeros(4)),
        ("b2", np.full((1, 1), np.nan)),
        ("W1", np.zeros((4, 3), dtype=np.int64)),
        ("W1", np.array("text")),
        ("hidden", np.array("nonsense")),
        ("output", np.array(3)),
        ("version", np.array("new")),
        ("cost", np.zeros(5)),
        ("feature_names", np.array(["a"])),
        ("feature_scale", np.zeros((2, 1))),
        ("target_classes", np.array(["one", "two", "three"])),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_wrong_member_is_refused(member, value, tmp_path):
    path = tmp_path / "net.npz"
    described(classes=("no", "yes")).save(path)
    np.savez(path, **members_of(path) | {member: value})
    with pytest.raises(NetworkFileError, match=r"net\.npz: "):
        Network.load(path)


def test_a_newer_format_says_so(tmp_path):
    path = tmp_path / "net.npz"
    make().save(path)
    np.savez(path, **members_of(path) | {"version": 99})
    with pytest.raises(NetworkFileError, match="newer fastshallow, format 99"):
        Network.load(path)


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "net.npz"
    make().save(path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(NetworkFileError, match=r"net\.npz: "):
            Network.load(path)


def test_flipped_bytes_are_refused_or_harmless(tmp_path):
    path = tmp_path / "net.npz"
    network = make()
    network.save(path)
    whole = path.read_bytes()
    for at in np.random.default_rng(0).choice(len(whole), 300, replace=False):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            loaded = Network.load(path)
        except NetworkFileError:
            continue
        for ours, theirs in zip(network.parameters, loaded.parameters, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_foreign_files_are_refused(tmp_path):
    for name, content in {"text.npz": b"a,b\n1,2\n", "empty.npz": b"", "random.npz": os.urandom(5000)}.items():
        (tmp_path / name).write_bytes(content)
    np.savez(tmp_path / "other.npz", X=np.zeros(3))
    np.save(tmp_path / "array.npz.npy", np.zeros(3))
    np.savez(tmp_path / "pickle.npz", format=np.array({"format": "fastshallow network"}, dtype=object))
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    for path in tmp_path.iterdir():
        with pytest.raises(NetworkFileError, match=f"{path.name}: .*not a network"):
            Network.load(path)
    assert issubclass(NetworkFileError, ValueError)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "net.npz")
