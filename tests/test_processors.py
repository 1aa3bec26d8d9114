"""Compiled code belongs to a processor: others that share its folder, as on a cluster's disk, compile their own."""

import json
import os
import subprocess
import sys

import pytest
from machines import AVX2, HOST, SSE2

pytestmark = pytest.mark.skipif(not HOST.get("avx2"), reason="this processor cannot be taken for two others")

STEP = """
import hashlib, json, sys
import numpy as np
import fastshallow as fs
random = np.random.default_rng(0)
X, Y = random.standard_normal((2, 99)), random.standard_normal((1, 99))
p = fs.initialize_parameters(2, 3, 1, scale="xavier", seed=2)
answers = [fs.cost_and_gradients(X, Y, p, output="identity", backend=name) for name in (sys.argv[1], "numpy")]
(cost, gradients), (right, others) = answers
apart = max(abs(cost - right), *(np.abs(one - other).max() for one, other in zip(gradients, others)))
bits = hashlib.sha256(b"".join(each.tobytes() for each in gradients)).hexdigest()
print(json.dumps({"apart": float(apart), "bits": bits}))
"""
NO_FMA = AVX2 | {"NUMBA_CPU_FEATURES": AVX2["NUMBA_CPU_FEATURES"].replace("+fma,", "")}


def step(backend, folder, machine):
    """A step in a process of its own, and the files that it has added to the folder of compiled code."""
    before = {path for path in folder.rglob("*") if path.is_file()}
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("FASTSHALLOW", "NUMBA_CPU"))}
    settings |= {"NUMBA_CACHE_DIR": str(folder), "FASTSHALLOW_CACHE_DIR": str(folder), **machine}
    command = [sys.executable, "-c", STEP, backend]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout), {path for path in folder.rglob("*") if path.is_file()} - before


@pytest.mark.parametrize("backend", ["jit", "fused"])
def test_each_processor_compiles_its_own(backend, tmp_path):
    machines, bits = {"avx2": AVX2, "sse2": SSE2}, {}
    if backend == "fused":
        machines["without fma"] = NO_FMA
    for name, machine in machines.items():
        answer, added = step(backend, tmp_path, machine)
        assert answer["apart"] < 1e-14 and added, name
        bits[name] = answer["bits"]
    for name in ["avx2", "sse2"][: 1 if backend == "jit" else 2]:  # and finds it again
        answer, added = step(backend, tmp_path, machines[name])
        assert answer["apart"] < 1e-14 and answer["bits"] == bits[name] and not added, name
