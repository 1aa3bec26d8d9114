"""Every function on SIMD vectors lies at most 2 ulp from the true value, wherever its argument is."""

from functools import cache

import mpmath
import numpy as np
import pytest

from fastshallow.formulas.activations import sigmoid
from fastshallow.kernels.compiling import compile_function
from fastshallow.kernels.machine import lanes
from fastshallow.kernels.simd import mathematics
from fastshallow.kernels.simd.parts import make_polynomial
from fastshallow.kernels.simd.tabulated import make_tabulated
from fastshallow.kernels.simd.vectors import load, store
from fastshallow.kernels.values import INT, Pointer

FUNCTIONS = ("exp", "expm1", "tanh", "log", "log1p", "sigmoid")
DTYPES = ("float32", "float64")
LARGEST_ERROR = 2.0  # ulp
FAR = 5000  # an exponent beyond those of float64


def compile_functions(dtype, registers):
    """A kernel x (n) -> out (6 n), a row for each function, on vectors of so many registers."""
    L = registers * lanes(dtype)

    def every_function(x, out, n):
        for i in range(0, n, L):
            v = load(x, i, L)
            store(out, i, np.exp(v))
            store(out, i + n, np.expm1(v))
            store(out, i + 2 * n, np.tanh(v))
            store(out, i + 3 * n, np.log(v))
            store(out, i + 4 * n, np.log1p(v))
            store(out, i + 5 * n, sigmoid.value(v))

    return compile_function(every_function, Pointer(dtype), Pointer(dtype), INT)


compiled = cache(compile_functions)


def apply(run, x):
    """Every function of x (n,), any n."""
    padded = np.concatenate([x, np.full(-x.size % 256, 0.5, x.dtype)])
    out = np.empty(6 * padded.size, x.dtype)
    run(padded, out, padded.size)
    return dict(zip(FUNCTIONS, out.reshape(6, -1)[:, : x.size], strict=True))


# ---- the truth -------------------------------------------------------------------------------------------------


def true_values(name, x):
    """The function of x as (high + low) * 2**exponent, 1/2 <= |high| < 1, with more digits than x has."""
    if x.dtype == np.float32:
        z = x.astype(np.float64)
        with np.errstate(all="ignore"):
            high, exponent = np.frexp(np.exp(-np.logaddexp(0.0, -z)) if name == "sigmoid" else getattr(np, name)(z))
        return high, np.zeros_like(high), np.where(np.isinf(high), FAR, exponent)
    function = {"sigmoid": real_sigmoid, "log": real_log, "log1p": real_log1p}.get(name) or getattr(mpmath, name)
    parts = []
    with mpmath.workprec(160):
        for each in x.tolist():
            value = function(mpmath.mpf(each))
            finite = mpmath.isfinite(value)
            mantissa, exponent = mpmath.frexp(value) if finite else (value, FAR)
            high = float(mantissa)
            parts.append((high, float(mantissa - high) if finite else 0.0, max(-FAR, min(exponent, FAR))))
    high, low, exponent = np.array(parts).T
    return high, low, exponent.astype(int)


def real_sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def real_log(z):
    return mpmath.log(z) if z > 0 else mpmath.mpf("-inf" if z == 0 else "nan")


def real_log1p(z):
    return mpmath.log1p(z) if z > -1 else mpmath.mpf("-inf" if z == -1 else "nan")


def errors(got, true):
    """How many ulp of the true value `got` is away from it; infinity counts as what follows the largest number."""
    high, low, exponent = true
    limits = np.finfo(got.dtype)
    got, infinite = got.astype(np.float64), np.isinf(got)
    beyond = exponent > limits.maxexp
    high, low = np.where(beyond, np.sign(high), high), np.where(beyond, 0.0, low)
    exponent = np.minimum(exponent, limits.maxexp)
    scale = np.maximum(exponent, limits.minexp + 1)
    mine = np.where(infinite, np.sign(got), np.ldexp(got, np.where(infinite, 0, -scale)))
    error = np.abs((mine - np.ldexp(high, exponent - scale)) - np.ldexp(low, exponent - scale))
    error = np.where(np.isnan(got), np.inf, error * 2.0 ** (limits.nmant + 1))
    return np.where(np.isnan(high), np.where(np.isnan(got), 0.0, np.inf), error)


# ---- where to look ---------------------------------------------------------------------------------------------


@cache
def points(dtype):
    """Numbers of all magnitudes, and those around each place where a function changes its ways."""
    random = np.random.default_rng(5)
    limits = np.finfo(dtype)
    bits = np.dtype(f"u{limits.dtype.itemsize}")
    few = 1500 if dtype == "float64" else 100_000
    anywhere = random.integers(0, np.iinfo(bits).max, few, dtype=bits).view(dtype)
    usual = np.concatenate(
        [random.uniform(-1.0, 1.0, few), random.uniform(-40.0, 40.0, few), 10.0 ** random.uniform(-20.0, 3.0, few)]
    )
    subnormal = limits.smallest_subnormal * 2.0 ** random.uniform(0.0, limits.nmant, 500)
    steps = np.log(2.0) * np.arange(0.5, 40.0, 0.5)  # where ranges are reduced
    overflow, underflow, zero = (np.log(2.0) * n for n in (limits.maxexp, limits.minexp, limits.minexp - limits.nmant))
    epsilon = np.log(2.0) * limits.nmant
    powers = 2.0 ** np.arange(-60, 60)
    roots = np.sqrt(0.5) * 2.0 ** np.arange(-3, 60)
    edges = [0.0, 0.25, 0.5, 1.0, 2.0, np.sqrt(0.5) - 1.0, np.sqrt(2.0) - 1.0, limits.smallest_normal, limits.max]
    edges += [overflow, overflow - 0.7, underflow, underflow - 0.7, zero, zero - 0.7, 89.0, 104.0, 710.0, 746.0]
    edges += [epsilon, epsilon + 0.7, epsilon + 1.4, 0.5 * epsilon, 0.5 * epsilon + 0.7, 9.25, 18.0, 19.25, 38.0]
    edges = np.concatenate([edges, steps, powers, roots]).astype(dtype)
    around = [edges]
    for direction in (-np.inf, np.inf):
        near = edges
        for _ in range(3):
            with np.errstate(over="ignore"):
                near = np.nextafter(near, np.array(direction, dtype))
            around.append(near)
    near_minus_one = -1.0 + 2.0 ** random.uniform(-limits.nmant, -1.0, 500)
    results = random.uniform(zero - 1.0, overflow + 1.0, few)  # of exp: of all magnitudes
    some = np.concatenate([usual, subnormal, near_minus_one, results]).astype(dtype)
    signed = np.concatenate([some, -some, *around, *(-each for each in around)])
    return np.unique(np.concatenate([anywhere[np.isfinite(anywhere)], signed]))  # sorted


@cache
def truth(name, dtype):
    return true_values(name, points(dtype))


def bound(name, x):
    """The largest error in ulp that is allowed.

    The formula of sigmoid rounds 1 + exp(-z) and its reciprocal, up to 1.5 ulp, beside the error of exp(-z), which
    counts twice where the result is just below a power of two. Of what exp(-z) is too large for it makes 0.
    """
    if name != "sigmoid":
        return np.full(x.shape, LARGEST_ERROR)
    limits = np.finfo(x.dtype)
    underflow, tiny = -np.log(limits.max / 2.0), -np.log(2.0) * limits.nmant
    return np.where(x < underflow, 2.0**limits.nmant, np.where(x < tiny, 3.0, LARGEST_ERROR + 0.1))


# ---- tests -----------------------------------------------------------------------------------------------------


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("registers", [1, 2])
@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_errors(dtype, registers, order):
    """Sorted, all lanes of a vector take the same way, such as log1p's short one; shuffled, they differ."""
    x = points(dtype)
    permutation = np.random.default_rng(1).permutation(x.size) if order == "shuffled" else np.arange(x.size)
    for name, got in apply(compiled(dtype, registers), x[permutation]).items():
        error, limit = np.empty_like(x), bound(name, x)
        error[permutation] = errors(got, tuple(part[permutation] for part in truth(name, dtype)))
        worst = (error - limit).argmax()
        assert error[worst] <= limit[worst], f"{name}({x[worst]!r}) is {error[worst]:.2f} ulp off"


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("registers", [1, 2])
def test_special_numbers(dtype, registers):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, -2.0, np.finfo(dtype).max, np.finfo(dtype).min], dtype)
    got = apply(compiled(dtype, registers), x)
    for name in FUNCTIONS:
        with np.errstate(all="ignore"):
            right = sigmoid.value(x) if name == "sigmoid" else getattr(np, name)(x)
        np.testing.assert_allclose(got[name], right, rtol=2 * np.finfo(dtype).eps, atol=0.0, err_msg=name)
        numbers = ~np.isnan(right)
        np.testing.assert_array_equal(np.signbit(got[name])[numbers], np.signbit(right)[numbers], err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_slightly_wrong_coefficient_is_caught(dtype, monkeypatch):
    error = 512.0 * np.finfo(dtype).eps
    polynomials = {
        "expm1_polynomial": (error, mathematics.EXPM1_32, mathematics.EXPM1_64),
        "expm1_short_polynomial": (64.0 * error, (0.0,), mathematics.EXPM1_SHORT),  # of r**2 < 0.0005
        "tanh_polynomial": (error, mathematics.TANH_32, mathematics.TANH_64),
        "log_polynomial": (error, mathematics.LOG_32, mathematics.LOG_64),
        "log1p_polynomial": (error, mathematics.LOG1P_32, mathematics.LOG1P_64),
    }
    for name, (relative, *both) in polynomials.items():
        wrong = make_polynomial(*(((1.0 + relative) * c[0], *c[1:]) for c in both))
        monkeypatch.setattr(mathematics, name, wrong)
    table = make_tabulated(lambda z: (1.0 + error) * np.tanh(z), mathematics.TANH_START, mathematics.TANH_END)
    monkeypatch.setattr(mathematics, "tanh_table", table)
    run = compile_functions(dtype, 1)
    x = points(dtype)
    for name, got in apply(run, x).items():
        assert np.any(errors(got, truth(name, dtype)) > bound(name, x)), name
