"""What one waits for before the first result, in fresh processes with an empty and with a filled cache.

``python -m benchmarks.start`` prints each row's median beside those of scikit-learn and JAX, where they are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

BEGIN = """
from time import perf_counter
start = perf_counter()
import sys
import numpy as np
numpy_there = perf_counter()
"""
DIGITS = """
random = np.random.default_rng(0)
X, labels = random.standard_normal((64, 1797)).astype(np.float32), random.integers(10, size=1797)
Y = np.eye(10, dtype=np.float32)[:, labels]
"""
OURS = (
    BEGIN
    + """
import fastshallow as fs
fs.train
imported = perf_counter()
"""
)
TRAIN = """
def train(hidden="relu", epochs=1, **options):
    begun = perf_counter()
    net = fs.train(X, Y, 100, hidden, "softmax", epochs, 1e-3, "he", 1, optimizer="adam", batch_size=32, **options)
    return net, perf_counter() - begun
"""
FIRST = (
    OURS
    + DIGITS
    + TRAIN
    + """
net, first = train()
begun = perf_counter()
net.predict(X)
prediction = perf_counter() - begun
times = {"first training": first, "then a prediction": prediction}
for name, options in (
    ("then with another activation", {"hidden": "tanh"}),
    ("... and l2", {"l2": 0.1}),
    ("... and dropout", {"dropout": 0.1}),
):
    times[name] = train(**options)[1]
print(json.dumps(times))
"""
)
COURSE = (
    OURS
    + """
X, Y = fs.datasets.planar_flower()
begun = perf_counter()
fs.train(X, Y, 4, epochs=1, seed=2)
compiled = perf_counter() - begun
begun = perf_counter()
for n_h in (1, 2, 3, 4, 5, 10, 20, 50):
    fs.train(X, Y, n_h, epochs=5000, seed=2).predict(X)
print(json.dumps({"the course's network, compiled": compiled, "sweep of 1 to 50 hidden units": perf_counter() - begun}))
"""
)
AGAIN = (
    OURS
    + DIGITS
    + TRAIN
    + """
net, seconds = train()
times = {"import numpy": numpy_there - start, "import fastshallow": imported - numpy_there, "training": seconds}
print(json.dumps(times))
assert "numba" not in sys.modules
"""
)
STEP = (
    OURS
    + """
from timeit import repeat
random = np.random.default_rng(0)
X, Y = random.standard_normal((2, 1)), np.ones((1, 1))
p = fs.initialize_parameters(2, 4, 1, seed=2)
fs.cost_and_gradients(X, Y, p)
best = min(repeat(lambda: fs.cost_and_gradients(X, Y, p), number=1000, repeat=50)) / 1000
print(json.dumps({"a step of 2-4-1, one example": best}))
"""
)
PROCESSES = {
    "fastshallow": OURS + DIGITS + TRAIN + 'train(epochs=10)[0].predict(X); print("{}")',
    "scikit-learn": BEGIN
    + DIGITS
    + """
import warnings
warnings.simplefilter("ignore")
from sklearn.neural_network import MLPClassifier
MLPClassifier((100,), batch_size=32, max_iter=10).fit(X.T, labels).predict(X.T)
print("{}")
""",
    "jax": BEGIN
    + DIGITS
    + """
from functools import partial
import jax
import jax.numpy as jnp
def scores(p, x):
    return jax.nn.relu(x @ p[0] + p[1]) @ p[2] + p[3]
def loss(p, x, y):
    return -(y * jax.nn.log_softmax(scores(p, x))).sum(axis=1).mean()
def step(state, batch):
    p, m, v, t = state
    g = jax.grad(loss)(p, *batch)
    m = [0.9 * a + 0.1 * b for a, b in zip(m, g)]
    v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g)]
    p = [w - 1e-3 * (a / (1 - 0.9**t)) / (jnp.sqrt(b / (1 - 0.999**t)) + 1e-8) for w, a, b in zip(p, m, v)]
    return (p, m, v, t + 1), None
run = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches)[0])
shapes = (64, 100), (100,), (100, 10), (10,)
p = [jnp.asarray(0.1 * random.standard_normal(shape), jnp.float32) for shape in shapes]
state = (p, [jnp.zeros(s) for s in shapes], [jnp.zeros(s) for s in shapes], 1.0)
for epoch in range(10):
    order = random.permutation(1797)[: 56 * 32].reshape(56, 32)
    state = run(state, (jnp.asarray(X.T[order]), jnp.asarray(Y.T[order])))
np.asarray(scores(state[0], jnp.asarray(X.T)))
print("{}")
""",
    "numpy": BEGIN + 'print("{}")',
}
WHOLE = "whole process, 10 epochs of digits, a prediction: "
MODULES = {"scikit-learn": "sklearn", "jax": "jax"}


def run(code: str, folder: Path) -> dict[str, float]:
    """The times that a fresh process prints, and that it takes as a whole."""
    settings = {**os.environ, "FASTSHALLOW_CACHE_DIR": str(folder)}
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + code], env=settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout) | {"process": perf_counter() - begun}


def medians(code: str, times: int, filled: Path | None = None) -> dict[str, float]:
    """The medians of so many processes, each with an empty cache, or all with a filled one."""
    runs = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as empty:
            runs.append(run(code, filled or Path(empty)))
    return {name: statistics.median(one[name] for one in runs) for name in runs[0]}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="processes of each row (default: 5)")
    times = parser.parse_args().times

    def show(name: str, seconds: float) -> None:
        digits = f"{1e6 * seconds:8.2f} us" if seconds < 1e-3 else f"{seconds:8.3f} s"
        print(f"{name:62}{digits}", flush=True)

    for title, code in (("empty cache", FIRST), ("empty cache", COURSE)):
        for name, seconds in medians(code, times).items():
            if name != "process":
                show(f"{title}: {name}", seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(AGAIN, folder)
        run(STEP, folder)
        for row, seconds in medians(AGAIN, times, folder).items():
            show(f"filled cache: {row}", seconds)
        for row, seconds in medians(STEP, 1, folder).items():
            if row != "process":
                show(f"filled cache: {row}", seconds)
        for row, code in PROCESSES.items():
            if row in MODULES and importlib.util.find_spec(MODULES[row]) is None:
                print(f"{'whole process, 10 epochs of digits and a prediction: ' + row:62} not installed")
                continue
            what = (
                "whole process, import alone: "
                if row == "numpy"
                else "whole process, 10 epochs of digits, a prediction: "
            )
            show(what + row, medians(code, times, folder)["process"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
