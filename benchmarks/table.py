"""The cases and the implementations; what is too slow, or needs too much memory, is left out."""

from functools import lru_cache

import pytest

from fastshallow.backends import BACKENDS
from fastshallow.measuring import Case
from fastshallow.measuring.cells import too_slow

SHAPES = {(2, 4, 1): "sigmoid", (30, 64, 1): "sigmoid", (784, 128, 10): "softmax", (1024, 1024, 1): "sigmoid"}
BATCH_SIZES = (1, 32, 1024, 16384, 131072)
DTYPES = ("float32", "float64")
WORK = 1.7 * 10**9  # products of a forward pass
LONGEST = 0.05  # seconds a call

CASES = [
    Case(*shape, m, output=output, dtype=dtype)
    for shape, output in SHAPES.items()
    for dtype in DTYPES
    for m in BATCH_SIZES
    if shape[0] * shape[1] * m <= WORK
]


def every_case(test):
    """Run a benchmark on each case by each implementation, a case after the other."""
    return pytest.mark.parametrize("backend", BACKENDS)(pytest.mark.parametrize("case", CASES, ids=str)(test))


@lru_cache(maxsize=1)  # they may be large
def prepared(case):
    """X, Y and parameters, and the reference's answers: cost and gradients, and A2."""
    arguments = case.arguments()
    return arguments, case.step("numpy", arguments)(), case.prediction("numpy", arguments)()


def skip_slow(case, backend):
    reason = too_slow(case, backend, LONGEST)
    if reason:
        pytest.skip(reason)
