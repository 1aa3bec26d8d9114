"""Successive halving: training goes on from where it was, and who is left has the bits of a run straight through."""

import threading

import numpy as np
import pytest
from networks import same

import fastshallow as fs
from fastshallow.training import loop, tasks
from fastshallow.training.searching import make_rungs
from fastshallow.training.settings import Data, split

X, Y = fs.datasets.planar_flower(m=120)
RATES = [0.001, 0.01, 0.1, 0.3, 1.0, 1.2, 2.0, 3.0, 5.0]


def test_who_is_left_has_the_bits_of_a_run_straight_through():
    options = {"epochs": 90, "batch_size": 50, "optimizer": "momentum"}
    rates = [rate / 30 for rate in RATES]
    found = fs.search(X, Y, learning_rate=rates, validation=(X[:, ::2], Y[:, ::2]), threads=2, **options)
    table = found.as_dict()
    assert table["epochs"].count(10) == 6 and table["epochs"].count(30) == 2 and table["epochs"].count(90) == 1
    assert table["rung"] == [{10: 0, 30: 1, 90: 2}[epochs] for epochs in table["epochs"]]
    for rate, net, epochs in zip(rates, found, table["epochs"], strict=True):
        assert same(net, fs.train(X, Y, learning_rate=rate, seed=0, **options | {"epochs": epochs}))
    assert found.best is found[table["epochs"].index(90)]
    assert found.best_settings == {"learning_rate": rates[found.best_index], **options}


def test_the_best_third_goes_on():
    found = fs.search(X, Y, learning_rate=RATES, epochs=27, min_epochs=3, validation=0.25, fold_seed=5)
    table, key = found.as_dict(), int(np.random.RandomState(5).randint(0, 2**63 - 1, dtype=np.int64))
    rest, held_out = split(Data(X, Y), 0.25, key, found[0].output)
    left = RATES
    for epochs, count in ((3, 3), (9, 1), (27, 1)):
        nets = [
            fs.train(*rest[:2], learning_rate=rate, epochs=epochs, seed=0, validation=held_out[:2]) for rate in left
        ]
        costs = [net.history.validation_cost[-1] for net in nets]
        left = [left[k] for k in np.argsort(costs)[:count]]
        assert set(left) == {rate for rate, done in zip(RATES, table["epochs"], strict=True) if done > epochs} or (
            epochs == 27 and left == [found.best_settings["learning_rate"]]
        )
    assert table["validation_cost"][found.best_index] == costs[0] and same(found.best, nets[0])


def test_the_best_is_one_of_those_left_at_the_end():
    nets = [fs.train(X, Y, seed=seed, epochs=1) for seed in range(3)]
    rows = [{"n_h": k, "seed": 0, "validation_cost": [0.1, 0.5, 0.4][k], "rung": [0, 1, 1][k]} for k in range(3)]
    found = fs.Networks(nets, rows, [{"n_h": k} for k in range(3)])
    assert found.best_index == 2 and found.best is nets[2] and found.best_settings == {"n_h": 2}


def test_no_epoch_is_taken_twice(monkeypatch):
    taken, lock, take = [], threading.Lock(), loop.Run.take

    def noted(self):
        before = self.record.epoch
        take(self)
        with lock:
            taken.append(self.record.epoch - before)

    monkeypatch.setattr(loop.Run, "take", noted)
    found = fs.search(X, Y, n_h=[2, 3, 4], epochs=30, seeds=[1, 2], folds=3, threads=2)
    assert sum(taken) == sum(found.as_dict()["epochs"]) == 6 * (10 + 10 + 30)
    assert found.by_settings()["networks"] == [6, 6, 6] and sorted(found.by_settings()["rung"]) == [0, 0, 1]


def test_schedules_are_those_of_all_epochs_and_patience_ends_each_for_itself():
    options = {"learning_rate": fs.Cosine(3.0), "patience": 4, "folds": 2, "epochs": 200}
    found = fs.search(X, Y, n_h=[2, 4, 8], **options)
    straight = fs.train_many(X, Y, n_h=[2, 4, 8], **options)
    ended = [i for i, stopped in enumerate(found.as_dict()["stopped"]) if stopped == "no improvement"]
    assert ended and all(same(found[i], straight[i]) for i in ended)
    finished = [i for i, epochs in enumerate(found.as_dict()["epochs"]) if epochs == 200]
    assert all(same(found[i], straight[i]) for i in finished)


def test_a_setting_that_diverges_is_left_out():
    huge = {"hidden": "relu", "output": "identity", "scale": 10.0, "epochs": 300}
    with pytest.warns(UserWarning, match="1 of 3 networks diverged"):
        found = fs.search(X, Y, learning_rate=[1e3, 1e-4, 1e-5], **huge)
    assert found[0] is None and found.best_index == 1
    with pytest.raises(fs.DivergenceError, match="at iteration"):
        fs.search(X, Y, learning_rate=[1e3, 1e4], **huge)


def test_memory_of_who_is_left_out_is_given_back(monkeypatch):
    import gc
    import weakref

    runs, begin_run = [], tasks.begin_run

    def begin(*given):
        run = begin_run(*given)
        runs.append(weakref.ref(run))
        return run

    monkeypatch.setattr(tasks, "begin_run", begin)
    alive, go = [], loop.Run.go

    def counted(self, until, interrupted):
        if until == 9:
            gc.collect()
            alive.append(sum(run() is not None for run in runs))
        go(self, until, interrupted)

    monkeypatch.setattr(loop.Run, "go", counted)
    fs.search(X, Y, learning_rate=RATES, epochs=9, threads=1, backend="numpy")
    assert max(alive) <= 2  # one that is left, and perhaps the last that a thread has held


def test_ctrl_c_gives_back_what_is_there(monkeypatch):
    from fastshallow.training import pool

    run_jobs = pool.run_jobs

    def broken_off(jobs, threads, told):
        return len(jobs) > 3 and run_jobs(jobs, threads, told)

    monkeypatch.setattr("fastshallow.training.searching.run_jobs", broken_off)
    found = fs.search(X, Y, learning_rate=RATES, epochs=90)
    assert set(found.as_dict()["epochs"]) == {10} and len(found) == 9 and found.best is not None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((27, 900, None, 3), [(33, 27), (99, 9), (297, 3), (900, 1)]),
        ((26, 900, None, 3), [(100, 26), (300, 9), (900, 3)]),
        ((1, 50, None, 3), [(50, 1)]),
        ((8, 100, 10, 2), [(10, 8), (20, 4), (40, 2), (100, 1)]),
        ((9, 1, None, 3), [(1, 9)]),
        ((9, 30, 30, 3), [(30, 9)]),
    ],
)
def test_rungs(given, expected):
    assert make_rungs(*given) == expected


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"factor": 1}, ValueError, "factor must be 2 or more"),
        ({"epochs": [3, 4]}, TypeError, "epochs must be an integer"),
        ({"settings": [{"epochs": 3}]}, ValueError, "epochs is given twice"),
        ({"min_epochs": 11}, ValueError, "min_epochs must be at most epochs, 10, not 11"),
        ({"validation": 1.5}, ValueError, "validation must be less than 1"),
        ({"validation": 0.1, "folds": 3}, ValueError, "validation must be None with folds"),
        ({"learning_rates": [1]}, TypeError, "did you mean 'learning_rate'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(options, error, words, monkeypatch):
    monkeypatch.setattr(loop.Run, "go", lambda *_: pytest.fail("trained"))
    with pytest.raises(error, match=words):
        fs.search(X, Y, **{"epochs": 10, **options})
