"""Training finds the published costs on every backend, stops when it is told to, and says why when it can't go on."""

import _thread
import re
import threading
import time

import numpy as np
import pytest
from cases import for_long, make_case

import fastshallow as fs
from fastshallow.training import compiled, loop

PUBLISHED = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504]  # every 1000 iterations
ACCURACY = {1: (67.5, 67.5), 2: (67.25, 67.25), 3: (90.75, 90.75), 4: (90.5, 90.5), 5: (91.25, 91.25)} | {
    10: (90.25, 90.25),
    20: (90.0, 90.5),
    50: (90.25, 90.75),
}  # by hidden units after 5000 iterations, per cent
FLOWER = fs.datasets.planar_flower()


def same(one, other):
    return all(map(np.array_equal, one, other))


def accuracy(network, X, Y):
    return 100 * float(np.mean(network.predict(X, backend="numpy") == Y))


# ---- the published exercise ----


def test_the_published_parameters():
    p = fs.initialize_parameters(2, 4, 1, seed=2)
    np.testing.assert_allclose(p.W1[0], [-0.00416758, -0.00056267], atol=5e-9)
    np.testing.assert_allclose(p.W2[0], [-0.01057952, -0.00909008, 0.00551454, 0.02292208], atol=5e-9)
    assert not p.b1.any() and not p.b2.any()


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_the_published_costs(backend):
    network = fs.train(*FLOWER, 4, epochs=10_000, seed=2, cost_every=1000, backend=backend)
    np.testing.assert_allclose(network.history.cost[:8], PUBLISHED, rtol=0, atol=1e-6)
    assert 0.2194 <= network.history.cost[8] <= 0.2196 and 0.2185 <= network.history.cost[9] <= 0.2187
    assert 90 <= accuracy(network, *FLOWER) <= 91
    np.testing.assert_array_equal(network.history.epoch, np.arange(10) * 1000)


@pytest.mark.parametrize(
    "n_h", [n_h for n_h in ACCURACY if n_h <= 5] + for_long([(n_h,) for n_h in ACCURACY if n_h > 5])
)
def test_the_published_accuracies(n_h):
    network = fs.train(*FLOWER, n_h, epochs=5000, seed=2, cost_every=5000, backend="numpy")
    lowest, highest = ACCURACY[n_h]
    assert lowest - 0.26 <= accuracy(network, *FLOWER) <= highest + 0.26  # one point of 400 either way


def test_float32_stays_float32():
    X, Y = (each.astype(np.float32) for each in FLOWER)
    network = fs.train(X, Y, 4, epochs=3001, seed=2, cost_every=1000, backend="fused")
    assert {each.dtype for each in network.parameters} == {np.dtype(np.float32)}
    np.testing.assert_allclose(network.history.cost, PUBLISHED[:4], atol=1e-3)


@pytest.mark.parametrize("backend", ["loops", "examples", "jit", "fused", "auto"])
def test_every_backend_takes_the_same_steps(backend):
    X, Y, p = make_case(2, 4, 1, 40)
    expected = fs.train(X, Y, epochs=20, parameters=p, backend="numpy")
    network = fs.train(X, Y, epochs=20, parameters=p, backend=backend)
    np.testing.assert_allclose(network.history.cost, expected.history.cost, rtol=1e-12)
    for mine, right in zip(network.parameters, expected.parameters, strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("sizes", [(2, 4, 1, 9000), (9, 11, 2, 9000), (20, 40, 2, 9000)])
def test_every_arrangement_trains_over_several_chunks(sizes):
    X, Y, p = make_case(*sizes)
    slow, fast = (fs.train(X, Y, epochs=5, parameters=p, backend=backend) for backend in ("numpy", "fused"))
    np.testing.assert_allclose(fast.history.cost, slow.history.cost, rtol=1e-12)
    for mine, right in zip(fast.parameters, slow.parameters, strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-9, atol=1e-12)


def test_a_step_is_gradient_descent():
    X, Y, p = make_case(2, 4, 1, 40)
    cost, gradients = fs.cost_and_gradients(X, Y, p)
    network = fs.train(X, Y, epochs=1, learning_rate=0.3, parameters=p)
    assert network.history.cost[0] == cost
    for new, old, gradient in zip(network.parameters, p, gradients, strict=True):
        np.testing.assert_allclose(new, old - 0.3 * gradient, rtol=1e-13, atol=1e-16)


# ---- costs, progress and pieces ----


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize("every", [1, 7, 50, 1000])
def test_cost_every(backend, every):
    whole = fs.train(*FLOWER, 4, epochs=50, seed=2, backend=backend)
    some = fs.train(*FLOWER, 4, epochs=50, seed=2, backend=backend, cost_every=every)
    np.testing.assert_array_equal(some.history.epoch, np.arange(0, 50, every))
    np.testing.assert_array_equal(some.history.cost, whole.history.cost[::every])
    assert same(some.parameters, whole.parameters)
    assert some.history.stopped is None and (some.history.seconds > 0).all()


@pytest.mark.parametrize("every", [1, 3, 10])
@pytest.mark.parametrize("sizes", [(2, 4, 1, 400), (2, 4, 1, 20_000), (20, 40, 2, 9000)])
def test_pieces_change_no_bit(sizes, every, monkeypatch):
    X, Y, p = make_case(*sizes)
    epochs = 100 if sizes[3] == 400 else 20
    whole = fs.train(X, Y, epochs=epochs, parameters=p, learning_rate=0.1, backend="fused", cost_every=every)
    monkeypatch.setattr(loop, "PIECE", 0.0)  # a look at the clock after each chunk
    monkeypatch.setattr(compiled, "ROOM", 2)  # and a new beginning after each second cost
    cut = fs.train(X, Y, epochs=epochs, parameters=p, learning_rate=0.1, backend="fused", cost_every=every)
    assert same(cut.parameters, whole.parameters)
    np.testing.assert_array_equal(cut.history.cost, whole.history.cost)
    np.testing.assert_array_equal(cut.history.epoch, whole.history.epoch)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_training_goes_on_where_it_stopped(backend):
    whole = fs.train(*FLOWER, 4, epochs=300, seed=2, backend=backend)
    first = fs.train(*FLOWER, 4, epochs=100, seed=2, backend=backend)
    before = [each.copy() for each in first.parameters]
    second = fs.train(*FLOWER, epochs=200, parameters=first.parameters, backend=backend)
    assert same(second.parameters, whole.parameters)
    assert same(first.parameters, before)  # they are not changed
    np.testing.assert_array_equal(np.append(first.history.cost, second.history.cost), whole.history.cost)


# ---- Ctrl-C ----

FOREVER = {"epochs": 2_000_000_000, "seed": 2}


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_ctrl_c_gives_back_the_network_as_it_is(backend):
    fs.train(*FLOWER, 4, epochs=1, backend=backend)  # nothing is left to compile
    pressed = []

    def press():
        pressed.append(time.perf_counter())
        _thread.interrupt_main()

    timer = threading.Timer(0.3, press)
    timer.start()
    network = fs.train(*FLOWER, 4, backend=backend, **FOREVER)
    late = time.perf_counter() - pressed[0]
    timer.join()
    assert late < 0.5  # about 0.1 s, on a busy machine too
    history = network.history
    assert history.stopped == "interrupted" and 0 < len(history.cost) == len(history.epoch)
    again = fs.train(*FLOWER, 4, epochs=len(history.cost), seed=2, backend=backend)
    assert same(again.parameters, network.parameters)
    np.testing.assert_array_equal(again.history.cost, history.cost)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_ctrl_c_within_a_callback(backend):
    def press(progress):
        raise KeyboardInterrupt

    network = fs.train(*FLOWER, 4, backend=backend, callbacks=press, **FOREVER)
    assert network.history.stopped == "interrupted"
    assert same(
        network.parameters,
        fs.train(*FLOWER, 4, epochs=len(network.history.cost), seed=2, backend=backend).parameters,
    )


# ---- divergence ----


@pytest.mark.filterwarnings("ignore:features should have mean 0")
@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"hidden": "identity", "output": "identity", "learning_rate": 1e5}, "the cost became inf at iteration 3"),
        ({"hidden": "identity", "output": "identity", "learning_rate": 1e5, "cost_every": 100}, "a parameter became"),
        ({"learning_rate": 1.7e308}, "the cost became"),
    ],
    ids=["cost", "parameter", "overflow"],
)
def test_divergence_is_found_at_the_same_iteration(options, what):
    iterations = set()
    for backend in ("numpy", "fused"):
        with pytest.raises(fs.DivergenceError) as caught:
            fs.train(1e3 * FLOWER[0], FLOWER[1], 4, seed=2, epochs=1000, backend=backend, **options)
        message = str(caught.value)
        assert message.startswith(what)  # with NaN or infinity, as the order of sums would have it
        assert "try a smaller learning_rate" in message and f"learning rate {options['learning_rate']:g}" in message
        iterations.add(re.search(r"at iteration (\d+)", message)[1])
    assert len(iterations) == 1


def test_parameters_that_are_not_finite_are_never_given_back():
    p = fs.initialize_parameters(2, 4, 1, seed=2)
    p.W1[0, 0] = np.inf  # whose tanh is 1, and the cost finite
    X, Y = np.ones((2, 3)), np.ones((1, 3))
    for backend in ("numpy", "fused"):
        with pytest.raises(fs.DivergenceError, match="became"):
            fs.train(X, Y, epochs=3, parameters=p, backend=backend)


# ---- arguments ----

FEW = tuple(each[:, ::80] for each in FLOWER)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be 1 or more, not 0"),
        ({"epochs": 2.5}, TypeError, "epochs must be an integer, not 2.5"),
        ({"epochs": True}, TypeError, "epochs must be an integer"),
        ({"n_h": 0}, ValueError, "n_h must be 1 or more"),
        ({"cost_every": 0}, ValueError, "cost_every must be 1 or more"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be positive and finite, not 0"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate must be positive and finite, not nan"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number.* not 'fast'"),
        ({"scale": -1.0}, ValueError, "scale must be finite and not negative"),
        ({"scale": "lecun"}, ValueError, "scale must be a number, 'xavier' or 'he', not 'lecun'"),
        ({"seed": -1}, ValueError, "seed must be from 0"),
        ({"seed": "two"}, TypeError, "seed must be an integer, a Generator"),
        ({"hidden": "gelu"}, ValueError, "hidden must be one of identity, sigmoid, tanh.* not 'gelu'"),
        ({"output": "tanh"}, ValueError, "output must be one of sigmoid, softmax, identity, exp, not 'tanh'"),
        ({"backend": "cuda"}, ValueError, "backend must be one of loops.* not 'cuda'"),
        ({"threads": 0}, ValueError, "threads must be 1 or more, not 0"),
        ({"progress": 5}, TypeError, "progress must be True or False, not 5"),
        ({"parameters": 5}, TypeError, "parameters must be fs.Parameters"),
        ({"parameters": fs.initialize_parameters(3, 4, 1)}, ValueError, "X has 2 rows, but W1"),
        ({"parameters": fs.initialize_parameters(2, 4, 2)}, ValueError, "Y must have a row for each of the 2 outputs"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, dict) else "",
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        fs.train(*FEW, **{"epochs": 2} | options)


@pytest.mark.parametrize(
    ("X", "Y", "output", "message"),
    [
        ([[1, np.nan]], [[0, 1]], "sigmoid", "X holds nan at feature 0, example 1"),
        ([[1, 2]], [[0, np.inf]], "identity", "Y holds inf at output 0, example 1"),
        ([[1, 2]], [[0, 2]], "sigmoid", "Y must lie between 0 and 1 .* it holds 0 to 2"),
        ([[1, 2]], [[1, 1], [0, 1]], "softmax", "Y must be one-hot"),
        ([[1, 2]], [[0, 1, 1]], "sigmoid", "Y must have a column for each of X's 2 examples"),
    ],
)
def test_bad_data_is_refused(X, Y, output, message):
    with pytest.raises(ValueError, match=message):
        fs.train(X, Y, 4, epochs=2, output=output)
