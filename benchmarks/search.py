"""A search over 60 settings by five folds on digits: ShallowSearchCV beside GridSearchCV, and fs.search.

``python -m benchmarks.search`` times whole processes, with their imports and those of the processes that they start,
kernels compiled before. scikit-learn's own MLP is timed on two fifths of the settings and on one, and scaled to all. It
takes some five minutes, with ``--quick`` (20 epochs at most instead of 200) one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from .estimators import of_children
from .one_thread import ONE_THREAD

CODE = """
import warnings
warnings.simplefilter("ignore")  # of runs that end before they converge
import os
os.environ["PYTHONWARNINGS"] = "ignore"
from sklearn.datasets import load_digits
from {module} import {search}
from {estimator_module} import {estimator}
X, y = load_digits(return_X_y=True)
grid = {{
    "hidden_layer_sizes": [(10,), (25,), (50,)],
    "learning_rate_init": [0.001, 0.003, 0.01, 0.03],
    "alpha": [1e-4, 1e-3, 1e-2, 0.1, 1.0][:{part}],
}}
found = {search}({estimator}(random_state=0, max_iter={max_iter}), grid, cv=5, n_jobs={n_jobs}).fit(X / 16, y)
print(f"{{found.best_score_:.4f}} {{found.cv_results_['mean_test_score'].sum():.6f}}")
"""
HALVING = """
import numpy as np
from sklearn.datasets import load_digits
import fastshallow as fs
X, y = load_digits(return_X_y=True)
Y, _ = fs.one_hot(y)
found = fs.search(
    X.T / 16, Y, output="softmax", folds=5, epochs={max_iter}, optimizer="adam", batch_size=200, hidden="relu",
    scale="he", cost_every=10, threads={n_jobs},
    n_h=[10, 25, 50], learning_rate=[0.001, 0.003, 0.01, 0.03], l2=[1e-4, 1e-3, 1e-2, 0.1, 1.0],
)
rows = found.by_settings()
best = max(score for score, rung in zip(rows["validation_score"], rows["rung"]) if rung == max(rows["rung"]))
print(f"{{best:.4f}} -")
"""
GRID = {"module": "sklearn.model_selection", "search": "GridSearchCV"}
OURS = {"module": "fastshallow", "search": "ShallowSearchCV"}
MLP = {"estimator_module": "sklearn.neural_network", "estimator": "MLPClassifier"}
SHALLOW = {"estimator_module": "fastshallow", "estimator": "ShallowClassifier"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--n-jobs", type=int, default=2, help="processes, or threads; default: 2")
    parser.add_argument("--repeats", type=int, default=1, help="the least of so many times counts; default: 1")
    parser.add_argument("--quick", action="store_true", help="20 epochs at most")
    arguments = parser.parse_args(argv)
    os.environ.update(ONE_THREAD)  # read when NumPy is imported
    show(arguments.n_jobs, 20 if arguments.quick else 200, arguments.repeats)
    return 0


def show(n_jobs: int, max_iter: int, repeats: int) -> None:
    """The table."""
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    common = {"n_jobs": n_jobs, "max_iter": max_iter}
    process(CODE.format(**OURS, **SHALLOW, **common | {"max_iter": 1}, part=1))  # compiles
    process(HALVING.format(**common | {"max_iter": 1}))
    codes = {
        "ShallowSearchCV, ShallowClassifier": CODE.format(**OURS, **SHALLOW, **common, part=5),
        "GridSearchCV, ShallowClassifier": CODE.format(**GRID, **SHALLOW, **common, part=5),
        "fs.search, by halving": HALVING.format(**common),
    }
    taken = {name: least(code, repeats) for name, code in codes.items()}
    one, two = (least(CODE.format(**GRID, **MLP, **common, part=part), 1) for part in (1, 2))
    scaled = (a + 4 * (b - a) for a, b in zip(one[:2], two[:2], strict=True))
    taken["GridSearchCV, MLPClassifier, scaled"] = Taken(*scaled, f"{two.answer.split()[0]} (of 24) -")
    first, second, *_ = taken.values()
    if first.answer != second.answer:
        raise SystemExit(f"the searches differ: {taken}")
    rows = []
    for name, (seconds, work, answer) in taken.items():
        times = [seconds_text(seconds), f"{seconds / first.seconds:.2f}"]
        rows.append([name, *times, seconds_text(work), f"{work / first.work:.2f}", answer.rpartition(" ")[0]])
    print(f"digits, 60 settings, 5 folds, at most {max_iter} epochs, n_jobs={n_jobs}: whole processes\n")
    show_table(("", "time", "times the first", "processors' time", "times", "best score"), rows)


class Taken(NamedTuple):
    """The seconds that a process takes, those that processors work for it and its children, and what it prints."""

    seconds: float
    work: float
    answer: str


def least(code: str, repeats: int) -> Taken:
    """The least time of some processes."""
    return min(process(code) for _ in range(repeats))


def process(code: str) -> Taken:
    """Run a fresh process."""
    begun, used = perf_counter(), of_children()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Taken(perf_counter() - begun, of_children() - used, done.stdout.strip())


if __name__ == "__main__":
    sys.exit(main())
