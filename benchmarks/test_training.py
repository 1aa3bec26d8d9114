"""Whole runs of training, the course's exercise among them."""

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.measuring import Case

RUNS = {"flower": 2000, "30-64-1 m=1024": 50}


def data(run, dtype):
    if run == "flower":
        X, Y = (each.astype(dtype) for each in fs.datasets.planar_flower())
        return X, Y, fs.initialize_parameters(2, 4, 1, seed=2, dtype=dtype), 1.2
    return *Case(30, 64, 1, 1024, dtype=dtype).arguments(), 0.1


@pytest.mark.parametrize("backend", ["numpy", "jit", "fused"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("run", RUNS)
def test_training(benchmark, run, dtype, backend):
    X, Y, parameters, learning_rate = data(run, dtype)

    def train(epochs, backend=backend):
        return fs.train(
            X, Y, epochs=epochs, learning_rate=learning_rate, parameters=parameters, backend=backend, threads=1
        )

    cost, right = (train(50, name).history.cost for name in (backend, "numpy"))
    np.testing.assert_allclose(cost, right, rtol=1000 * np.finfo(dtype).eps)
    benchmark.group = f"{RUNS[run]} epochs of {run} {dtype}"
    benchmark(train, RUNS[run])
