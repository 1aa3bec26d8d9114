"""Optimizers: the compiled loop, the reference and PyTorch's formulas take the same steps, in pieces and on threads."""

import dataclasses
import math

import numpy as np
import pytest
from cases import make_case
from shapes import fitted
from tolerance import tolerance

import fastshallow as fs
from fastshallow.formulas import optimizers
from fastshallow.formulas.optimizers import OPTIMIZERS
from fastshallow.training import compiled, loop

RATES = {
    "gradient_descent": 0.5,
    "momentum": 0.1,
    "nesterov": 0.1,
    "adagrad": 0.05,
    "rmsprop": 0.003,
    "adam": 0.02,
    "adamw": 0.02,
}
OBJECTS = {
    "gradient_descent": fs.GradientDescent(),
    "momentum": fs.Momentum(0.8),
    "nesterov": fs.Nesterov(beta=0.85),
    "adagrad": fs.AdaGrad(epsilon=0.01),
    "rmsprop": fs.RMSProp(0.9, epsilon=0.01),
    "adam": fs.Adam(beta1=0.8, beta2=0.95),
    "adamw": fs.AdamW(0.8, 0.95, 1e-7, weight_decay=0.3),
}
# W1, b1, W2 and b2 of 2-1-1 after ten steps that PyTorch 2.13 took with its defaults and a learning rate of 0.1;
# AdaGrad's by the formula of PyTorch's documentation, in 30 digits
RECORDED = {
    "gradient_descent": (
        0.2144958302658174,
        -0.23456624985364397,
        0.05545045465441246,
        -0.47492645476957923,
        0.3306014462260317,
    ),
    "momentum": (
        -0.4608190388841864,
        -0.18639712755225094,
        -0.03800764691452889,
        -0.028261017984061956,
        0.6554622608004153,
    ),
    "nesterov": (
        -0.502428547338889,
        -0.1832322287420292,
        -0.03523849530894798,
        -0.1406210539373262,
        0.6553897266216058,
    ),
    "adagrad": (
        0.04775117588864106,
        0.01687340928773024,
        -0.3176525100044312,
        -0.3798125628920864,
        0.5151740925389576,
    ),
    "rmsprop": (
        -0.844896197692635,
        1.0832008850045711,
        -0.3588734873431,
        -0.7869313677730965,
        0.40748278264595755,
    ),
    "adam": (
        -0.37822530050380215,
        0.44591043061229696,
        -0.6180762567673815,
        -0.023862925002072904,
        0.8432351956220141,
    ),
    "adamw": (
        -0.37793977222696,
        0.44394748468894446,
        -0.6160686897077294,
        -0.022875910150160408,
        0.8402452032631675,
    ),
}
SHAPES = {"exact": (2, 4, 1, 70), "examples": (9, 11, 2, 70), "units": (30, 40, 2, 70), "features": (33, 19, 2, 8)}
STEPS = 100
# Each kernel compiles for seconds: every optimizer in both dtypes, and every arrangement with 0, 1 and 2 states.
CASES = [
    ("exact", "gradient_descent", "float64"),
    ("examples", "gradient_descent", "float32"),
    ("units", "gradient_descent", "float64"),
    ("features", "gradient_descent", "float64"),
    ("exact", "momentum", "float32"),
    ("features", "momentum", "float64"),
    ("units", "nesterov", "float32"),
    ("units", "adagrad", "float32"),
    ("exact", "adagrad", "float64"),
    ("examples", "rmsprop", "float64"),
    ("exact", "rmsprop", "float32"),
    ("exact", "adam", "float64"),
    ("features", "adam", "float32"),
    ("units", "adam", "float64"),
    ("examples", "adamw", "float64"),
    ("exact", "adamw", "float32"),
]


def pytorch(name, o, rate, w, gradient, steps):
    """The parameters after each step, by the formulas of PyTorch's documentation, written out for one array."""
    v, s = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, steps + 1):
        g = gradient(w)
        if name == "gradient_descent":
            w = w - rate * g
        elif name in ("momentum", "nesterov"):
            v = g if t == 1 else o.beta * v + g
            w = w - rate * (g + o.beta * v if name == "nesterov" else v)
        elif name == "adagrad":
            s = s + g**2
            w = w - rate * g / (np.sqrt(s) + o.epsilon)
        elif name == "rmsprop":
            s = o.beta * s + (1 - o.beta) * g**2
            w = w - rate * g / (np.sqrt(s) + o.epsilon)
        else:
            if name == "adamw":
                w = w - rate * o.weight_decay * w
            v = o.beta1 * v + (1 - o.beta1) * g
            s = o.beta2 * s + (1 - o.beta2) * g**2
            v_hat, s_hat = v / (1 - o.beta1**t), s / (1 - o.beta2**t)
            w = w - rate * v_hat / (np.sqrt(s_hat) + o.epsilon)
        yield w


def same(one, other):
    return np.array_equal(one.history.cost, other.history.cost) and all(
        map(np.array_equal, one.parameters, other.parameters)
    )


def flat(parameters):
    return np.concatenate([each.ravel() for each in parameters])


def case_of(arrangement, dtype):
    *sizes, m = SHAPES[arrangement]
    _, (*sizes, _), m, _ = fitted(arrangement, (*sizes, m), m, dtype)
    assert fs.explain(*sizes, m, dtype).plan.arrangement == arrangement
    return make_case(*sizes, m, dtype)


def far(one, other, dtype):
    """How far the costs and parameters of two networks lie apart, in units of what rounding may do in 100 steps."""
    size = max(1.0, other.history.cost.max())
    costs = np.abs(one.history.cost - other.history.cost) / tolerance(dtype, size, 20.0)
    return max(costs.max(), np.abs(flat(one.parameters) - flat(other.parameters)).max() / tolerance(dtype, 1.0, 200.0))


@pytest.mark.kernels
@pytest.mark.parametrize(("arrangement", "name", "dtype"), CASES)
def test_the_compiled_loop_takes_the_steps_of_the_reference(arrangement, name, dtype):
    X, Y, p = case_of(arrangement, dtype)
    for optimizer in (name, OBJECTS[name]):
        options = {"epochs": STEPS, "learning_rate": RATES[name], "parameters": p, "optimizer": optimizer}
        slow, fast = (fs.train(X, Y, backend=backend, **options) for backend in ("numpy", "fused"))
        assert {each.dtype for net in (slow, fast) for each in net.parameters} == {np.dtype(dtype)}
        assert far(fast, slow, dtype) <= 1.0
        assert fast.history.cost[-1] < fast.history.cost[0]
        np.testing.assert_array_equal(fast.history.epoch, np.arange(STEPS))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_reference_takes_the_steps_of_pytorch(name):
    X, Y, p = make_case(3, 5, 2, 40)
    shapes = [each.shape for each in p]
    ends = np.cumsum([each.size for each in p])

    def gradient(w):
        parts = [part.reshape(shape) for part, shape in zip(np.split(w, ends[:-1]), shapes, strict=True)]
        return flat(fs.cost_and_gradients(X, Y, fs.Parameters(*parts), backend="numpy")[1])

    o, rate = OBJECTS[name], RATES[name]
    for step, right in enumerate(pytorch(name, o, rate, flat(p), gradient, STEPS), 1):
        if step in (1, 2, 3, 10, STEPS):
            net = fs.train(X, Y, epochs=step, parameters=p, learning_rate=rate, optimizer=o, backend="numpy")
            np.testing.assert_allclose(flat(net.parameters), right, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_defaults_are_those_of_pytorch(name):
    X, Y = np.array([[-1.0, 0.5, 2.0], [0.25, -0.75, 1.0]]), np.array([[0.0, 1.0, 1.0]])
    p = fs.Parameters(*map(np.array, ([[0.5, -0.25]], [[0.1]], [[-0.7]], [[0.2]])))
    for backend in ("numpy", "fused"):
        net = fs.train(X, Y, parameters=p, epochs=10, learning_rate=0.1, optimizer=name, backend=backend)
        np.testing.assert_allclose(flat(net.parameters), RECORDED[name], rtol=1e-11)


def test_the_defaults_are_these_numbers():
    assert fs.Momentum().hyperparameters == fs.Nesterov().hyperparameters == (0.9,)
    assert fs.AdaGrad().hyperparameters == (1e-10,)
    assert fs.RMSProp().hyperparameters == (0.99, 1e-8)
    assert fs.Adam().hyperparameters == (0.9, 0.999, 1e-8)
    assert fs.AdamW().hyperparameters == (0.9, 0.999, 1e-8, 0.01)
    assert dataclasses.astuple(fs.LBFGS()) == (10, 1e-5, 1e-9, 25)


def test_the_first_step_of_adam_is_the_learning_rate():
    """By hand: v / sqrt(s) is then dW / |dW|."""
    X, Y, p = make_case(2, 4, 1, 40)
    net = fs.train(X, Y, epochs=1, parameters=p, learning_rate=0.125, optimizer="adam")
    _, gradients = fs.cost_and_gradients(X, Y, p)
    for new, old, gradient in zip(net.parameters, p, gradients, strict=True):
        np.testing.assert_allclose(new - old, -0.125 * np.sign(gradient), rtol=1e-5)


def test_a_wrong_rule_is_caught():
    X, Y, p = case_of("exact", "float64")

    class Wrong(optimizers.Adam):
        coefficients = staticmethod(lambda t, rate, b1, b2, e: (rate / (1 - b1**t), 1.0, b1, b2, e, 1.0))

    options = {"epochs": STEPS, "learning_rate": 0.02, "parameters": p}
    right = fs.train(X, Y, optimizer="adam", backend="numpy", **options)
    slow, fast = (fs.train(X, Y, optimizer=Wrong(), backend=backend, **options) for backend in ("numpy", "fused"))
    assert far(fast, slow, "float64") <= 1.0 < 1e6 < far(slow, right, "float64")


def test_hyperparameters_compile_nothing():
    from fastshallow.kernels import units

    X, Y, p = case_of("exact", "float64")
    options = {"epochs": 3, "parameters": p, "learning_rate": 0.02, "backend": "fused"}
    fs.train(X, Y, optimizer="adam", **options)
    count = len(units._addresses)
    nets = [fs.train(X, Y, optimizer=fs.Adam(beta1, epsilon=e), **options) for beta1 in (0.5, 0.6) for e in (0.1, 1.0)]
    assert len(units._addresses) == count
    assert len({net.parameters.W1[0, 0] for net in nets}) == 4


# ---- pieces and threads ----


@pytest.mark.parametrize(("arrangement", "name", "dtype"), [case for case in CASES if case[1] in ("momentum", "adam")])
def test_pieces_change_no_bit(arrangement, name, dtype, monkeypatch):
    X, Y, p = case_of(arrangement, dtype)
    options = {"epochs": 50, "parameters": p, "learning_rate": 0.02, "optimizer": name, "backend": "fused"}
    whole = fs.train(X, Y, **options)
    monkeypatch.setattr(loop, "PIECE", 0.0)
    monkeypatch.setattr(compiled, "ROOM", 3)  # a step's number and states go on when there is no more room for costs
    assert same(fs.train(X, Y, **options), whole)


@pytest.mark.parametrize(("shape", "dtype"), [((2, 4, 1, 60_000), "float64"), ((30, 40, 2, 3_000), "float64")], ids=str)
def test_nor_do_threads(shape, dtype, monkeypatch):
    assert fs.explain(*shape, dtype).plan.groups > 2
    X, Y, _ = make_case(*shape, dtype)
    options = {"epochs": 7, "learning_rate": 0.02, "seed": 3, "optimizer": "adam", "l2": 3.0}
    one = fs.train(X, Y, shape[1], threads=1, **options)
    monkeypatch.setattr(loop, "PIECE", 0.0)  # pieces smaller than an epoch
    for threads in (1, 2, 3, None):
        assert same(fs.train(X, Y, shape[1], threads=threads, **options), one)


# ---- weight decay ----


@pytest.mark.parametrize(
    ("arrangement", "dtype"),
    [("exact", "float64"), ("units", "float32"), ("features", "float64")],
)
def test_l2(arrangement, dtype):
    X, Y, p = case_of(arrangement, dtype)
    m = X.shape[1]
    l2 = 0.05 * m
    options = {"parameters": p, "learning_rate": 0.1, "l2": l2}
    cost, gradients = fs.cost_and_gradients(X, Y, p, backend="numpy")
    squares = sum(float((W.astype(np.float64) ** 2).sum()) for W in (p.W1, p.W2))
    for backend in ("numpy", "fused"):
        net = fs.train(X, Y, epochs=1, backend=backend, **options)
        assert net.history.cost[0] == pytest.approx(cost + l2 / (2 * m) * squares, rel=tolerance(dtype, 1.0, 20.0))
        for new, w, dw, factor in zip(net.parameters, p, gradients, (l2 / m, 0.0, l2 / m, 0.0), strict=True):
            np.testing.assert_allclose(new, w - 0.1 * (dw + factor * w), rtol=0, atol=tolerance(dtype, 4.0))
    slow, fast = (fs.train(X, Y, epochs=STEPS, backend=backend, **options) for backend in ("numpy", "fused"))
    assert far(fast, slow, dtype) <= 1.0


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_l2_of_a_batch_is_divided_by_its_own_examples(backend):
    """As scikit-learn does; in batches of 16, 16 and 8."""
    X, Y, p = make_case(2, 4, 1, 40)
    options = {"batch_size": 16, "shuffle": False, "epochs": 1, "learning_rate": 0.1, "l2": 2.5, "backend": backend}
    net = fs.train(X, Y, parameters=p, **options)
    w, cost = p, 0.0
    for begin, m in ((0, 16), (16, 16), (32, 8)):
        part, gradients = fs.cost_and_gradients(X[:, begin : begin + m], Y[:, begin : begin + m], w, backend="numpy")
        cost += m / 40 * (part + 2.5 / (2 * m) * ((w.W1**2).sum() + (w.W2**2).sum()))
        decay = (2.5 / m, 0.0, 2.5 / m, 0.0)
        w = fs.Parameters(*(a - 0.1 * (da + l2 * a) for a, da, l2 in zip(w, gradients, decay, strict=True)))
    assert net.history.cost[0] == pytest.approx(cost, rel=1e-13)
    np.testing.assert_allclose(flat(net.parameters), flat(w), rtol=1e-12)


def test_l2_is_the_alpha_of_scikit_learn():
    neural_network = pytest.importorskip("sklearn.neural_network")
    X, Y, _ = make_case(3, 5, 1, 40)
    options = {"solver": "sgd", "learning_rate_init": 0.1, "momentum": 0.0, "batch_size": 40, "shuffle": False}
    peer = neural_network.MLPClassifier((5,), activation="tanh", alpha=3.0, random_state=1, **options)
    peer.partial_fit(X.T, Y[0], classes=[0, 1])

    def parameters():
        (W1, W2), (b1, b2) = peer.coefs_, peer.intercepts_
        return fs.Parameters(W1.T.copy(), b1[:, None].copy(), W2.T.copy(), b2[:, None].copy())

    p = parameters()
    for _ in range(20):
        peer.partial_fit(X.T, Y[0])
    net = fs.train(X, Y, parameters=p, epochs=20, learning_rate=0.1, l2=3.0)
    assert net.history.cost[-1] == pytest.approx(peer.loss_, rel=1e-12)
    np.testing.assert_allclose(flat(net.parameters), flat(parameters()), rtol=1e-10, atol=1e-12)


# ---- settings ----


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fs.Momentum(beta=1.0), ValueError, "beta must be from 0 to 1, 1 excluded, not 1.0"),
        (lambda: fs.Nesterov(-0.1), ValueError, "beta must be from 0 to 1, 1 excluded, not -0.1"),
        (lambda: fs.RMSProp(epsilon=0.0), ValueError, "epsilon must be finite and 1e-30 or more, not 0.0"),
        (lambda: fs.Adam(beta1="0.9"), TypeError, "beta1 must be a number, not '0.9'"),
        (lambda: fs.Adam(beta2=math.nan), ValueError, "beta2 must be from 0 to 1, 1 excluded, not nan"),
        (lambda: fs.Adam(beta2=True), TypeError, "beta2 must be a number, not True"),
        (lambda: fs.AdamW(weight_decay=-1), ValueError, "weight_decay must be finite and not negative, not -1"),
        (lambda: fs.AdamW(epsilon=math.inf), ValueError, "epsilon must be finite and 1e-30 or more, not inf"),
        (
            lambda: fs.train([[1.0]], [[1.0]], optimizer="sgd"),
            ValueError,
            "optimizer must be one of gradient_descent, mo",
        ),
        (
            lambda: fs.train([[1.0]], [[1.0]], optimizer=fs.Adam),
            ValueError,
            "or an object such as fs.Adam.* not <class",
        ),
        (lambda: fs.train([[1.0]], [[1.0]], l2=-1.0), ValueError, "l2 must be not negative and finite, not -1.0"),
        (lambda: fs.train([[1.0]], [[1.0]], l2="1"), TypeError, "l2 must be a number, not '1'"),
    ],
)
def test_bad_settings_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_hyperparameters_are_floats_and_stay_as_they_are():
    adam = fs.Adam(beta1=np.float32(0.5), beta2=0)
    assert adam.hyperparameters == (0.5, 0.0, 1e-8) and {type(each) for each in adam.hyperparameters} == {float}
    with pytest.raises(dataclasses.FrozenInstanceError):
        adam.beta1 = 0.1


@pytest.mark.parametrize("name", ["rmsprop", "adam"])
def test_units_without_a_gradient_stay_finite(name):
    """Nothing is divided by zero, in the padding of the kernels neither."""
    X, Y, p = make_case(30, 40, 2, 70)
    p.W1[0], p.b1[0] = 0.0, -1.0  # a unit that never fires
    net = fs.train(X, Y, parameters=p, epochs=20, learning_rate=0.01, hidden="relu", optimizer=name, backend="fused")
    assert np.isfinite(net.history.cost).all()
    np.testing.assert_array_equal(net.parameters.W1[0], 0.0)
    assert net.parameters.b1[0] == -1.0


def test_divergence_is_found():
    X, Y, p = case_of("exact", "float64")
    messages = set()
    for backend in ("numpy", "fused"):
        with pytest.raises(fs.DivergenceError) as caught:
            fs.train(X, Y, parameters=p, learning_rate=1.7e308, epochs=10, optimizer="momentum", backend=backend)
        messages.add(str(caught.value))
    assert len(messages) == 1
