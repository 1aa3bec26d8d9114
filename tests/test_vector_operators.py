"""Operators and NumPy's functions give on SIMD vectors what they give on arrays."""

import operator

import numpy as np
import pytest

from fastshallow.kernels.compiling import compile_function
from fastshallow.kernels.machine import lanes
from fastshallow.kernels.simd.vectors import load, store
from fastshallow.kernels.values import INT, Pointer

EXPRESSIONS = (
    "x + y",
    "x - y",
    "x * y",
    "x / y",
    "-x",
    "+x",
    "abs(x)",
    "np.add(x, y)",
    "np.subtract(x, y)",
    "np.multiply(x, y)",
    "np.divide(x, y)",
    "np.negative(x)",
    "np.positive(x)",
    "np.absolute(x)",
    "np.fabs(x)",
    "np.sqrt(x)",
    "np.square(x)",
    "np.maximum(x, y)",
    "np.minimum(x, y)",
    "np.maximum(x, 0.5) - np.maximum(-0.25, y)",
    "np.minimum(x, 0.5) - np.minimum(-0.25, y)",
    "(0.1 + x) - (y - 0.1) * 0.3",
    "(2 * x - 3) + y / 4",
    "(True + x) * False",
    "0.7 / x",
    "(x < y) * 1.0",
    "(x <= y) * 1.0",
    "1.0 * (x > y)",
    "1.0 * (x >= y)",
    "(x == y) + 0.0",
    "(x != y) + 0.0",
    "np.less(x, y) * 1.0",
    "np.less_equal(x, y) * 1.0",
    "np.greater(x, y) * 1.0",
    "np.greater_equal(x, y) * 1.0",
    "np.equal(x, y) * 1.0",
    "np.not_equal(x, y) * 1.0",
    "(x >= 0.0) * 1.0 - (y < 0.5)",
    "(x < y) * x + y * (y > 0.0) - (x == x)",
    "np.maximum(x >= 0.0, 0.01)",
    "np.maximum(x >= 0.0, y)",
    "((x > 0.0) & (y > 0.0)) * 1.0",
    "((x > 0.0) | (y > 0.0)) * 1.0",
    "((x > 0.0) ^ (y > 0.0)) * 1.0",
    "~(x > y) * 1.0",
    "np.where(x > y, x, y)",
    "np.where(x > y, 1.0, np.where(x == x, y, -2))",
    "np.where(x > y, 0.1, 3.0) * 1.0",
    "np.where(x > y, x == y, y) + np.where(y > 0.0, y, x < y)",
    "x**0",
    "x**1",
    "x**2",
    "x**3",
    "x**4",
    "x**5",
    "x**6",
    "np.power(x, 7)",
    "np.power(x, 8)",
    "((x > y) * 1.0) ** 2",
)
ROUNDED = 8.0  # ulp, where NumPy multiplies in another order or rounds a product that we fuse


@pytest.fixture(scope="module", params=["float32", "float64"])
def results(request):
    """Vectors x and y with each special number beside each other one, and every expression of them."""
    dtype = np.dtype(request.param)
    special = [0.0, -0.0, 1.0, -1.0, 0.5, -0.25, np.inf, -np.inf, np.nan, np.finfo(dtype).smallest_subnormal, 0.1, -3.7]
    random = np.random.default_rng(3)
    x, y = (each.ravel() for each in np.meshgrid(special, special))
    x, y = (np.concatenate([each, random.standard_normal(112)]).astype(dtype) for each in (x, y))
    L = 2 * lanes(dtype)

    def store_all(x, y, out, i, n):  # which runs while the kernel is written
        for row, text in enumerate(EXPRESSIONS):
            store(out, row * n + i, eval(text, {"np": np, "x": x, "y": y}))

    def every_expression(xs, ys, out, n):
        for i in range(0, n, L):
            store_all(load(xs, i, L), load(ys, i, L), out, i, n)

    out = np.empty((len(EXPRESSIONS), x.size), dtype)
    compile_function(every_expression, *[Pointer(dtype)] * 3, INT)(x, y, out, x.size)
    return x, y, dict(zip(EXPRESSIONS, out, strict=True))


@pytest.mark.kernels
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_it_is_what_numpy_gives(results, text):
    x, y, got = results
    with np.errstate(all="ignore"):
        right = eval(text, {"np": np, "x": x, "y": y}).astype(x.dtype)  # of masks alone it makes float64
    got = got[text]
    fused = "**" in text or "power" in text or "0.3" in text or "2 * x" in text
    np.testing.assert_allclose(got, right, rtol=fused * ROUNDED * np.finfo(x.dtype).eps, atol=0.0)
    numbers = ~np.isnan(right) & ((right != 0.0) | ("imum" not in text))  # either zero may be the larger
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(right[numbers]))


@pytest.mark.parametrize("exponent", [9, -1, 0.5])
def test_other_powers_are_refused(exponent):
    L = lanes("float64")

    def powers(x):
        store(x, 0, load(x, 0, L) ** exponent)

    with pytest.raises(TypeError, match="constant integer from 0 to 8"):
        compile_function(powers, Pointer("float64"))


@pytest.mark.parametrize("combine", [operator.and_, operator.or_, operator.xor])
def test_masks_and_numbers_are_not_combined_bit_by_bit(combine):
    L = lanes("float64")

    def combined(x):
        store(x, 0, combine(load(x, 0, L) > 0.0, load(x, 0, L)) * 1.0)

    with pytest.raises(TypeError):
        compile_function(combined, Pointer("float64"))
