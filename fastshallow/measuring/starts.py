"""What a fresh process waits for: imports, and the first call with an empty and with a filled cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict

from ..backends import BLAS_THREADS, COMPILED
from .cases import Case
from .records import Start

STEP = """
import json, sys, time
begun, backend, case = float(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
import numpy as np
import fastshallow as fs
random = np.random.default_rng(1)
X = random.standard_normal((case["n_x"], case["m"])).astype(case["dtype"])
Y = np.eye(case["n_y"], dtype=case["dtype"])[:, random.integers(case["n_y"], size=case["m"])]
p = fs.initialize_parameters(case["n_x"], case["n_h"], case["n_y"], seed=1, dtype=case["dtype"])
def step():
    start = time.perf_counter()
    fs.cost_and_gradients(X, Y, p, hidden=case["hidden"], output=case["output"], backend=backend, threads=1)
    return time.perf_counter() - start
imports = time.time() - begun
first = step()
print(json.dumps([imports, first, min(step() for _ in range(20))]))
"""


def start(case: Case, backend: str) -> Start:
    """What a backend's first step of this case waits for."""
    with tempfile.TemporaryDirectory() as folder:
        empty = _process(case, backend, folder) if backend in COMPILED else None
        imports, filled, call = _process(case, backend, folder)
    return Start(backend, case, imports, empty[1] if empty else None, filled, call)


def _process(case: Case, backend: str, folder: str) -> tuple[float, float, float]:
    settings = {**os.environ, **dict.fromkeys(BLAS_THREADS, "1")}
    settings |= dict.fromkeys(("FASTSHALLOW_CACHE_DIR", "NUMBA_CACHE_DIR"), folder)
    command = [sys.executable, "-c", STEP, repr(time.time()), backend, json.dumps(asdict(case))]
    done = subprocess.run(command, env=settings, check=True, stdout=subprocess.PIPE, text=True)
    imports, first, call = json.loads(done.stdout)
    return imports, first, call
