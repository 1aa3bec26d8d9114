"""Cases that the tests of all backends share."""

import os
import random

import numpy as np
import pytest

import fastshallow as fs
from fastshallow import formulas

ACTIVATIONS, OUTPUTS = tuple(formulas.ACTIVATIONS), tuple(formulas.OUTPUTS)
DTYPES = ("float32", "float64")
ALL = os.environ.get("FASTSHALLOW_TEST_ALL", "")  # "1", or a text that draws a tenth
SKIPPED = pytest.mark.skip(reason="takes long: FASTSHALLOW_TEST_ALL=1 runs it, and with another text a tenth")
ORDERS = ("C", "F", "strided", "reversed", "readonly", "memmap")


def for_long(cases):
    """Parameters that together take minutes, to compile most of it: skipped, but what FASTSHALLOW_TEST_ALL draws."""
    count = len(cases) if ALL == "1" else -(-len(cases) // 10) if ALL else 0
    drawn = random.Random(ALL).sample(range(len(cases)), count)
    return [pytest.param(*case, marks=[] if i in drawn else SKIPPED) for i, case in enumerate(cases)]


def ordered(X, order, folder=None):
    """The same numbers in another memory order."""
    if order == "F":
        return np.asfortranarray(X)
    if order == "strided":
        nothing = np.nan if X.dtype.kind == "f" else 1
        wide = np.full((2 * X.shape[0], 3 * X.shape[1]), nothing, X.dtype)
        wide[::2, ::3] = X
        return wide[::2, ::3]
    if order == "reversed":
        return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]
    X = np.ascontiguousarray(X)
    if order == "readonly":
        X.flags.writeable = False
    if order == "memmap":
        path = folder / "x.npy"
        np.save(path, X)
        return np.load(path, mmap_mode="r")
    return X


def make_case(n_x, n_h, n_y, m, dtype="float64", output="sigmoid", seed=0):
    """X (n_x, m), Y (n_y, m) for the output, and parameters, biases included, of order one."""
    random = np.random.default_rng([seed, n_x, n_h, n_y, m])
    X = random.standard_normal((n_x, m)).astype(dtype)
    if output == "softmax":
        Y = np.eye(n_y)[:, random.integers(n_y, size=m)].astype(dtype)
    elif output == "identity":
        Y = random.standard_normal((n_y, m)).astype(dtype)
    elif output == "exp":
        Y = random.poisson(1.5, (n_y, m)).astype(dtype)
    else:
        Y = random.integers(2, size=(n_y, m)).astype(dtype)
    p = fs.initialize_parameters(n_x, n_h, n_y, scale="xavier", seed=random, dtype=dtype)
    p.b1[...] = 0.5 * random.standard_normal((n_h, 1))
    p.b2[...] = 0.5 * random.standard_normal((n_y, 1))
    return X, Y, p
