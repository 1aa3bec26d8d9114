"""Many networks at once: each has the bits that it has alone; the table, the ensemble, folds, checkpoints, errors."""

import signal
import threading
import time
import warnings

import numpy as np
import pytest
from networks import same

import fastshallow as fs
from fastshallow.backends import compute_alone, processors
from fastshallow.backends.cores import LIMITS
from fastshallow.formulas import ACTIVATIONS, OPTIMIZERS, OUTPUTS
from fastshallow.training import loop, pool
from fastshallow.training.grids import fold_of_examples, make_grid
from fastshallow.training.settings import Data
from fastshallow.training.watching import cost_of

FLOWER = fs.datasets.planar_flower(m=100)


def data(dtype="float64", n_x=5, m=60):
    """X (5, 60), and the classes of three blobs as Y (3, 60)."""
    random = np.random.default_rng(3)
    labels = np.arange(m) % 3
    X = random.standard_normal((n_x, m)) + 2.0 * np.eye(n_x)[:, labels]
    return X.astype(dtype), np.eye(3, dtype=dtype)[:, labels]


def equal(many, alone):
    """The same costs, parameters and reasons, of networks in order."""
    assert len(many) == len(alone)
    for one, other in zip(many, alone, strict=True):
        assert same(one, other)
        assert (one.history.stopped, one.history.best_epoch) == (other.history.stopped, other.history.best_epoch)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_network_has_the_bits_that_it_has_alone(dtype, threads):
    X, Y = data(dtype)
    fixed = {"output": "softmax", "epochs": 7}
    varied = {"hidden": ["tanh", "relu"], "batch_size": [None, 16], "optimizer": ["gradient_descent", "adam"]}
    many = fs.train_many(X, Y, seeds=[4, 5], threads=threads, learning_rate=0.1, **fixed, **varied)
    alone = [
        fs.train(X, Y, hidden=g, batch_size=size, optimizer=rule, learning_rate=0.1, seed=seed, **fixed)
        for g in varied["hidden"]
        for size in varied["batch_size"]
        for rule in varied["optimizer"]
        for seed in (4, 5)
    ]
    equal(many, alone)
    assert many.as_dict()["batch_size"] == [None, None, None, None, 16, 16, 16, 16] * 2
    assert many.as_dict()["seed"] == [4, 5] * 8


@pytest.mark.parametrize("hidden", [*ACTIVATIONS, fs.leaky_relu(slope="learn")], ids=str)
def test_with_every_activation(hidden):
    X, Y = FLOWER
    fixed = {"hidden": hidden, "learning_rate": 0.3, "l2": 0.1}
    equal(
        fs.train_many(X, Y, n_h=(3, 9), epochs=5, **fixed, threads=2),
        [fs.train(X, Y, n_h=n_h, epochs=5, seed=0, **fixed) for n_h in (3, 9)],
    )


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, "lbfgs"])
def test_with_every_optimizer(optimizer):
    X, Y = FLOWER
    rows = [{"scale": "he", "l2": 0.5}, {"n_h": 2}]
    equal(
        fs.train_many(X, Y, optimizer=optimizer, learning_rate=0.05, epochs=4, settings=rows, backend="numpy"),
        [fs.train(X, Y, optimizer=optimizer, learning_rate=0.05, epochs=4, seed=0, backend="numpy", **r) for r in rows],
    )


def test_with_weights_dropout_clipping_and_schedules():
    X, Y = FLOWER
    fixed = {"epochs": 6, "batch_size": 30, "shuffle": "blocks", "sample_weight": np.linspace(0, 1, 100)}
    each = {"dropout": 0.3, "clip_norm": 0.1, "class_weight": "balanced"}
    rates = [fs.Cosine(0.5), fs.StepDecay(0.5), lambda epoch: 0.1 / (1 + epoch)]
    many = fs.train_many(X, Y, seeds=[7], learning_rate=rates, **fixed, **each)
    equal(many, [fs.train(X, Y, seed=7, learning_rate=rate, **fixed, **each) for rate in rates])


def test_each_fold_is_held_out_once_and_stops_early_by_it():
    X, Y = data()
    options = {"output": "softmax", "epochs": 60, "learning_rate": 3.0, "patience": 3}
    many = fs.train_many(X, Y, folds=4, fold_seed=1, n_h=[2, 6], **options)
    fold = fold_of_examples(Data(X, Y), 4, 1, OUTPUTS["softmax"])
    expected = []
    for n_h in (2, 6):
        for k in range(4):
            held_out = X[:, fold == k], Y[:, fold == k]
            rest = X[:, fold != k], Y[:, fold != k]
            expected.append(fs.train(*rest, n_h=n_h, seed=0, validation=held_out, **options))
    equal(many, expected)
    table = many.as_dict()
    assert table["fold"] == [0, 1, 2, 3] * 2 and "no improvement" in table["stopped"]
    assert table["validation_cost"] == [net.history.validation_cost.min() for net in expected]
    best = [net.history.best_epoch for net in expected]
    assert table["validation_score"] == [net.history.validation_score[i] for net, i in zip(expected, best, strict=True)]
    grouped = many.by_settings()
    assert grouped["networks"] == [4, 4] and grouped["n_h"] == [2, 6]
    assert grouped["validation_cost"][1] == np.mean(table["validation_cost"][4:])
    assert grouped["validation_cost_std"][0] == np.std(table["validation_cost"][:4])
    assert many.best_settings["n_h"] == [2, 6][int(np.argmin(grouped["validation_cost"]))]
    assert many.best is many[int(np.argmin(table["validation_cost"]))]


def test_weights_are_parted_too_and_do_not_count_in_what_is_held_out():
    X, Y = FLOWER
    weights = np.linspace(0.0, 1.0, 100)
    many = fs.train_many(X, Y, folds=2, epochs=4, sample_weight=weights)
    fold = fold_of_examples(Data(X, Y), 2, 0, OUTPUTS["sigmoid"])
    for k, net in enumerate(many):
        rest, part = fold != k, fold == k
        held_out = X[:, part], Y[:, part]
        alone = fs.train(X[:, rest], Y[:, rest], seed=0, epochs=4, sample_weight=weights[rest], validation=held_out)
        assert same(net, alone)
        assert many.as_dict()["validation_cost"][k] == alone.history.validation_cost[-1]


def test_folds_have_the_classes_in_proportion_and_are_drawn_by_a_seed():
    labels = np.repeat([0, 1, 2], [50, 7, 13])
    examples = Data(np.zeros((1, 70)), np.eye(3)[:, labels])
    fold = fold_of_examples(examples, 5, 0, OUTPUTS["softmax"])
    for label in range(3):
        counts = np.bincount(fold[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert (np.bincount(fold) == 14).all()
    assert (fold == fold_of_examples(examples, 5, 0, OUTPUTS["softmax"])).all()
    assert (fold != fold_of_examples(examples, 5, 1, OUTPUTS["softmax"])).any()
    numbers = fold_of_examples(Data(np.zeros((1, 70)), np.zeros((1, 70))), 4, 0, OUTPUTS["identity"])
    assert sorted(np.bincount(numbers)) == [17, 17, 18, 18]


def test_validation_examples_are_looked_at_once_without_patience():
    X, Y = FLOWER
    many = fs.train_many(X, Y, seeds=range(2), epochs=9, validation=(X[:, :30], Y[:, :30]))
    net = fs.train(X, Y, seed=1, epochs=9, validation=(X[:, :30], Y[:, :30]))
    assert same(many[1], net) and not len(many[1].history.validation_cost)
    assert many.as_dict()["validation_cost"][1] == net.history.validation_cost[-1]
    held_out = fs.train_many(X, Y, seeds=range(2), epochs=9, validation=0.2, patience=2)
    equal(held_out, [fs.train(X, Y, seed=seed, epochs=9, validation=0.2, patience=2) for seed in (0, 1)])


def test_the_table_has_the_cost_of_the_last_parameters_as_examples_are_weighted():
    X, Y = FLOWER
    weights = np.linspace(0.0, 2.0, 100)
    many = fs.train_many(X, Y, epochs=20, l2=1.0, sample_weight=weights, cost_every=20)
    A2 = many[0].predict_proba(X)
    losses = -(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    assert np.isclose(many.as_dict()["cost"][0], np.average(losses, axis=1, weights=weights)[0], rtol=1e-12)
    assert many.as_dict()["score"] == [np.mean((A2 > 0.5) == Y)]
    assert many.as_dict()["epochs"] == [20] and len(many[0].history.cost) == 1
    assert cost_of(OUTPUTS["identity"], np.array([[1.0, 3.0]]), np.zeros((1, 2)), np.array([0.5, 1.5])) == 3.5


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_an_ensemble_predicts_the_mean_and_how_far_networks_lie_apart(output):
    X, Y = data("float32")
    many = fs.train_many(X, Y, seeds=range(5), output=output, epochs=5, learning_rate=0.5, scale=1.0)
    name = "predict" if output == "identity" else "predict_proba"
    each = np.stack([getattr(net, name)(X) for net in many]).astype(np.float64)
    assert many.mean(X).dtype == many.std(X).dtype == np.float32
    assert np.allclose(many.mean(X), each.mean(axis=0), atol=1e-6)
    assert np.allclose(many.std(X), each.std(axis=0), atol=1e-6) and many.std(X).max() > 0.01
    mean = each.mean(axis=0)
    if output == "identity":
        assert np.array_equal(many.predict(X), many.mean(X))
        with pytest.raises(ValueError, match="predict numbers"):
            many.predict_proba(X)
    else:
        assert np.array_equal(many.predict_proba(X), many.mean(X))
        expected = mean > 0.5 if output == "sigmoid" else mean.argmax(axis=0, keepdims=True)
        assert np.array_equal(many.predict(X), expected)
    assert np.array_equal(many[:1].mean(X), getattr(many[0], name)(X)) and not many[:1].std(X).any()


def test_it_is_a_sequence_with_a_table():
    X, Y = FLOWER
    many = fs.train_many(X, Y, seeds=range(3), n_h=np.array([2, 3]), hidden=["tanh", fs.leaky_relu(0.2)], epochs=3)
    assert len(many) == 12 and len(list(many)) == 12 and len(many[3:5]) == 2 and many[-1] is many[11]
    table = many.as_dict()
    assert list(table) == ["n_h", "hidden", "seed", "cost", "score", "epochs", "seconds", "stopped"]
    assert {len(column) for column in table.values()} == {12} and set(table["hidden"]) == {"tanh", "leaky_relu"}
    assert many.settings[4] == {"n_h": 2, "hidden": many.settings[4]["hidden"], "epochs": 3}
    assert same(fs.train(X, Y, seed=1, **many.settings[4]), many[4])
    assert repr(many).startswith("Networks(12 networks, 4 settings, best cost 0.6")
    assert "best cost" in repr(many[:1]) and repr(many[:0]) == "Networks(0 networks)"
    with pytest.raises(ValueError, match="no networks"):
        many[:0].predict(X)


def test_an_ensemble_takes_features_in_their_own_units():
    X, Y = data()
    scaled, features = fs.standardize(7.0 + 3.0 * X)
    many = fs.train_many(scaled, Y[:1], seeds=range(2), epochs=5)
    own = many.with_features(features)
    assert np.allclose(own.mean(7.0 + 3.0 * X), many.mean(scaled), rtol=1e-12) and own.as_dict() == many.as_dict()
    assert own.best_settings == {"epochs": 5}


def test_a_network_that_diverges_is_none_among_the_others():
    X, Y = FLOWER
    huge = {"hidden": "relu", "output": "identity", "epochs": 300, "scale": 10.0}
    with pytest.warns(UserWarning, match=r"1 of 3 networks diverged, the first: .* at iteration"):
        many = fs.train_many(X, Y, learning_rate=[1e3, 1e-4, 1e-5], **huge)
    assert [net is None for net in many] == [True, False, False]
    assert many.as_dict()["stopped"] == ["diverged", None, None] and np.isnan(many.as_dict()["cost"][0])
    assert (
        many.best_index != 0
        and many.best_settings["learning_rate"] < 1.0
        and "1 diverged" in repr(many)
        and np.isfinite(many.mean(X)).all()
    )
    with pytest.raises(fs.DivergenceError, match="at iteration"):
        fs.train_many(X, Y, learning_rate=[1e3, 1e4], **huge)


def test_networks_that_end_badly_are_warned_of_once():
    X, Y = FLOWER
    with pytest.warns(UserWarning) as told:
        fs.train_many(X, Y, learning_rate=[0.1, 1e6, 1e7], epochs=50)
    assert len(told) == 1 and "2 of 3 networks end badly, the first: training ends" in str(told[0].message)
    assert told[0].filename == __file__


def test_a_callback_is_told_of_each_network_in_the_callers_thread_and_may_end_all(monkeypatch):
    X, Y = FLOWER
    monkeypatch.setattr(pool, "LOOK", 0.001)
    told = []

    def callback(finished):
        assert threading.current_thread() is threading.main_thread()
        told.append(finished)
        return finished.done == 3

    many = fs.train_many(X, Y, seeds=range(300), epochs=2, callbacks=callback, threads=2, backend="numpy")
    assert [each.done for each in told][:3] == [1, 2, 3] and told[0].count == 300
    assert 3 <= len(many) < 300 and len(many) == len(told)
    assert told[0].row["cost"] in many.as_dict()["cost"] and told[0].network in list(many)


def test_an_error_in_a_callback_ends_all_and_comes_through():
    X, Y = FLOWER

    def callback(finished):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fs.train_many(X, Y, seeds=range(9), epochs=2, callbacks=callback, backend="numpy")
    assert not [thread for thread in threading.enumerate() if thread.name == "fastshallow job"]

    def rate(epoch):
        raise RuntimeError("my schedule")

    with pytest.raises(RuntimeError, match="my schedule"):
        fs.train_many(X, Y, seeds=range(9), epochs=2, learning_rate=rate, backend="numpy")


def test_ctrl_c_gives_back_what_is_there(monkeypatch):
    X, Y = FLOWER
    monkeypatch.setattr(loop, "PIECE", 0.01)

    def callback(finished):
        if finished.done == 1:
            raise KeyboardInterrupt

    epochs = [1, 10**6, 10**6, 10**6]
    many = fs.train_many(X, Y, epochs=epochs, threads=2, callbacks=callback)
    assert many.as_dict()["stopped"][0] is None and many.as_dict()["epochs"][0] == 1
    assert set(many.as_dict()["stopped"][1:]) == {"interrupted"} and len(many) < 4


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="another way to press Ctrl-C")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_waits_for_the_jobs_that_have_begun(threads):
    told = []

    def job(stop):
        begun.append(1)
        if len(begun) == threads:
            time.sleep(0.2)  # by now they are waited for
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while not stop():
            time.sleep(0.001)
        time.sleep(0.02)
        return "ended"

    begun = []
    assert not pool.run_jobs([job] * 5, threads, lambda i, result: told.append((i, result)))
    assert sorted(told) == [(i, "ended") for i in range(threads)]
    assert not [each for each in threading.enumerate() if each.name == "fastshallow job"]


def test_a_folder_keeps_each_network_and_the_same_call_goes_on(tmp_path, monkeypatch):
    X, Y = FLOWER
    monkeypatch.setattr(pool, "LOOK", 0.001)
    options = {"epochs": 3000, "n_h": [3, 5], "optimizer": "adam", "learning_rate": 0.1, "threads": 1}
    whole = fs.train_many(X, Y, seeds=range(3), **options)
    folder = tmp_path / "runs" / "one"

    first = fs.train_many(X, Y, seeds=range(3), checkpoint=folder, callbacks=lambda each: each.done == 2, **options)
    assert len(list(folder.iterdir())) == len(first) < 6
    taken, take_steps = [], loop.Run.take_steps
    monkeypatch.setattr(loop.Run, "take_steps", lambda self, most: [taken.append(self), take_steps(self, most)])
    again = fs.train_many(X, Y, seeds=range(3), checkpoint=folder, **options)
    equal(again, whole)
    assert len({id(run) for run in taken}) == 6 - first.as_dict()["stopped"].count(None)
    taken.clear()
    equal(fs.train_many(X, Y, seeds=range(3), checkpoint=folder, **options)[:2], whole[:2])
    assert not taken
    fs.train_many(X, Y, seeds=range(4), checkpoint=folder, **options)  # one more seed, of two settings
    assert len({id(run) for run in taken}) == 2 and len(list(folder.iterdir())) == 8


def test_files_differ_where_only_the_first_parameters_do(tmp_path):
    X, Y = FLOWER
    whole = fs.train_many(X, Y, epochs=3, scale=[0.01, 1.0], threads=1)
    equal(fs.train_many(X, Y, epochs=3, scale=[0.01, 1.0], threads=1, checkpoint=tmp_path), whole)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_goes_on_from_the_middle(tmp_path, monkeypatch):
    X, Y = FLOWER
    rates = [lambda epoch: 0.5, lambda epoch: 0.25]  # which differ in no name
    options = {"learning_rate": rates, "epochs": 40, "patience": 5, "batch_size": 32, "folds": 2}
    whole = fs.train_many(X, Y, **options)
    monkeypatch.setattr(loop.Run, "ended", lambda self: self.record.epoch >= 10 or self.record.stopped is not None)
    half = fs.train_many(X, Y, checkpoint=tmp_path, **options)
    assert set(half.as_dict()["epochs"]) == {10}
    monkeypatch.undo()
    begun, made = [], loop.make_steps

    def make_steps(*given):
        steps = made(*given)
        begun.append(steps.epoch)
        return steps

    monkeypatch.setattr(loop, "make_steps", make_steps)
    equal(fs.train_many(X, Y, checkpoint=tmp_path, **options), whole)
    assert begun == [10] * 4


def test_a_damaged_checkpoint_is_named(tmp_path):
    X, Y = FLOWER
    fs.train_many(X, Y, epochs=2, checkpoint=tmp_path, backend="numpy")
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(fs.CheckpointError, match=file.name):
        fs.train_many(X, Y, epochs=2, checkpoint=tmp_path, backend="numpy")
    fs.train_many(X, Y, epochs=3, checkpoint=tmp_path, backend="numpy")
    other = next(each for each in tmp_path.iterdir() if each != file)
    other.replace(file)
    with pytest.raises(fs.CheckpointError, match="its settings"):
        fs.train_many(X, Y, epochs=2, checkpoint=tmp_path, backend="numpy")


def test_progress_is_by_networks(capsys):
    X, Y = FLOWER
    fs.train_many(X, Y, seeds=range(3), epochs=2, verbose=1, backend="numpy")
    assert capsys.readouterr().out.splitlines()[-1].startswith("network 3 of 3  cost 0.69")


def test_a_grid_is_all_combinations_in_the_order_given():
    grid = make_grid(None, {"l2": [0.0, 1.0], "n_h": 3, "epochs": range(1, 3)})
    assert grid.varied == ("l2", "epochs")
    assert [(row["l2"], row["epochs"], row["n_h"]) for row in grid.settings] == [
        (0.0, 1, 3),
        (0.0, 2, 3),
        (1.0, 1, 3),
        (1.0, 2, 3),
    ]
    grid = make_grid([{"n_h": 2}, {"l2": 0.5}], {"scale": [1.0, 2.0]})
    assert [(row["n_h"], row["l2"], row["scale"]) for row in grid.settings] == [
        (2, 0.0, 1.0),
        (2, 0.0, 2.0),
        (4, 0.5, 1.0),
        (4, 0.5, 2.0),
    ]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"l2": []}, ValueError, "l2 must be a value, or a list of several, not an empty one"),
        ({"settings": []}, ValueError, "settings must not be empty"),
        ({"settings": {"n_h": 3}}, TypeError, "settings must be a list of dicts"),
        (
            {"settings": [{"learning_rat": 3}]},
            TypeError,
            "'learning_rat', did you mean 'learning_rate'",
        ),
        ({"seed": 3}, TypeError, "'seed', give seeds=; what may be varied is n_h, hidden"),
        ({"settings": [{"n_h": 3}], "n_h": 4}, ValueError, r"n_h is given twice: .*settings\[0\]"),
        ({"settings": [{"n_h": [3]}]}, ValueError, r"settings\[0\] must have one value for n_h"),
        ({"seeds": 100}, TypeError, r"seeds must be several, such as range\(100\)"),
        ({"seeds": [1, 2, 1]}, ValueError, "seeds must differ, but 1 comes 2 times"),
        ({"seeds": []}, ValueError, "seeds must not be empty"),
        ({"seeds": [0.5]}, TypeError, "seeds must be integers, not 0.5"),
        ({"seeds": [-1]}, ValueError, "seeds must be from 0"),
        ({"seeds": [True]}, TypeError, "seeds must be integers, not True"),
        ({"folds": 1}, ValueError, "folds must be 2 or more"),
        ({"folds": 5, "fold_seed": -1}, ValueError, "^fold_seed must be from 0"),
        ({"checkpoint": ""}, TypeError, "checkpoint must be the path of a folder"),
        ({"folds": 51}, ValueError, "folds must be at most 50, the examples of class 0, not 51"),
        ({"folds": 101}, ValueError, "folds must be at most 100, the number of examples"),
        ({"folds": 2, "validation": 0.1}, ValueError, "validation must be None with folds"),
        ({"l2": [0.0, -1.0]}, ValueError, "l2 must be not negative"),
        ({"n_h": [3, 0]}, ValueError, "n_h must be 1 or more"),
        ({"scale": [0.1, "she"]}, ValueError, "scale must be a number, 'xavier' or 'he'"),
        ({"class_weight": [{3: 1.0}]}, ValueError, "class_weight has class 3"),
        ({"callbacks": 3}, TypeError, "callbacks must be functions"),
        ({"threads": 0}, ValueError, "threads must be 1 or more"),
        ({"checkpoint": 3}, TypeError, "checkpoint must be the path of a folder"),
        ({"checkpoint": __file__}, ValueError, "give checkpoint a folder"),
        ({"verbose": 7}, ValueError, "verbose must be 0, or 1"),
        ({"backend": "fuse"}, ValueError, "backend must be"),
    ],
    ids=lambda each: str(each)[:30] if isinstance(each, dict) else "",
)
def test_what_is_wrong_is_said_before_anything_is_trained(options, error, words, monkeypatch):
    monkeypatch.setattr(loop.Run, "go", lambda *_: pytest.fail("trained"))
    with pytest.raises(error, match=words):
        fs.train_many(*FLOWER, **{"epochs": 1, **options})


@pytest.mark.parametrize("call", [fs.train_many, fs.search])
def test_many_networks_take_arrays_alone(call):
    X, Y = FLOWER
    for given in (fs.Blocks(X.T, Y[0]),), (fs.Blocks(X.T), Y):
        with pytest.raises(TypeError, match=r"X must be an array .* not fs\.Blocks: fs\.train takes those"):
            call(*given, n_h=2)
    with pytest.raises(TypeError, match="Y is missing"):
        call(X, n_h=2)


def test_a_thread_that_computes_alone_has_one_processor(monkeypatch):
    monkeypatch.setattr("fastshallow.backends.cores.multiprocessing.parent_process", lambda: None)
    monkeypatch.setattr("fastshallow.backends.cores.os.sched_getaffinity", lambda pid: range(8), raising=False)
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    found = []

    def work():
        found.append(processors())
        compute_alone()
        found.append(processors())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [8, 1] and processors() == 8


def test_few_networks_share_the_threads(monkeypatch):
    from fastshallow.training import tasks

    given = []
    begin_run = tasks.begin_run
    monkeypatch.setattr(tasks, "begin_run", lambda *run: [given.append(run[4]), begin_run(*run)][1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fs.train_many(*FLOWER, seeds=range(2), epochs=1, threads=5)
        fs.train_many(*FLOWER, seeds=range(7), epochs=1, threads=5)
    assert given == [2] * 2 + [1] * 7
