"""Networks as ONNX graphs: ONNX Runtime computes the same; graphs of others are read, or refused in little memory."""

import itertools
import os
import tracemalloc
from contextlib import suppress

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_interchange_sklearn import close, examples, network, outputs_of

import fastshallow as fs
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.formulas.activations import leaky_relu_of
from fastshallow.training import Network, NetworkFileError, Target


def run(model, X):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(X.T)})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("hidden", "output"), [*itertools.product(ACTIVATIONS, OUTPUTS)])
def test_the_runtime_computes_the_same(hidden, output, dtype, tmp_path):
    path, target = tmp_path / "net.onnx", Target("size", ("a", "", "日本")) if output == "softmax" else None
    if output == "identity":
        target = Target("income", (), np.full((3, 1), 40.0), np.full((3, 1), 7.0))
    net, X = network(hidden, output, 3, dtype, target=target), examples(dtype=dtype)
    net.to_onnx(path)
    found = run(str(path), X)
    close(found[0].T, outputs_of(net, X), dtype)
    assert len(found) == (1 if net.output.numbers else 2)
    if not net.output.numbers:
        np.testing.assert_array_equal(found[1].T, net.predict(X, backend="numpy"))
    back = fs.from_onnx(path)
    close(outputs_of(back, X), outputs_of(net, X), dtype)
    assert (back.hidden.name, back.hidden.slope, back.output.name) == (hidden, net.hidden.slope, output)
    np.testing.assert_array_equal(back.parameters.W1, net.parameters.W1)
    np.testing.assert_allclose(back.features.mean, net.features.mean, rtol=1e-12)
    np.testing.assert_allclose(back.features.scale, net.features.scale, rtol=np.finfo(dtype).eps)
    assert output != "softmax" or list(back.classes) == list(target.classes)
    back.save(tmp_path / "net.npz")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_large_mean_and_any_slope(dtype, tmp_path):
    X = (np.random.default_rng(0).normal(size=(4, 30)) + 1e6 / 3).astype(dtype)
    net = Network(network(dtype=dtype).parameters, leaky_relu_of(1.3), OUTPUTS["identity"])
    net = net.with_features(fs.standardize(X)[1])
    net.to_onnx(tmp_path / "net.onnx")
    close(run(str(tmp_path / "net.onnx"), X)[0].T, outputs_of(net, X), dtype)
    assert fs.from_onnx(tmp_path / "net.onnx").hidden.slope == 1.3


def graph_of(nodes, constants, outputs=(("Y", TensorProto.FLOAT),), inputs=("X",), path=None, **more):
    """A file of a graph that somebody else may have written."""
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["m", 4]) for name in inputs]
    ends = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs]
    tensors = [
        each if isinstance(each, TensorProto) else numpy_helper.from_array(np.asarray(each, np.float32), name)
        for name, each in constants.items()
    ]
    made = helper.make_graph(
        [helper.make_node(*node[:3], **(node[3:] or ({},))[0]) for node in nodes], "g", infos, ends, tensors
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=8, **more)
    path.write_bytes(model.SerializeToString())
    return path


W1, B1, W2, B2 = (each.astype(np.float32) for each in network(standardized=False).parameters)
B1, B2 = B1.ravel(), B2.ravel()
CONSTANTS = {"W1": W1, "b1": B1, "W2": W2, "b2": B2, "W1T": W1.T, "W2T": W2.T, "k": 0.5 * B1, "one": 1.0}
CONSTANTS |= {"c": [1, 2, 3, 4]}
FIRST, SECOND = ("Gemm", ["X", "W1", "b1"], ["z"], {"transB": 1}), ("Gemm", ["a", "W2", "b2"], ["Y"], {"transB": 1})
TANH = ("Tanh", ["z"], ["a"])


@pytest.mark.parametrize(
    "nodes",
    [
        [FIRST, TANH, SECOND],
        [("MatMul", ["X", "W1T"], ["p"]), ("Add", ["b1", "p"], ["z"]), TANH, SECOND],
        [FIRST, TANH, ("MatMul", ["a", "W2T"], ["q"]), ("Add", ["q", "b2"], ["Y"])],
        [("Transpose", ["W1"], ["t"]), ("MatMul", ["X", "t"], ["p"]), ("Sub", ["p", "b1"], ["z"]), TANH, SECOND],
        [("Gemm", ["X", "W1", "b1"], ["z"], {"transB": 1, "alpha": 0.3, "beta": 2.0}), TANH, SECOND],
        [("Gemm", ["X", "W1"], ["p"], {"transB": 1}), ("Mul", ["p", "k"], ["z"]), TANH, SECOND],
        [("Gemm", ["X", "W1"], ["p"], {"transB": 1}), ("Div", ["p", "k"], ["z"]), TANH, SECOND],
        [("Gemm", ["X", "W1"], ["p"], {"transB": 1}), ("Sub", ["b1", "p"], ["z"]), TANH, SECOND],
        [("Flatten", ["X"], ["x"]), ("Gemm", ["x", "W1", "b1"], ["z"], {"transB": 1}), TANH, SECOND],
        [("Add", ["X", "c"], ["p"]), ("Mul", ["p", "c"], ["x"]), ("MatMul", ["x", "W1T"], ["z"]), TANH, SECOND],
        [FIRST, ("Gemm", ["z", "W2", "b2"], ["Y"], {"transB": 1})],
        [FIRST, ("Softplus", ["z"], ["a"]), ("Gemm", ["a", "W2", "b2"], ["q"], {"transB": 1}), ("Exp", ["q"], ["Y"])],
    ],
    ids=lambda nodes: "-".join(node[0] for node in nodes),
)
def test_graphs_of_others_are_read(nodes, tmp_path):
    path, X = graph_of(nodes, CONSTANTS, path=tmp_path / "g.onnx"), examples(dtype="float32") / 4
    close(outputs_of(fs.from_onnx(path), X), run(str(path), X)[0].T, "float32")


def test_logits_are_what_they_are_said_to_be(tmp_path):
    path = graph_of([FIRST, TANH, SECOND], CONSTANTS, path=tmp_path / "g.onnx")
    assert fs.from_onnx(path, output="softmax").output.name == "softmax"
    with pytest.raises(ValueError, match="output must be one of"):
        fs.from_onnx(path, output="logits")


NOT_ONE = "two hidden layers or more; a network of fastshallow has one"
LAST = ("Gemm", ["a", "W2", "b2"], ["q"], {"transB": 1})
ZIPMAP = ("ZipMap", ["q"], ["Y"], {"domain": "ai.onnx.ml", "classlabels_int64s": [0, 1, 2]})
RESIDUAL = [("Relu", ["X"], ["r"]), ("Add", ["X", "r"], ["x"]), ("MatMul", ["x", "W1T"], ["z"])]
NARROW = [("MatMul", ["X", "narrow"], ["p"]), ("Mul", ["p", "b1"], ["z"])]
REFUSED = {
    "deep": ([FIRST, TANH, ("Gemm", ["a", "h"], ["q"]), ("Relu", ["q"], ["r"]), ("Gemm", ["r", "h"], ["Y"])], NOT_ONE),
    "unknown": ([FIRST, ("Erf", ["z"], ["a"]), SECOND], r"hidden layer computes Erf\(z\); allowed is Gemm"),
    "foreign": ([FIRST, ("Tanh", ["z"], ["a"], {"domain": "evil"}), SECOND], r"evil\.Tanh\(z\)"),
    "end": ([FIRST, TANH, LAST, ("Relu", ["q"], ["Y"])], r"then Relu\(z\)"),
    "residual": ([*RESIDUAL, TANH, SECOND], r"Add\(x,Relu\(x\)\) of features"),
    "twice": ([FIRST, ("Add", ["z", "b1"], ["y"]), ("Mul", ["z", "y"], ["a"]), SECOND], "a sum of several paths"),
    "one layer": ([("Gemm", ["X", "W1", "b1"], ["Y"], {"transB": 1})], "1 linear layer, then z"),
    "softmax over examples": ([FIRST, TANH, LAST, ("Softmax", ["q"], ["Y"], {"axis": 0})], "Softmax along axis 0"),
    "zero": ([("Mul", ["X", "zero"], ["x"]), ("MatMul", ["x", "W1T"], ["z"]), TANH, SECOND], "not positive and finite"),
    "missing": ([FIRST, ("Tanh", ["y"], ["a"]), SECOND], "takes 'y', which is not there"),
    "shapes": ([FIRST, TANH, ("Gemm", ["a", "W1"], ["Y"], {"transB": 1})], "first layer gives 6 numbers"),
    "a wide constant": ([*NARROW, TANH, SECOND], "meets 1 scores"),
    "zipmap": ([FIRST, TANH, LAST, ZIPMAP], "ZipMap"),
    "flat": (
        [("Flatten", ["X"], ["x"], {"axis": 0}), ("MatMul", ["x", "W1T"], ["z"]), TANH, SECOND],
        "computes Flatten",
    ),
    "upright": ([("Gemm", ["X", "W1", "up"], ["z"], {"transB": 1}), TANH, SECOND], r"biases of shape \(6, 1\)"),
    "many nodes": ([("Identity", ["X"], ["X0"])] * 101, "its graph has 101 nodes"),
    "constants": ([("Mul", ["W1", "W1"], ["W"]), FIRST, TANH, SECOND], "operator Mul of constants is unknown"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_other_graphs_are_refused_with_what_was_found(what, tmp_path):
    nodes, words = REFUSED[what]
    more = {"h": np.eye(6, 6), "zero": 0.0, "narrow": np.ones((4, 1)), "up": np.ones((6, 1))}
    with pytest.raises(NetworkFileError, match=words):
        fs.from_onnx(graph_of(nodes, CONSTANTS | more, path=tmp_path / "g.onnx"))


def field(number, content):
    length, out = len(content), bytearray()
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    return bytes([number << 3 | 2]) + bytes(out) + bytes([length]) + content


def external():
    tensor = TensorProto(name="W1", dims=[6, 4], data_type=1, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def hostile(folder):
    network().to_onnx(folder / "net.onnx")
    whole = (folder / "net.onnx").read_bytes()
    good = [FIRST, TANH, SECOND]
    path = folder / "made.onnx"
    yield "nothing", b"", "it has 0 graphs"
    yield "text", b"hello, world\n" * 99, "not an ONNX file, or a damaged one"
    yield "zeros", bytes(100_000), "not an ONNX file"
    for cut in range(1, len(whole) - 1, 97):
        yield f"cut at {cut}", whole[:cut], "onnx"
    yield (
        "elsewhere",
        graph_of(good, CONSTANTS | {"W1": external()}, path=path).read_bytes(),
        "in another file, which is",
    )
    huge = TensorProto(name="W1", dims=[2**40, 2**20], data_type=1)
    yield "huge", graph_of(good, CONSTANTS | {"W1": huge}, path=path).read_bytes(), "declares 1,152,921,504,606,846,976"
    yield "many nodes", field(7, field(1, b"") * 2_000_000), "more than 10,000 fields"
    yield "many texts", field(7, field(1, field(1, b"") * 4_000_000)), "more than a network with one hidden layer"
    yield "a long text", field(7, field(1, field(1, bytes(2**23)))), "more than a network"
    yield "NaN", graph_of(good, CONSTANTS | {"W1": W1 * np.nan}, path=path).read_bytes(), "not a finite number"
    texts = helper.make_tensor("W1", TensorProto.STRING, [6, 4], ["a"] * 24)
    yield "texts", graph_of(good, CONSTANTS | {"W1": texts}, path=path).read_bytes(), "stranger.onnx"


def test_files_from_strangers_are_refused_in_little_memory(tmp_path):
    path = tmp_path / "stranger.onnx"
    for what, content, words in hostile(tmp_path):
        path.write_bytes(content)
        size = len(content)
        del content
        tracemalloc.start()
        with pytest.raises(NetworkFileError, match=words) as caught:
            fs.from_onnx(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < size + 2**22, what
        assert str(path) in str(caught.value), what
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NetworkFileError, match="no regular file"):
        fs.from_onnx(tmp_path / "pipe")


def test_damage_never_gives_another_error(tmp_path):
    network(hidden="leaky_relu").to_onnx(tmp_path / "net.onnx")
    whole, random = (tmp_path / "net.onnx").read_bytes(), np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 3):
            damaged[place] ^= 1 << int(random.integers(8))
        (tmp_path / "net.onnx").write_bytes(damaged)
        with suppress(NetworkFileError):
            fs.from_onnx(tmp_path / "net.onnx")


def test_an_activation_of_your_own_is_refused(tmp_path):
    own = fs.Activation("cube", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
    with pytest.raises(ValueError, match="'cube' is your own, which ONNX has not"):
        Network(network().parameters, own, OUTPUTS["sigmoid"]).to_onnx(tmp_path / "net")
    assert not os.listdir(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("piped", "dtype"), [(False, "float64"), (True, "float32")])
def test_skl2onnx_converts_estimators(piped, dtype, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    fs.register_onnx_converter()
    X, path = examples(30, dtype), tmp_path / "s.onnx"
    words = np.array(["x", "y", "z"])[np.arange(30) % 3]
    rest = {"hidden_layer_sizes": 5, "max_iter": 2}
    numbers = fs.ShallowRegressor(activation="softplus", **rest), fs.ShallowRegressor("poisson", **rest)
    labels = fs.ShallowClassifier(activation="leaky_relu", **rest), MLPClassifier(**rest)
    targets = words, words == "x", np.arange(30) % 3, np.stack([words == "x", X[0] > 3], axis=1).astype(int)
    cases = [*itertools.product(labels[:1], targets), (labels[1], words), *itertools.product(numbers, [X[0] + 9])]
    for each, y in cases:
        estimator = make_pipeline(StandardScaler(), each) if piped else each
        estimator.fit(X.T, y)
        classifies = hasattr(estimator, "predict_proba")
        model = skl2onnx.to_onnx(estimator, X.T[:1], options={"zipmap": False} if classifies else None)
        path.write_bytes(model.SerializeToString())
        found, net = run(str(path), X), fs.from_onnx(path)
        wanted = estimator.predict_proba(X.T) if classifies else estimator.predict(X.T).reshape(30, -1)
        close(found[-1], wanted, dtype)
        close(outputs_of(net, X).T, wanted[:, -len(net.parameters.W2) :], dtype)
        if classifies:
            np.testing.assert_array_equal(found[0], estimator.predict(X.T))
