"""Activations of one's own run everywhere or are refused, and kernels never mistake one formula for another."""

import itertools
import math

import numpy as np
import pytest
from cases import ACTIVATIONS, DTYPES, make_case

import fastshallow as fs
from fastshallow.formulas.activations import activation
from fastshallow.formulas.text import digest

FACTOR = 2.0


def helped(z):
    return FACTOR * z


SOFTSIGN = fs.Activation("softsign", lambda z: z / (1.0 + np.abs(z)), lambda z, a: (1.0 - np.abs(a)) ** 2)
BACKENDS = ("loops", "examples", "jit", "fused")


@pytest.mark.parametrize(
    ("backend", "dtype"),
    [each for each in itertools.product(BACKENDS, DTYPES) if each != ("jit", "float64")],  # Numba compiles for seconds
)
def test_your_own_runs_on_every_backend(backend, dtype):
    X, Y, p = make_case(3, 4, 3, 70, dtype)
    cost, gradients = fs.cost_and_gradients(X, Y, p, hidden=SOFTSIGN, backend="numpy")
    mine = fs.cost_and_gradients(X, Y, p, hidden=SOFTSIGN, backend=backend)
    rtol = 2000 * float(np.finfo(dtype).eps)
    assert mine[0] == pytest.approx(cost, rel=rtol)
    for one, right in zip(mine[1], gradients, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(one, right, rtol=rtol, atol=rtol * np.abs(right).max())


def test_every_operation_runs_in_the_kernel():
    """One formula of all that the kernels have; its branches join, or it would have no derivative."""

    def value(z):
        inside = np.where((z > -1.0) & (z <= 1.0) | ~(z == z), np.tanh(z), np.sqrt(np.square(z) + 1.0) - 1.0)
        return (
            inside * 0.0
            + np.minimum(np.maximum(z, -40.0), 40.0) * 0.5
            + np.log1p(np.exp(-np.abs(z))) * 0.0
            + z**2 / 64.0
        )

    def derivative(z, a):
        return (np.expm1(z * 0.0) + 0.5) * ((z > -40.0) ^ (z >= 40.0)) + (z + z) / 64.0 + np.log(np.exp(a * 0.0))

    every = fs.Activation("every", value, derivative)
    X, Y, p = make_case(3, 4, 3, 70)
    cost, gradients = fs.cost_and_gradients(X, Y, p, hidden=every, backend="numpy")
    mine = fs.cost_and_gradients(X, Y, p, hidden=every, backend="fused")
    assert mine[0] == pytest.approx(cost, rel=1e-13)
    for one, right in zip(mine[1], gradients, strict=True):
        np.testing.assert_allclose(one, right, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives(name):
    g = activation(name)
    z = np.array([-2.0, -0.5, 0.5, 3.0])
    expected = {
        "identity": (z, [1.0, 1.0, 1.0, 1.0]),
        "sigmoid": (1 / (1 + np.exp(-z)), np.exp(-z) / (1 + np.exp(-z)) ** 2),
        "tanh": (np.tanh(z), 1 / np.cosh(z) ** 2),
        "relu": ([0.0, 0.0, 0.5, 3.0], [0.0, 0.0, 1.0, 1.0]),
        "leaky_relu": ([-0.02, -0.005, 0.5, 3.0], [0.01, 0.01, 1.0, 1.0]),
        "softplus": (np.log(1 + np.exp(z)), 1 / (1 + np.exp(-z))),
    }[name]
    np.testing.assert_allclose(g.value(z), expected[0], rtol=1e-14)
    np.testing.assert_allclose(np.asarray(g.derivative(z, g.value(z)), float), expected[1], rtol=1e-14)


@pytest.mark.parametrize("backend", [pytest.param("fused", marks=pytest.mark.kernels), "numpy"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softplus_never_overflows(backend, dtype):
    """A1 by W2 = 1, and the gradient by W1 = 1 x: exp(z) itself would end at z = 89, or 710."""
    eps = np.finfo(dtype).eps
    tail = -30.0, 9.357622968839736e-14, 9.357622968839299e-14
    for z, value, derivative in ((1e4, 1e4, 1.0), (800.0, 800.0, 1.0), tail, (-800.0, 0.0, 0.0)):
        X, Y = np.array([[z]], dtype), np.array([[value - 1.0]], dtype)
        p = fs.Parameters(*(np.array([[number]], dtype) for number in (1, 0, 1, 0)))
        A2 = fs.forward(X, p, hidden="softplus", output="identity", backend=backend)
        np.testing.assert_allclose(A2, [[value]], rtol=8 * eps)
        with np.errstate(all="raise", under="ignore"):
            _, gradients = fs.cost_and_gradients(X, Y, p, hidden="softplus", output="identity", backend=backend)
        np.testing.assert_allclose(gradients.b1, [[derivative]], rtol=8 * eps)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_a_rectifiers_slope_at_zero_is_one(name):
    for zero in (0.0, -0.0):
        z = np.array([zero])
        assert float(activation(name).derivative(z, z)[0]) == 1.0


def test_leaky_relu_takes_a_slope():
    z = np.array([-4.0, 2.0])
    np.testing.assert_array_equal(fs.leaky_relu(0.25).value(z), [-1.0, 2.0])
    assert fs.leaky_relu() is activation("leaky_relu")
    assert repr(fs.leaky_relu(0.25)) == "<Activation leaky_relu 0.25>"
    X, Y, p = make_case(3, 4, 3, 20)
    cost = fs.cost_and_gradients(X, Y, p, hidden=fs.leaky_relu(0.25), backend="numpy")[0]
    assert fs.cost_and_gradients(X, Y, p, hidden=fs.leaky_relu(0.25), backend="fused")[0] == pytest.approx(
        cost, rel=1e-14
    )
    for slope in (1.0, -0.1, math.nan, "steep"):
        with pytest.raises(ValueError, match="slope must be a number with 0 <= slope < 1"):
            fs.leaky_relu(slope)


@pytest.mark.parametrize(
    ("value", "derivative", "message"),
    [
        (lambda z: np.tanh(z), lambda z, a: 1.0 - a, "the derivative of 'mine' contradicts its value: at z = "),
        (lambda z: np.tanh(z), lambda z, a: a * a - 1.0, "contradicts its value"),
        (lambda z: np.sin(z), lambda z, a: np.cos(z), "the value of 'mine' uses np.sin, which"),
        (lambda z: np.tanh(z), lambda z, a: 1.0 / np.cosh(z) ** 2, "the derivative of 'mine' uses np.cosh"),
        (lambda z: z**0.5, lambda z, a: 0.5 / a, "a power other than a constant integer from 0 to 8"),
        (lambda z: z if z > 0 else 0.0, lambda z, a: z >= 0, "decides by the value of an array"),
        (lambda z: max(z, 0.0), lambda z, a: z >= 0, "decides by the value of an array"),
        (lambda z: math.tanh(z), lambda z, a: 1.0 - a * a, "makes a number of an array"),
        (lambda z: z, lambda z, a: 1.0, "the derivative of 'mine' gives 1.0 whatever its argument is"),
        (lambda z: z - z.mean(), lambda z, a: z == z, "the attribute or method .mean"),
        (lambda z: z * z[0], lambda z, a: z == z, "an index"),
        (lambda z: np.log(z), lambda z, a: 1.0 / z, "the value of 'mine' is not finite at z = "),
        (lambda z: np.sum(z) + z, lambda z, a: z == z, "np.sum|np.add"),
        (lambda z: z.nosuch, lambda z, a: z == z, "the attribute or method .nosuch"),
        (lambda z, extra: z, lambda z, a: z == z, "the value of 'mine' must take z alone, not z, extra"),
        (lambda z, f=2.0: f * z, lambda z, a: 0.0 * z + 2.0, "the value of 'mine' must take z alone, not z, f: other"),
        (lambda z: z, lambda z: z == z, "the derivative of 'mine' must take z and a alone, not z"),
        (lambda z: undefined(z), lambda z, a: z == z, "does not run on arrays: NameError"),  # noqa: F821
    ],
)
def test_what_can_not_run_is_refused(value, derivative, message):
    with pytest.raises(fs.FormulaError, match=message):
        fs.Activation("mine", value, derivative)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", helped, helped), "name must be a text"),
        ((5, helped, helped), "name must be a text"),
        (("mine", "tanh", helped), "value must be a function made by def or lambda, not 'tanh'"),
        (("mine", np.tanh, helped), "value must be a function made by def or lambda, not <ufunc 'tanh'>"),
        (("mine", helped, None), "derivative must be a function made by def or lambda, not None"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(TypeError, match=message):
        fs.Activation(*arguments)


def test_digests_tell_formulas_apart(monkeypatch):
    def scaled(factor):
        return lambda z: factor * z

    def power(n):
        return lambda z, n=n: z**n

    def keyword(n):
        return lambda z, *, n=n: z**n

    def calls(function):
        return lambda z: function(z)

    through = digest(calls(helped))
    kinds = [
        digest(scaled(1.0)),
        digest(scaled(2.0)),
        digest(scaled(np.float32(2.0))),
        digest(power(2)),
        digest(power(3)),
        digest(keyword(2)),
        digest(keyword(3)),
        digest(lambda z: z + 1.0),
        digest(lambda z: z + 2.0),
        digest(lambda z: z - 2.0),
        digest(lambda z: np.exp(z)),
        digest(lambda z: np.tanh(z)),
        digest(np.exp),
        digest(np.tanh),
        through,
    ]
    assert len(set(kinds)) == len(kinds)
    assert digest(scaled(2.0)) == digest(scaled(2.0))
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert digest(calls(helped)) != through


def scaled(factor):
    return fs.Activation("mine", lambda z: factor * z, lambda z, a: factor + 0.0 * z)


def test_two_activations_of_one_name_are_two():
    X, Y, p = make_case(3, 4, 3, 20)
    costs = []
    for mine in (scaled(0.5), scaled(2.0)):
        for backend in ("numpy", "fused"):
            costs.append(fs.cost_and_gradients(X, Y, p, hidden=mine, backend=backend)[0])
    assert costs[0] == pytest.approx(costs[1], rel=1e-14) and costs[2] == pytest.approx(costs[3], rel=1e-14)
    assert costs[0] != pytest.approx(costs[2], rel=1e-3)


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"hidden must be one of identity, .* or an fs\.Activation, not 'gelu'"):
        activation("gelu")
