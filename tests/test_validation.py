"""Between epochs: validation, early stopping, callbacks."""

import math

import numpy as np
import pytest
from cases import make_case
from tolerance import tolerance

import fastshallow as fs
from fastshallow.formulas import OUTPUTS
from fastshallow.training import loop

FLOWER = fs.datasets.planar_flower()
BACKENDS = pytest.mark.parametrize("backend", ["numpy", "fused"])


def same(one, other):
    return all(map(np.array_equal, one, other))


def loss_and_score(output, A2, Y):
    """The textbook's formulas, from A2."""
    m = Y.shape[1]
    if output == "sigmoid":
        return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m, np.mean((A2 > 0.5) == Y)
    if output == "softmax":
        return -np.sum(Y * np.log(A2)) / m, np.mean(A2.argmax(axis=0) == Y.argmax(axis=0))
    residual = ((A2 - Y) ** 2).sum(axis=1) / ((Y - Y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return np.sum((A2 - Y) ** 2) / (2 * m), np.mean(1 - residual)


@BACKENDS
@pytest.mark.parametrize(("output", "n_y"), [("sigmoid", 1), ("softmax", 3), ("identity", 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_epoch_is_validated(output, n_y, dtype, backend):
    X, Y, p = make_case(3, 4, n_y, 40, dtype, output)
    V, U, _ = make_case(3, 4, n_y, 30, dtype, output, seed=1)
    options = {"output": output, "parameters": p, "learning_rate": 0.1, "backend": backend}
    history = fs.train(X, Y, epochs=5, validation=(V, U), **options).history
    for epoch in range(5):
        net = fs.train(X, Y, epochs=epoch + 1, **options)
        cost, score = loss_and_score(output, net.predict_proba(V) if n_y != 2 else net.predict(V), U)
        assert history.validation_cost[epoch] == pytest.approx(cost, rel=tolerance(dtype, 1.0, 100.0))
        assert history.validation_score[epoch] == pytest.approx(score, rel=tolerance(dtype, 1.0, 100.0))
    unwatched = fs.train(X, Y, epochs=5, **options).history
    np.testing.assert_array_equal(history.cost, unwatched.cost)
    assert history.as_dict().keys() - unwatched.as_dict().keys() == {"validation_cost", "validation_score"}
    assert {len(column) for column in history.as_dict().values()} == {5}


@pytest.mark.parametrize("every", [3, 7])
def test_recorded_epochs_alone_are_validated(every):
    V, U = FLOWER[0][:, ::4], FLOWER[1][:, ::4]
    options = {"epochs": 17, "seed": 2, "validation": (V, U), "patience": 17}
    whole, some = (fs.train(*FLOWER, cost_every=n, **options).history for n in (1, every))
    for name in ("cost", "validation_cost", "validation_score", "learning_rate"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[::every])
    assert some.best_epoch in some.epoch


def test_a_fraction_is_held_out():
    X = np.arange(60.0).reshape(2, 30) / 60
    Y = (X[:1] > 0.25).astype(float)
    net = fs.train(X, Y, epochs=4, seed=1, validation=0.2, batch_size=8)
    assert len(net.history.validation_cost) == 4
    again = fs.train(X, Y, epochs=4, seed=1, validation=0.2, batch_size=8)
    assert same(net.parameters, again.parameters)  # the seed draws them
    other = fs.train(X, Y, epochs=4, seed=1, batch_size=8)
    assert not same(net.parameters, other.parameters)
    from fastshallow.training.settings import Data, split

    rest, part = split(Data(X, Y, np.arange(30.0)), 0.2, 5, OUTPUTS["sigmoid"])
    assert (rest.m, part.m) == (24, 6) and set(rest.weights) | set(part.weights) == set(range(30))
    np.testing.assert_array_equal(rest.X[0] * 60, rest.weights)  # an example keeps its weight


@BACKENDS
def test_patience_restores_the_best(backend):
    random = np.random.default_rng(0)
    X, V = random.standard_normal((5, 30)), random.standard_normal((5, 300))
    Y, U = (np.sign(Z[:1] + random.standard_normal((1, Z.shape[1]))) / 2 + 0.5 for Z in (X, V))
    options = {"n_h": 20, "epochs": 2000, "learning_rate": 1.0, "seed": 1, "scale": "xavier", "backend": backend}
    net = fs.train(X, Y, validation=(V, U), patience=7, **options)
    history = net.history
    best = int(np.argmin(history.validation_cost))
    assert history.stopped == "no improvement" and history.best_epoch == best and len(history.cost) == best + 1 + 7
    assert same(net.parameters, fs.train(X, Y, **options | {"epochs": best + 1}).parameters)
    # what counts as an improvement decides when to stop, not what is restored
    strict = fs.train(X, Y, validation=(V, U), patience=7, tolerance=0.01, **options).history
    assert len(strict.cost) < len(history.cost) and strict.best_epoch == np.argmin(strict.validation_cost)
    # without patience nothing stops, and nothing is restored
    free = fs.train(X, Y, validation=(V, U), **options | {"epochs": 50})
    assert free.history.best_epoch is None and free.history.stopped is None
    assert same(free.parameters, fs.train(X, Y, **options | {"epochs": 50}).parameters)


@BACKENDS
def test_patience_with_the_training_cost(backend):
    history = fs.train(*FLOWER, epochs=5000, seed=2, patience=3, tolerance=1e-3, cost_every=10, backend=backend).history
    waited, best = 0, math.inf
    for cost in history.cost:
        waited, best = 0 if cost < best - 1e-3 else waited + 1, min(best, cost)
    assert waited == 3 and history.stopped == "no improvement" and len(history.cost) < 500


# ---- callbacks ----


@BACKENDS
def test_callbacks_see_the_run(backend, monkeypatch):
    monkeypatch.setattr(loop, "PIECE", 0.001)
    seen = []
    net = fs.train(*FLOWER, epochs=3000, seed=2, backend=backend, callbacks=seen.append, callback_every=1e-6)
    epochs = [each.epoch for each in seen]
    assert len(seen) > 3 and epochs == sorted(epochs) and epochs[-1] == 3000
    for each in seen:
        assert each.epochs == 3000 and each.seconds > 0
        if each.epoch:
            assert each.cost == net.history.cost[each.epoch - 1] and each.learning_rate == 1.2
    assert same(seen[-1].network.parameters, net.parameters)
    middle = seen[len(seen) // 2]  # it has kept its own copy
    assert same(
        middle.network.parameters,
        fs.train(*FLOWER, epochs=middle.epoch, seed=2, backend=backend).parameters,
    )


@BACKENDS
@pytest.mark.parametrize("way", ["stop", "True", "np.True_"])
def test_callbacks_each_epoch_and_stop(backend, way):
    calls = []

    def stop(progress):
        over = progress.epoch == 5
        if way == "stop":
            progress.stop = over
            return None
        return over if way == "True" else np.bool_(over)

    options = {"seed": 2, "backend": backend, "batch_size": 64}
    net = fs.train(*FLOWER, epochs=9, callbacks=[lambda p: calls.append(p.epoch), stop], **options)
    assert calls == [1, 2, 3, 4, 5] and net.history.stopped == "callback" and len(net.history.cost) == 5
    assert same(net.parameters, fs.train(*FLOWER, epochs=5, **options).parameters)


@BACKENDS
def test_only_true_ends_training(backend):
    answers = iter([None, False, 1, "stop", 0.5, [1]])
    net = fs.train(*FLOWER, epochs=6, seed=2, backend=backend, callbacks=lambda progress: next(answers))
    assert net.history.stopped is None and len(net.history.cost) == 6


@BACKENDS
def test_callbacks_now_and_then(backend):
    often, rarely = [], []
    fs.train(*FLOWER, epochs=50, seed=2, backend=backend, callbacks=often.append)
    fs.train(*FLOWER, epochs=50, seed=2, backend=backend, callbacks=rarely.append, callback_every=1000)
    assert [each.epoch for each in often] == [*range(1, 51)] and [each.epoch for each in rarely] == [50]


@BACKENDS
def test_what_a_callback_keeps_stays_as_it_was(backend):
    kept = []
    net = fs.train(*FLOWER, epochs=4, seed=2, cost_every=2, backend=backend, validation=0.1, callbacks=kept.append)
    for each in kept:
        alone = fs.train(*FLOWER, epochs=each.epoch, seed=2, cost_every=2, backend=backend, validation=0.1)
        assert same(each.network.parameters, alone.parameters) and each.network.history.stopped is None
        for name in ("epoch", "cost", "validation_cost", "learning_rate"):
            np.testing.assert_array_equal(getattr(each.network.history, name), getattr(alone.history, name))
    assert kept[-1].network is kept[-1].network and same(kept[-1].network.parameters, net.parameters)


def test_an_error_in_a_callback_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        fs.train(*FLOWER, epochs=3, callbacks=lambda progress: 1 / 0)


def test_seconds_grow_with_the_epochs():
    for backend in ("numpy", "fused"):
        seconds = fs.train(*FLOWER, epochs=2000, seed=2, backend=backend).history.seconds
        assert (np.diff(seconds) >= 0).all() and 0 < seconds[0] < seconds[-1]


def test_lbfgs_ends_where_it_has_converged():
    for backend in ("numpy", "fused"):
        net = fs.train(*FLOWER, optimizer="lbfgs", l2=0.1, seed=2, scale="xavier", backend=backend)
        assert net.history.stopped == "converged" and len(net.history.cost) < 500
        best = fs.train(*FLOWER, epochs=3000, l2=0.1, seed=2, scale="xavier", backend="fused").history.cost[-1]
        assert net.history.cost[-1] <= best + 1e-6


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"validation": 1.5}, ValueError, "validation must be less than 1"),
        ({"validation": 0.001}, ValueError, "validation=0.001 of 400 examples makes 0: too few"),
        ({"validation": "some"}, TypeError, "validation must be a number"),
        ({"validation": (np.ones((3, 5)), np.ones((1, 5)))}, ValueError, "X of validation must be float64 with 2 rows"),
        ({"validation": (np.ones((2, 5)), np.ones((2, 5)))}, ValueError, "Y must have a row for each"),
        ({"validation": (1, 2, 3)}, TypeError, r"a fraction or \(X, Y\), not a tuple of 3"),
        ({"validation": (np.ones((9, 2)), np.ones((1, 5)))}, ValueError, "example is a column"),
        ({"patience": 0}, ValueError, "patience must be 1 or more, not 0"),
        ({"tolerance": -1}, ValueError, "tolerance must be not negative"),
        ({"callbacks": 5}, TypeError, "callbacks must be functions of an fs.Progress, not 5"),
        ({"callbacks": [5]}, TypeError, "callbacks must be functions of an fs.Progress, not 5"),
        ({"callback_every": "epoch"}, TypeError, "callback_every must be a number .* None for each epoch, not 'epoch'"),
        ({"callback_every": 0}, ValueError, "callback_every must be positive"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        fs.train(*FLOWER, epochs=2, **options)


@BACKENDS
@pytest.mark.parametrize("validation", [None, (FLOWER[0][:, ::4], FLOWER[1][:, ::4])])
def test_lbfgs_may_have_converged_where_it_begins(backend, validation, tmp_path):
    p = fs.initialize_parameters(2, 4, 1, "xavier", seed=2)
    cost, gradients = fs.cost_and_gradients(*FLOWER, p, backend=backend)
    tolerance = 2.0 * max(np.abs(each).max() for each in gradients)
    seen, path = [], tmp_path / "run.npz"
    options = {"optimizer": fs.LBFGS(gradient_tolerance=tolerance), "backend": backend, "validation": validation}
    net = fs.train(*FLOWER, parameters=p, callbacks=seen.append, checkpoint=path, **options)
    assert net.history.stopped == "converged" and same(net.parameters, p)
    np.testing.assert_array_equal(net.history.cost, [cost])
    np.testing.assert_array_equal(net.history.epoch, [0])
    assert len(net.history.validation_cost) == (validation is not None)
    assert [(each.epoch, each.cost) for each in seen] == [(1, cost)]
    net.save(tmp_path / "net.npz")
    assert fs.Network.load(tmp_path / "net.npz").history.cost[-1] == cost
    again = fs.resume(path, *FLOWER, validation=validation)
    assert again.history.stopped == "converged" and len(again.history.cost) == 1


def test_lbfgs_may_find_no_step_where_it_begins(monkeypatch):
    from fastshallow.training import lbfgs

    monkeypatch.setattr(lbfgs, "line_search", lambda at, start, *_: start)
    history = fs.train(*FLOWER, seed=2, optimizer="lbfgs", backend="numpy").history
    assert history.stopped.startswith("no further decrease") and len(history.cost) == 1
