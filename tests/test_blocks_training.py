"""Training on data that are read block by block: the bits of data in memory, or one error; within a memory limit."""

import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from networks import StoppedError, far, same, stop_after

import fastshallow as fs
from fastshallow.backends import dispatch
from fastshallow.data import Windows
from fastshallow.formulas import generator
from fastshallow.training import windowed
from fastshallow.training.arguments import draw_key
from fastshallow.training.streaming import streamed

M = 203
DTYPES = ("float32", "float64", "uint8", ">f4")


def case(n_x, n_y=1, dtype="float64", m=M):
    random = np.random.default_rng([n_x, n_y])
    X = (
        random.integers(0, 3, (m, n_x)).astype(dtype)
        if dtype == "uint8"
        else random.standard_normal((m, n_x)).astype(dtype)
    )
    return X, (random.random((m, n_y)) < 0.5).astype(np.float32)


def cut(X, Y, *sizes):
    """Blocks of these sizes, again and again."""
    blocks, start = [], 0
    while start < len(X):
        size = sizes[len(blocks) % len(sizes)]
        blocks.append((X[start : start + size], Y[start : start + size]))
        start += size
    return blocks


def memory_of(X, Y, examples):
    """Memory for windows of about so many examples."""
    itemsize = 4 if X.itemsize < 8 else 8
    return 2 * (X[0].nbytes + itemsize * Y.shape[1] + 8) * examples * 4 // 3 + 4


def options_of(**more):
    return {"n_h": 5, "epochs": 3, "learning_rate": 0.1, "seed": 1, "shuffle": False, "scale": 0.5, **more}


def both(X, Y, blocks, **options):
    options = options_of(**options)
    return fs.train(X.T, Y.T, **options), fs.train(blocks, **options)


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "fastshallow reader"]


@pytest.mark.kernels
@pytest.mark.parametrize("backend", ["fused", "numpy"])
@pytest.mark.parametrize("size", [1, 7, 64, M, 1000])
@pytest.mark.parametrize(("n_x", "n_h", "n_y"), [(2, 4, 1), (9, 11, 2), (30, 40, 2), (1, 2, 1)])
def test_the_bits_are_those_of_data_in_memory(n_x, n_h, n_y, size, backend):
    X, Y = case(n_x, n_y)
    memory = memory_of(X, Y, max(50, size))
    for sizes in ([10], [64, 1, 13]):
        blocks = fs.Blocks(cut(X, Y, *sizes), memory=memory)
        one, other = both(X, Y, blocks, n_h=n_h, batch_size=size, backend=backend, l2=0.1, optimizer="momentum")
        assert same(one, other), sizes
    assert blocks.fitting(min(size, M), M) < M or size >= M
    assert not readers()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_stays_as_it_is_stored(dtype):
    X, Y = case(4, dtype=dtype)
    assert fs.Blocks(X, Y).dtype == X.dtype
    assert same(*both(X, Y, fs.Blocks(X, Y, memory=memory_of(X, Y, 50)), batch_size=16))


def test_options_that_touch_steps_and_batches():
    X, Y = case(6, 3)
    blocks = fs.Blocks(cut(X, Y, 37, 5), memory=memory_of(X, Y, 50))
    for more in (
        {"optimizer": "adam", "learning_rate": fs.Cosine(0.05), "clip_norm": 0.1},
        {"dropout": 0.3},
        {"dropout": 0.3, "backend": "numpy"},
        {"cost_every": 2, "epochs": 5, "hidden": fs.leaky_relu(slope="learn")},
        {"threads": 2, "n_h": 40, "batch_size": 45},
    ):
        assert same(*both(X, Y, blocks, **{"batch_size": 16, **more})), more


def test_batches_of_several_pieces_between_which_a_run_comes_back(monkeypatch):
    monkeypatch.setattr(dispatch, "CHUNK", 256)
    X, Y = case(30, m=6000)
    plan = fs.explain(30, 16, 1, 2000, "float64").plan
    assert plan.groups > 1 and plan.chunks > 2
    blocks = fs.Blocks(X, Y, memory=memory_of(X, Y, 4100))
    for threads in (1, 2):
        assert same(*both(X, Y, blocks, batch_size=2000, n_h=16, threads=threads))
    calls, run = [0], windowed.Windowed.run

    def uneven(self, until, seconds):  # one piece, which ends within a batch, and then as many as there are
        self._pieces = 10**6 if calls[0] % 2 else 1
        calls[0] += 1
        return run(self, until, seconds)

    monkeypatch.setattr(windowed.Windowed, "run", uneven)
    assert same(*both(X, Y, blocks, batch_size=2000, n_h=16))
    assert calls[0] > 6


def test_validation_stopping_callbacks_and_history_are_those_of_memory():
    X, Y = case(4)
    seen = []
    options = {
        "validation": (X[:50].T, 1 - Y[:50].T),
        "patience": 3,
        "epochs": 50,
        "batch_size": 16,
        "callbacks": lambda progress: seen.append((progress.epoch, progress.cost)),
    }
    one, other = both(X, Y, fs.Blocks(cut(X, Y, 37), memory=memory_of(X, Y, 50)), **options)
    assert same(one, other) and one.history.stopped == other.history.stopped == "no improvement"
    np.testing.assert_array_equal(one.history.validation_cost, other.history.validation_cost)
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    stopped = fs.train(fs.Blocks(X, Y), **options_of(epochs=9, batch_size=16, callbacks=lambda p: p.epoch == 2))
    assert stopped.history.stopped == "callback" and len(stopped.history.cost) == 2 and not readers()


@pytest.mark.parametrize(
    ("backend", "shuffle", "threads"), [("fused", True, 1), ("fused", "blocks", 2), ("numpy", True, 1)]
)
@pytest.mark.parametrize(("n_x", "dtype"), [(4, "float64"), (1, "float32"), (4, "uint8")])
def test_shuffled_epochs_are_steps_through_the_order_of_the_windows(n_x, dtype, backend, shuffle, threads):
    X, Y = case(n_x, dtype=dtype)
    p = fs.initialize_parameters(n_x, 5, 1, scale=0.5, seed=1, dtype="float32" if X.itemsize < 8 else "float64")
    options = options_of(batch_size=16, parameters=p, shuffle=shuffle, epochs=3, backend=backend, threads=threads)
    blocks = fs.Blocks(cut(X, Y, 20), memory=memory_of(X, Y, 50))
    net = fs.train(blocks, **options)
    key = draw_key(generator(1))
    windows = Windows(fs.Blocks(cut(X, np.arange(M, dtype=float), 20), memory=blocks.memory), 16, M, key)
    costs = []
    for epoch in range(3):
        position, order = 0, []
        while position < M:
            window = windows.at(epoch, position)
            order += window.Y[0, window.order - window.first].astype(int).tolist()
            position = window.end
        assert order != sorted(order)
        one = fs.train(X[order].T, Y[order].T, **options | {"parameters": p, "epochs": 1, "shuffle": False})
        p = one.parameters
        costs += one.history.cost.tolist()
    windows.close()
    np.testing.assert_array_equal(net.history.cost, costs)
    assert all(map(np.array_equal, net.parameters, p))
    assert same(net, fs.train(blocks, **options))


def test_shuffled_examples_keep_their_own_units_in_dropout():
    X, Y = case(4)
    blocks = fs.Blocks(cut(X, Y, 20), memory=memory_of(X, Y, 50))
    options = options_of(batch_size=16, shuffle=True, dropout=0.3, n_h=40)
    one, other = (fs.train(blocks, **options, backend=backend) for backend in ("fused", "numpy"))
    assert far(one, other, X.dtype, 100.0) < 1.0


@pytest.mark.parametrize("backend", ["fused", "numpy", "jit"])
@pytest.mark.parametrize(
    "more", [{}, {"optimizer": "lbfgs"}, {"optimizer": "adam", "clip_norm": 0.1, "dtype": "float32"}]
)
def test_all_examples_at_once_are_the_sum_over_windows(backend, more):
    more = dict(more)
    X, Y = case(4, dtype=more.pop("dtype", "float64"))
    blocks = fs.Blocks(cut(X, Y, 37), memory=memory_of(X, Y, 50))
    assert blocks.fitting(1, M) < M / 3
    one, other = both(X, Y, blocks, backend=backend, l2=0.3, **more)
    assert far(one, other, X.dtype, 100.0) < 1.0
    again = fs.train(blocks, **options_of(backend=backend, l2=0.3, threads=2, **more))
    assert same(other, again)
    assert not readers()


@pytest.mark.parametrize("backend", ["fused", "numpy"])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(backend, tmp_path, monkeypatch):
    X, Y = case(4)
    blocks, features = fs.standardize(fs.Blocks(cut(X, Y, 37), memory=memory_of(X, Y, 50)))
    path, many = tmp_path / "run.npz", {"batch_size": 16, "shuffle": True, "optimizer": "adam", "epochs": 4}
    for options in (many, {"epochs": 4}, {"optimizer": "lbfgs", "epochs": 4}):
        options = options_of(backend=backend, **options)
        whole = fs.train(blocks, **options)
        for steps in (1, 3) if "batch_size" not in options else (1, 7, 20, 38):
            with monkeypatch.context() as patch:
                stop_after(patch, steps)
                with pytest.raises(StoppedError):
                    fs.train(blocks, **options, checkpoint=path)
            assert same(fs.resume(path, blocks), whole)
            assert not readers()
    Z = Y.copy()
    Z[[np.argmin(Y), np.argmax(Y)]] = Z[[np.argmax(Y), np.argmin(Y)]]
    others = [fs.Blocks(cut(X, Z, 37), memory=blocks.memory), fs.Blocks(cut(X, Y, 37), memory=blocks.memory + 999)]
    others = [fs.standardize(each, features)[0] for each in others] + [fs.Blocks(cut(X, Y, 37), memory=blocks.memory)]
    for other in others:
        with pytest.raises(fs.CheckpointError, match="the data, or how they are cut into blocks or buffers, are not"):
            fs.resume(path, other)


def test_the_checksum_of_data_is_the_same_in_every_process():
    X = np.arange(12.0).reshape(4, 3)
    blocks = fs.Blocks(X, X[:, 0] > 4, memory=1000).standardized(np.ones((3, 1)), np.ones((3, 1)))
    settings = type("", (), {"validation": None, "batch_size": 2, "output": type("", (), {"name": "sigmoid"})})
    assert streamed(blocks, settings).fingerprint() == "float64(3, 4) 1 dd21ab7f 1000"


def test_constant_features_count_for_nothing():
    X, Y = case(4)
    X[:, 2] = 0.7
    for standardize in (False, True):
        blocks, x = fs.Blocks(cut(X, Y, 37), memory=memory_of(X, Y, 50)), X.T
        if standardize:
            blocks, features = fs.standardize(blocks)
            x = fs.standardize(x, features)[0]
        with pytest.warns(UserWarning, match=r"1 of the 4 features .* \(2\)"):
            net = fs.train(blocks, **options_of(batch_size=16))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert same(net, fs.train(x, Y.T, **options_of(batch_size=16)))
        assert not net.parameters.W1[:, 2].any()
    given = fs.initialize_parameters(4, 5, 1, scale=0.5, seed=1)
    one, other = both(X, Y, fs.Blocks(X, Y), batch_size=16, parameters=given)
    assert same(one, other) and one.parameters.W1[:, 2].any()


def test_features_far_from_standard_are_warned_of():
    X, Y = case(4)
    X[:, 1] = 100 + 20 * X[:, 1]
    with pytest.warns(UserWarning, match="feature 1 of X, counted from 0, is far from that: about 1"):
        fs.train(fs.Blocks(X, Y), **options_of(batch_size=16))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fs.train(fs.standardize(fs.Blocks(X, Y))[0], **options_of(batch_size=16))


@pytest.mark.parametrize("backend", ["fused", "numpy"])
def test_predictions_are_those_of_the_array(backend):
    X, Y = case(4, 3, "float32")
    Y = np.eye(3)[np.argmax(Y, axis=1)]
    features = fs.standardize(X.T)[1]
    net = fs.train(X.T, Y.T, **options_of(output="softmax")).with_features(features)
    memory = memory_of(X, Y, 50)
    for blocks in fs.Blocks(cut(X, Y, 37), memory=memory), fs.Blocks([X[:150], X[150:]], memory=memory):
        np.testing.assert_array_equal(
            net.predict_proba(blocks, backend=backend), net.predict_proba(X.T, backend=backend)
        )
        np.testing.assert_array_equal(net.predict(blocks, backend=backend), net.predict(X.T, backend=backend))
    X[160, 1] = np.nan
    with pytest.raises(ValueError, match="X holds nan at feature 1, example 160"):
        net.predict(fs.Blocks(X, memory=memory), backend=backend)
    answers = net.predict_proba(fs.Blocks(X, memory=memory), backend=backend, allow_nan=True)
    assert np.isnan(answers[:, 160]).all() and np.isfinite(np.delete(answers, 160, axis=1)).all()
    with pytest.raises(TypeError, match=r"out must be None for fs\.Blocks"):
        net.predict_proba(fs.Blocks(X), out=answers)
    with pytest.raises(ValueError, match="X must have the 4 features of the network in their order, not 3 features"):
        net.predict(fs.Blocks(X[:, :3]))
    with pytest.raises(ValueError, match="source holds no examples"):
        net.predict(fs.Blocks(lambda: iter([])))
    assert not readers()


def test_columns_in_another_order_are_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    X, Y = case(2)
    table = pa.table({"a": X[:, 0], "b": X[:, 1], "y": Y[:, 0]})
    blocks, features = fs.standardize(fs.Blocks(table, target="y"))
    net = fs.train(blocks, **options_of(batch_size=16)).with_features(features)
    with pytest.raises(ValueError, match=r"not 2 features, 'b', 'a': features=\['a', 'b'\]"):
        net.predict(fs.Blocks(table, features=["b", "a"]))
    with pytest.raises(ValueError, match="the blocks hold no examples"):
        net.predict(fs.Blocks(table[:0], features=["a", "b"]))
    answers = net.predict(fs.Blocks(table, features=list(features.names)))
    np.testing.assert_array_equal(answers, net.predict(X.T))


X, Y = case(4)
LABELS = Y[:, 0]
WRONG = [
    (fs.Blocks(X), {}, ValueError, "Y is missing: fs.Blocks"),
    (fs.Blocks(X, Y), {"Y": Y.T}, TypeError, "Y is for arrays"),
    (fs.Blocks(X, Y), {"sample_weight": LABELS}, TypeError, "sample_weight is for arrays"),
    (fs.Blocks(X, Y), {"class_weight": "balanced"}, TypeError, "class_weight is for arrays"),
    (fs.Blocks(X, Y), {"validation": 0.2}, ValueError, r"validation must be arrays \(X, Y\) for fs.Blocks"),
    (fs.Blocks(X, Y), {"validation": fs.Blocks(X, Y)}, TypeError, "validation must be arrays"),
    (fs.Blocks(X, Y), {"validation": (fs.Blocks(X, Y), Y)}, TypeError, "validation must be arrays"),
    (fs.Blocks(X, Y), {"dropout": 0.1}, ValueError, "batch_size must be given for dropout"),
    (fs.Blocks(X, Y), {"hidden": fs.leaky_relu(slope="learn")}, ValueError, r"batch_size must be given for leaky_relu"),
    (fs.Blocks(X, Y, memory=999), {"batch_size": 16}, ValueError, "memory must be .* for batches of 16 examples"),
    (fs.Blocks(X, 3 * Y), {"batch_size": 16}, ValueError, "Y must lie between 0 and 1 for output='sigmoid'; it"),
    (fs.Blocks(X, -Y), {"output": "exp"}, ValueError, "Y must not be negative"),
    (fs.Blocks(X, Y), {"output": "softmax"}, ValueError, "Y must have a row for each class"),
    (fs.Blocks(X, np.c_[Y, Y]), {"output": "softmax"}, ValueError, "Y must be one-hot"),
    (fs.Blocks(X, Y), {"parameters": fs.initialize_parameters(3, 2, 1)}, ValueError, "X has 4 rows, but W1"),
    (fs.Blocks(X, Y), {"parameters": fs.initialize_parameters(4, 2, 2)}, ValueError, "Y must have a row for each of"),
    (X.T, {}, TypeError, "Y is missing"),
    ("data.parquet", {}, TypeError, r"X must be an array; Parquet files .* fs.Blocks\(X, target="),
]  # fmt: skip


@pytest.mark.parametrize(("data", "options", "kind", "text"), WRONG, ids=[text[:40] for *_, text in WRONG])
def test_what_is_wrong_is_said_once(data, options, kind, text):
    with pytest.raises(kind, match=text):
        fs.train(data, **options_of(**options))
    assert not readers()


@pytest.mark.parametrize("backend", ["fused", "numpy"])
def test_a_run_that_diverges_or_whose_source_fails_leaves_no_thread(backend):
    with pytest.raises(fs.DivergenceError):
        fs.train(fs.Blocks(cut(X, Y, 20)), **options_of(batch_size=16, learning_rate=1e300, hidden="relu"))
    given = [0]

    def failing():
        given[0] += 1
        yield from cut(X, Y, 20)
        if given[0] > 3:
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        fs.train(
            fs.Blocks(failing, memory=memory_of(X, Y, 40)), **options_of(batch_size=16, epochs=100, backend=backend)
        )
    assert not readers()


def test_ctrl_c_gives_back_the_network_as_it_is(monkeypatch):
    calls, run = [0], windowed.Windowed.run

    def interrupted(self, until, seconds):
        calls[0] += 1
        if calls[0] == 5:
            raise KeyboardInterrupt
        return run(self, until, seconds)

    monkeypatch.setattr(windowed.Windowed, "run", interrupted)
    net = fs.train(fs.Blocks(X, Y, memory=memory_of(X, Y, 50)), **options_of(batch_size=16, epochs=100))
    assert net.history.stopped == "interrupted" and not readers()


LIMITED = """
import resource, sys
import numpy as np, fastshallow as fs
from pathlib import Path
folder, kind, allowed = sys.argv[1], sys.argv[2], int(sys.argv[3])
options = dict(epochs=1, batch_size=64, learning_rate=0.3) if kind == "batches" else dict(epochs=1)
X = np.random.default_rng(0).standard_normal((64, 100)).astype(np.float32)
warm = fs.Blocks([(X.T, X[0] > 0)])
fs.train(warm, **options)
fs.standardize(warm)
def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
most = held() + allowed
resource.setrlimit(resource.RLIMIT_DATA, (most, most))
try:
    np.load(folder + "/X.npy")
    sys.exit("no limit")
except MemoryError:
    pass
mapped = [np.load(f"{folder}/{name}.npy", mmap_mode="r") for name in "XY"]
blocks, features = fs.standardize(fs.Blocks(*mapped, memory=allowed // 4))
net = fs.train(blocks, **options, seed=1).with_features(features)
print(net.history.cost[-1], (net.predict(fs.Blocks(mapped[0], memory=allowed // 4)) == mapped[1]).mean())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
@pytest.mark.parametrize("kind", ["batches", "whole"])
def test_data_of_four_times_the_memory_limit(kind, tmp_path):
    allowed = 24 * 2**20
    m = 4 * allowed // (64 * 4)
    x = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (m, 64))
    y = np.lib.format.open_memmap(tmp_path / "Y.npy", "w+", np.bool_, (m,))
    random = np.random.default_rng(1)
    block = 5 + 2 * random.standard_normal((2**13, 64), np.float32)
    for start in range(0, m, len(block)):
        part = slice(start, min(start + len(block), m))
        x[part] = block[: part.stop - part.start]
        y[part] = x[part, 0] > 5
    x.flush()
    y.flush()
    command = [sys.executable, "-W", "ignore", "-c", LIMITED, str(tmp_path), kind, str(allowed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    cost, score = map(float, done.stdout.split())
    assert (cost < 0.4 and score > 0.95) if kind == "batches" else abs(cost - 0.69) < 0.01
