"""Networks in files of safetensors: all of a network is kept, and files from strangers are refused in little memory."""

import json
import os
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
from test_interchange_sklearn import examples, network, outputs_of

import fastshallow as fs
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.formulas.activations import leaky_relu_of
from fastshallow.training import Network, NetworkFileError, Target


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_a_file_keeps_everything(hidden, output, dtype, tmp_path):
    target = Target("size", ("a", "", "日本")) if output == "softmax" else None
    if output == "identity":
        target = Target("income", (), np.full((3, 1), 40.0), np.full((3, 1), 7.0))
    net, X = network(hidden, output, 3, dtype, target=target), examples(dtype=dtype)
    net.to_safetensors(tmp_path / "net.safetensors")
    back = fs.from_safetensors(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(outputs_of(back, X), outputs_of(net, X))
    assert (back.hidden.name, back.output.name) == (hidden, output)
    assert (None if back.target is None else back.target.classes) == (target.classes if target else None)
    assert os.listdir(tmp_path) == ["net.safetensors"]
    back.save(tmp_path / "net.npz")


def test_the_library_reads_the_arrays_as_they_are(tmp_path):
    p = network().parameters
    net = Network(p._replace(W1=np.asfortranarray(p.W1)), leaky_relu_of(0.3), OUTPUTS["sigmoid"])
    net.to_safetensors(tmp_path / "net")
    tensors = safetensors.numpy.load_file(tmp_path / "net")
    np.testing.assert_array_equal(tensors["W1"], p.W1)
    assert fs.from_safetensors(tmp_path / "net").hidden.slope == 0.3
    with safetensors.safe_open(tmp_path / "net", "numpy") as file:
        assert file.metadata() | {"slope": "0.3", "hidden": "leaky_relu", "output": "sigmoid"} == file.metadata()


def test_history_and_names_survive(tmp_path):
    X, Y = fs.datasets.planar_flower(40)
    X, features = fs.standardize(X)
    net = fs.train(X, Y, 4, epochs=3, seed=2, backend="numpy").with_features(features)
    net.to_safetensors(tmp_path / "net")
    back = fs.from_safetensors(tmp_path / "net")
    np.testing.assert_array_equal(back.history.cost, net.history.cost)
    np.testing.assert_array_equal(back.features.scale, features.scale)


def hostile(whole):
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    data = whole[8 + int.from_bytes(whole[:8], "little") :]

    def made(change, data=data):
        changed = json.loads(json.dumps(header))
        change(changed)
        text = json.dumps(changed).encode()
        return len(text).to_bytes(8, "little") + text + data

    def about(**more):
        return made(lambda h: h["__metadata__"].update(more))

    yield "nothing", b"", "not a file of safetensors"
    yield "text", b"hello, world\n" * 99, "not a file of safetensors"
    yield "a header of 2**60 bytes", (2**60).to_bytes(8, "little") + whole[8:], "its header takes 1152921504606846976"
    yield "a long header", (2**25).to_bytes(8, "little") + b"{" + b" " * (2**25), "header takes 33,554,432 bytes"
    yield "cut", whole[:-9], "not a file of safetensors"
    yield "huge", made(lambda h: h["W1"].update(shape=[2**40, 2**20])), "not a file of safetensors"
    yield "of another", made(lambda h: h.pop("__metadata__")), "not a network in the format of safetensors that"
    yield "newer", about(version="99"), "of format '99'"
    yield "no activation", made(lambda h: h["__metadata__"].pop("hidden")), "hidden is missing"
    yield "an unknown one", about(hidden="gelu"), "gelu"
    yield "own", about(own_hidden="true"), "is your own"
    yield "odd JSON", about(own_hidden="[" * 100_000), "own_hidden is"
    yield "odd value", about(best_epoch='{"a": 1}'), "best_epoch is"
    yield "odd number", about(best_epoch=str(2**70)), "best_epoch is"
    yield "odd classes", about(target_name="t", target_classes="[1, 2]"), "target_classes is"
    yield "too few classes", about(target_name="t", target_classes='["a"]'), "1 classes for 3 outputs"
    yield "another shape", made(lambda h: h["W1"].update(shape=[4, 6])), "damaged"
    yield "no weights", made(lambda h: h["W1"].update(dtype="I64") or h.update(W9=h.pop("W1"))), "tensor 'W9'"
    yield "NaN", whole[: -len(data)] + b"\xff" * len(data), "holds something else than"


def test_files_from_strangers_are_refused_in_little_memory(tmp_path):
    net, path = network(dtype="float64"), tmp_path / "net.safetensors"
    net.to_safetensors(path)
    whole = path.read_bytes()
    for what, content, words in hostile(whole):
        path.write_bytes(content)
        tracemalloc.start()
        with pytest.raises(NetworkFileError, match=words.replace("(", r"\(")) as caught:
            fs.from_safetensors(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**22, what
        assert str(path) in str(caught.value), what
    with pytest.raises(FileNotFoundError):
        fs.from_safetensors(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NetworkFileError, match="no regular file"):
        fs.from_safetensors(tmp_path / "pipe")


def test_an_activation_of_your_own_is_refused(tmp_path):
    own = fs.Activation("cube", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
    with pytest.raises(ValueError, match="'cube' is your own"):
        Network(network().parameters, own, OUTPUTS["sigmoid"]).to_safetensors(tmp_path / "net")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("module", "call", "extra"),
    [
        ("safetensors", lambda net: net.to_safetensors("x"), "safetensors"),
        ("onnx", lambda net: net.to_onnx("x"), "onnx"),
        ("sklearn", lambda net: net.to_sklearn(), "sklearn"),
        ("torch", lambda net: net.to_torch(), "torch"),
    ],
)
def test_a_missing_library_is_named_with_its_command(monkeypatch, module, call, extra):
    def absent(name):
        raise ImportError(name=name)

    monkeypatch.setattr("fastshallow.interchange.extras.importlib.import_module", absent)
    with pytest.raises(ImportError, match=rf'this needs {module}: pip install "fastshallow\[{extra}\]"'):
        call(network())
