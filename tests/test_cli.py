"""The command, as a user meets it: in a process of its own where that matters, else through `main`."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import fastshallow as fs

QUICK = ("--backend", "numpy", "--epochs", "200")


def process(*arguments, **options):
    command = [sys.executable, "-m", "fastshallow", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def small(tmp_path):
    """A small table: two features, and targets of every kind."""
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 60))
    kinds = np.array(["low", "middle", "high"])[np.digitize(a + b, [-0.5, 0.5])]
    rows = zip(a * 1000, b + 5, np.where(a > b, "yes", "no"), kinds, 50 * a - 20 * b + 300, strict=True)
    return write_csv(tmp_path / "small.csv", ["a", "b", "answer", "kind", "amount"], rows)


OTHERS = {"answer": ("kind", "amount"), "kind": ("answer", "amount"), "amount": ("answer", "kind")}


@pytest.fixture(scope="session")
def breast_cancer(tmp_path_factory):
    """The Wisconsin data as a user has them: a CSV with names, the diagnosis a text."""
    data = pytest.importorskip("sklearn.datasets").load_breast_cancer()
    rows = [[*map(float, x), data.target_names[y]] for x, y in zip(data.data, data.target, strict=True)]
    path = tmp_path_factory.mktemp("data") / "breast_cancer.csv"
    return write_csv(path, [*data.feature_names, "diagnosis"], rows)


def test_the_main_job(breast_cancer, tmp_path):
    """Train on real data with one command, then predict with another: at least 95 % of what was held out."""
    options = ("--target", "diagnosis", "--test-fraction", 0.2, "--json")
    trained = process("train", breast_cancer, *options, "--output", tmp_path / "net.npz")
    assert (trained.returncode, trained.stderr) == (0, "")
    result = json.loads(trained.stdout)
    assert result["examples"] + result["examples_held_out"] == 569
    assert result["examples_held_out"] == 114
    assert result["run"]["held_out"]["accuracy"] >= 0.95
    assert result["output"] == "sigmoid"

    predicted = process("predict", tmp_path / "net.npz", breast_cancer)
    assert (predicted.returncode, predicted.stderr) == (0, "")
    rows = list(csv.DictReader(predicted.stdout.splitlines()))
    with open(breast_cancer, newline="") as file:
        truth = [row["diagnosis"] for row in csv.DictReader(file)]
    assert np.mean([row["prediction"] == t for row, t in zip(rows, truth, strict=True)]) >= 0.95
    p = np.array([[float(row["p(benign)"]), float(row["p(malignant)"])] for row in rows])
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    assert [("benign", "malignant")[i] for i in p.argmax(axis=1)] == [row["prediction"] for row in rows]


@pytest.mark.parametrize("seed", range(5))
def test_held_out_accuracy_is_no_luck(breast_cancer, run, seed):
    options = ("--target", "diagnosis", "--test-fraction", 0.2, "--json")
    result = json.loads(run("train", breast_cancer, *options, "--seed", seed)[1])
    assert result["run"]["held_out"]["accuracy"] >= 0.93
    assert result["run"]["training"]["accuracy"] >= 0.97


def test_the_flower_beside_numpy():
    """The command with no further word: the published exercise, and the reference's answer beside it."""
    done = process("train", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert (result["shape"], result["epochs"], result["learning_rate"]) == ([2, 4, 1], 10_000, 1.2)
    assert 0.9 <= result["run"]["training"]["accuracy"] <= 0.91
    assert result["reference"]["backend"] == "numpy"
    assert result["comparison"]["agree"] is True
    assert result["comparison"]["through_epoch"] == 7000
    assert result["comparison"]["largest_difference"] <= 1e-6
    assert result["comparison"]["ratio"] > 1


def test_plain_text_when_piped():
    done = process("train", "--epochs", "50")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert done.stdout.isascii()
    for expected in ("planar flower: 400 examples", "2-4-1", "backend", "numpy", "accuracy", "same answer", "epoch 49"):
        assert expected in done.stdout


@pytest.mark.parametrize(
    ("target", "output", "header"),
    [
        ("answer", "sigmoid", ["prediction", "p(no)", "p(yes)"]),
        ("kind", "softmax", ["prediction", "p(high)", "p(low)", "p(middle)"]),
        ("amount", "identity", ["prediction"]),
    ],
)
def test_every_kind_of_target(small, run, tmp_path, target, output, header):
    net = tmp_path / "net.npz"
    status, out, err = run("train", small, "--target", target, "--ignore", *OTHERS[target], "--output", net, *QUICK)
    assert (status, err) == (0, "")
    assert output in out
    assert f"Saved as {net}" in out
    status, out, err = run("predict", net, small)
    assert (status, err) == (0, "")
    rows = list(csv.reader(out.splitlines()))
    assert rows[0] == header
    assert len(rows) == 61
    with open(small, newline="") as file:
        truth = [row[target] for row in csv.DictReader(file)]
    predictions = [row[0] for row in rows[1:]]
    if output == "identity":  # in the target's own units
        assert np.abs(np.array(predictions, float) - np.array(truth, float)).mean() < 15
    else:
        assert np.mean([p == t for p, t in zip(predictions, truth, strict=True)]) > 0.8


def test_predict_finds_columns_by_name(small, run, tmp_path):
    net = tmp_path / "net.npz"
    run("train", small, "--target", "answer", "--ignore", "kind", "amount", "--output", net, *QUICK)
    expected = run("predict", net, small)[1]
    with open(small, newline="") as file:
        rows = [[row["b"], "anything", row["a"]] for row in csv.DictReader(file)]
    other = write_csv(tmp_path / "other.csv", ["b", "new", "a"], rows)
    assert run("predict", net, other)[1] == expected
    assert run("predict", net, other, "--output", tmp_path / "out.csv") == (0, "", "")
    assert (tmp_path / "out.csv").read_text() == expected
    columns = json.loads(run("predict", net, other, "--json")[1])
    assert columns["prediction"] == [line.split(",")[0] for line in expected.splitlines()[1:]]
    write_csv(other, ["a", "c"], [[1, 2]])
    assert run("predict", net, other)[::2] == (2, f"fastshallow: error: {other}: no column 'b'; there are 'a', 'c'\n")


def test_an_npz_is_learnt_and_predicted(run, tmp_path):
    X, Y = fs.datasets.planar_flower()
    np.savez(tmp_path / "data.npz", X=X, Y=np.vstack([Y, Y[:, ::-1] * (X[:1] > 0)]))
    status, out, err = run("train", tmp_path / "data.npz", "--output", tmp_path / "net.npz", *QUICK)
    assert (status, err) == (0, "")
    status, out, err = run("predict", tmp_path / "net.npz", tmp_path / "data.npz")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "prediction_0,prediction_1,p_0,p_1"
    assert len(out.splitlines()) == 401


def test_a_network_that_python_saved_predicts(run, tmp_path, small):
    X, Y = fs.datasets.planar_flower()
    fs.train(X, Y, 4, epochs=20, seed=1, backend="numpy").save(tmp_path / "net.npz")
    write_csv(tmp_path / "points.csv", ["x", "y"], X.T)
    status, out, _ = run("predict", tmp_path / "net.npz", tmp_path / "points.csv")
    assert status == 0
    assert out.startswith("prediction,p(0),p(1)\n")
    write_csv(tmp_path / "points.csv", ["x", "y", "z"], np.ones((2, 3)))
    status, _, err = run("predict", tmp_path / "net.npz", tmp_path / "points.csv")
    assert status == 2
    assert "3 features, but" in err


def test_the_same_command_gives_the_same_network(small, run, tmp_path):
    arguments = ("train", small, "--target", "amount", "--ignore", "answer", "kind", "--test-fraction", "0.3", *QUICK)
    results = [json.loads(run(*arguments, "--json", *more)[1]) for more in ((), (), ("--seed", "3"))]
    assert results[0]["run"]["cost"] == results[1]["run"]["cost"] != results[2]["run"]["cost"]


def test_a_numeric_target_with_few_values_is_pointed_out(run, tmp_path):
    path = write_csv(tmp_path / "data.csv", ["a", "y"], [[i, i % 3] for i in range(30)])
    assert "--classify" in run("train", path, "--target", "y", *QUICK)[1]
    assert "3 classes, '0', '1', '2'" in run("train", path, "--target", "y", "--classify", *QUICK)[1]


def test_float32(small, run):
    arguments = ("train", small, "--target", "answer", "--ignore", "kind", "amount", "--dtype", "float32", "--json")
    status, out, _ = run(*arguments, *QUICK)
    assert status == 0
    assert json.loads(out)["dtype"] == "float32"


def test_optimizers_batches_and_stopping(small, run):
    train = ("train", small, "--target", "amount", "--ignore", "answer", "kind", *QUICK)
    status, out, _ = run(
        *train, "--optimizer", "adam", "--batch-size", "16", "--patience", "3", "--learning-rate", "0.3"
    )
    assert status == 0 and "200 epochs, adam, learning rate 0.3, batches of 16" in out
    assert "of 200 epochs: no improvement." in out
    status, out, _ = run(*train, "--optimizer", "lbfgs", "--l2", "0.1", "--epochs", "2000", "--compare")
    assert status == 0 and "2,000 epochs, lbfgs\n" in out and "of 2,000 epochs: converged." in out
    status, out, _ = run(*train, "--optimizer", "adam", "--json")
    assert json.loads(out)["learning_rate"] == 0.01


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("train", "nosuch.csv", "--target", "y"), "nosuch.csv: no such file"),
        (("train", "small.csv"), "which column is to be predicted? Name it with --target: 'a', 'b'"),
        (("train", "small.csv", "--target", "answr"), "no column 'answr'; did you mean 'answer'?"),
        (
            ("train", "mixed.csv", "--target", "y"),
            "the text 'x' in column 'a', row 4, where a number is expected; --cat",
        ),
        (("train", "constant.csv", "--target", "y"), "the target 'y' is constant: 1 in every row"),
        (("train", "one.csv", "--target", "y"), "too few rows: 1"),
        (("train", "two.csv", "--target", "y", "--test-fraction", "0.5"), "too few rows: 2, of which 0.5 to hold out"),
        (("train", "infinite.csv", "--target", "y"), "the value 'inf' in column 'a', row 3"),
        (("train", ".", "--target", "y"), "is a directory"),
        (("train", "--target", "y"), "go with a table"),
        (("train", "small.csv", "--target", "amount", "--output", "no/net.npz"), "no/net.npz: no such folder: no"),
        (("train", "--output", "."), "this is a folder"),
        (("train", "--epochs", "0"), "--epochs: '0' is not a whole number"),
        (("train", "--learning-rate", "nan"), "--learning-rate: 'nan' is not a number above 0"),
        (("train", "--test-fraction", "20"), "'20' is not a number between 0 and 1"),
        (("train", "--seed", "-1"), "'-1' is not a whole number from 0"),
        (("train", "--hidden", "gelu"), "invalid choice: 'gelu'"),
        (("predict", "small.csv", "small.csv"), "small.csv: not a network file, or a damaged one"),
        (("predict", "nosuch.npz", "small.csv"), "nosuch.npz: no such file"),
        (("predict", "small.csv"), "required: data"),
        (("bench", "--shape", "2-4"), "'2-4' is not a shape"),
        (("bench", "--backends", "cuda"), "invalid choice: 'cuda'"),
        (("trian",), "invalid choice: 'trian'"),
        (
            ("train", "--taget", "y"),
            "unrecognized argument '--taget'; did you mean --target? (see fastshallow train --",
        ),
        (("train", "small.csv", "answer"), "unrecognized argument 'answer' (see fastshallow train --help)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_gets_one_line_and_status_2(arguments, complaint, small, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_csv("constant.csv", ["a", "y"], [[1, 1], [2, 1]])
    write_csv("one.csv", ["a", "y"], [[1, 1]])
    write_csv("two.csv", ["a", "y"], [[1, 1], [2, 0]])
    write_csv("mixed.csv", ["a", "y"], [[1, 1], [2, 1], ["x", 0]])
    write_csv("infinite.csv", ["a", "y"], [[1, 1], ["inf", 0]])
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("fastshallow: error: ")
    assert err.count("\n") == 1
    assert complaint in err


def test_divergence_is_one_line(run, small):
    options = ("--target", "amount", "--ignore", "answer", "kind", "--learning-rate", "1e6", "--hidden", "identity")
    status, _, err = run("train", small, *options, *QUICK)
    assert status == 2
    assert err.startswith("fastshallow: error: ")
    assert err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a process")
def test_ctrl_c_keeps_the_network(tmp_path):
    net = tmp_path / "net.npz"
    command = [sys.executable, "-m", "fastshallow", "train", "--epochs", "2000000000", "--output", str(net)]
    command += ["--backend", "numpy"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("backend"):
            break
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Ended after" in out and "epochs: interrupted." in out
    assert "Traceback" not in err
    assert fs.Network.load(net).history.stopped == "interrupted"


@pytest.mark.skipif(os.name == "nt", reason="no pipes of this kind")
def test_a_reader_that_leaves_is_no_error():
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for environment in buffered, buffered | {"PYTHONUNBUFFERED": "1"}:
        for arguments in ("--help", "", "train --epochs 20 --backend numpy"):
            done = subprocess.run(
                f"{sys.executable} -m fastshallow {arguments} | true",
                shell=True,
                capture_output=True,
                text=True,
                check=False,
                env=environment,
            )
            assert done.stderr == ""


def on_a_terminal(*arguments, **environment):
    """Run the command on a pseudo-terminal of 100 columns; return its status and all that it showed."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "fastshallow", *arguments]
    settings = os.environ | {"TERM": "xterm", "COLUMNS": "100"} | environment
    running = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=settings)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux says so at the end
        pass
    os.close(ours)
    return running.wait(timeout=60), shown.decode()


def test_a_terminal_gets_a_bar_and_a_table():
    pytest.importorskip("rich")
    status, shown = on_a_terminal("train", "--epochs", "3000", "--backend", "numpy")
    assert status == 0
    assert "\x1b[" in shown
    assert "3000/3000" in shown
    assert "cost 0.23" in shown


def test_a_terminal_without_rich_gets_a_plain_bar():
    status, shown = on_a_terminal("train", "--epochs", "3000", "--backend", "numpy", TERM="dumb")
    assert status == 0
    assert "\x1b[" not in shown
    assert re.search(r"\rnumpy: 3,000 of 3,000, .*cost 0.23", shown)


def test_info(run):
    status, out, err = run("info")
    assert (status, err) == (0, "")
    for expected in ("processor", "vector registers", "bits", "threads", "numba", "llvmlite", "compiled code", "fused"):
        assert expected in out
    found = json.loads(run("info", "--json")[1])
    assert found["vector_bits"] in (128, 256, 512)
    assert found["versions"]["numpy"] == np.__version__
    assert {"loops", "examples", "numpy", "jit", "fused"} <= set(found["backends"])


@pytest.mark.parametrize("command", ["train", "predict", "bench", "info"])
def test_help_has_examples(command, run):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"fastshallow {command}" in out.split("examples:")[1]
    assert "--json" in out


def test_version_and_no_command(run):
    assert run("--version")[:2] == (0, f"fastshallow {fs.__version__}\n")
    status, out, _ = run()
    assert status == 0
    assert all(name in out for name in ("train", "predict", "bench", "info"))
