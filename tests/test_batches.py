"""Mini-batches: the compiled loop takes those of the reference, each example once an epoch, whatever runs it."""

import tracemalloc
from functools import partial

import networks
import numpy as np
import pytest
from cases import make_case, ordered
from networks import flat, same
from shapes import fitted

import fastshallow as fs
from fastshallow.data.orders import Orders
from fastshallow.kernels.machine import lanes
from fastshallow.training import compiled, loop

# Each kernel compiles for seconds. The last batch is smaller, or has fewer groups of examples, than the others.
CASES = [
    fitted("exact", (2, 4, 1, 203), 16, "float32", "adam"),
    fitted("examples", (9, 11, 2, 203), 70, "float64", "gradient_descent"),
    fitted("units", (30, 40, 2, 203), 70, "float64", "gradient_descent"),
    fitted("examples", (131, 3, 2, 203), 70, "float64", "gradient_descent"),  # features used where they are
    fitted("units", (1100, 33, 2, 203), 130, "float64", "gradient_descent"),  # features in blocks
    fitted("features", (33, 19, 2, 50), 8, "float32", "momentum"),
]
GROUPS = [((2, 4, 1, 60_000), 40_000), ((30, 40, 2, 5_000), 3_000)]


far = partial(networks.far, c=400.0)


def options_of(p, size, optimizer, shuffle=True, **more):
    return (
        {"parameters": p, "learning_rate": 0.02, "batch_size": size, "shuffle": shuffle, "seed": 3}
        | {
            "optimizer": optimizer,
            "epochs": 20,
        }
        | more
    )


@pytest.mark.kernels
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype", "optimizer"), CASES)
def test_the_compiled_loop_takes_the_batches_of_the_reference(arrangement, shape, size, dtype, optimizer, shuffle):
    assert fs.explain(*shape[:3], size, dtype).plan.arrangement == arrangement
    X, Y, p = make_case(*shape, dtype)
    slow, fast = (
        fs.train(X, Y, backend=backend, **options_of(p, size, optimizer, shuffle)) for backend in ("numpy", "fused")
    )
    assert far(fast, slow, dtype) <= 1.0
    other = fs.train(X, Y, backend="numpy", **options_of(p, size, optimizer, not shuffle))
    assert far(fast, other, dtype) > 100.0  # other batches would be noticed


def test_batches_by_hand():
    X, Y, p = make_case(2, 4, 1, 50)
    w, costs = p, []
    orders = Orders(int(np.random.RandomState(3).randint(0, 2**63 - 1, dtype=np.int64)), 50)
    rows = np.empty((4, 50), int)
    orders.fill(0, rows)
    for order in rows:
        cost = 0.0
        for batch in (order[:16], order[16:32], order[32:48], order[48:]):
            part, gradients = fs.cost_and_gradients(X[:, batch], Y[:, batch], w, backend="numpy")
            cost += part * len(batch) / 50
            w = fs.Parameters(*(a - 0.1 * da for a, da in zip(w, gradients, strict=True)))
        costs.append(cost)
    for backend in ("numpy", "fused"):
        options = options_of(p, 16, "gradient_descent", epochs=4, learning_rate=0.1)
        net = fs.train(X, Y, backend=backend, **options)
        np.testing.assert_allclose(net.history.cost, costs, rtol=1e-13)
        for mine, right in zip(net.parameters, w, strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype", "optimizer"), CASES)
def test_pieces_change_no_bit(arrangement, shape, size, dtype, optimizer, every, monkeypatch):
    X, Y, p = make_case(*shape, dtype)
    for shuffle in (True, False):
        options = options_of(p, size, optimizer, shuffle, backend="fused")
        whole = fs.train(X, Y, **options)
        monkeypatch.setattr(loop, "PIECE", 0.0)
        for room in (1, 2 * shape[3]):  # costs, or orders, of one epoch or a few
            monkeypatch.setattr(compiled, "ROOM", room)
            cut = fs.train(X, Y, cost_every=every, **options)
            np.testing.assert_array_equal(flat(cut), flat(whole))
            np.testing.assert_array_equal(cut.history.cost, whole.history.cost[::every])
            np.testing.assert_array_equal(cut.history.epoch, np.arange(0, 20, every))
        monkeypatch.undo()


@pytest.mark.parametrize(("shape", "size"), GROUPS)
def test_nor_do_threads(shape, size, monkeypatch):
    assert fs.explain(*shape[:3], size).plan.groups > fs.explain(*shape[:3], shape[3] % size).plan.groups
    X, Y, p = make_case(*shape)
    options = options_of(p, size, "gradient_descent", epochs=3)
    one = fs.train(X, Y, threads=1, backend="fused", **options)
    assert far(one, fs.train(X, Y, backend="numpy", **options), "float64") <= 1.0
    monkeypatch.setattr(loop, "PIECE", 0.0)
    for threads in (1, 2, 3, None):
        assert same(fs.train(X, Y, threads=threads, backend="fused", **options), one)


@pytest.mark.parametrize("order", ["F", "strided", "reversed", "readonly", "memmap"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_every_memory_order(case, order, tmp_path):
    _, shape, size, dtype, optimizer = case
    X, Y, p = make_case(*shape, dtype)
    one = fs.train(X, Y, backend="fused", **options_of(p, size, optimizer))
    other = ordered(X, order, tmp_path), ordered(Y, order if order != "memmap" else "F")
    assert far(fs.train(*other, backend="fused", **options_of(p, size, optimizer)), one, dtype) <= 1.0


@pytest.mark.kernels
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("stored", ["float32", "float64", "float16", ">f4", "int8"])
def test_shuffled_rows_are_gathered_at_every_size(stored):
    """X (n_x, m) whose columns lie in one piece each is read in vectors, transposed, where a tile is large."""
    dtype = np.float32 if np.dtype(stored).itemsize < 8 else np.float64
    L = lanes(dtype)
    for n_x in (L - 1, L, L + 1, 3 * L, 3 * L + 2):
        for size in (1, L - 1, L, L + 1, 2 * L, 5 * L + 3):
            m = 3 * size + 2
            X = np.random.default_rng(n_x * size).integers(-9, 9, (n_x, m)).astype(stored)
            Y = np.random.default_rng(size).random((1, m)).astype(dtype)
            options = {"n_h": 3, "seed": 3, "epochs": 2, "batch_size": size, "backend": "fused", "threads": 1}
            rows = np.full((m + 2, n_x + 5), 99, stored)[1:-1, 2:-3]  # among others
            rows[:] = X.T
            one, other = fs.train(X, Y, **options), fs.train(rows.T, Y, **options)
            assert same(other, one), (n_x, size)


def test_the_data_are_not_copied():
    X, Y, p = make_case(30, 40, 2, 100_000)
    options = options_of(p, 70, "gradient_descent", epochs=2, backend="fused", threads=1)
    fs.train(X[:, :203], Y[:, :203], **options)
    tracemalloc.start()
    fs.train(X, Y, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes / 2  # the order, as it is drawn, and what checks X piece by piece


def test_a_batch_of_all_examples():
    X, Y, p = make_case(2, 4, 1, 50)
    whole = fs.train(X, Y, parameters=p, epochs=5, seed=3)
    for size in (50, 51, 10**12):
        assert same(fs.train(X, Y, parameters=p, epochs=5, seed=3, batch_size=size), whole)


def test_the_seed_draws_parameters_and_orders():
    X, Y = fs.datasets.planar_flower()
    options = {"epochs": 3, "batch_size": 64, "backend": "numpy"}
    nets = [fs.train(X, Y, seed=seed, **options) for seed in (1, 1, 2, np.random.default_rng(1), None)]
    assert same(nets[0], nets[1])
    assert len({net.history.cost[-1] for net in nets}) == 4


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be 1 or more, not 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer, not 2.5"),
        ({"batch_size": 1, "shuffle": "yes"}, ValueError, "shuffle must be True, False or 'blocks', not 'yes'"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        fs.train(np.ones((2, 6)), np.ones((1, 6)), **options)
