"""The estimators beside scikit-learn's MLPs: scores and fits, a grid search, and imports; one thread both.

``python -m benchmarks.estimators`` fits with default parameters to the same splits of scikit-learn's own data, features
standardized in a pipeline; searches a grid in processes of their own; and times imports. Times are the processor's, so
that other programs disturb them little. It takes some ten minutes, with ``--quick`` two.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from time import process_time
from typing import Any

from .one_thread import ONE_THREAD

DATA = ("breast_cancer", "digits", "wine", "iris", "diabetes")
GRID = """
import warnings
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from {module} import {name}
warnings.simplefilter("ignore")  # of runs that end before they converge
X, y = load_digits(return_X_y=True)
grid = {{
    "activation": ["identity", "logistic", "tanh", "relu"],
    "hidden_layer_sizes": [(25,), (50,), (100,)],
    "alpha": [1e-4, 1e-2, 1.0],
}}
search = GridSearchCV({name}(random_state=0, max_iter={max_iter}), grid, cv=3, n_jobs=1).fit(X / 16, y)
print(f"{{search.best_score_:.4f}}")
"""
OURS = {"module": "fastshallow", "name": "ShallowClassifier"}
THEIRS = {"module": "sklearn.neural_network", "name": "MLPClassifier"}
IMPORT = """
from time import process_time
begun = process_time()
{statement}
print(process_time() - begun)
"""
IMPORTS = (  # each with what it is measured by
    ("import fastshallow", "import numpy"),
    ("from fastshallow import ShallowClassifier", "import sklearn.base"),
    ("from fastshallow import ShallowClassifier", "import sklearn.neural_network"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="splits of each data set; default: 10")
    parser.add_argument("--quick", action="store_true", help="2 splits, 20 epochs in the grid, 2 processes an import")
    parser.add_argument("--only", choices=("fits", "grid", "imports"), help="one of the tables")
    arguments = parser.parse_args(argv)
    os.environ.update(ONE_THREAD | {"FASTSHALLOW_NUM_THREADS": "1"})  # read when NumPy is imported
    warnings.simplefilter("ignore")
    if arguments.only in (None, "fits"):
        show_fits(2 if arguments.quick else arguments.seeds)
    if arguments.only in (None, "grid"):
        show_grid(20 if arguments.quick else 200)
    if arguments.only in (None, "imports"):
        show_imports(2 if arguments.quick else 5)
    return 0


def show_fits(seeds: int) -> None:
    """The table of scores, and of times to fit."""
    import numpy as np

    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    rows, ratios = [], []
    for name in DATA:
        fit(name, 0, ours=True)  # compiles
        pairs = np.array([both(name, seed) for seed in range(seeds)])
        (theirs, ours), (slow, fast) = pairs.transpose(2, 1, 0)
        error = theirs.std(ddof=1) / np.sqrt(seeds)
        verdict = "yes" if ours.mean() >= theirs.mean() - error else "NO"
        ratios.append(np.median(slow / fast))
        scores = [f"{each:.4f}" for each in (ours.mean(), theirs.mean(), error)]
        times = [seconds_text(float(np.median(each))) for each in (fast, slow)]
        rows.append([name, *scores, verdict, *times, f"{ratios[-1]:.1f}"])
    print(f"default parameters, features standardized, {seeds} splits: means of scores, medians of times and ratios\n")
    header = ("data", "score", "scikit-learn's", "its error", "as good", "fit", "scikit-learn's", "times faster")
    show_table(header, rows)
    print(f"the median over the data: {statistics.median(ratios):.1f} times faster\n", flush=True)


def both(data: str, seed: int) -> list[tuple[float, float]]:
    """Scores and times, scikit-learn's and ours; who comes first alternates."""
    found = {ours: fit(data, seed, ours) for ours in ((False, True), (True, False))[seed % 2]}
    return [found[False], found[True]]


def fit(data: str, seed: int, ours: bool) -> tuple[float, float]:
    """The score on a test part, and the seconds that fitting took."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from fastshallow import ShallowClassifier, ShallowRegressor

    X, y = getattr(datasets, f"load_{data}")(return_X_y=True)
    numbers = data == "diabetes"
    X, test_X, y, test_y = train_test_split(X, y, random_state=seed, stratify=None if numbers else y)
    kind: Any = ((MLPClassifier, ShallowClassifier), (MLPRegressor, ShallowRegressor))[numbers][ours]
    pipeline = make_pipeline(StandardScaler(), kind(random_state=seed))
    begun = process_time()
    pipeline.fit(X, y)
    seconds = process_time() - begun
    return pipeline.score(test_X, test_y), seconds


def show_grid(max_iter: int) -> None:
    """The table of the grid search, whole processes."""
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    slow, score = process(GRID.format(**THEIRS, max_iter=max_iter))
    rows = [["scikit-learn", seconds_text(slow), "", score]]
    with tempfile.TemporaryDirectory() as folder:
        for cache in "empty", "filled":
            seconds, score = process(GRID.format(**OURS, max_iter=max_iter), FASTSHALLOW_CACHE_DIR=folder)
            rows.append([f"fastshallow, {cache} cache", seconds_text(seconds), f"{slow / seconds:.1f}", score])
    print("GridSearchCV on digits, 4 activations x 3 sizes x 3 values of alpha, 3 folds, n_jobs=1: whole processes\n")
    show_table(("", "time", "times faster", "best score"), rows)


def show_imports(times: int) -> None:
    """The table of imports: the least time of some processes."""
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    least = {statement: float("inf") for pair in IMPORTS for statement in pair}
    with tempfile.TemporaryDirectory() as folder:  # of bytecode, as an installed package has it
        kept = {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(times + 1):  # the first processes write it
            for statement, before in least.items():
                least[statement] = min(before, float(process(IMPORT.format(statement=statement), **kept)[1]))
    rows = [
        [mine, seconds_text(least[mine]), other, seconds_text(least[other]), f"{least[mine] / least[other]:.2f}"]
        for mine, other in IMPORTS
    ]
    print(f"imports: the least of {times} processes\n")
    show_table(("", "time", "beside", "time", "times as long"), rows, left=(0, 2))


def process(code: str, **settings: str) -> tuple[float, str]:
    """The seconds of the processor that a fresh process takes, and what it prints."""
    before = of_children()
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return of_children() - before, done.stdout.strip()


def of_children() -> float:
    """Seconds of the processor that processes started here have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
