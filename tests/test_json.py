"""What ``--json`` prints is JSON, with these keys and no others; and no letter ends a command."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.command.cli import main
from fastshallow.command.console import json_text

QUICK = ("--backend", "numpy", "--epochs", "20")
TRAIN = {
    "data", "columns", "examples", "examples_held_out", "shape", "dtype", "reason", "class_weight", "threads",
    "checkpoint", "resumed", "plot", "saved", "hidden", "output", "seed", "epochs", "learning_rate", "scale",
    "optimizer", "l2", "dropout", "batch_size", "patience", "validation", "run",
}  # fmt: skip
RUN = {"backend", "compile_seconds", "seconds", "epochs", "stopped", "cost", "training", "held_out"}
CLASSES = {"accuracy", "most_frequent", "classes", "precision", "recall", "confusion"}
NUMBERS = {"r2", "rmse"}
LABELS = {"accuracy", "most_frequent"}  # several at once
COMPARISON = {"agree", "ratio", "largest_difference", "through_epoch", "largest_difference_overall"}
MACHINE = {
    "cpu", "vector_bits", "float32_lanes", "float64_lanes", "cores", "cores_allowed", "threads", "threading_layer",
    "blas", "blas_threads", "cache", "cache_folder", "caches", "backends", "system", "versions",
}  # fmt: skip


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture
def read(capsys):
    """Run a command in this process, and give the JSON that it prints."""

    def call(*arguments):
        assert main([*map(str, arguments), "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == "" and out.count("\n") == 1
        return json.loads(out, parse_constant=refuse)

    return call


@pytest.fixture
def numbers(tmp_path):
    X = np.random.default_rng(0).standard_normal((2, 20))
    np.savez(tmp_path / "numbers.npz", X=X, Y=X.sum(axis=0))
    np.savez(tmp_path / "labels.npz", X=X, Y=np.array([X[0] > 0, X[1] > 0], float))
    return tmp_path


def test_keys_of_train(read, numbers):
    result = read("train", *QUICK)
    assert set(result) == TRAIN  # nothing to compare the reference with
    assert set(result["run"]) == RUN
    assert set(result["run"]["training"]) == CLASSES
    assert result["run"]["held_out"] is None
    result = read("train", "--test-fraction", "0.2", "--epochs", "20")
    assert set(result) == TRAIN | {"reference", "comparison"}
    assert set(result["reference"]) == RUN
    assert set(result["comparison"]) == COMPARISON
    assert set(result["run"]["held_out"]) == CLASSES
    checkpoint = ("--checkpoint", numbers / "run.npz")
    result = read("train", numbers / "numbers.npz", "--test-fraction", "0.2", *checkpoint, *QUICK)
    assert set(result) == TRAIN
    assert set(result["run"]["training"]) == set(result["run"]["held_out"]) == NUMBERS
    result = read("train", numbers / "numbers.npz", "--test-fraction", "0.2", "--resume", numbers / "run.npz")
    assert set(result) == TRAIN
    assert set(read("train", numbers / "labels.npz", *QUICK)["run"]["training"]) == LABELS


def test_keys_of_predict(read, numbers):
    net = numbers / "net.npz"
    read("train", numbers / "labels.npz", "--output", net, *QUICK)
    assert list(read("predict", net, numbers / "labels.npz")) == ["prediction_0", "prediction_1", "p_0", "p_1"]
    read("train", numbers / "numbers.npz", "--output", net, *QUICK)
    assert list(read("predict", net, numbers / "numbers.npz")) == ["prediction"]
    (numbers / "data.csv").write_text("a,y\n" + "1,no\n2,yes\n" * 9)
    read("train", numbers / "data.csv", "--target", "y", "--output", net, *QUICK)
    assert list(read("predict", net, numbers / "data.csv")) == ["prediction", "p(no)", "p(yes)"]


def test_keys_of_info(read):
    result = read("info")
    assert set(result) == MACHINE
    assert set(result["versions"]) == {"python", "fastshallow", "numpy", "numba", "llvmlite"}
    assert set(result["backends"]) == {*fs.backends()}


# ---- what JSON lacks ----


def test_what_is_no_number_becomes_null():
    value = {"a": [1.0, float("nan"), (float("inf"), "x")], "b": -float("inf"), "c": {"d": float("nan"), "e": True}}
    assert json.loads(json_text(value), parse_constant=refuse) == {
        "a": [1.0, None, [None, "x"]],
        "b": None,
        "c": {"d": None, "e": True},
    }
    assert json_text({"a": [1.5, None]}) == '{"a": [1.5, null]}'


def test_an_r2_that_does_not_exist(read, numbers, capsys):
    """Of a single row that is held out."""
    arguments = ("train", numbers / "numbers.npz", "--test-fraction", "0.05", *QUICK)
    result = read(*arguments)
    assert result["examples_held_out"] == 1
    assert result["run"]["held_out"]["r2"] is None
    assert main([*map(str, arguments)]) == 0
    assert "nan" not in capsys.readouterr().out


def test_a_prediction_that_is_too_large(read, numbers):
    p = fs.Parameters(*(np.array([[number]]) for number in (1e300, 0.0, 1e300, 0.0)))
    options = {"hidden": "identity", "output": "identity", "epochs": 1, "learning_rate": 1e-30, "backend": "numpy"}
    network = fs.train(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0]]), parameters=p, **options)
    network.save(numbers / "net.npz")
    np.savez(numbers / "data.npz", X=np.array([[1e-300, 1.0]]))
    assert read("predict", numbers / "net.npz", numbers / "data.npz") == {"prediction": [pytest.approx(1e300), None]}


# ---- letters ----


@pytest.fixture
def greek(tmp_path):
    """A table whose classes are alpha and beta, and a network of it."""
    (tmp_path / "data.csv").write_text("a,\u03ba\n" + "1,\u03b1\n2,\u03b2\n" * 9, encoding="utf-8")
    arguments = ["train", tmp_path / "data.csv", "--target", "\u03ba", "--output", tmp_path / "net.npz", *QUICK]
    assert main([*map(str, arguments)]) == 0
    return tmp_path


def process(folder, *arguments, **environment):
    settings = {name: value for name, value in os.environ.items() if name not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    command = [sys.executable, "-m", "fastshallow", *arguments]
    done = subprocess.run(
        command, env=settings | environment, cwd=folder, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_the_encoding_lacks_are_replaced(greek, encoding):
    out = process(greek, "train", "data.csv", "--target", "\u03ba", *QUICK, PYTHONIOENCODING=encoding)
    assert b"2 classes, '?', '?'" in out
    out = process(greek, "predict", "net.npz", "data.csv", PYTHONIOENCODING=encoding)
    assert out.replace(b"\r", b"").startswith(b"prediction,p(?),p(?)\n?,")


def test_files_are_utf8(greek):
    """Of whatever encoding the process is, and so are files into which the shell writes what is predicted."""
    expected = "prediction,p(\u03b1),p(\u03b2)\n\u03b1,".encode()
    process(greek, "predict", "net.npz", "data.csv", "--output", "out.csv", PYTHONIOENCODING="ascii")
    assert (greek / "out.csv").read_bytes().startswith(expected)
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert process(greek, "predict", "net.npz", "data.csv", **plain).replace(b"\r", b"").startswith(expected)
    out = process(greek, "predict", "net.npz", "data.csv", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(out)["prediction"][0] == "\u03b1"


def test_so_are_those_of_a_name(tmp_path, capsys, monkeypatch):
    """Bytes that are no letters at all, in the name of a file."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["train", str(tmp_path / "\udcff.csv"), "--target", "y"]) == 2
    stream.flush()
    assert b"?.csv: no such file" in stream.buffer.getvalue()
