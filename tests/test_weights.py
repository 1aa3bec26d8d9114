"""Examples that count differently, and gradients that are clipped: the compiled loop takes the reference's steps."""

from functools import partial

import networks
import numpy as np
import pytest
from cases import make_case
from shapes import fitted
from tolerance import tolerance

import fastshallow as fs

# Each kernel compiles for seconds. Batches end within a tile, a vector, and a group.
CASES = [
    fitted("exact", (2, 4, 1, 203), 64, "float32", "sigmoid"),
    fitted("examples", (9, 11, 2, 203), 70, "float64", "identity"),
    fitted("units", (30, 40, 3, 203), 70, "float64", "softmax"),
    fitted("features", (33, 19, 2, 50), 8, "float32", "sigmoid"),
]


far = partial(networks.far, c=100.0)


def weights_of(m, seed=0):
    weights = np.random.default_rng(seed).random(m) * 3
    weights[::7] = 0.0
    return weights


def train(X, Y, p, output, **options):
    return fs.train(X, Y, output=output, parameters=p, **{"epochs": 15, "learning_rate": 0.2, "seed": 3} | options)


@pytest.mark.kernels
@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype", "output"), CASES)
def test_the_compiled_loop_weighs_as_the_reference(arrangement, shape, size, dtype, output, batched):
    X, Y, p = make_case(*shape, dtype, output)
    options = {"batch_size": size if batched else None, "clip_norm": 0.3 if batched else None, "l2": 0.1}
    if batched:
        assert fs.explain(*shape[:3], size, dtype).plan.arrangement == arrangement
    weights = weights_of(shape[3])
    slow, fast = (
        train(X, Y, p, output, backend=b, sample_weight=weights, **options) for b in ("numpy", "fused")
    )  # fmt: skip
    assert far(fast, slow, dtype) <= 1.0
    weights[1] *= 1.1
    other = train(X, Y, p, output, backend="numpy", sample_weight=weights, **options)
    assert far(fast, other, dtype) > 10.0  # one other weight would be noticed


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_whole_weights_are_repeated_examples(backend):
    X, Y, p = make_case(3, 4, 1, 40)
    counts = np.random.default_rng(1).integers(0, 4, 40)
    repeated = np.repeat(np.arange(40), counts)
    for options in ({}, {"optimizer": "lbfgs"}):
        one = train(X, Y, p, "sigmoid", backend=backend, sample_weight=counts, **options)
        other = train(X[:, repeated], Y[:, repeated], p, "sigmoid", backend=backend, **options)
        assert far(one, other, "float64") <= (1000.0 if options else 1.0)  # a line search amplifies rounding


def test_a_weighted_step_by_hand():
    X, Y, p = make_case(3, 4, 2, 10, output="identity")
    weights = weights_of(10)
    net = train(X, Y, p, "identity", epochs=1, learning_rate=0.3, sample_weight=5 * weights)
    cost, gradients = 0.0, [np.zeros_like(each) for each in p]
    for t in range(10):
        part, each = fs.cost_and_gradients(X[:, [t]], Y[:, [t]], p, output="identity", backend="numpy")
        share = weights[t] / weights.sum()
        cost += share * part
        gradients = [total + share * g for total, g in zip(gradients, each, strict=True)]
    assert net.history.cost[0] == pytest.approx(cost, rel=1e-13)
    for mine, w, dw in zip(net.parameters, p, gradients, strict=True):
        np.testing.assert_allclose(mine, w - 0.3 * dw, rtol=1e-12, atol=1e-15)


def test_equal_weights_change_no_bit_of_the_cost():
    X, Y, p = make_case(3, 4, 1, 40)
    one, other = (train(X, Y, p, "sigmoid", sample_weight=w) for w in (None, np.full(40, 7.0)))
    np.testing.assert_array_equal(one.history.cost, other.history.cost)


def test_class_weights():
    X, Y, p = make_case(3, 4, 1, 40)
    label = Y[0].astype(int)
    by_hand = train(X, Y, p, "sigmoid", sample_weight=np.array([2.0, 5.0])[label])
    assert far(train(X, Y, p, "sigmoid", class_weight={0: 2.0, 1: 5.0}), by_hand, "float64") <= 1.0
    weights, share = weights_of(40), 40 / (2 * np.bincount(label))
    by_hand = train(X, Y, p, "sigmoid", sample_weight=weights * share[label])
    both = train(X, Y, p, "sigmoid", sample_weight=weights, class_weight="balanced")
    assert far(both, by_hand, "float64") <= 1.0
    X, Y, p = make_case(3, 4, 4, 40, output="softmax")
    by_hand = train(X, Y, p, "softmax", sample_weight=np.array([1.0, 1.0, 3.0, 0.0])[Y.argmax(axis=0)])
    assert far(train(X, Y, p, "softmax", class_weight={2: 3.0, 3: 0.0}), by_hand, "float64") <= 1.0


@pytest.mark.kernels
@pytest.mark.parametrize(("arrangement", "shape", "size", "dtype", "output"), CASES)
def test_the_norm_is_clipped(arrangement, shape, size, dtype, output):
    X, Y, p = make_case(*shape[:3], size, dtype, output)
    _, gradients = fs.cost_and_gradients(X, Y, p, output=output, backend="numpy")
    norm = np.sqrt(sum(float((each.astype(float) ** 2).sum()) for each in gradients))
    for limit in (0.5 * norm, 2.0 * norm):
        net = train(X, Y, p, output, epochs=1, learning_rate=1.0, clip_norm=limit, backend="fused")
        moved = np.concatenate([(a - b).ravel() for a, b in zip(p, net.parameters, strict=True)])
        expected = min(1.0, limit / norm) * np.concatenate([each.ravel() for each in gradients])
        assert np.abs(moved - expected).max() <= tolerance(dtype, 2.0, 8.0)


def test_pytorch_clips_the_same():
    torch = pytest.importorskip("torch")
    gradients = [np.random.default_rng(0).standard_normal((3, 4)) for _ in range(2)]
    theirs = [torch.nn.Parameter(torch.zeros(3, 4, dtype=torch.float64)) for _ in gradients]
    for each, g in zip(theirs, gradients, strict=True):
        each.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(theirs, 1.5)
    from fastshallow.training.stepwise import clip_scale

    for each, g in zip(theirs, gradients, strict=True):
        np.testing.assert_allclose(clip_scale(gradients, 1.5) * g, each.grad.numpy(), rtol=1e-5)


ONES = np.ones((2, 6)), np.ones((1, 6))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sample_weight": np.ones(5)}, ValueError, r"sample_weight must have shape \(6,\).* not \(5,\)"),
        ({"sample_weight": -np.ones(6)}, ValueError, "sample_weight must be finite and not negative"),
        ({"sample_weight": [1, 2, 3, 4, 5, np.nan]}, ValueError, "sample_weight must be finite"),
        ({"sample_weight": np.zeros(6)}, ValueError, "weights of all examples add up to 0"),
        ({"sample_weight": "many"}, TypeError, "sample_weight must be 6 numbers"),
        ({"class_weight": "even"}, TypeError, "class_weight must be 'balanced' or a dict"),
        ({"class_weight": {2: 1.0}}, ValueError, "class_weight has class 2; the classes are 0 to 1"),
        ({"class_weight": {1: -1.0}}, ValueError, r"class_weight\[1\] must be finite and not negative"),
        ({"class_weight": {0: 1.0}, "output": "identity"}, ValueError, "class_weight needs classes"),
        (
            {"sample_weight": np.ones(6), "backend": "jit"},
            ValueError,
            "backend must be fused, numpy or auto for sample",
        ),
        ({"clip_norm": 0.0}, ValueError, "clip_norm must be positive and finite, not 0.0"),
        ({"clip_norm": 1.0, "optimizer": "lbfgs"}, ValueError, "batch_size and clip_norm must be None, and"),
        ({"dropout": 0.1, "optimizer": "lbfgs"}, ValueError, "dropout 0, for optimizer='lbfgs'"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        fs.train(*ONES, epochs=2, **options)
