"""The choice of backend and kernel, and other machines than this one."""

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from cases import make_case
from machines import MACHINES

import fastshallow as fs
from fastshallow.backends.dispatch import choose, make_plan
from fastshallow.kernels.record import MOST_PARTS


def test_it_is_a_pure_function_that_says_why():
    narrow, wide, few = (
        choose(*sizes, "float32", None, 16) for sizes in ((2, 4, 1, 400), (30, 64, 1, 400), (784, 128, 10, 4))
    )
    assert [each.plan.arrangement for each in (narrow, wide, few)] == ["exact", "units", "features"]
    assert all(each.backend == "fused" and each.plan.reason in str(each) for each in (narrow, wide, few))
    blocked = choose(2, 4, 1, 400, "float32", "Numba is not installed", 0)
    assert blocked.backend == "numpy" and "not installed" in str(blocked)


@pytest.mark.parametrize("n_x", [1, 2, 24, 784, 5000])
@pytest.mark.parametrize("n_h", [1, 4, 16, 33, 3000])
@pytest.mark.parametrize("m", [1, 7, 40, 41, 1000, 10**7])
def test_every_plan_covers_all_examples(n_x, n_h, m):
    for lanes, itemsize in ((16, 4), (8, 8), (8, 4), (4, 8), (4, 4), (2, 8)):
        plan = make_plan(n_x, n_h, 3, m, itemsize, lanes)
        assert plan.tile > 0 and plan.tile % 16 == 0
        assert (plan.groups - 1) * plan.group < m <= plan.groups * plan.group
        assert (plan.chunks - 1) * plan.chunk < plan.group <= plan.chunks * plan.chunk
        assert plan.chunks == 1 or plan.chunk % plan.tile == 0
        assert 1 <= plan.groups <= MOST_PARTS and 1 <= plan.shares <= MOST_PARTS


@pytest.mark.parametrize("arguments", [(0, 4, 1, 5), (2, 4, 1, 0), (2, 4, 1, 2.5), (2, 4, 1, 5, "int32")])
def test_bad_arguments(arguments):
    with pytest.raises((ValueError, TypeError), match="must be"):
        fs.explain(*arguments)


def test_memory_beyond_the_data_does_not_grow():
    p = fs.initialize_parameters(30, 64, 1, seed=1, dtype="float32")
    fs.cost_and_gradients(np.zeros((30, 100), "float32"), np.zeros((1, 100), "float32"), p, backend="fused")
    peaks = []
    for m in (50_000, 1_000_000):
        X, Y = np.zeros((30, m), "float32"), np.zeros((1, m), "float32")
        tracemalloc.start()
        fs.cost_and_gradients(X, Y, p, backend="fused")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 2**21


def test_threads_do_not_share_scratch_memory():
    from concurrent.futures import ThreadPoolExecutor

    cases = [make_case(n_x, 20, 1, 3000, seed=n_x) for n_x in range(2, 10)]
    right = [fs.cost_and_gradients(*case, backend="fused") for case in cases]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            answers = list(pool.map(lambda case: fs.cost_and_gradients(*case, backend="fused"), cases))
            for mine, one in zip(answers, right, strict=True):
                assert mine[0] == one[0] and all(map(np.array_equal, mine[1], one[1]))


@pytest.mark.parametrize("bits", MACHINES)
def test_the_width_follows_the_machine(bits):
    code = "from fastshallow.kernels.machine import register_bits; print(register_bits())"
    environment = {**os.environ, **MACHINES[bits]}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == bits
