"""What is compiled is kept, found again, and never mistaken for anything else; where nothing can be, NumPy serves."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import float64

from fastshallow.kernels import compiling

STEP = """
import hashlib, json, sys
import fastshallow as fs
backend = sys.argv[1]
X, Y = fs.datasets.planar_flower()
p = fs.initialize_parameters(2, 4, 1, seed=2)
cost, gradients = fs.cost_and_gradients(X, Y, p, backend=backend)
right = fs.cost_and_gradients(X, Y, p, backend="numpy")[0]
if backend == "fused":
    from fastshallow.backends.fused import _kernels as made
    kernels = list(made.values())
else:
    from fastshallow.backends.jit import _compiled as made
    kernels = [kernel for pair in made.values() for kernel in pair]
hits = sum(sum(kernel.stats.cache_hits.values()) for kernel in kernels)
bits = hashlib.sha256(b"".join(each.tobytes() for each in gradients)).hexdigest()
print(json.dumps({"hits": hits, "kernels": len(kernels), "cost": cost.hex(), "bits": bits, "error": abs(cost - right)}))
"""


def start(code, *arguments, **environment):
    settings = {name: value for name, value in os.environ.items() if not name.startswith("FASTSHALLOW")} | environment
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings)


def finish(process):
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    return json.loads(out)


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("backend", ["jit", "fused"])
def test_a_second_process_compiles_nothing(backend, tmp_path):
    first = finish(start(STEP, backend, NUMBA_CACHE_DIR=str(tmp_path)))
    kept = files(tmp_path)
    assert kept and first["hits"] == 0 and first["error"] < 1e-14
    second = finish(start(STEP, backend, NUMBA_CACHE_DIR=str(tmp_path)))
    assert second["hits"] == second["kernels"] > 0
    assert (second["cost"], second["bits"]) == (first["cost"], first["bits"])
    assert files(tmp_path) == kept


def test_the_cache_can_be_turned_off(tmp_path):
    answer = finish(start(STEP, "jit", NUMBA_CACHE_DIR=str(tmp_path), FASTSHALLOW_CACHE="0"))
    assert answer["error"] < 1e-14 and answer["hits"] == 0
    assert not files(tmp_path)


def test_many_processes_write_one_cache(tmp_path):
    running = [start(STEP, "jit", NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(8)]
    answers = [finish(process) for process in running]
    assert len({(answer["cost"], answer["bits"]) for answer in answers}) == 1
    assert answers[0]["error"] < 1e-14
    later = finish(start(STEP, "jit", NUMBA_CACHE_DIR=str(tmp_path)))
    assert later["hits"] == later["kernels"] and later["bits"] == answers[0]["bits"]


def test_a_damaged_cache_is_mended(tmp_path):
    whole = finish(start(STEP, "jit", NUMBA_CACHE_DIR=str(tmp_path)))
    for path in files(tmp_path):
        path.write_bytes(path.read_bytes()[:-20])
    again = finish(start(STEP, "jit", NUMBA_CACHE_DIR=str(tmp_path)))
    assert again["hits"] == 0 and again["bits"] == whole["bits"]
    assert finish(start(STEP, "jit", NUMBA_CACHE_DIR=str(tmp_path)))["hits"] == again["kernels"]


def test_without_compilation_numpy_serves_and_says_so():
    code = """
import json
import fastshallow as fs
X, Y = fs.datasets.planar_flower()
p = fs.initialize_parameters(2, 4, 1, seed=2)
found = {"explained": str(fs.explain(2, 4, 1, 400)), "listed": {n: str(b) for n, b in fs.backends().items()}}
same = fs.cost_and_gradients(X, Y, p)[0] == fs.cost_and_gradients(X, Y, p, backend="numpy")[0]
found["same"] = same and fs.train(X, Y, 4, epochs=3).history.cost.shape == (3,) and fs.forward(X, p).shape == (1, 400)
found["errors"] = []
for backend in "fused", "jit":
    runs = fs.forward, lambda X, p, **o: fs.cost_and_gradients(X, Y, p, **o), lambda X, p, **o: fs.train(X, Y, **o)
    for run in runs:
        try:
            run(X, p, backend=backend)
        except RuntimeError as error:
            found["errors"].append(str(error))
print(json.dumps(found))
"""
    found = finish(start(code, NUMBA_DISABLE_JIT="1"))
    why = "NUMBA_DISABLE_JIT is set, so nothing is compiled"
    assert found["explained"] == f"numpy: {why}"
    assert found["same"]
    assert [name for name, text in found["listed"].items() if text == f"not available: {why}"] == ["jit", "fused"]
    assert len(found["errors"]) == 6
    assert all(f"can't run here: {why}; use backend='numpy'" in error for error in found["errors"])


def make(factor):
    def scaled(x):
        return factor * x

    return scaled


def test_a_name_tells_everything_apart(monkeypatch):
    monkeypatch.setattr(compiling, "cache_enabled", lambda: False)
    names = [
        compiling.kernel(make(2.0), float64(float64), *closure).__qualname__ for closure in ((), (1,), ("a", 1), ("a",))
    ]
    names.append(compiling.kernel(make(2.0), float64[:](float64[:])).__qualname__)
    monkeypatch.setattr(compiling, "_sources", lambda: "other sources")
    names.append(compiling.kernel(make(2.0), float64(float64)).__qualname__)
    assert len(set(names)) == len(names)


def test_where_no_folder_can_be_written_nothing_is_kept(monkeypatch):
    def refuse(function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiling, "cache_enabled", lambda: True)
    monkeypatch.setattr(compiling, "_Cache", refuse)
    assert compiling.kernel(make(3.0), float64(float64))(2.0) == 6.0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lanes_fill_a_register(dtype):
    assert compiling.lanes(dtype) * np.dtype(dtype).itemsize * 8 == compiling.register_bits() in (128, 256, 512)
