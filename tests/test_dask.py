"""A cluster gives the bits of one process, whoever holds the data, and says what is wrong with them, and where."""

import gc
import importlib
import os
import signal
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from tolerance import tolerance

import fastshallow as fs
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.training import Target
from fastshallow.training.loop import Run

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")
pd = pytest.importorskip("pandas")
dd = pytest.importorskip("dask.dataframe")

added, height, total = fs.dask.sums.added, fs.dask.sums.height, fs.dask.sums.total

CHUNKS = (60, 13, 1, 40, 60, 26)
M = sum(CHUNKS)


def start(workers):
    return distributed.Client(
        processes=False, n_workers=workers, threads_per_worker=1, dashboard_address=":0", set_as_default=False
    )


@pytest.fixture(scope="module")
def client():
    with start(2) as client:
        yield client


def examples(dtype="float64", n_x=3):
    random = np.random.default_rng(5)
    X = random.standard_normal((n_x, M)).astype(dtype)
    return X, (X[:1] * X[1:2] > 0.0).astype(dtype)


def spread(X, chunks=CHUNKS):
    return da.from_array(X, chunks=(-1, chunks))


def train(X, Y, client, **more):
    options = {"n_h": 5, "epochs": 4, "seed": 3, "learning_rate": 0.5, "scale": "xavier", "backend": "numpy"}
    return fs.dask.train(X, Y, client=client, **options | more)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.parameters, b.parameters, strict=True)) and np.array_equal(
        a.history.cost, b.history.cost
    )


# Sums


@pytest.mark.parametrize("blocks", [1, 2, 3, 5, 6, 7, 8, 21])
def test_the_sum_does_not_depend_on_who_holds_what(blocks):
    random = np.random.default_rng(blocks)
    leaves = [random.standard_normal(3) * 10.0 ** random.integers(-6, 6) for _ in range(blocks)]
    whole = added({(0, i): leaf for i, leaf in enumerate(leaves)}, blocks)
    assert list(whole) == [(height(blocks), 0)]
    for workers in (1, 2, 3, 7):
        holder = random.integers(workers, size=blocks)
        parts = [added({(0, i): leaves[i] for i in np.flatnonzero(holder == k)}, blocks) for k in range(workers)]
        assert np.array_equal(total(parts, blocks), whole[height(blocks), 0])
    assert np.allclose(total([whole], blocks), np.sum(leaves, axis=0), rtol=1e-12)


def test_neighbours_are_added_where_they_lie():
    left = added({(0, i): np.ones(1) for i in range(4)}, 7)
    right = added({(0, i): np.ones(1) for i in range(4, 7)}, 7)
    assert list(left) == list(right) == [(2, 0)] or (list(left), list(right)) == ([(2, 0)], [(2, 1)])
    assert total([left, right], 7) == 7.0


# Training


def by_hand(X, Y, p, output="sigmoid"):
    """The cost of all blocks, each computed apart, and added two by two."""
    edges = np.cumsum([0, *CHUNKS])
    sums = []
    for begin, end in pairwise(edges):
        cost, _ = fs.cost_and_gradients(X[:, begin:end], Y[:, begin:end], p, output=output, backend="numpy")
        sums.append((end - begin) / M * cost)
    while len(sums) > 1:
        sums = [sum(sums[i : i + 2]) for i in range(0, len(sums), 2)]
    return sums[0]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_the_cost_of_one_process(workers, client):
    X, Y = examples()
    p = fs.initialize_parameters(3, 5, 1, "xavier", seed=3)
    with start(workers) as other:
        net = train(spread(X), spread(Y), other)
    assert net.history.cost[0] == by_hand(X, Y, p)
    assert same(net, train(spread(X), spread(Y), client))


def test_other_chunks_round_otherwise(client):
    """Which shows that the tests of equal bits can fail."""
    X, Y = examples()
    chunks = (30, 70, 100)
    assert not same(train(spread(X), spread(Y), client), train(spread(X, chunks), spread(Y, chunks), client))


@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam", "lbfgs"])
def test_a_cluster_trains_as_one_process(optimizer, client):
    X, Y = examples()
    options = {"optimizer": optimizer, "learning_rate": 0.02, "l2": 0.1, "epochs": 5}
    if optimizer != "lbfgs":
        options["clip_norm"] = 0.2
    net = train(spread(X), spread(Y), client, **options)
    alone = fs.train(X, Y, 5, seed=3, scale="xavier", backend="numpy", **options)
    assert np.allclose(net.history.cost, alone.history.cost, rtol=1e-12)
    for a, b in zip(net.parameters, alone.parameters, strict=True):
        assert np.allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("dtype", "output"), [("float32", "softmax"), ("float64", "identity"), ("int8", "softmax")])
def test_dtypes_and_outputs(dtype, output, client):
    X, _ = examples()
    X = (X * 2.0).astype(dtype)
    Y = np.array([X[0] > 0, X[0] <= 0]).astype(float)
    net = train(spread(X), spread(Y), client, output=output, backend="auto", threads=2)
    alone = fs.train(X, Y, 5, output=output, epochs=4, seed=3, learning_rate=0.5, scale="xavier")
    assert net.parameters.W1.dtype == alone.parameters.W1.dtype
    for a, b in zip(net.parameters, alone.parameters, strict=True):
        assert np.allclose(a, b, atol=tolerance(a.dtype, 1.0, 100.0))


def test_features_that_are_constant_everywhere(client):
    X, Y = examples()
    X[0] = X[0] > 0.0
    X[0, np.cumsum(CHUNKS) - 1] = 0.0  # the least in all blocks
    X[1] = 0.5  # in all blocks
    X[2, : CHUNKS[0]], X[2, CHUNKS[0] :] = 0.1, 0.2  # only within each
    with pytest.warns(UserWarning, match=r"1 of the 3 features of X, .* \(1\)"):
        net = train(spread(X), spread(Y), client)
    with pytest.warns(UserWarning):
        alone = fs.train(X, Y, 5, epochs=4, seed=3, learning_rate=0.5, scale="xavier", backend="numpy")
    assert not net.parameters.W1[:, 1].any() and net.parameters.W1[:, 2].all()
    assert np.allclose(net.predict_proba(X), alone.predict_proba(X), rtol=1e-12)


def test_features_that_are_far_from_standard_are_told(client):
    X, Y = examples()
    X[2] = 50.0 + X[2]
    with pytest.warns(UserWarning, match="feature 2 of X"):
        train(spread(X), spread(Y), client, scale=0.01, learning_rate=0.01)


def test_validation_patience_and_callbacks(client):
    X, Y = examples()
    held, rest = slice(0, 50), slice(50, M)
    seen = []
    options = {"epochs": 60, "patience": 2, "learning_rate": 8.0}
    net = train(
        da.from_array(X[:, rest], chunks=(3, 40)),
        da.from_array(Y[0, rest], chunks=75),  # of one dimension, in other chunks
        client,
        validation=(da.from_array(X[:, held], chunks=(3, 20)), Y[:, held]),
        callbacks=lambda progress: seen.append(progress.epoch),
        **options,
    )
    alone = fs.train(
        X[:, rest],
        Y[:, rest],
        5,
        seed=3,
        scale="xavier",
        backend="numpy",
        validation=(X[:, held], Y[:, held]),
        **options,
    )
    assert net.history.stopped == alone.history.stopped == "no improvement"
    assert net.history.best_epoch == alone.history.best_epoch
    assert np.allclose(net.history.validation_cost, alone.history.validation_cost, rtol=1e-9)
    assert seen == list(range(1, len(net.history.cost) + 1))


@pytest.mark.parametrize("more", [{}, {"batch_size": 32}, {"optimizer": "lbfgs"}])
def test_one_partition_gives_the_bits_of_one_process(more, client):
    X, Y = examples()
    options = {"epochs": 4, "seed": 3, "learning_rate": 0.05, "scale": "xavier", "optimizer": "adam"} | more
    net = fs.dask.train(spread(X, M), spread(Y, M), 5, client=client, backend="numpy", **options)
    assert same(net, fs.train(X, Y, 5, backend="numpy", **options))


def test_mini_batches_are_local_steps_that_are_averaged(client):
    """By two partitions, each trained alone from the same parameters for an epoch."""
    X, Y = examples()
    cut = 120
    options = {"hidden": "relu", "batch_size": 16, "shuffle": False, "l2": 0.1}
    net = train(spread(X, (cut, M - cut)), spread(Y, (cut, M - cut)), client, epochs=2, **options)
    p, costs = fs.initialize_parameters(3, 5, 1, "xavier", seed=3), []
    for _ in range(2):
        alone = [
            fs.train(X[:, some], Y[:, some], epochs=1, learning_rate=0.5, parameters=p, backend="numpy", **options)
            for some in (slice(cut), slice(cut, M))
        ]
        p, cost = (
            [cut / M * np.asarray(a) + (M - cut) / M * np.asarray(b) for a, b in zip(*each, strict=True)]
            for each in ([one.parameters for one in alone], [one.history.cost for one in alone])
        )
        p = fs.Parameters(*p)
        costs += cost
    assert np.array_equal(net.history.cost, costs)
    assert all(np.array_equal(a, b) for a, b in zip(net.parameters, p, strict=True))


def test_each_partition_is_shuffled_in_an_order_of_its_own(client):
    X, Y = (np.tile(each, 2) for each in examples())
    twice = train(spread(X, (M, M)), spread(Y, (M, M)), client, batch_size=16)
    once = train(spread(X[:, :M], M), spread(Y[:, :M], M), client, batch_size=16)
    assert not same(twice, once)  # which the mean of two that are equal would be


@pytest.mark.parametrize("workers", [1, 3])
def test_mini_batches_have_the_same_bits_on_any_number_of_workers(workers, client):
    X, Y = (spread(each) for each in examples())
    options = {"optimizer": "adam", "batch_size": 16, "learning_rate": 0.05, "backend": "auto"}
    with start(workers) as other:
        net = train(X, Y, other, **options)
    assert same(net, train(X, Y, client, **options))
    assert net.history.cost[-1] < net.history.cost[0]


def test_mini_batches_that_diverge(client):
    X, Y = (spread(each) for each in examples())
    with pytest.raises(fs.DivergenceError, match="the cost or a parameter became NaN or infinite"):
        train(X, Y, client, output="identity", hidden="identity", batch_size=8, learning_rate=1e150)


@pytest.mark.parametrize("more", [{"optimizer": "lbfgs"}, {"batch_size": 8}])
def test_a_run_goes_on_from_its_checkpoint_on_other_workers(more, client, tmp_path):
    X, Y = spread(examples()[0]), spread(examples()[1])
    path = tmp_path / "run.npz"
    options = {"optimizer": "momentum", "learning_rate": 0.05} | more
    whole = train(X, Y, client, epochs=7, **options)
    train(X, Y, client, epochs=3, checkpoint=path, **options)
    with start(1) as other:
        assert same(fs.dask.resume(path, X, Y, client=other, epochs=7), whole)
    with pytest.raises(fs.CheckpointError, match="are not those that the training began with"):
        fs.dask.resume(path, X, 1.0 - Y, client=client)
    with pytest.raises(fs.CheckpointError, match="are not those that the training began with"):
        fs.dask.resume(path, X.rechunk((3, 100)), Y, client=client)


# Tables


def table():
    X, Y = examples("float32")
    frame = pd.DataFrame(X.T, columns=["a", "b", "c"])
    return frame.assign(label=Y[0].astype(bool)), X, Y


def test_tables_have_rows_as_examples(client):
    frame, X, Y = table()
    ddf = dd.from_pandas(frame, npartitions=3)
    sizes = tuple(ddf.map_partitions(len).compute())
    features = ddf[["a", "b", "c"]]
    nets = [
        train(spread(X, sizes), spread(Y, sizes), client),
        train(ddf, "label", client),
        train(ddf, ["label"], client),
        train(features, ddf["label"], client),
        train(features, ddf[["label"]], client, validation=(frame[["a", "b", "c"]], frame["label"])),
        train(ddf, "label", client, validation=(frame, "label")),
    ]
    assert nets[0].parameters.W1.dtype == np.float32
    assert all(same(net, nets[0]) for net in nets[1:])
    assert np.array_equal(nets[4].history.validation_cost, nets[5].history.validation_cost)


def test_what_a_table_lacks_is_told_by_its_place(client):
    frame, _, _ = table()
    frame["b"] = frame["b"].astype("Float32")
    frame.loc[70, "b"] = pd.NA
    with pytest.raises(ValueError, match=r"^partition 1: X holds nan at feature 1, example 3$"):
        train(dd.from_pandas(frame, npartitions=3), "label", client)
    frame["b"] = "word"
    with pytest.raises(TypeError, match=r"^partition 0: X must hold real numbers, not words such as 'word'"):
        train(dd.from_pandas(frame, npartitions=3), "label", client)


def test_partitions_of_other_widths(client):
    def other(frame, partition_info=None):
        return frame.drop(columns="c") if partition_info and partition_info["number"] == 2 else frame

    ddf = dd.from_pandas(table()[0], npartitions=3)
    odd = ddf.map_partitions(other, meta=ddf._meta, enforce_metadata=False)
    with pytest.raises(ValueError, match=r"^partition 2 has 2 features, but partition 0 has 3$"):
        train(odd, "label", client)
    with pytest.raises(ValueError, match=r"^partition 1: X must not be empty"):
        train(ddf.map_partitions(lambda rows: rows[rows.index < 67]), "label", client)


# What bad input gets


def bad_arrays():
    X, Y = examples()
    x, y = spread(X), spread(Y)
    nan, label = X.copy(), Y.copy()
    nan[2, 65], label[0, 75] = np.nan, 2.0
    unknown = x[:, spread(Y)[0] > 0.5]
    empty = da.from_array(X[:, :15], chunks=(3, (10, 0, 5)))
    return {
        "nan": (spread(nan), y, ValueError, "^partition 1: X holds nan at feature 2, example 5$"),
        "label": (x, spread(label), ValueError, "^partition 3: Y must lie between 0 and 1"),
        "unknown": (unknown, y, ValueError, r"X has chunks of unknown sizes: X\.compute_chunk_sizes\(\)"),
        "unknown y": (x, unknown[:1], ValueError, r"Y has chunks of unknown sizes: Y\.compute_chunk_sizes\(\)"),
        "empty": (empty, da.ones((1, 15)), ValueError, "^partition 1: X must not be empty"),
        "rows": (x.rechunk((1, 100)), y, ValueError, r"chunks of 1, 1, 1: X\.rechunk\(\{0: -1\}\)"),
        "fewer": (x, y[:, 1:], ValueError, r"column for each of X's 200 examples, but its shape is \(1, 199\)$"),
        "turned": (x, y.T, ValueError, r"did you mean Y\.T\?"),
        "one dimension": (x[0], y, ValueError, r"X must have two dimensions.*\(200,\)"),
        "numpy X": (X, y, TypeError, r"X must be a Dask array \(n_x, m\) or dataframe, not numpy\.ndarray"),
        "numpy Y": (x, Y, TypeError, r"Y must be a Dask array as X is, not numpy\.ndarray"),
        "dtypes": (
            da.concatenate([x[:, :9], da.from_delayed(dask.delayed(np.zeros)((3, 9), "f4"), (3, 9), float)], axis=1),
            da.ones((1, 18)),
            ValueError,
            "X is float32 in partition 1, but float64 in partition 0",
        ),
    }


@pytest.mark.parametrize("case", bad_arrays())
def test_bad_arrays(case, client):
    X, Y, error, text = bad_arrays()[case]
    with pytest.raises(error, match=text):
        train(X, Y, client)


def test_bad_tables(client):
    ddf = dd.from_pandas(table()[0], npartitions=3)
    with pytest.raises(ValueError, match="Y must have X's partitions, but it has 2, and X 3"):
        train(ddf, ddf["label"].repartition(npartitions=2), client)
    with pytest.raises(ValueError, match="Y names the column 'labels', but X has 'a', 'b', 'c', 'label'"):
        train(ddf, "labels", client)
    with pytest.raises(ValueError, match="Y names all columns of X"):
        train(ddf[["a"]], "a", client)
    with pytest.raises(TypeError, match=r"Y must be a Dask series .* not numpy\.ndarray"):
        train(ddf, np.zeros(M), client)


@pytest.mark.parametrize(
    ("more", "error", "text"),
    [
        ({"hidden": fs.leaky_relu(slope="learn")}, ValueError, "hidden must not be leaky_relu"),
        ({"validation": 0.1}, TypeError, r"validation must be \(X, Y\) on a cluster"),
        ({"epochs": 0}, ValueError, "epochs"),
        ({"threads": 0}, ValueError, "threads"),
        ({"parameters": fs.initialize_parameters(3, 5, 2)}, ValueError, "each of the 2 outputs of W2, but it has 1"),
        ({"client": 5}, TypeError, r"client must be a dask\.distributed\.Client, the address"),
    ],
)
def test_bad_arguments(more, error, text, client):
    X, Y = examples()
    with pytest.raises(error, match=text):
        train(spread(X), spread(Y), **{"client": client} | more)


def test_arguments_are_checked_before_data_are_loaded(client):
    lost = da.from_delayed(dask.delayed(lambda: 1 / 0)(), (3, 10), float)
    with pytest.raises(ValueError, match="epochs"):
        train(lost, da.ones((1, 10)), client, epochs=0)
    with pytest.raises(ZeroDivisionError):
        train(lost, da.ones((1, 10)), client)


def test_clients(client):
    X, Y = (spread(each) for each in examples())
    net = train(X, Y, client)
    assert same(train(X, Y, client.cluster), net)
    with pytest.raises(ValueError, match=r"no Dask client is running: client = dask\.distributed\.Client"):
        train(X, Y, None)
    with client.as_current():
        assert same(train(X, Y, None), net)
    with start(1) as other:
        pass
    with pytest.raises(ValueError, match="client must be running, but it is closed"):
        train(X, Y, other)


def test_nothing_stays_on_the_workers(request):
    X, Y = (spread(each) for each in examples())
    gc.disable()
    request.addfinalizer(gc.enable)
    with start(1) as client:
        train(X, Y, client)
        with pytest.raises(fs.DivergenceError):
            train(X, Y, client, output="identity", hidden="identity", learning_rate=1e150)
        end = time.monotonic() + 5.0
        while any(client.has_what().values()) and time.monotonic() < end:
            time.sleep(0.01)
        assert not any(client.has_what().values())


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r'^this needs distributed: pip install "fastshallow\[dask\]"$'):
        importlib.reload(fs.dask)


# Many networks


def test_many_networks_are_those_of_one_process(client):
    X, Y = examples()
    options = {"n_h": [3, 5], "seeds": range(2), "folds": 2, "epochs": 3, "backend": "numpy"}
    seen = []
    networks = fs.dask.train_many(X, Y, client=client, callbacks=lambda one: seen.append(one.done), **options)
    alone = fs.train_many(X, Y, threads=1, **options)
    assert len(networks) == 8 and all(same(a, b) for a, b in zip(networks, alone, strict=True))
    assert networks.best_settings == alone.best_settings
    assert seen == list(range(1, 9))
    assert len(fs.dask.train_many(X, Y, client=client, callbacks=lambda one: one.done == 3, **options)) == 3


def test_of_many_networks_some_diverge(client):
    X, Y = examples()
    options = {"client": client, "output": "identity", "hidden": "identity", "epochs": 500, "backend": "numpy"}
    with pytest.warns(UserWarning, match="1 of 2 networks diverged"):
        networks = fs.dask.train_many(X, Y, learning_rate=[0.01, 1e100], **options)
    assert networks[0] is not None and networks[1] is None
    with pytest.raises(ValueError, match="epochs"):
        fs.dask.train_many(X, Y, **options | {"epochs": 0})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"backend": "fused", "optimizer": "adam", "batch_size": 16, "folds": 2},
        {"optimizer": "lbfgs", "seeds": range(2)},
    ],
    ids=["plain", "batches", "lbfgs"],
)
def test_a_search_goes_on_from_where_each_network_was(options, client, monkeypatch):
    X, Y = examples()
    go, taken = Run.go, []

    def counted(run, *arguments):
        begun = run.record.epoch
        go(run, *arguments)
        taken.append(run.record.epoch - begun)

    monkeypatch.setattr(Run, "go", counted)
    options = {"n_h": [2, 3, 5], "l2": [0.0, 0.1, 1.0], "epochs": 9, "backend": "numpy"} | options
    found = fs.dask.search(X, Y, client=client, **options)
    assert sum(taken) == sum(found.as_dict()["epochs"])
    alone = fs.search(X, Y, threads=1, **options)
    assert len(found) == len(alone) and sorted(set(found.as_dict()["rung"])) == [0, 1, 2]
    for mine, other in zip(found, alone, strict=True):
        assert same(mine, other)
        np.testing.assert_array_equal(mine.history.cost, other.history.cost)
    assert found.best_settings == alone.best_settings
    assert found.as_dict()["epochs"] == alone.as_dict()["epochs"]


def test_of_a_search_some_diverge(client):
    X, Y = examples()
    options = {"output": "identity", "hidden": "identity", "epochs": 400, "min_epochs": 100, "factor": 2}
    options |= {"backend": "numpy", "learning_rate": [1e100, 0.01, 1e90]}
    with pytest.warns(UserWarning, match="2 of 3 networks diverged"):
        found = fs.dask.search(X, Y, client=client, **options)
    assert [net is None for net in found] == [True, False, True] and found.best_settings["learning_rate"] == 0.01
    assert sorted(found.as_dict()["rung"]) == [0, 1, 2]
    with pytest.raises(ValueError, match="factor must be 2 or more"):
        fs.dask.search(X, Y, client=client, **options | {"factor": 1})


# Predicting


def network(output="sigmoid", n_y=1):
    random = np.random.default_rng(9)
    shapes = (5, 3), (5, 1), (n_y, 5), (n_y, 1)
    p = fs.Parameters(*(random.standard_normal(shape) for shape in shapes))
    return fs.Network(p, ACTIVATIONS["tanh"], OUTPUTS[output])


@pytest.mark.parametrize(
    ("output", "n_y", "dtype"),
    [("sigmoid", 1, "float32"), ("sigmoid", 2, "int64"), ("softmax", 3, "float32"), ("identity", 2, "int64")],
)
def test_predictions_are_lazy_and_those_of_the_network(output, n_y, dtype, client):
    X, net = (3.0 * examples()[0]).astype(dtype), network(output, n_y)
    wanted = {fs.dask.predict: net.predict(X)}
    if output != "identity":
        wanted[fs.dask.predict_proba] = net.predict_proba(X)
    for predict, right in wanted.items():
        lazy = predict(net, spread(X))
        assert (lazy.shape, lazy.dtype, lazy.chunks[1]) == (right.shape, right.dtype, CHUNKS)
        for found in (lazy.compute(scheduler="synchronous"), client.compute(lazy).result()):
            assert found.dtype == right.dtype and np.array_equal(found, right)
        frame = pd.DataFrame(X.T, index=np.arange(M) * 2)
        rows = predict(net, dd.from_pandas(frame, npartitions=4))
        found = rows.compute(scheduler="synchronous")
        assert list(found.index) == list(frame.index)
        assert np.array_equal(found.to_numpy().reshape(M, -1).T, right)
        if len(right) > 1:
            assert list(rows.columns) == list(found.columns) == list(range(len(right)))
    lost = da.from_delayed(dask.delayed(lambda: 1 / 0)(), (3, 10), float)
    fs.dask.predict(net, lost)  # nothing is computed


def test_columns_of_probabilities_are_classes():
    net = network("softmax", 3)
    named = fs.Network(net.parameters, net.hidden, net.output, target=Target("kind", ("x", "y", "z")))
    rows = fs.dask.predict_proba(named, dd.from_pandas(pd.DataFrame(examples()[0].T), npartitions=2))
    assert list(rows.columns) == list(rows.compute(scheduler="synchronous").columns) == ["x", "y", "z"]


def test_predictions_of_an_empty_partition_are_empty():
    ddf = dd.from_pandas(pd.DataFrame(examples()[0].T), npartitions=4)
    assert (
        len(
            fs.dask.predict(network(), ddf.map_partitions(lambda rows: rows[rows.index < 10])).compute(
                scheduler="synchronous"
            )
        )
        == 10
    )


def test_what_cannot_be_predicted():
    X, _ = examples()
    X[1, 70] = np.nan
    with pytest.raises(ValueError, match=r"^partition 1: X holds nan at feature 1, example 10$"):
        fs.dask.predict(network(), spread(X)).compute(scheduler="synchronous")
    ddf = dd.from_pandas(pd.DataFrame(X.T), npartitions=4)
    with pytest.raises(ValueError, match=r"^partition 1: X holds nan at feature 1, example 20$"):
        fs.dask.predict(network(), ddf).compute(scheduler="synchronous")
    with pytest.raises(ValueError, match=r"X must have 3 rows.*did you mean X\.T\?"):
        fs.dask.predict(network(), spread(X).T)
    with pytest.raises(ValueError, match="X must have 3 columns, the features of the network, but it has 2"):
        fs.dask.predict(network(), ddf[[0, 1]])
    with pytest.raises(TypeError, match=r"X must be a Dask array .* not numpy\.ndarray"):
        fs.dask.predict(network(), X)
    with pytest.raises(ValueError, match="it predicts numbers, which have no probabilities"):
        fs.dask.predict_proba(network("identity"), spread(X))
    with pytest.raises(TypeError, match="net must be a Network, not ndarray"):
        fs.dask.predict(X, spread(X))


# Workers that die, and workers that are not right


@pytest.fixture(scope="module")
def processes():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "set_as_default": False}
    with distributed.Client(processes=True, **options) as client:
        yield client


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("sys.modules['fastshallow'] = None", "no fastshallow, but this process has"),
        ("fastshallow.__version__ = '0.0.7'", "fastshallow 0.0.7, but this process has"),
    ],
)
def test_workers_without_this_version(change, text, processes):
    X, Y = (spread(each) for each in examples())
    processes.run(exec, f"import sys, fastshallow; sys.kept = fastshallow, fastshallow.__version__; {change}")
    with pytest.raises(RuntimeError, match=rf"^worker tcp://\S+ has {text} .*: pip install fastshallow=="):
        train(X, Y, processes)
    processes.run(exec, "import sys; sys.modules['fastshallow'], sys.kept[0].__version__ = sys.kept")


def test_a_worker_that_is_killed_changes_no_bit(client, processes):
    X, Y = (spread(each) for each in examples())
    killed = []

    def kill(progress):
        if progress.epoch == 3:
            worker, pid = min(processes.run(os.getpid).items())
            os.kill(pid, signal.SIGKILL)
            killed.append(worker)

    options = {"optimizer": "momentum", "epochs": 8, "learning_rate": 0.1}
    net = train(X, Y, processes, callbacks=kill, **options)
    assert killed and killed[0] not in processes.scheduler_info()["workers"]
    assert same(net, train(X, Y, client, **options))
