"""Kernels' text means in compiled code what it means in Python, and what it can't mean is refused where it stands."""

import math
import types

import numpy as np
import pytest

from fastshallow.kernels import record
from fastshallow.kernels.compiling import compile_function
from fastshallow.kernels.marks import helper, inline
from fastshallow.kernels.simd.vectors import element, load, put, shifted, store, zeros
from fastshallow.kernels.values import INT, Pointer, records

NUMBERS = [-7, -4, -1, 0, 1, 3, 4, 9]


@inline
def signed(n):
    if n < 0:
        return -1
    if n == 0:
        return 0
    return 1


@inline
def halves(n):
    return n // 2, n - n // 2


@helper
def first_above(n, limit) -> int:
    for i in range(limit):
        if i * i > n:
            return i
    return limit


@helper
def mean(a, b) -> float:
    return (a + b) / 2


@helper
def is_even(n) -> bool:
    return n % 2 == 0


@helper
def double(out, i):
    put(out, i, 2 * element(out, i))


def arithmetic(out, a, b):
    put(out, 0, a + b * 3 - 2)
    put(out, 1, (a // 4) * 10 + a % 4)
    put(out, 2, a // b if b != 0 else 77)
    put(out, 3, a % b if b != 0 else 77)
    put(out, 4, -a)
    put(out, 5, abs(a - b))
    put(out, 6, min(a, b, 2) * 100 + max(a, b, 2))
    put(out, 7, +a)


def comparisons(out, a, b):
    put(out, 0, a < b)
    put(out, 1, -3 <= a < b + 1 <= 5)
    put(out, 2, not a > b)
    put(out, 3, (a > 0 and b > 0) * 1 + (a > 0 or b > 0) * 2)
    put(out, 4, 1 if a > b else 2 if a == b else 3)
    put(out, 5, (a != 0) & (b != 0) | (a == b))


def loops(out, a, b):
    total, count = 0, 0
    for i in range(a, b):
        total += i
        for j in range(b, a, -2):
            if j == 2:
                continue
            if j < -5:
                break
            count += i * j
    put(out, 0, total)
    put(out, 1, count)
    n, steps = abs(a) + 10, 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
        if steps == 50:
            break
    put(out, 2, steps)
    last = -1
    step = 3
    for k in range(10, a, -step):
        last = k
    put(out, 3, last)


def functions(out, a, b):
    put(out, 0, signed(a) * 10 + signed(b))
    low, high = halves(a)
    put(out, 1, low * 100 + high)
    put(out, 2, first_above(abs(a), 4))
    put(out, 3, first_above(9, 2))
    put(out, 4, mean(a, b) * 2.0 == a + b)
    put(out, 5, is_even(a))
    put(out, 6, a)
    double(out, 6)
    put(out, 7, (math.sqrt(a * a) == abs(a)) & math.isfinite(mean(a, 1)))


def what_changes(out, a, b):
    kept, changed = a, a
    for i in range(3):
        before, changed = changed, changed + b
        put(out, i, before)
    if b > 0:
        changed, kept = kept, changed
    put(out, 3, changed)
    put(out, 4, kept)
    a = a * 2
    put(out, 5, a)
    empty = 7
    for i in range(b, b):
        empty = i
    put(out, 6, empty)


def in_python(function):
    """The same function on lists."""
    scope = {
        **function.__globals__,
        "put": lambda out, i, x: out.__setitem__(i, int(x)),
        "element": lambda out, i: out[i],
    }
    for name, each in function.__globals__.items():
        if hasattr(each, "written"):
            scope[name] = types.FunctionType(each.__code__, scope)
    return types.FunctionType(function.__code__, scope)


TEXTS = (arithmetic, comparisons, loops, functions, what_changes)


@pytest.mark.parametrize("function", TEXTS, ids=lambda function: function.__name__)
def test_it_means_what_python_means(function):
    run, right = compile_function(function, Pointer("int64"), INT, INT), in_python(function)
    for a in NUMBERS:
        for b in NUMBERS:
            out, expected = np.zeros(8, np.int64), [0] * 8
            run(out, a, b)
            right(expected, a, b)
            assert out.tolist() == expected, (a, b)


def test_records():
    run_kind, _ = records("float32", fixed=False)

    def text(run):
        run.epoch = run.epoch + run.epochs
        run.sum = run.l2 * 2
        run.failed = run.sum > 1.0
        put(run.W1, 1, element(run.W1, 0) + run.sum)

    run, W1 = np.zeros(1, record.RUN_DTYPE), np.array([0.5, 0.0], np.float32)
    run["epoch"], run["epochs"], run["l2"], run["W1"] = 3, 4, 0.75, W1.ctypes.data
    compile_function(text, run_kind)(run)
    assert (run["epoch"][0], run["sum"][0], run["failed"][0], W1[1]) == (7, 1.5, 1, 2.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_vectors_in_branches_and_loops(dtype):
    def text(a, out, n):
        total = zeros(a, 4)
        for i in range(0, n, 4):
            x = load(a, i, 4)
            total = total + (x * 2.0 if i > 4 else np.maximum(x, 0.0))
        store(shifted(out, 1), 0, total)

    a, out = np.arange(-8.0, 8.0).astype(dtype), np.zeros(5, dtype)
    compile_function(text, Pointer(dtype), Pointer(dtype), INT)(a, out, 16)
    right = np.maximum(a[:8], 0).reshape(2, 4).sum(axis=0) + 2 * a[8:].reshape(2, 4).sum(axis=0)
    assert out.tolist() == [0.0, *right]


def test_small_numbers_in_memory():
    def text(a, out, n):
        for i in range(n):
            put(out, i, element(a, i) * 2 + 1)

    for dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"):
        info = np.iinfo(dtype)
        a = np.array([info.min, info.max, 0, 5], dtype)
        out = np.zeros(4, dtype)
        compile_function(text, Pointer(dtype), Pointer(dtype), INT)(a, out, 4)
        assert np.array_equal(out, a * np.array(2, dtype) + np.array(1, dtype)), dtype


def decides_by_a_vector(out):
    if load(out, 0, 4) > 0.0:
        put(out, 0, 1.0)


def loops_over_a_list(out):
    for i in [1, 2]:
        put(out, i, 0.0)


def no_such_field(out):
    put(out, 0, out.nothing)


def makes_a_list(out):
    put(out, 0, [1.0][0])


@pytest.mark.parametrize(
    "function, what",
    [
        (decides_by_a_vector, "decides nothing"),
        (loops_over_a_list, r"loops go over range\(...\)"),
        (no_such_field, "has no nothing"),
        (makes_a_list, "kernels have no Subscript"),
    ],
)
def test_what_has_no_meaning_is_refused_where_it_stands(function, what):
    line = function.__code__.co_firstlineno + 1
    with pytest.raises(TypeError, match=rf"test_writing.py:{line}, in {function.__name__}: .*{what}"):
        compile_function(function, Pointer("float64"))
