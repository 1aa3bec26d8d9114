"""The benchmarks against peers and of scaling, first what of them needs no peer; and peers' optimizers."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cases import make_case

import fastshallow as fs
from fastshallow.measuring import WrongAnswerError, cells

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # last, so that an installed fastshallow comes first

from benchmarks import scaling  # noqa: E402
from benchmarks.peers import __main__ as command  # noqa: E402
from benchmarks.peers import batches, implementations, training  # noqa: E402

NUMPY = implementations.IMPLEMENTATIONS[0]


def test_training_table_marks_scaled_times_and_defeats():
    fake = [("numpy", 0.5, 1000), ("fastshallow", 0.02, 1000), ("torch", 2.0, 100), ("jax", 0.01, 1000)]
    _, rows = training.table([training.Trained(name, "float64", s, 1000, n, 0.25, 0.0) for name, s, n in fake])
    assert rows[2] == ["torch", "2 s", "2 ms", "0.25", "0.250000", "100 timed, scaled"]
    assert rows[3] == ["jax", "10 ms", "10 us", "50", "0.250000", "faster than fastshallow"]


def test_what_is_missing_is_left_out_with_one_line(monkeypatch):
    monkeypatch.setattr(implementations, "installed", lambda package: package != "torch")
    chosen, line = implementations.present(["numpy", "torch", "jax"])
    assert [one.name for one in chosen] == ["numpy", "jax"]
    assert line == "Not installed, so left out: torch. To have them: pip install '.[peers]'"


def test_nothing_is_said_when_nothing_is_missing():
    assert implementations.present(["numpy", "fastshallow"])[1] == ""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_wrong_descent_is_not_timed(dtype):
    wrong = SimpleNamespace(
        name="wrong", train="train", share=1.0,
        make_training=lambda arguments, rate, threads: NUMPY.make_training(arguments, 0.99 * rate, threads),
    )  # fmt: skip
    with pytest.raises(WrongAnswerError, match="wrong is"):
        training.measure([wrong], dtype, 1, 1, 0.01)


@pytest.mark.parametrize("arguments", [["--threads", "2"], ["--parts", "half"]])
def test_refuses_nonsense(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        command.parse(arguments)
    assert exit.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_the_command_without_peers(tmp_path):
    options = ["--quick", "--dtype", "float32", "--only", "numpy", "fastshallow"]
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", *options, "--json", str(tmp_path / "out.json")],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert all(word in process.stdout for word in ("Training", "Mini-batches", "made up, 2,000 x 30-64-1"))
    results = json.loads((tmp_path / "out.json").read_text())
    costs = [one["cost"] for one in results["training"]]
    assert np.ptp(costs) < 1e-3
    assert {one["name"] for one in results["batches"]} == {"fastshallow"}


# ---- mini-batches ----


def task(output, dtype="float32"):
    """Batches that do not divide the examples."""
    arguments = make_case(2, 4, 3 if output == "softmax" else 1, 70, dtype, output)
    return implementations.Task("few", arguments, output, 16, 0.01)


def test_table_of_batches_names_who_was_faster():
    fake = [("fastshallow", 200, 2e-3), ("torch", 200, 0.05), ("jax", 200, 1e-3), ("jax", 32, 1e-3)]
    trained = [batches.Trained("few", size, name, "float32", s, 3, 0.25) for name, size, s in fake]
    _, rows = batches.table(trained)
    assert rows[1] == ["", "", "torch", "50 ms", "25", "0.2500", ""]
    assert rows[2] == ["", "", "jax", "1 ms", "0.5", "0.2500", "faster than fastshallow"]
    assert rows[3] == ["", "32", "jax", "1 ms", "-", "0.2500", ""]


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize(
    "one", [one for one in implementations.IMPLEMENTATIONS if one.batches], ids=lambda one: one.name
)
def test_batches_of_all_come_to_the_same_loss(one, output):
    pytest.importorskip(one.package)
    both = [implementations.IMPLEMENTATIONS[1], one]
    few = task(output)
    trained = batches.measure(few, 20, both, 1, 0.0)
    assert [each.name for each in trained] == list(dict.fromkeys(each.name for each in both))
    assert trained[-1].loss < fs.cost_and_gradients(*few.arguments, output=output)[0]


def test_who_comes_to_a_higher_loss_is_not_timed():
    right = implementations.IMPLEMENTATIONS[1]

    def make_batches(few, threads):
        return right.make_batches(few._replace(learning_rate=0.1 * few.learning_rate), threads)

    wrong = SimpleNamespace(name="wrong", batches="batches", make_batches=make_batches)
    with pytest.raises(WrongAnswerError, match="wrong comes to a loss of"):
        batches.measure(task("softmax"), 20, [right, wrong], 1, 0.0)


def test_made_up_data_are_standardized_and_the_same_each_time():
    X, Y = batches.made_up(500)
    assert X.shape == (30, 500) and 0.3 < Y.mean() < 0.7
    np.testing.assert_allclose([X.mean(axis=1), X.std(axis=1)], [[0.0] * 30, [1.0] * 30], atol=1e-12)
    np.testing.assert_array_equal(X, batches.made_up(500)[0])


def test_scaling_counts_what_is_allocated(monkeypatch):
    monkeypatch.setattr(scaling, "WAYS", {"in blocks": scaling.WAYS["in blocks"]})  # a kernel less to compile
    assert cells.peak(lambda: np.zeros(10**6)) == pytest.approx(8e6, rel=0.01)
    measured = scaling.measure(300, "C", 0.0)
    header, (row,) = scaling.table([measured])
    assert row[:2] == ["300", "37.2 kB"] and len(header) == len(row)
    assert all(0 < each < 1e6 for each in measured[2].values())


# ---- the steps of optimizers ----

RATES = {
    "gradient_descent": 0.5,
    "momentum": 0.1,
    "nesterov": 0.1,
    "adagrad": 0.05,
    "rmsprop": 0.003,
    "adam": 0.02,
    "adamw": 0.02,
}
PYTORCH = {
    "gradient_descent": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
}
SKLEARN = {
    "gradient_descent": {"solver": "sgd", "momentum": 0.0},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd"},
    "adam": {"solver": "adam", "epsilon": 1e-30},  # it is added before the root is corrected: the same if it is nothing
}


def a_hundred_steps(arguments, optimizer, rate, size, backend):
    """20 epochs of 5 batches, or 100 of all examples, in the order of the data."""
    X, Y, p = arguments
    options = {"learning_rate": rate, "batch_size": size, "shuffle": False, "parameters": p, "backend": backend}
    return fs.train(X, Y, epochs=20 if size else 100, optimizer=optimizer, **options).parameters


def same_parameters(one, other):
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-11) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("size", [None, 16])
@pytest.mark.parametrize("name", PYTORCH)
def test_pytorch_takes_the_same_steps(name, size):
    torch = pytest.importorskip("torch")
    from benchmarks.peers import with_torch

    arguments = task("sigmoid", "float64").arguments
    X, Y, *parameters = with_torch.tensors(arguments)
    cost = with_torch.make_cost("tanh", "sigmoid")
    kind, settings = PYTORCH[name]
    optimizer = getattr(torch.optim, kind)(parameters, lr=RATES[name], **settings)
    for _ in range(20 if size else 100):
        for rows, right in zip(X.split(size or 70), Y.split(size or 70), strict=True):
            optimizer.zero_grad()
            cost(rows, right, *parameters).backward()
            optimizer.step()
    right = with_torch.as_parameters(parameters)
    for backend in ("numpy", "fused"):
        assert same_parameters(a_hundred_steps(arguments, name, RATES[name], size, backend), right)
        assert not same_parameters(a_hundred_steps(arguments, name, RATES[name] * (1 + 1e-6), size, backend), right)


@pytest.mark.parametrize("size", [None, 16])
@pytest.mark.parametrize("name", SKLEARN)
def test_scikit_learn_takes_the_same_steps(name, size):
    pytest.importorskip("sklearn")
    from benchmarks.peers import with_sklearn

    arguments, rate = task("sigmoid", "float64").arguments, RATES[name]
    settings = SKLEARN[name] | {"batch_size": size or 70, "shuffle": False, "learning_rate_init": rate}
    right = with_sklearn.fit(arguments, **settings)(20 if size else 100)
    optimizer = fs.Adam(epsilon=1e-30) if name == "adam" else name
    for backend in ("numpy", "fused"):
        assert same_parameters(a_hundred_steps(arguments, optimizer, rate, size, backend), right)
        assert not same_parameters(a_hundred_steps(arguments, optimizer, rate * (1 + 1e-6), size, backend), right)
