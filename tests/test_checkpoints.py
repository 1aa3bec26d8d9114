"""A run that is stopped, or killed, goes on from its checkpoint to the very bits that it would have come to."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cases import make_case
from networks import StoppedError, flat, stop_after
from shapes import fitted

import fastshallow as fs
from fastshallow.training import compiled

OPTIMIZERS = {
    "gradient_descent": fs.GradientDescent(),
    "momentum": fs.Momentum(0.8),
    "nesterov": fs.Nesterov(),
    "rmsprop": fs.RMSProp(0.9, epsilon=1e-4),
    "adam": fs.Adam(beta1=0.8),
    "adamw": fs.AdamW(weight_decay=0.1),
    "lbfgs": fs.LBFGS(history_size=4, gradient_tolerance=0.0, cost_tolerance=0.0),
}
# Each kernel compiles for seconds: all optimizers in one arrangement, every arrangement with one or two states.
CASES = [
    *(fitted("exact", (2, 4, 1, 203), 16, "float64", name) for name in OPTIMIZERS),
    fitted("examples", (9, 11, 2, 203), 16, "float32", "adam"),
    fitted("units", (30, 51, 2, 203), 16, "float64", "adam"),
    fitted("features", (66, 19, 2, 50), 16, "float32", "momentum"),
]


def same(one, other):
    columns = "epoch", "cost", "validation_cost", "validation_score", "learning_rate"
    return np.array_equal(flat(one), flat(other)) and all(
        np.array_equal(getattr(one.history, name), getattr(other.history, name)) for name in columns
    )


def options_of(optimizer, size=16, **more):
    batches = {} if optimizer == "lbfgs" else {"batch_size": size, "clip_norm": 2.0, "learning_rate": fs.Cosine(0.05)}
    return {"optimizer": OPTIMIZERS[optimizer], "l2": 0.1, "seed": 3, "epochs": 20, **batches, **more}


@pytest.mark.kernels
@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype", "optimizer"), CASES)
def test_the_same_bits_from_ten_places(arrangement, shape, size, dtype, optimizer, backend, tmp_path, monkeypatch):
    X, Y, p = make_case(*shape, dtype)
    V, U, _ = make_case(*shape, dtype, seed=1)
    options = options_of(optimizer, size, parameters=p, validation=(V, U), patience=40, backend=backend)
    options["sample_weight"] = np.random.default_rng(2).random(shape[3])
    if backend == "fused" and optimizer != "lbfgs":
        assert fs.explain(*shape[:3], size, dtype).plan.arrangement == arrangement
    whole = fs.train(X, Y, **options)
    steps = len(whole.history.cost) * (1 if optimizer == "lbfgs" else -(-shape[3] // size))
    path = tmp_path / "run.npz"
    ten = arrangement == "exact" and backend == "fused"
    for stop in np.random.default_rng(4).integers(1, steps, 10 if ten else 3):
        with monkeypatch.context() as patch:
            stop_after(patch, stop)
            with pytest.raises(StoppedError):
                fs.train(X, Y, checkpoint=path, every=0.0, **options)
        resumed = fs.resume(path, X, Y, sample_weight=options["sample_weight"], validation=(V, U))
        assert same(resumed, whole)


def test_a_step_in_pieces(tmp_path, monkeypatch):
    X, Y, p = make_case(2, 4, 1, 60_000)
    options = {"parameters": p, "epochs": 6, "backend": "fused", "seed": 1}
    whole = fs.train(X, Y, **options)
    path = tmp_path / "run.npz"
    for stop in (1, 2, 4):
        with monkeypatch.context() as patch:
            stop_after(patch, stop)
            with pytest.raises(StoppedError):
                fs.train(X, Y, checkpoint=path, every=0.0, **options)
        assert same(fs.resume(path, X, Y, threads=stop), whole)


def test_a_run_in_blocks_with_little_room(tmp_path, monkeypatch):
    X, Y, p = make_case(2, 4, 1, 203)
    options = options_of("adam", parameters=p, shuffle="blocks", backend="fused")
    whole = fs.train(X, Y, **options)
    monkeypatch.setattr(compiled, "ROOM", 300)
    path = tmp_path / "run.npz"
    with monkeypatch.context() as patch:
        stop_after(patch, 250)
        with pytest.raises(StoppedError):
            fs.train(X, Y, checkpoint=path, every=0.0, **options)
    assert same(fs.resume(path, X, Y), whole)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_more_epochs_and_the_adaptive_rate(backend, tmp_path):
    X, Y = fs.datasets.planar_flower()
    path = tmp_path / "run.npz"
    rate = fs.Adaptive(2.0, factor=0.5, patience=2, tolerance=1e-3, minimum=1e-9)
    options = {"seed": 2, "learning_rate": rate, "validation": 0.25, "backend": backend}
    whole = fs.train(X, Y, epochs=600, **options)
    fs.train(X, Y, epochs=200, checkpoint=path, **options)
    assert same(fs.resume(path, X, Y, epochs=600), whole)
    assert same(fs.resume(path, X, Y), whole)  # and the end is written as well
    assert whole.history.stopped == "no improvement"
    fs.train(X, Y, epochs=50, checkpoint=path, **options)
    assert same(fs.resume(path, X, Y, epochs=600), whole)


def test_ctrl_c_leaves_a_checkpoint(tmp_path):
    X, Y = fs.datasets.planar_flower()
    path = tmp_path / "run.npz"

    def press(progress):
        raise KeyboardInterrupt

    net = fs.train(X, Y, epochs=10**6, seed=2, checkpoint=path, callbacks=press)
    assert net.history.stopped == "interrupted"
    done = len(net.history.cost)
    assert same(fs.resume(path, X, Y, epochs=done + 10), fs.train(X, Y, epochs=done + 10, seed=2))


KILLED = """
import sys, fastshallow as fs
X, Y = fs.datasets.planar_flower()
fs.train(X, Y, epochs=20_000, seed=2, batch_size=100, optimizer="adam", learning_rate=0.01, backend="numpy",
         checkpoint=sys.argv[1], every=0.0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_run_leaves_its_last_checkpoint_whole(tmp_path):
    X, Y = fs.datasets.planar_flower()
    path, done = tmp_path / "run.npz", set()
    for wait in np.random.default_rng(0).uniform(0.0, 0.5, 3):
        path.unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        epoch = int(np.load(path)["epoch"]) + 2
        done.add(epoch)
        options = {"seed": 2, "batch_size": 100, "optimizer": "adam", "learning_rate": 0.01, "backend": "numpy"}
        assert same(fs.resume(path, X, Y, epochs=epoch), fs.train(X, Y, epochs=epoch, **options))
    assert len(done) > 1


def test_what_a_file_cannot_keep_is_given_again(tmp_path):
    X, Y = fs.datasets.planar_flower()
    path = tmp_path / "run.npz"
    soft = fs.Activation("softsign", lambda z: z / (1 + np.abs(z)), lambda z, a: (1 - np.abs(a)) ** 2)
    options = {"hidden": soft, "learning_rate": lambda epoch: 0.5, "seed": 2, "backend": "numpy"}
    whole = fs.train(X, Y, epochs=20, **options)
    fs.train(X, Y, epochs=10, checkpoint=path, **options)
    with pytest.raises(fs.CheckpointError, match="its activation 'softsign' is your own: give it again as hidden="):
        fs.resume(path, X, Y)
    with pytest.raises(fs.CheckpointError, match="its learning rate is a function of yours"):
        fs.resume(path, X, Y, hidden=soft)
    assert same(fs.resume(path, X, Y, hidden=soft, learning_rate=lambda epoch: 0.5, epochs=20), whole)
    fs.train(
        X, Y, epochs=10, checkpoint=path, seed=2, hidden=fs.leaky_relu(0.2), learning_rate=fs.WarmUp(fs.StepDecay(1.0))
    )
    assert fs.resume(path, X, Y).hidden.slope == 0.2


def test_other_data_are_refused(tmp_path):
    X, Y = fs.datasets.planar_flower()
    path = tmp_path / "run.npz"
    fs.train(X, Y, epochs=3, checkpoint=path, backend="numpy")
    other = X.copy()
    other[1, 399] += 1e-9
    for data in ((other, Y), (X, 1 - Y), (X[:, :399], Y[:, :399])):
        with pytest.raises(fs.CheckpointError, match="are not those that the training began with"):
            fs.resume(path, *data)
    with pytest.raises(fs.CheckpointError, match="are not those"):
        fs.resume(path, X, Y, sample_weight=np.arange(400))
    fs.train(X, Y, epochs=3, checkpoint=path, backend="numpy", validation=(X, Y))
    with pytest.raises(fs.CheckpointError, match="began with validation examples: give them as validation="):
        fs.resume(path, X, Y)
    fs.train(X, Y, epochs=3, checkpoint=path, backend="numpy")
    assert same(fs.resume(path, np.asfortranarray(X), Y), fs.resume(path, X, Y))  # in another memory order they are


def test_files_that_hold_no_checkpoint(tmp_path):
    X, Y = fs.datasets.planar_flower()
    path = tmp_path / "run.npz"
    with pytest.raises(FileNotFoundError):
        fs.resume(path, X, Y)
    path.write_bytes(b"PK")
    with pytest.raises(fs.CheckpointError, match=r"run\.npz: not a checkpoint file, or a damaged one"):
        fs.resume(path, X, Y)
    fs.train(X, Y, epochs=3, backend="numpy").save(path)
    with pytest.raises(fs.CheckpointError, match="a trained network"):
        fs.resume(path, X, Y)
    with pytest.raises(ValueError, match=r"run\.npz: no such folder"):
        fs.train(X, Y, epochs=3, checkpoint=tmp_path / "none" / "run.npz")
    with pytest.raises(ValueError, match="this is a folder; give checkpoint a file"):
        fs.train(X, Y, epochs=3, checkpoint=tmp_path)
    with pytest.raises(TypeError, match="checkpoint must be the path of a file, not 5"):
        fs.train(X, Y, epochs=3, checkpoint=5)
