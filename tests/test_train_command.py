"""The command ``train``: how it says how good each class is, goes on from a checkpoint, and hands options on."""

import json
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.command import scores, train, training_report
from fastshallow.command.lessons import Lesson
from fastshallow.formulas.optimizers import LBFGS

QUICK = ("--backend", "numpy", "--epochs", "40")


@pytest.fixture
def table(tmp_path):
    """Two features; a class that is rare, and a number."""
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 200))
    kinds = np.array(["rare", "some", "many"])[np.digitize(a + 0.5 * b, [-1.5, 0.0])]
    rows = (f"{x:.4f},{y:.4f},{kind},{x - y:.4f}\n" for x, y, kind in zip(a, b, kinds, strict=True))
    (tmp_path / "data.csv").write_text("a,b,kind,amount\n" + "".join(rows))
    return tmp_path / "data.csv"


def learn(table, target="kind"):
    return "train", table, "--target", target, "--features", "a", "b", *QUICK


# ---- what is said of classes ----


class Predicts:
    """Stands for a network, of which only the predictions count."""

    features = None

    def __init__(self, predicted):
        self.predicted = predicted
        self.parameters = fs.initialize_parameters(1, 1, 1)

    def predict(self, X, backend):
        return np.array([self.predicted])


def scored(monkeypatch, truth, predicted, output="softmax", n=3):
    monkeypatch.setattr(scores.dataclasses, "replace", lambda network, **_: network)
    Y = np.eye(n)[:, truth] if output == "softmax" else np.array([truth], float)
    return scores.score(Predicts(predicted), Lesson("data", np.zeros((1, len(truth))), Y, output))


def test_precision_recall_and_confusion(monkeypatch):
    result = scored(monkeypatch, [0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 1, 0, 2, 2])
    assert result["confusion"] == [[2, 1, 1], [1, 1, 0], [0, 0, 2]]  # a row is what is true
    assert result["precision"] == [2 / 3, 1 / 2, 2 / 3]
    assert result["recall"] == [1 / 2, 1 / 2, 1]
    assert (result["accuracy"], result["most_frequent"], result["classes"]) == (5 / 8, 1 / 2, ["0", "1", "2"])
    two = scored(monkeypatch, [0, 0, 0, 1], [0, 1, 1, 1], "sigmoid")
    assert two["confusion"] == [[1, 2], [0, 1]]
    assert (two["precision"], two["recall"]) == ([1, 1 / 3], [1 / 3, 1])


def test_what_has_no_precision_or_recall(monkeypatch, capsys):
    result = scored(monkeypatch, [0, 0, 1], [0, 0, 0])
    np.testing.assert_equal(result["precision"], [2 / 3, np.nan, np.nan])
    np.testing.assert_equal(result["recall"], [1, 0, np.nan])
    training_report._show_classes("training", result)
    rows = capsys.readouterr().out.split("\n\n")[1].splitlines()[1:]
    assert [row.split() for row in rows[1:]] == [
        ["1", "1", "-", "0.00", "%", "1", "0", "0"],
        ["2", "0", "-", "-", "0", "0", "0"],
    ]


def test_many_classes_get_a_row_where_they_are_missed_most(monkeypatch, capsys):
    truth = np.repeat(np.arange(30), 4)
    predicted = np.where((truth >= 5) & (truth < 25), 29, truth)
    training_report._show_classes("held-out", scored(monkeypatch, truth, predicted, n=30))
    header, *rows = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert header.split() == ["rows", "precision", "recall"]  # no column for each
    assert [int(row.split()[0]) for row in rows] == list(range(5, 25))


def test_the_report_says_which_rows_a_figure_is_of(table, run):
    out = run(*learn(table))[1]
    assert "accuracy, training" in out and "of the training rows.\n" in out and "Each class of the training rows" in out
    assert "held" not in out
    out = run(*learn(table), "--test-fraction", "0.25")[1]
    assert "accuracy, training  held out" in out
    assert "of the held-out rows.\n" in out and "Each class of the held-out rows" in out
    classes = out.split("Each class")[1].splitlines()[2:6]
    assert classes[0].split() == ["rows", "precision", "recall", "as", "many", "as", "rare", "as", "some"]
    assert [line.split()[0] for line in classes[1:]] == ["many", "rare", "some"]
    assert sum(int(line.split()[1]) for line in classes[1:]) == 50
    out = run(*learn(table, "amount"))[1]
    assert "R2, training" in out and "error of the training rows: " in out and "class" not in out
    out = run(*learn(table, "amount"), "--test-fraction", "0.25")[1]
    assert "R2, training  held out" in out and "error of the held-out rows: " in out


def test_classes_weigh_as_they_are_told_to(table, run):
    def recall(*weights):
        result = json.loads(run(*learn(table), "--json", *(("--class-weight", *weights) if weights else ()))[1])
        assert result["class_weight"] == (list(weights) or None)
        return result["run"]["training"]["recall"]  # of many, rare, some

    assert recall()[1] < recall("balanced")[1]
    for i, name in enumerate(("many", "rare", "some")):
        told = recall(f"{name}=1000")
        assert told[i] == 1 and min(told) < 0.1
    out = run(*learn(table), "--class-weight", "rare=5")[1]
    assert ", classes weigh rare=5\n" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--class-weight", "rar=5"), "'rar=5': no class 'rar'; did you mean 'rare'?"),
        (("--class-weight", "x=5"), "'x=5': no class 'x'; there are 'many', 'rare', 'some'"),
        (("--class-weight", "rare"), "'rare' must be balanced, or a class and its weight, as in yes=5"),
        (("--class-weight", "rare=-1"), "'rare=-1' must be balanced"),
        (("--class-weight", "rare=nan"), "'rare=nan' must be balanced"),
        (("--class-weight", "balanced", "data.csv"), "--class-weight balanced stands alone, without 'data.csv'"),
        (("--target", "amount", "--class-weight", "balanced"), "--class-weight needs classes"),
        (("--dropout", "1"), "--dropout: '1' is not a number from 0 to 1, 1 excluded"),
        (("--threads", "0"), "--threads: '0' is not a whole number, 1 or more"),
        (("--checkpoint", "no/run.npz"), "no/run.npz: no such folder: no"),
        (("--checkpoint", "a.npz", "--output", "./a.npz"), "--output ./a.npz: the checkpoint is there; a network"),
        (("--resume", "a.npz", "--output", "a.npz"), "--output a.npz: the checkpoint is there"),
        (("--resume", "nosuch.npz"), "nosuch.npz: no such file or directory"),
        (("--resume", "data.csv"), "data.csv: not a checkpoint"),
        (("--resume", "nosuch.npz", "--compare"), "--compare goes with a whole run, not with --resume"),
    ],
)
def test_bad_options_get_one_line_before_anything_else(table, run, monkeypatch, arguments, complaint):
    monkeypatch.chdir(table.parent)
    status, out, err = run(*learn("data.csv"), *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("fastshallow: error: ") and complaint in err


def test_options_reach_training(table, run, monkeypatch):
    given = {}

    def fit(*arguments, **options):
        given.update(options)
        return fs.train(*arguments, **options)

    monkeypatch.setattr(train, "fit", fit)
    status, out, _ = run(*learn(table), "--dropout", "0.25", "--threads", "2", "--checkpoint", table.parent / "run.npz")
    assert status == 0 and ", float64, dropout 0.25\n" in out
    assert (given["dropout"], given["threads"]) == (0.25, 2)
    assert given["checkpoint"] == str(table.parent / "run.npz")


# ---- checkpoints ----


def test_a_resumed_run_gives_the_network_of_a_whole_one(table, run, tmp_path):
    options = ("--optimizer", "adam", "--batch-size", "16", "--patience", "30", "--class-weight", "balanced")
    options += ("--test-fraction", "0.2", "--dropout", "0.1", "--dtype", "float32", "--hidden-units", "5")
    whole, parts, checkpoint = (tmp_path / name for name in ("whole.npz", "parts.npz", "run.npz"))
    run(*learn(table), *options, "--output", whole)
    status, _, err = run(*learn(table), *options, "--epochs", "15", "--checkpoint", checkpoint)
    assert (status, err) == (0, "")
    status, out, err = run(*learn(table), *options, "--resume", checkpoint, "--output", parts)
    assert (status, err) == (0, "")
    assert f"as {checkpoint} began" in out and "2-5-3, tanh, softmax, float32, dropout 0.1" in out
    one, other = map(fs.Network.load, (whole, parts))
    for a, b in zip(one.parameters, other.parameters, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.history.cost, other.history.cost)
    # what is left out, the checkpoint knows, but for the table's own
    needed = ("--class-weight", "balanced", "--test-fraction", "0.2")
    result = json.loads(run(*learn(table)[:-4], *needed, "--resume", checkpoint, "--json")[1])
    assert (result["optimizer"], result["batch_size"], result["dtype"]) == ("adam", 16, "float32")
    assert result["run"]["cost"] == one.history.cost[-1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--hidden", "relu"), "--hidden relu: run.npz began with tanh; leave it out"),
        (("--hidden-units", "3"), "--hidden-units 3: run.npz began with 16"),
        (("--optimizer", "adam"), "--optimizer adam: run.npz began with gradient_descent"),
        (("--learning-rate", "0.5"), "--learning-rate 0.5: run.npz began with 0.1"),
        (("--l2", "1"), "--l2 1.0: run.npz began with 0.0"),
        (("--dtype", "float32"), "--dtype float32: run.npz began with float64"),
        (("--batch-size", "5"), "--batch-size 5: run.npz began with None"),
        (("--ignore", "b"), "run.npz began with 2 features and 3 outputs, softmax; data.csv makes 1 features and"),
        (("--class-weight", "balanced"), "run.npz: X, Y, sample_weight or class_weight are not those"),
        (("--test-fraction", "0.5"), "so must be the table, --seed, --test-fraction and --class-weight"),
    ],
)
def test_what_contradicts_a_checkpoint_is_refused(table, run, monkeypatch, arguments, complaint):
    monkeypatch.chdir(table.parent)
    run(*learn("data.csv"), "--checkpoint", "run.npz")
    status, _, err = run(*learn("data.csv"), "--resume", "run.npz", *arguments)
    assert (status, err.count("\n")) == (2, 1)
    assert complaint in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_ctrl_c_says_how_to_go_on(table, tmp_path):
    command = [sys.executable, "-m", "fastshallow", *map(str, learn(table)), "--epochs", "2000000000"]
    running = subprocess.Popen(
        [*command, "--checkpoint", "my run.npz"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    for line in running.stdout:
        if line.startswith("backend"):
            break
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    out = running.communicate(timeout=60)[0]
    assert running.returncode == 130
    assert "To go on, give the same command again with --resume 'my run.npz'.\n" in out
    with np.load(tmp_path / "my run.npz") as stored:
        assert int(stored["epoch"]) > 0


# ---- what is left ----


@pytest.mark.skipif(sys.platform == "win32", reason="another shell")
def test_what_comes_next_can_be_typed(run, table, tmp_path):
    data, net = tmp_path / "my $data.csv", tmp_path / "it's a net.npz"
    data.write_text(table.read_text())
    out = run(*learn(data), "--output", net)[1]
    following = out.rpartition(" Next: ")[2]
    assert shlex.split(following) == ["fastshallow", "predict", str(net), str(data)]
    plain = run(*learn(table), "--output", tmp_path / "net.npz")[1]
    assert f"Next: fastshallow predict {tmp_path / 'net.npz'} {table}\n" in plain


def test_a_run_that_has_converged_where_it_begins(table, run, tmp_path, monkeypatch):
    """Here since any gradient is taken for none."""
    monkeypatch.setattr(LBFGS.__init__, "__defaults__", (10, 1e6, 1e-9, 25))
    status, out, err = run(*learn(table), "--optimizer", "lbfgs", "--output", tmp_path / "net.npz")
    assert (status, err) == (0, "")
    assert "converged" in out
    assert fs.Network.load(tmp_path / "net.npz").history.stopped == "converged"


def test_both_runs_may_end_early(table, run):
    options = ("--optimizer", "lbfgs", "--l2", "5", "--epochs", "3000", "--backend", "fused", "--compare")
    status, out, err = run(*learn(table, "amount"), *options)
    assert (status, err) == (0, "")
    assert "epochs: converged." in out and "Both give the same answer" in out
    assert "amplifies" not in out  # no epoch came later


def test_a_run_without_a_cost(table, run, tmp_path, monkeypatch):
    def fit(X, Y, n_h, **options):
        network = fs.train(X, Y, n_h, epochs=1, backend="numpy", output="softmax", seed=1)
        return train.dataclasses.replace(network, history=fs.History(stopped="converged"))

    monkeypatch.setattr(train, "fit", fit)
    status, out, err = run(*learn(table), "--output", tmp_path / "net.npz")
    assert (status, err) == (0, "")
    assert "Ended after 0 of 40 epochs: converged." in out
    assert len(fs.Network.load(tmp_path / "net.npz").history.cost) == 0
    result = json.loads(run(*learn(table), "--json", "--compare")[1])
    assert (result["run"]["cost"], result["run"]["epochs"], result["run"]["stopped"]) == (None, 0, "converged")
