"""The slope of the leaky rectifier as a parameter: its gradient, and the compiled loop against the reference."""

import itertools
import math
from functools import partial

import networks
import numpy as np
import pytest
from cases import DTYPES, for_long, make_case
from networks import StoppedError, flat, same, stop_after
from shapes import fitted
from tolerance import tolerance

import fastshallow as fs
from fastshallow.backends import numpy as reference
from fastshallow.backends import team
from fastshallow.formulas.activations import leaky_relu_of
from fastshallow.formulas.losses import output_layer
from fastshallow.kernels import units
from fastshallow.training import compiled, loop

LEARN = fs.leaky_relu(slope="learn")
EVERYTHING = {
    "dropout": 0.3,
    "l2": 0.5,
    "clip_norm": 0.4,
    "optimizer": fs.AdamW(weight_decay=0.1),
    "learning_rate": 0.03,
}
# Each kernel compiles for seconds. The last batch is smaller than the others.
CASES = [
    fitted("exact", (2, 4, 1, 203), 48, "float32", "sigmoid", {}),
    fitted("exact", (2, 4, 1, 203), 70, "float64", "sigmoid", EVERYTHING),
    fitted("examples", (9, 11, 2, 203), 70, "float64", "softmax", {"shuffle": "blocks"}),
    fitted("examples", (70, 11, 2, 203), 203, "float32", "identity", {}),
    fitted("units", (30, 40, 3, 203), 70, "float32", "softmax", EVERYTHING),
    fitted("units", (30, 51, 1, 203), 203, "float64", "identity", {"optimizer": "momentum"}),
    fitted("features", (33, 19, 2, 50), 8, "float64", "sigmoid", EVERYTHING),
    fitted("features", (33, 19, 2, 50), 8, "float32", "sigmoid", {"shuffle": False}),
]


far = partial(networks.far, c=200.0)


def trained(X, Y, p, **options):
    return fs.train(X, Y, **{"parameters": p, "hidden": LEARN, "seed": 3, "epochs": 7, "learning_rate": 0.1} | options)


# ---- the reference ----


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
@pytest.mark.parametrize("slope", [0.25, -0.7, 1.8, 1e-3])
def test_the_gradient_is_the_difference_of_costs(slope, output):
    X, Y, p = make_case(3, 5, 2, 40, output=output)
    random = np.random.default_rng(1)
    more = {"weights": 2.0 * random.random(40), "mask": 1.5 * (random.random((5, 40)) < 0.6)}
    arguments = X, Y, p, leaky_relu_of(slope), output_layer(output)
    cost, gradients = reference.cost_and_gradients(*arguments, learned=True, **more)
    *plain, gradient = gradients
    assert cost == reference.cost_and_gradients(*arguments, **more)[0]
    for one, other in zip(plain, reference.cost_and_gradients(*arguments, **more)[1], strict=True):
        np.testing.assert_array_equal(one, other)
    h = 1e-6
    up, down = (
        reference.cost_and_gradients(X, Y, p, leaky_relu_of(slope + step), arguments[-1], **more)[0] for step in (h, -h)
    )
    assert gradient.shape == (1, 1)
    assert gradient[0, 0] == pytest.approx((up - down) / (2 * h), rel=1e-7, abs=1e-9)
    assert abs(gradient[0, 0]) > 1e-3


BY_HAND = fs.Parameters(*(np.array(each) for each in ([[1.0]], [[0.0]], [[3.0]], [[1.0]])))


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_a_step_by_hand(backend):
    """x = -2, so a = 0.25 * -2 = -0.5, the score 3 * -0.5 + 1 = -0.5, and of y = 1.5 the error -2."""
    net = trained(
        np.array([[-2.0]]),
        np.array([[1.5]]),
        BY_HAND,
        output="identity",
        epochs=1,
        learning_rate=0.125,
        backend=backend,
    )
    # dslope = -2 * 3 * -2 = 12, dW2 = -2 * -0.5 = 1, db2 = -2, db1 = -2 * 3 * 0.25 = -1.5, dW1 = -1.5 * -2 = 3
    np.testing.assert_array_equal(flat(net), [0.25 - 12 / 8, 1.0 - 3 / 8, 1.5 / 8, 3.0 - 1 / 8, 1.0 + 2 / 8])
    assert net.hidden.slope == -1.25
    assert net.history.cost[0] == 2.0


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_a_slope_of_exactly_zero_goes_on(backend):
    """The gradient 12 takes it from 0.25 to 0; there the score is b2, and the error decides where it goes."""
    options = {"output": "identity", "learning_rate": 0.25 / 12, "backend": backend}
    X, Y = np.array([[-2.0]]), np.array([[1.5]])
    one = trained(X, Y, BY_HAND, epochs=1, **options)
    assert one.hidden.slope == pytest.approx(0.0, abs=1e-16)
    p, two = one.parameters, trained(X, Y, BY_HAND, epochs=2, **options)
    slope = 0.25 / 12 * (p.b2[0, 0] - 1.5) * p.W2[0, 0] * (2.0 * p.W1[0, 0] - p.b1[0, 0])
    assert two.hidden.slope == pytest.approx(slope, rel=1e-12)
    assert slope < -0.05


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_it_follows_the_formula_of_prelu(backend):
    """max(0, z) + slope * min(0, z), differentiated as torch.nn.PReLU is, with momentum as torch.optim.SGD has it."""
    X, Y, p = make_case(2, 4, 1, 60)
    (W1, b1, W2, b2), slope, velocity = p, 0.25, [0.0] * 5
    for _ in range(5):
        Z1 = W1 @ X + b1
        A1 = np.maximum(0.0, Z1) + slope * np.minimum(0.0, Z1)
        dZ2 = (1.0 / (1.0 + np.exp(-(W2 @ A1 + b2))) - Y) / 60
        dA1 = W2.T @ dZ2
        dZ1 = np.where(Z1 > 0.0, dA1, slope * dA1)
        dslope = np.where(Z1 > 0.0, 0.0, Z1 * dA1).sum()
        gradients = dZ1 @ X.T, dZ1.sum(1, keepdims=True), dZ2 @ A1.T, dZ2.sum(1, keepdims=True), dslope
        velocity = [0.9 * v + dw for v, dw in zip(velocity, gradients, strict=True)]
        W1, b1, W2, b2, slope = (w - 0.5 * v for w, v in zip((W1, b1, W2, b2, slope), velocity, strict=True))
    net = trained(X, Y, p, epochs=5, learning_rate=0.5, optimizer="momentum", backend=backend)
    hand = np.concatenate([[slope], *(each.ravel() for each in (W1, b1, W2, b2))])
    np.testing.assert_allclose(flat(net), hand, rtol=1e-12)
    assert abs(slope - 0.25) > 0.01


# ---- the compiled loop ----


@pytest.mark.kernels
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype", "output", "options"), CASES)
def test_the_compiled_loop_is_the_reference(arrangement, shape, size, dtype, output, options, monkeypatch):
    assert fs.explain(*shape[:3], size, dtype).plan.arrangement == arrangement
    X, Y, p = make_case(*shape, dtype, output)
    options = options | {"output": output, "batch_size": size}
    if "dropout" in options:
        options["sample_weight"] = np.random.default_rng(2).random(shape[3])
    fast = trained(X, Y, p, backend="fused", **options)
    assert far(fast, trained(X, Y, p, backend="numpy", **options), dtype) <= 1.0
    assert abs(fast.hidden.slope - 0.25) > 1e-3
    assert not fast.hidden.learned

    factor = 1.01 if dtype == "float32" else 1.001

    def wrong(*arguments, right=reference.cost_and_gradients, **more):
        cost, gradients = right(*arguments, **more)
        return cost, (*gradients[:4], factor * gradients[4])

    monkeypatch.setattr(reference, "cost_and_gradients", wrong)
    assert far(fast, trained(X, Y, p, backend="numpy", **options), dtype) > 5.0


# Hidden units and examples on both sides of every vector and tile; where examples lie in lanes, of constant sizes too.
SHAPES = [(3, 7, 1), (9, 9, 2), (70, 15, 3)] + [(40, n_h, 3) for n_h in (1, 31, 33, 48, 130)]


@pytest.mark.parametrize(("shape", "dtype"), for_long(list(itertools.product(SHAPES, DTYPES))))
def test_every_size(shape, dtype):
    for m in (1, 7, 33, 129, 515):
        X, Y, p = make_case(*shape, m, dtype)
        one, other = (trained(X, Y, p, epochs=2, backend=backend).hidden.slope for backend in ("numpy", "fused"))
        assert one == pytest.approx(other, rel=0, abs=tolerance(dtype, shape[2], 20.0))


@pytest.mark.parametrize("slope", [-0.8, 1.7])
@pytest.mark.parametrize(("shape", "size"), [((2, 4, 1, 203), 48), ((20, 11, 2, 203), None), ((30, 40, 2, 203), 70)])
def test_slopes_below_zero_and_beyond_one(shape, size, slope):
    X, _, p = make_case(*shape)
    Y = fs.forward(X, p, hidden=leaky_relu_of(slope), output="identity", backend="numpy")
    options = {"output": "identity", "batch_size": size, "epochs": 60}
    seen = []

    def see(progress):
        seen.append(progress.network.hidden.slope)

    fast = trained(X, Y, p, backend="fused", callbacks=see, **options)
    assert far(fast, trained(X, Y, p, backend="numpy", **options), "float64", scale=100.0) <= 1.0
    assert min(seen) < -0.5 if slope < 0.0 else max(seen) > 1.1
    assert seen[-1] == fast.hidden.slope


def test_it_finds_the_slope_of_the_data():
    X = np.random.default_rng(0).standard_normal((3, 500))
    p = fs.initialize_parameters(3, 5, 1, scale="he", seed=1)
    Y = fs.forward(X, p, hidden=fs.leaky_relu(0.6), output="identity")
    options = {"output": "identity", "n_h": 5, "scale": "he", "seed": 3, "optimizer": "adam", "learning_rate": 0.02}
    net = fs.train(X, Y, hidden=LEARN, epochs=4000, **options)
    assert net.hidden.slope == pytest.approx(0.6, abs=0.005)
    fixed = fs.train(X, Y, hidden=fs.leaky_relu(0.25), epochs=4000, **options)
    assert net.history.cost[0] == fixed.history.cost[0]
    assert net.history.cost[-1] < 0.1 * fixed.history.cost[-1]


def test_l2_leaves_it_alone_and_clipping_counts_it():
    X, Y, p = make_case(2, 4, 1, 50)
    for backend in ("numpy", "fused"):
        plain = trained(X, Y, p, epochs=1, learning_rate=1.0, backend=backend)
        assert trained(X, Y, p, epochs=1, learning_rate=1.0, l2=9.0, backend=backend).hidden.slope == plain.hidden.slope
        before = np.concatenate([[0.25], *(each.ravel() for each in p)])
        clipped = trained(X, Y, p, epochs=1, learning_rate=1.0, clip_norm=1e-3, backend=backend)
        assert np.linalg.norm(flat(clipped) - before) == pytest.approx(1e-3, rel=1e-9)
        assert np.linalg.norm(flat(plain) - before) > 1e-3


@pytest.mark.parametrize(
    ("shape", "size"), [((2, 4, 1, 40_000), None), ((300, 300, 2, 64), 16), ((40, 64, 2, 4000), None)]
)
def test_threads_and_pieces_change_no_bit(shape, size, monkeypatch):
    X, Y, p = make_case(*shape)
    options = {"batch_size": size, "backend": "fused", "clip_norm": 1.0, "epochs": 3}
    whole = trained(X, Y, p, threads=1, **options)
    monkeypatch.setattr(team, "processors", lambda: 3)
    for threads in (2, 3):
        assert same(trained(X, Y, p, threads=threads, **options), whole)
    monkeypatch.setattr(loop, "PIECE", 0.0)
    monkeypatch.setattr(compiled, "ROOM", 1)
    assert same(trained(X, Y, p, **options), whole)


# ---- around it ----


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize(
    ("shape", "dtype", "optimizer"),
    [
        ((2, 4, 1, 203), "float64", "adam"),
        ((9, 11, 2, 203), "float32", "momentum"),
        ((30, 40, 2, 203), "float64", "adam"),
    ],
)
def test_a_run_goes_on_to_the_same_bits(shape, dtype, optimizer, backend, tmp_path, monkeypatch):
    X, Y, p = make_case(*shape, dtype)
    V, U, _ = make_case(*shape, dtype, seed=1)
    options = {"batch_size": 48, "optimizer": optimizer, "epochs": 7, "validation": (V, U), "patience": 7}
    options |= {"learning_rate": 0.05, "backend": backend, "clip_norm": 2.0}
    whole = trained(X, Y, p, **options)
    path = tmp_path / "run.npz"
    for stop in (1, 9, 30):
        with monkeypatch.context() as patch:
            stop_after(patch, stop)
            with pytest.raises(StoppedError):
                trained(X, Y, p, checkpoint=path, **options)
        resumed = fs.resume(path, X, Y, validation=(V, U))
        assert same(resumed, whole)
        np.testing.assert_array_equal(resumed.history.validation_cost, whole.history.validation_cost)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_validation_and_the_best_epoch_have_their_slopes(backend):
    X, Y, p = make_case(2, 4, 1, 30)
    V, U, _ = make_case(2, 4, 1, 300, seed=1)
    options = {"validation": (V, U), "learning_rate": 1.0, "backend": backend}
    net = trained(X, Y, p, epochs=40, patience=4, **options)
    best = int(np.argmin(net.history.validation_cost))
    assert 0 < best < len(net.history.cost) - 1
    short = trained(X, Y, p, epochs=best + 1, **options)
    np.testing.assert_array_equal(flat(short), flat(net))
    cost = fs.cost_and_gradients(V, U, net.parameters, hidden=net.hidden, backend="numpy")[0]
    assert net.history.validation_cost[best] == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize("shape", [(30, 40, 1, 30), (2, 4, 1, 30)])
def test_looks_compile_nothing(shape, monkeypatch):
    """The slope is a number in memory there too: another one in each epoch needs no other kernel."""
    X, Y, p = make_case(*shape)
    options = {"validation": (X, Y), "backend": "fused"}
    trained(X, Y, p, epochs=1, **options).predict(X)
    monkeypatch.setattr(units, "_made", lambda *_: pytest.fail("it compiles"))
    predicted = []
    trained(X, Y, p, callbacks=lambda progress: predicted.append(progress.network.predict_proba(X)), **options)
    assert len({each.tobytes() for each in predicted}) == 7


@pytest.mark.parametrize("slope", [-1.5, 0.0, 0.3, 2.0, 1e6])
def test_any_slope_predicts_alike_and_is_kept(slope, tmp_path):
    for dtype in ("float32", "float64"):
        for shape in ((2, 4, 1, 50), (30, 40, 2, 50), (33, 19, 2, 8)):
            X, _, p = make_case(*shape, dtype)
            net = fs.Network(p, leaky_relu_of(slope), output_layer("identity"))
            right = net.predict(X, backend="numpy")
            for backend in ("loops", "examples", "fused", *["jit"] * (slope == -1.5)):  # Numba compiles for seconds
                scale = max(1.0, np.abs(right).max())
                np.testing.assert_allclose(net.predict(X, backend=backend), right, rtol=0, atol=tolerance(dtype, scale))
    net.save(tmp_path / "net.npz")
    again = fs.Network.load(tmp_path / "net.npz")
    assert again.hidden.slope == slope
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


def test_a_trained_network_is_kept(tmp_path):
    X, Y, p = make_case(2, 4, 1, 60, "float32")
    net = trained(X, Y, p, epochs=30, learning_rate=1.0)
    assert net.hidden.slope == np.float32(net.hidden.slope)
    net.save(tmp_path / "net.npz")
    again = fs.Network.load(tmp_path / "net.npz")
    assert again.hidden.slope == net.hidden.slope != 0.25
    np.testing.assert_array_equal(again.predict_proba(X), net.predict_proba(X))
    fixed = fs.train(X, Y, parameters=p, hidden=again.hidden, epochs=5, checkpoint=tmp_path / "run.npz")
    assert fixed.hidden.slope == fs.resume(tmp_path / "run.npz", X, Y, epochs=9).hidden.slope == net.hidden.slope


def test_elsewhere_it_is_a_slope_of_a_quarter():
    X, Y, p = make_case(3, 5, 1, 20)
    for backend in ("loops", "examples", "numpy", "jit", "fused"):
        costs = [
            fs.cost_and_gradients(X, Y, p, hidden=hidden, backend=backend) for hidden in (LEARN, fs.leaky_relu(0.25))
        ]
        assert costs[0][0] == costs[1][0]
        np.testing.assert_array_equal(*(gradients.W1 for _, gradients in costs))
        np.testing.assert_array_equal(
            *(fs.forward(X, p, hidden=h, backend=backend) for h in (LEARN, fs.leaky_relu(0.25)))
        )
    assert repr(LEARN) == "<Activation leaky_relu 0.25, learned>"
    assert not fs.leaky_relu(0.25).learned


def test_bad_arguments():
    X, Y, _ = make_case(2, 4, 1, 20)
    for slope in ("learned", True, math.nan, None, 1.0):
        with pytest.raises(ValueError, match=f"slope must be a number with 0 <= slope < 1, or 'learn', not {slope!r}"):
            fs.leaky_relu(slope)
    with pytest.raises(ValueError, match=r"hidden must not be leaky_relu.slope='learn'. for optimizer='lbfgs'"):
        fs.train(X, Y, hidden=LEARN, optimizer="lbfgs")
    for backend in ("loops", "examples", "jit"):
        with pytest.raises(ValueError, match=f"backend must be fused, numpy or auto for leaky_relu.*, not '{backend}'"):
            fs.train(X, Y, hidden=LEARN, backend=backend)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.filterwarnings("ignore:features should have mean 0")
def test_a_slope_that_diverges_is_told(backend):
    X, Y = np.array([[-1e200]]), np.array([[1e200]])
    with pytest.raises(fs.DivergenceError):
        trained(X, Y, BY_HAND, output="identity", epochs=1, learning_rate=1.0, backend=backend)


def test_a_damaged_slope_is_no_network(tmp_path):
    _, _, p = make_case(2, 4, 1, 20)
    with pytest.raises(ValueError, match="slope holds something else than finite numbers"):
        fs.Network(p, leaky_relu_of(math.nan), output_layer("sigmoid")).save(tmp_path / "net.npz")
    fs.Network(p, leaky_relu_of(0.5), output_layer("sigmoid")).save(tmp_path / "net.npz")
    members = dict(np.load(tmp_path / "net.npz")) | {"slope": math.inf}
    np.savez(tmp_path / "net.npz", **members)
    with pytest.raises(fs.NetworkFileError, match="slope holds something else"):
        fs.Network.load(tmp_path / "net.npz")
