"""A network written as C: compiled with warnings as errors, it computes what the network does."""

import ctypes
import itertools
import shutil
import subprocess

import numpy as np
import pytest
from tolerance import tolerance

import fastshallow as fs
from fastshallow.data import Features
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.formulas.activations import leaky_relu_of
from fastshallow.training import Network, Target

FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Werror"]
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
compiled = pytest.mark.skipif(COMPILER is None, reason="no C compiler here")
ODD = ['a "b"', "back\\slash", "two\nlines\r\t", "what??/", "/* no */ // end", "Zürich 日本 😀", "1\x012", "%s $f {0}"]


def network(hidden="tanh", output="sigmoid", n_x=5, n_h=11, n_y=3, seed=0, dtype="float64", **more):
    random = np.random.default_rng(seed)
    p = fs.Parameters(*(random.normal(0, 0.7, shape) for shape in ((n_h, n_x), (n_h, 1), (n_y, n_h), (n_y, 1))))
    hidden = ACTIVATIONS[hidden] if isinstance(hidden, str) else hidden
    return Network(fs.Parameters(*(each.astype(dtype) for each in p)), hidden, OUTPUTS[output], **more)


def outputs_of(net, X):
    predict = net.predict if net.output.numbers else net.predict_proba
    return predict(X, backend="numpy")


def build(folder, *sources, compiler=COMPILER, flags=("-std=c99",), main=False):
    """Compile files as one, which shows that their names do not meet."""
    together = folder / ("all.cpp" if "++" in compiler else "all.c")
    together.write_text("".join(f'#include "{path}"\n' for path in sources))
    built = folder / "built"
    kind = ["-DSELF_TEST"] if main else ["-shared", "-fPIC"]
    done = subprocess.run(
        [compiler, *flags, *FLAGS, *kind, together, "-o", built, "-lm"], capture_output=True, text=True, timeout=60
    )
    assert not done.returncode, done.stderr
    return built


def call(library, prefix, X, n_y):
    """The C function's outputs (n_y, m)."""
    function = getattr(library, f"{prefix}_predict")
    X, Y = np.ascontiguousarray(X.T), np.empty((X.shape[1], n_y), X.dtype)
    for x, y in zip(X, Y, strict=True):
        function(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
    return Y.T


KINDS = [
    *itertools.product(ACTIVATIONS, ["sigmoid"]),
    *itertools.product(["tanh"], OUTPUTS),
    (leaky_relu_of(1.3), "identity"),
    ("softplus", "softmax"),
]
CASES = [(*kind, dtype, int8) for kind in KINDS for dtype in ("float32", "float64") for int8 in (False, True)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """All cases in one shared object, each with its network, its prefix, examples and what `to_c` said."""
    if COMPILER is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("c")
    cases, sources = {}, []
    for number, case in enumerate(CASES):
        hidden, output, dtype, int8 = case
        X = np.random.default_rng(1).normal([[1e4], [0], [-3], [0], [0.2]], [[5], [1], [1e-3], [300], [1]], (5, 200))
        X = X.astype("float32").astype("float64")
        units = Target("income", (), np.full((3, 1), 40.0), np.full((3, 1), 7.0)) if output == "identity" else None
        net = network(hidden, output, seed=number, target=units).with_features(fs.standardize(X)[1])
        prefix, path = f"net{number}", folder / f"net{number}.c"
        cases[case] = net, prefix, X, net.to_c(path, prefix=prefix, dtype=dtype, int8=int8, X=X)
        sources.append(path)
    return ctypes.CDLL(str(build(folder, *sources))), cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_computes_what_the_network_does(library, case):
    _, _, dtype, int8 = case
    shared, cases = library
    net, prefix, X, said = cases[case]
    right = outputs_of(net, X)
    apart = np.abs(call(shared, prefix, X.astype(dtype), 3) - right).max()
    rounding = tolerance(dtype, max(1.0, np.abs(right).max()), 32)
    if int8:
        assert rounding < said.difference < 0.1 * max(1.0, np.abs(right).max())
    else:
        assert apart < rounding
    assert abs(apart - said.difference) < rounding


@compiled
@pytest.mark.parametrize("dtype, mean", [("float32", 3e6), ("float64", 1e15)])
def test_a_large_mean_costs_no_accuracy(tmp_path, dtype, mean):
    X = mean + np.round(np.random.default_rng(0).normal(0, 40, (5, 100)))
    net = network().with_features(Features((), X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)))
    for int8 in (False, True):
        net.to_c(tmp_path / f"{int8}.c", prefix=f"n{int8}", dtype=dtype, int8=int8, X=X)
    shared = ctypes.CDLL(str(build(tmp_path, tmp_path / "False.c", tmp_path / "True.c")))
    centred = net.parameters.W1 @ ((X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True))
    right = 1 / (1 + np.exp(-(net.parameters.W2 @ np.tanh(centred + net.parameters.b1) + net.parameters.b2)))
    apart = [np.abs(call(shared, f"n{int8}", X.astype(dtype), 3) - right).max() for int8 in (False, True)]
    assert apart[0] < tolerance(dtype, 1, 32 if dtype == "float32" else 1e3)  # the mean itself is rounded in float64
    assert apart[1] < 0.03


@compiled
@pytest.mark.parametrize("dtype, bits", [("float32", "uint32"), ("float64", "uint64")])
def test_numbers_are_written_to_the_bit(tmp_path, dtype, bits):
    random, info = np.random.default_rng(0), np.finfo(dtype)
    words = random.integers(0, np.iinfo(bits).max, 3000, bits, endpoint=True).view(dtype)
    special = [info.max, info.tiny, info.smallest_subnormal, -info.tiny / 3, 1.0, 16777216.0, 1e22, 0.1, 0.0]
    W2 = np.concatenate([words[np.isfinite(words)], np.array(special, dtype)]).reshape(-1, 1)
    one, zero = np.ones((1, 1), dtype), np.zeros((1, 1), dtype)
    net = Network(fs.Parameters(one, zero, W2, np.zeros_like(W2)), ACTIVATIONS["identity"], OUTPUTS["identity"])
    net.to_c(tmp_path / "bits.c", dtype=dtype)
    found = call(ctypes.CDLL(str(build(tmp_path, tmp_path / "bits.c"))), "net", one, len(W2))
    np.testing.assert_array_equal(found, W2)


@compiled
def test_classes_and_their_names(tmp_path):
    features = Features(tuple(ODD[:5]), np.zeros((5, 1)), np.ones((5, 1)))
    several = network(output="softmax", n_y=len(ODD), target=Target("*/ ??/", tuple(ODD)), features=features)
    two = network(n_y=1, target=Target("answer", ("no", "yes")))
    for prefix, net in (("several", several), ("two", two)):
        net.to_c(tmp_path / f"{prefix}.c", prefix=prefix, dtype="float64")
    shared = ctypes.CDLL(str(build(tmp_path, tmp_path / "several.c", tmp_path / "two.c")))
    X = np.random.default_rng(3).normal(size=(5, 100))
    for prefix, net in (("several", several), ("two", two)):
        Y, label = call(shared, prefix, X, len(net.parameters.W2)), getattr(shared, f"{prefix}_label")
        found = [getattr(shared, f"{prefix}_class")(ctypes.c_void_p(np.array(y).ctypes.data)) for y in Y.T]
        right = net.predict(X, backend="numpy")[0]
        assert found == right.tolist() and len(set(found)) > 1
        label.restype = ctypes.c_char_p
        assert [label(index).decode() for index in range(len(net.classes))] == list(net.classes)
        assert label(-1) == label(len(net.classes)) == b""


@compiled
@pytest.mark.parametrize("output", OUTPUTS)
def test_the_file_tests_itself(tmp_path, output):
    path = tmp_path / "net.c"
    for dtype, int8 in (("float32", False), ("float64", True)):
        net = network(output=output, n_x=30, n_h=20)
        net.to_c(path, dtype=dtype, int8=int8)
        good = subprocess.run([build(tmp_path, path, main=True)], capture_output=True, text=True, timeout=20)
        assert good.returncode == 0 and good.stdout.count(": ok") == 3
    text = path.read_text()
    path.write_text(text.replace("net_step2[j]", "net_step2[j] * 0.999"))
    bad = subprocess.run([build(tmp_path, path, main=True)], capture_output=True, text=True, timeout=20)
    assert bad.returncode == 1 and "WRONG" in bad.stdout


@compiled
def test_large_scores_do_not_overflow(tmp_path):
    p = fs.Parameters(np.eye(2) * 1e4, np.zeros((2, 1)), np.array([[1e4, 0.0], [0.0, 1e4]]), np.zeros((2, 1)))
    kinds = list(itertools.product(("softplus", "leaky_relu"), ("sigmoid", "softmax")))
    for hidden, output in kinds:
        net = Network(p, ACTIVATIONS[hidden], OUTPUTS[output])
        net.to_c(tmp_path / f"{hidden}_{output}.c", prefix=f"{hidden}_{output}")
    sources = [tmp_path / f"{hidden}_{output}.c" for hidden, output in kinds]
    shared = ctypes.CDLL(str(build(tmp_path, *sources)))
    X = np.array([[1.0, -1.0, 5.0], [-1.0, 1.0, 2.0]], "float32")
    for hidden, output in kinds:
        right = outputs_of(Network(p, ACTIVATIONS[hidden], OUTPUTS[output]), X.astype("float64"))
        np.testing.assert_allclose(call(shared, f"{hidden}_{output}", X, 2), right, atol=1e-6)


@compiled
@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler here")
def test_cpp_takes_it_too(tmp_path):
    network(output="softmax", n_y=8, target=Target("", tuple(ODD))).to_c(tmp_path / "net.c", int8=True)
    built = build(tmp_path, tmp_path / "net.c", compiler="g++", flags=["-std=c++11"], main=True)
    assert subprocess.run([built], capture_output=True, timeout=20).returncode == 0


@compiled
def test_a_large_network_and_one_of_sizes_one(tmp_path):
    large, small = network("relu", n_x=90, n_h=129, n_y=2), network("softplus", "identity", 1, 1, 1)
    large.to_c(tmp_path / "large.c", prefix="large")
    small.to_c(tmp_path / "small.c", prefix="small")
    assert max(map(len, (tmp_path / "large.c").read_text().splitlines())) <= 130
    shared = ctypes.CDLL(str(build(tmp_path, tmp_path / "large.c", tmp_path / "small.c")))
    for prefix, net in (("large", large), ("small", small)):
        X = np.random.default_rng(0).normal(size=(*net.parameters.W1.shape[1:], 9)).astype("float32")
        right = outputs_of(net, X.astype("float64"))
        np.testing.assert_allclose(call(shared, prefix, X, len(right)), right, atol=2e-5)


def test_says_what_it_takes(tmp_path):
    said = network(n_x=2, n_h=4, n_y=1).to_c(tmp_path / "net.c")
    assert said[:2] == ((8 + 4 + 4 + 1) * 4, 16) and 0 < said.difference < 1e-6
    text = (tmp_path / "net.c").read_text()
    assert "68 bytes of constants" in text and "16 bytes of stack" in text
    features = Features(("a", "b"), np.ones((2, 1)), np.full((2, 1), 2.0))
    net = network(n_x=2, n_h=4, n_y=1, features=features, target=Target("t", ("né", "yes")))
    said = net.to_c(tmp_path / "net.c", int8=True, X=np.ones((2, 7)))
    assert said.constants == 12 + (4 + 1 + 2 + 2 + 4 + 1) * 4 + 4 + 4  # the names end in NUL
    text = (tmp_path / "net.c").read_text()
    assert 'x[1] is "b"' in text and "7 given examples" in text and f"{said.difference:.2g} from" in text
    assert "malloc" not in text


@pytest.mark.parametrize("prefix", ["", "1a", "a-b", "int", "naïve", "_x", "a b", "x\n", "for", 3, None])
def test_a_prefix_that_c_does_not_take(tmp_path, prefix):
    with pytest.raises((ValueError, TypeError), match="prefix must be a"):
        network().to_c(tmp_path / "net.c", prefix=prefix)
    assert not list(tmp_path.iterdir())


def test_what_can_not_be_written(tmp_path):
    path = tmp_path / "net.c"
    path.write_text("mine")
    own = fs.Activation("softsign", lambda z: z / (1.0 + np.abs(z)), lambda z, a: 1.0 / (1.0 + np.abs(z)) ** 2)
    huge = network()
    huge = Network(huge.parameters._replace(b2=np.full((3, 1), 1e300)), huge.hidden, huge.output)
    for net, more, message in (
        (network(own), {}, "the activation 'softsign' is your own"),
        (network(), {"dtype": "int8"}, "dtype must be float32 or float64, not 'int8'"),
        (network(), {"dtype": "no such"}, "dtype must be float32 or float64, not 'no such'"),
        (network(), {"X": np.zeros((4, 2))}, "X has 4 rows"),
        (huge, {}, "dtype float32 does not hold this network: a number of b2"),
        (network(n_y=1, target=Target("", ("a\0b", "c"))), {}, "holds NUL"),
    ):
        with pytest.raises(ValueError, match=message):
            net.to_c(path, **more)
        assert path.read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ValueError, match="no such folder"):
        network().to_c(tmp_path / "none" / "net.c")
    with pytest.raises(ValueError, match="this is a folder; give path a file"):
        network().to_c(tmp_path)
