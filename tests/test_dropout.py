"""Dropout: the compiled loop drops the very units of the reference, chosen by chance, whatever runs them."""

import itertools
import math
from functools import partial

import networks
import numpy as np
import pytest
from cases import DTYPES, for_long, make_case
from networks import same
from shapes import fitted
from tolerance import tolerance

import fastshallow as fs
from fastshallow.backends import numpy as reference
from fastshallow.formulas import dropout
from fastshallow.formulas.activations import activation
from fastshallow.formulas.dropout import Dropout
from fastshallow.formulas.losses import output_layer
from fastshallow.kernels import units
from fastshallow.training import compiled, loop

# Each kernel compiles for seconds; `test_every_size` has more. The last batch is smaller than the others.
CASES = [
    fitted("exact", (2, 4, 1, 203), 48, "float32"),
    fitted("examples", (9, 11, 2, 203), 70, "float64"),
    fitted("units", (30, 40, 2, 203), 70, "float64"),
    fitted("units", (30, 40, 2, 203), 70, "float32"),
    fitted("features", (33, 19, 2, 50), 8, "float32"),
]
EACH = pytest.mark.parametrize(("arrangement", "shape", "size", "dtype"), CASES)
KEY = int(np.random.RandomState(3).randint(0, 2**63 - 1, dtype=np.int64))  # what seed=3 draws first


far = partial(networks.far, c=200.0)


def options_of(p, size, **more):
    return {"parameters": p, "learning_rate": 0.1, "batch_size": size, "seed": 3, "epochs": 7, "dropout": 0.3} | more


@pytest.mark.kernels
@EACH
def test_the_compiled_loop_drops_the_units_of_the_reference(arrangement, shape, size, dtype, monkeypatch):
    assert fs.explain(*shape[:3], size or shape[3], dtype).plan.arrangement == arrangement
    X, Y, p = make_case(*shape, dtype)
    for shuffle in (False, True):
        options = options_of(p, size, shuffle=shuffle)
        fast = fs.train(X, Y, backend="fused", **options)
        assert far(fast, fs.train(X, Y, backend="numpy", **options), dtype) <= 1.0
        assert {each.dtype for each in fast.parameters} == {np.dtype(dtype)}

        def wrong(self, epoch, examples, n_h, dtype, right=Dropout.mask):
            mask = right(self, epoch, examples, n_h, dtype)
            if epoch == 2:
                mask[-1, examples == 17] = self.scale - mask[-1, examples == 17]
            return mask

        with monkeypatch.context() as patch:
            patch.setattr(Dropout, "mask", wrong)  # one unit of one example, in one epoch of seven
            assert far(fast, fs.train(X, Y, backend="numpy", **options), dtype) > 10.0


# Hidden units and examples on both sides of every vector and tile; where examples lie in lanes, of constant sizes too.
SHAPES = [(3, 7, 1), (9, 9, 2), (12, 15, 3), (12, 16, 3), (12, 17, 3)] + [
    (40, n_h, 3) for n_h in (1, 31, 33, 47, 48, 49, 65, 130)
]


@pytest.mark.parametrize(("shape", "dtype"), for_long(list(itertools.product(SHAPES, DTYPES))))
def test_every_size(shape, dtype):
    """No step changes a thing, so each cost is the sum over all examples of what their masks make of them."""
    for m in (1, 7, 16, 33, 129, 515):
        X, Y, p = make_case(*shape, m, dtype)
        options = options_of(p, None, learning_rate=1e-30, epochs=3)
        nets = [fs.train(X, Y, backend=backend, **options) for backend in ("numpy", "fused")]
        np.testing.assert_allclose(nets[1].history.cost, nets[0].history.cost, rtol=0, atol=tolerance(dtype, shape[2]))


def test_masks_depend_on_nothing_else():
    X, Y, p = make_case(20, 33, 2, 203)
    options = options_of(p, None, learning_rate=1e-300)
    costs = fs.train(X, Y, backend="numpy", **options).history.cost
    assert np.abs(np.diff(costs)).min() > 1e-6  # each epoch has its own
    for size in (7, 64, 202, None):
        for shuffle in (False, True, "blocks"):
            for backend in ("numpy", "fused"):
                net = fs.train(X, Y, backend=backend, **options | {"batch_size": size, "shuffle": shuffle})
                np.testing.assert_allclose(net.history.cost, costs, rtol=1e-13)
    other = fs.train(X, Y, backend="numpy", **options | {"seed": 4})
    assert np.abs(other.history.cost - costs).min() > 1e-6


# ---- by hand ----


def kept_by_hand(key, epoch, example, unit, rate):
    """Whether a unit is kept, in Python's integers."""

    def mix(x):
        x = (x ^ x >> 16) * 0x21F0AAAD % 2**32
        x = (x ^ x >> 15) * 0xD35A2D97 % 2**32
        return x ^ x >> 15

    low, high = key % 2**32, key >> 32
    one = mix(mix(epoch ^ low) ^ high)
    two = mix((mix((epoch + high) % 2**32) + low) % 2**32)
    start = (mix(example ^ one) + two) % 2**32
    return mix((start + unit * 0x9E3779B9) % 2**32) < (1 - rate) * 2**32


def test_the_mask_by_hand():
    for key in (0, 1, 2**32, KEY, 2**63 - 1):
        for epoch, rate in ((0, 0.5), (1, 0.25), (10**6, 0.9)):
            examples = np.array([0, 1, 5, 2**20, 2**31, 2**32 - 1])
            mask = Dropout(rate, key).mask(epoch, examples, 70, "float32")
            hand = [[kept_by_hand(key, epoch, int(e), j, rate) / (1 - rate) for e in examples] for j in range(70)]
            np.testing.assert_array_equal(mask, np.float32(hand))
            assert mask.dtype == np.float32
            each, both = Dropout(rate, key).keys(epoch + 1, 1), Dropout(rate, key).keys(epoch, 2)
            np.testing.assert_array_equal(both[1:], each)


def test_a_checkpoint_goes_on_with_these_bits():
    """Written out, so that no later version draws others."""
    mask = Dropout(0.5, 12345).mask(6, np.arange(8), 4, "float64")
    rows = ["".join("x" if kept else "." for kept in row) for row in mask]
    assert rows == ["xxxxx.xx", "xxx.x.xx", "xxxxx..x", "..xxxxx."]


def test_training_by_hand():
    X, Y, p = make_case(2, 4, 1, 50)
    (W1, b1, W2, b2), costs = p, []
    for epoch in range(4):
        D = np.array([[kept_by_hand(KEY, epoch, i, j, 0.4) for i in range(50)] for j in range(4)]) / 0.6
        A1 = np.tanh(W1 @ X + b1)
        A2 = 1 / (1 + np.exp(-(W2 @ (A1 * D) + b2)))
        costs.append(-np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)))
        dZ2 = (A2 - Y) / 50
        dZ1 = (W2.T @ dZ2) * D * (1 - A1**2)
        W1, b1 = W1 - 0.5 * dZ1 @ X.T, b1 - 0.5 * dZ1.sum(axis=1, keepdims=True)
        W2, b2 = W2 - 0.5 * dZ2 @ (A1 * D).T, b2 - 0.5 * dZ2.sum(axis=1, keepdims=True)
    for backend in ("numpy", "fused"):
        net = fs.train(X, Y, backend=backend, **options_of(p, None, epochs=4, learning_rate=0.5, dropout=0.4))
        np.testing.assert_allclose(net.history.cost, costs, rtol=1e-13)
        for mine, right in zip(net.parameters, (W1, b1, W2, b2), strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(
    ("hidden", "output"), [("tanh", "sigmoid"), ("sigmoid", "softmax"), ("leaky_relu", "identity")]
)
def test_gradients_with_a_mask_are_those_of_finite_differences(hidden, output):
    X, Y, p = make_case(3, 5, 2, 20, output=output)
    mask = Dropout(0.4, KEY).mask(0, np.arange(20), 5, "float64")
    g, loss = activation(hidden), output_layer(output)

    def cost(p):
        return reference.cost_and_gradients(X, Y, p, g, loss, mask=mask)[0]

    _, gradients = reference.cost_and_gradients(X, Y, p, g, loss, mask=mask)
    for name, gradient in gradients._asdict().items():
        for place in np.ndindex(gradient.shape):
            step = np.zeros(gradient.shape)
            step[place] = 1e-6
            up, down = (p._replace(**{name: getattr(p, name) + sign * step}) for sign in (1, -1))
            assert gradient[place] == pytest.approx((cost(up) - cost(down)) / 2e-6, rel=1e-6, abs=1e-9)


# ---- pieces, threads, checkpoints ----


@EACH
def test_pieces_change_no_bit(arrangement, shape, size, dtype, monkeypatch):
    X, Y, p = make_case(*shape, dtype)
    options = options_of(p, size, backend="fused")
    whole = fs.train(X, Y, **options)
    monkeypatch.setattr(loop, "PIECE", 0.0)
    for room in (1, 3, 3 * shape[3]):  # keys of one epoch or a few
        monkeypatch.setattr(compiled, "ROOM", room)
        assert same(fs.train(X, Y, **options), whole)


@pytest.mark.parametrize(("shape", "size"), [((2, 4, 1, 60_000), 40_000), ((30, 40, 2, 5_000), 3_000)])
def test_nor_do_threads(shape, size, monkeypatch):
    assert fs.explain(*shape[:3], size).plan.groups > 1
    X, Y, p = make_case(*shape)
    options = options_of(p, size, epochs=3)
    one = fs.train(X, Y, threads=1, backend="fused", **options)
    assert far(one, fs.train(X, Y, backend="numpy", **options), "float64") <= 1.0
    monkeypatch.setattr(loop, "PIECE", 0.0)
    for threads in (1, 2, 3, None):
        assert same(fs.train(X, Y, threads=threads, backend="fused", **options), one)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_a_resumed_run_goes_on_with_the_same_masks(backend, tmp_path):
    X, Y, p = make_case(30, 40, 2, 203)
    options = options_of(p, 70, backend=backend)
    whole, file = fs.train(X, Y, **options), tmp_path / "run.npz"
    for epochs in (1, 4):
        fs.train(X, Y, **options | {"epochs": epochs}, checkpoint=file)
        assert same(fs.resume(file, X, Y, epochs=7), whole)


# ---- chance ----


def deviations(masks, rate):
    """Standard scores of what chance decides, from masks (epochs, units, examples)."""
    q = 1.0 - rate
    v = ((masks > 0) - q) / math.sqrt(q * rate)

    def chi_square(sums, count):
        return ((sums**2 / count).sum() - sums.size) / math.sqrt(2 * sums.size)

    scores = {"mean": v.sum() / math.sqrt(v.size)}
    for names, axes in (("epoch", (1, 2)), ("unit", (0, 2)), ("example", (0, 1))):
        sums = v.sum(axis=axes)  # their mean square is the variance of the kept share
        scores[f"shares by {names}"] = chi_square(sums, v.size / sums.size)
    for axis, names in enumerate(("unit, example", "epoch, example", "epoch, unit")):
        scores[f"shares by {names}"] = chi_square(v.sum(axis=axis), v.shape[axis])
    for lags in ((0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1), (0, 0, 2), (0, 0, 16)):
        ends = [np.s_[lag:] for lag in lags]
        starts = [np.s_[: size - lag] for lag, size in zip(lags, v.shape, strict=True)]
        products = v[tuple(starts)] * v[tuple(ends)]
        scores[f"neighbours {lags}"] = products.sum() / math.sqrt(products.size)
    for axis, name in enumerate(("epochs", "units", "examples")):  # four in a row: 16 patterns
        bits = np.moveaxis(masks > 0, axis, -1)
        bits = bits[..., : bits.shape[-1] // 4 * 4].reshape(-1, 4)
        counts = np.bincount(bits @ [1, 2, 4, 8], minlength=16)
        kept = np.array([bin(pattern).count("1") for pattern in range(16)])
        expected = len(bits) * q**kept * rate ** (4 - kept)
        scores[f"patterns of {name}"] = (((counts - expected) ** 2 / expected).sum() - 15) / math.sqrt(30)
    return scores


def masks_of(key, rate, epochs=24, n_h=48, m=1024):
    return np.stack([Dropout(rate, key).mask(epoch, np.arange(m), n_h, "float32") for epoch in range(epochs)])


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("key", [0, 1, 2**32, KEY])
def test_chance_is_fair(key, rate):
    for name, score in deviations(masks_of(key, rate), rate).items():
        assert abs(score) < 4.5, name


@pytest.mark.parametrize("weak", [lambda x: x, lambda x: x * np.uint32(0x21F0AAAD)], ids=["none", "a product"])
def test_weak_mixing_would_be_noticed(weak, monkeypatch):
    monkeypatch.setattr(dropout, "mix", weak)
    assert max(map(abs, deviations(masks_of(KEY, 0.5), 0.5).values())) > 20.0


def test_the_expected_activations_are_kept():
    A1 = np.tanh(np.random.default_rng(0).standard_normal((6, 10)))
    for rate in (0.1, 0.5, 0.8):
        masks = masks_of(KEY, rate, 4000, 6, 10)
        error = (masks * A1).mean(axis=0) - A1
        assert (np.abs(error) < 4.5 * np.abs(A1) * math.sqrt(rate / (1 - rate) / 4000)).all()


def test_the_ends_of_the_scale():
    assert Dropout(0.25, 0).threshold == 3 * 2**30 and Dropout(0.25, 0).scale == 4 / 3
    assert Dropout(1e-300, 0).threshold == 2**32 - 1 and Dropout(1e-300, 0).scale == 1.0
    assert Dropout(1.0 - 2**-53, 0).threshold == 1 and Dropout(1.0 - 2**-53, 0).scale == 2.0**53


# ---- what train does with it ----


def test_without_dropout_nothing_changes():
    X, Y, p = make_case(2, 4, 1, 203)
    for backend in ("numpy", "fused"):
        options = options_of(p, 70, backend=backend)
        del options["dropout"]
        plain, count = fs.train(X, Y, **options), len(units._addresses)
        for zero in (0, 0.0, np.float32(0.0)):
            assert same(fs.train(X, Y, dropout=zero, **options), plain)
        assert len(units._addresses) == count


def test_rates_and_seeds_compile_nothing():
    X, Y, p = make_case(2, 4, 1, 203)
    options = options_of(p, 70, backend="fused")
    nets = [fs.train(X, Y, **options)]
    count = len(units._addresses)
    nets += [fs.train(X, Y, **options | {"dropout": rate, "seed": seed}) for rate, seed in ((0.3, 4), (0.5, 3))]
    assert len(units._addresses) == count and len({net.history.cost[-1] for net in nets}) == 3


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_predictions_and_validation_use_all_units(backend):
    X, Y, p = make_case(2, 4, 1, 80)
    more = make_case(2, 4, 1, 30, seed=1)[:2]
    net = fs.train(X, Y, validation=more, **options_of(p, None, backend=backend, epochs=5, cost_every=4))
    cost, _ = fs.cost_and_gradients(*more, net.parameters)
    assert net.history.validation_cost[-1] == pytest.approx(cost, rel=1e-12)
    A2 = reference.forward(X, net.parameters, activation("tanh"), output_layer("sigmoid"))
    np.testing.assert_allclose(net.predict_proba(X), A2, rtol=1e-12)


def test_with_everything_else():
    """With weights, clipping, an optimizer with states and decay: the same steps."""
    X, Y, p = make_case(30, 40, 1, 203)
    options = options_of(p, 70, learning_rate=0.01, optimizer="adam", l2=0.5, clip_norm=0.1)
    options |= {"sample_weight": np.linspace(0.5, 1.5, 203)}
    slow, fast = (fs.train(X, Y, backend=backend, **options) for backend in ("numpy", "fused"))
    assert far(fast, slow, "float64") <= 1.0
    assert far(fs.train(X, Y, backend="numpy", **options | {"dropout": 0.0}), slow, "float64") > 1e6


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dropout": 1.0}, ValueError, "dropout must be less than 1, not 1.0"),
        ({"dropout": 1.5}, ValueError, "dropout must be less than 1, not 1.5"),
        ({"dropout": -0.1}, ValueError, "dropout must be not negative and finite, not -0.1"),
        ({"dropout": math.nan}, ValueError, "dropout must be not negative and finite, not nan"),
        ({"dropout": "0.5"}, TypeError, "dropout must be a number, not '0.5'"),
        ({"dropout": True}, TypeError, "dropout must be a number, not True"),
        *[
            ({"dropout": 0.5, "backend": name}, ValueError, f"must be fused, numpy or auto for dropout, not '{name}'")
            for name in ("loops", "examples", "jit")
        ],
    ],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        fs.train(np.ones((2, 6)), np.ones((1, 6)), **options)
