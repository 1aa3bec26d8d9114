"""What a fresh process waits for: imports, compilation, or loading what another process has compiled."""

import os
import subprocess
import sys

import pytest

STEP = """
import sys
from fastshallow.measuring import Case
*sizes, backend = sys.argv[1:]
case = Case(*map(int, sizes))
arguments = case.arguments()
case.validate(backend, case.step(backend, arguments)(), case.step("numpy", arguments)())
"""
SIZES = {"exact": (2, 4, 1, 64), "examples": (8, 8, 1, 64), "units": (30, 64, 1, 64), "features": (784, 64, 1, 4)}


def process(code, *arguments, **environment):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    subprocess.run(command, check=True, env={**os.environ, **environment})


@pytest.mark.parametrize("module", ["numpy", "fastshallow", "numba"])
def test_import(benchmark, module):
    benchmark.group = "import"
    benchmark.pedantic(process, (f"import {module}",), rounds=3)


@pytest.mark.parametrize("arrangement", SIZES)
@pytest.mark.parametrize("backend", ["numpy", "jit", "fused"])
@pytest.mark.parametrize("state", ["cold", "cached"])
def test_first_step(benchmark, arrangement, backend, state, tmp_path):
    if backend == "numpy" and state == "cold":
        pytest.skip("nothing to compile")
    if backend == "jit" and arrangement != "exact":
        pytest.skip("one kernel for all sizes")
    arguments = STEP, *SIZES[arrangement], backend
    folder = dict.fromkeys(("FASTSHALLOW_CACHE_DIR", "NUMBA_CACHE_DIR"), str(tmp_path))
    if state == "cached":
        process(*arguments, **folder)
    benchmark.group = f"first step, {arrangement}"
    benchmark.pedantic(process, arguments, folder, rounds=1 if state == "cold" else 3)
