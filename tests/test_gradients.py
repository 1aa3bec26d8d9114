"""The reference's gradients have oracles of their own: differences, complex steps, values by hand, invariances."""

import numpy as np
import pytest
from cases import ACTIVATIONS, OUTPUTS, make_case

import fastshallow as fs
from fastshallow.formulas.activations import activation

SMOOTH = ("identity", "sigmoid", "tanh")


def cost_of(X, Y, p, hidden, output):
    """The cost from the definition, with logarithms of A2; complex numbers go through."""
    A1 = activation(hidden).value(p.W1 @ X + p.b1)
    Z2 = p.W2 @ A1 + p.b2
    if output == "identity":
        loss = 0.5 * (Z2 - Y) ** 2
    elif output == "softmax":
        loss = -Y * (Z2 - np.log(np.exp(Z2).sum(axis=0)))
    elif output == "exp":
        loss = np.exp(Z2) - Y * Z2 - Y + Y * np.log(np.where(Y > 0, Y, 1.0))
    else:
        A2 = 1 / (1 + np.exp(-Z2))
        loss = -Y * np.log(A2) - (1 - Y) * np.log(1 - A2)
    return loss.sum() / X.shape[1]


def stepped(p, name, index, step):
    arrays = {field: array.astype(type(step)) for field, array in p._asdict().items()}
    arrays[name][index] += step
    return fs.Parameters(**arrays)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", SMOOTH)
@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_complex_steps(backend, hidden, output):
    X, Y, p = make_case(3, 4, 3, 7, output=output)
    cost, gradients = fs.cost_and_gradients(X, Y, p, hidden, output, backend=backend)
    assert cost == pytest.approx(cost_of(X, Y, p, hidden, output), rel=1e-13)
    h = 1e-30
    for name, gradient in gradients._asdict().items():
        for index in np.ndindex(gradient.shape):
            slope = cost_of(X, Y, stepped(p, name, index, 1j * h), hidden, output).imag / h
            assert gradient[index] == pytest.approx(slope, rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_central_differences(backend, hidden, output):
    X, Y, p = make_case(3, 4, 3, 7, output=output)
    gradients = fs.cost_and_gradients(X, Y, p, hidden, output, backend=backend)[1]
    h = 1e-6
    for name, gradient in gradients._asdict().items():
        for index in np.ndindex(gradient.shape):
            up, down = (fs.cost_and_gradients(X, Y, stepped(p, name, index, s), hidden, output)[0] for s in (h, -h))
            assert gradient[index] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("backend", ["loops", "examples", "numpy", "jit", "fused"])
def test_by_hand(backend):
    # one example, one of everything: z1 = 0.5, a1 = relu(z1) = 0.5, z2 = 2 * 0.5 - 1 = 0, a2 = 1/2, dz2 = -1/2
    X, Y = np.array([[1.0]]), np.array([[1.0]])
    p = fs.Parameters(np.array([[0.25]]), np.array([[0.25]]), np.array([[2.0]]), np.array([[-1.0]]))
    cost, gradients = fs.cost_and_gradients(X, Y, p, "relu", "sigmoid", backend=backend)
    assert cost == pytest.approx(np.log(2), rel=1e-15)
    assert [float(g[0, 0]) for g in gradients] == [-1.0, -1.0, -0.25, -0.5]


@pytest.mark.parametrize("hidden", ["relu", "leaky_relu"])
@pytest.mark.parametrize("backend", ["loops", "examples", "numpy", "jit", "fused"])
def test_the_rectifiers_slope_at_zero_is_one(backend, hidden):
    X, Y = np.ones((1, 1)), np.zeros((1, 1))
    p = fs.Parameters(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)))
    gradients = fs.cost_and_gradients(X, Y, p, hidden, "sigmoid", backend=backend)[1]
    assert gradients.W1[0, 0] == gradients.b1[0, 0] == 0.5


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize("sizes", [(5, 7, 2, 40), (40, 50, 3, 300)])
def test_invariances(backend, sizes):
    X, Y, p = make_case(*sizes)
    cost, gradients = fs.cost_and_gradients(X, Y, p, backend=backend)
    order = np.random.default_rng(1).permutation(X.shape[1])
    shuffled = fs.cost_and_gradients(X[:, order], Y[:, order], p, backend=backend)
    doubled = fs.cost_and_gradients(np.hstack([X, X]), np.hstack([Y, Y]), p, backend=backend)
    units = np.random.default_rng(2).permutation(len(p.W1))
    swapped = fs.Parameters(p.W1[units], p.b1[units], p.W2[:, units], p.b2)
    renamed = fs.cost_and_gradients(X, Y, swapped, backend=backend)
    back = np.argsort(units)
    d = renamed[1]
    renamed = renamed[0], fs.Parameters(d.W1[back], d.b1[back], d.W2[:, back], d.b2)
    for other in (shuffled, doubled, renamed):
        assert other[0] == pytest.approx(cost, rel=1e-13)
        for mine, right in zip(other[1], gradients, strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("backend", ["loops", "examples", "numpy", "jit", "fused"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scores_of_any_size_give_a_finite_cost(backend, dtype):
    X = np.array([[1e4, -1e4, 1e4, -1e4]], dtype)
    p = fs.Parameters(*(np.full((1, 1), w, dtype) for w in (1.0, 0.0, 100.0, 0.0)))
    right = fs.cost_and_gradients(X, (X > 0).astype(dtype), p, "identity", "sigmoid", backend=backend)[0]
    wrong = fs.cost_and_gradients(X, (X < 0).astype(dtype), p, "identity", "sigmoid", backend=backend)[0]
    assert right == 0.0 and wrong == pytest.approx(1e6, rel=1e-6)


@pytest.mark.parametrize("backend", ["numpy", "fused"])
@pytest.mark.parametrize("sizes", [(2, 4, 1, 50), (5, 9, 2, 50), (30, 64, 1, 50), (64, 20, 1, 3)])
def test_nan_and_infinity_are_kept(backend, sizes):
    X, Y, p = make_case(*sizes)
    X[0, 1] = np.nan
    cost, gradients = fs.cost_and_gradients(X, Y, p, backend=backend)
    assert not np.isfinite(cost) and not np.isfinite(gradients.W1).all()
    X[0, 1], p.b2[0, 0] = 0.0, np.inf
    assert not np.isfinite(fs.cost_and_gradients(X, 0.0 * Y, p, backend=backend)[0])


@pytest.mark.parametrize("backend", ["numpy", "fused"])
def test_an_infinite_example_is_kept(backend):
    X, Y, p = make_case(3, 4, 3, 50)
    X[0, 1] = np.inf
    cost, gradients = fs.cost_and_gradients(X, Y, p, hidden="identity", backend=backend)
    assert not np.isfinite(cost) and not np.isfinite(gradients.W1).all()
