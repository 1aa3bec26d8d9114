"""The estimators beside scikit-learn's MLPs: scores and fits, a grid search, and imports; one thread both.

``python -m benchmarks.estimators`` fits with default parameters to the same splits of scikit-learn's own data, features
standardized in a pipeline; searches a grid in processes of their own; and times imports. It takes a quarter of an hour,
with ``--quick`` a minute.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from time import perf_counter
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
print(search.best_score_)
"""
OURS = {"module": "fastshallow", "name": "ShallowClassifier"}
THEIRS = {"module": "sklearn.neural_network", "name": "MLPClassifier"}
IMPORTS = {  # each beside what it is measured by
    "import fastshallow": "import numpy",
    "from fastshallow import ShallowClassifier": "import sklearn.base",
    "from fastshallow import ShallowClassifier ": "import sklearn.neural_network",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="splits of each data set; default: 10")
    parser.add_argument("--quick", action="store_true", help="two splits, and runs of 20 epochs in the grid")
    parser.add_argument("--only", choices=("fits", "grid", "imports"), help="one of the tables")
    arguments = parser.parse_args(argv)
    os.environ.update(ONE_THREAD)  # read when NumPy is imported
    warnings.simplefilter("ignore")
    if arguments.only in (None, "fits"):
        show_fits(2 if arguments.quick else arguments.seeds)
    if arguments.only in (None, "grid"):
        show_grid(20 if arguments.quick else 200)
    if arguments.only in (None, "imports"):
        show_imports(2 if arguments.quick else 5)
    return 0


def show_fits(seeds: int) -> None:
    """The table of scores and of times to fit."""
    import numpy as np

    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    rows, ratios = [], []
    for name in DATA:
        fits = np.array([[fit(name, seed, ours) for ours in turns(seed)] for seed in range(-1, seeds)])[1:]
        fits[1::2] = fits[1::2, ::-1]  # (seeds, theirs and ours, score and seconds)
        scores, seconds = fits[..., 0], fits[..., 1]
        mean, error = scores.mean(axis=0), scores[:, 0].std(ddof=1) / np.sqrt(seeds)
        times, ratio = np.median(seconds, axis=0), float(np.median(seconds[:, 0] / seconds[:, 1]))
        ratios.append(ratio)
        verdict = "yes" if mean[1] >= mean[0] - error else "NO"
        told = [f"{mean[1]:.4f}", f"{mean[0]:.4f}", f"{error:.4f}", verdict]
        rows.append([name, *told, *map(seconds_text, times[::-1]), f"{ratio:.1f}"])
    print(f"default parameters, features standardized, {seeds} splits: means of scores, medians of times and ratios\n")
    header = ("data", "score", "scikit-learn's", "its error", "as good", "fit", "scikit-learn's", "times faster")
    show_table(header, rows)
    print(f"the median over the data: {statistics.median(ratios):.1f} times faster\n", flush=True)


def turns(seed: int) -> tuple[bool, bool]:
    """Whose turn comes first: theirs and ours, or the other way round."""
    return (True, False) if seed % 2 else (False, True)


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
    seed = max(0, seed)  # the first turn compiles, and does not count
    parts = train_test_split(X, y, random_state=seed, stratify=None if numbers else y)
    if ours:
        model: Any = (ShallowRegressor if numbers else ShallowClassifier)(random_state=seed, threads=1)
    else:
        model = (MLPRegressor if numbers else MLPClassifier)(random_state=seed)
    pipeline = make_pipeline(StandardScaler(), model)
    begun = perf_counter()
    pipeline.fit(parts[0], parts[2])
    return pipeline.score(parts[1], parts[3]), perf_counter() - begun


def show_grid(max_iter: int) -> None:
    """The table of the grid search, whole processes."""
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    theirs, score = process(GRID.format(**THEIRS, max_iter=max_iter))
    rows = [["scikit-learn", seconds_text(theirs), "", score]]
    with tempfile.TemporaryDirectory() as folder:
        for cache in "empty", "filled":
            seconds, score = process(GRID.format(**OURS, max_iter=max_iter), FASTSHALLOW_CACHE_DIR=folder)
            told = [seconds_text(seconds), f"{theirs / seconds:.1f}", score]
            rows.append([f"fastshallow, {cache} cache", *told])
    print("GridSearchCV on digits, 4 activations x 3 sizes x 3 values of alpha, 3 folds, n_jobs=1: whole processes\n")
    show_table(("", "time", "times faster", "best score"), rows)


def show_imports(times: int) -> None:
    """The table of imports: the least time of some processes."""
    from fastshallow.command.console import show_table
    from fastshallow.measuring import seconds_text

    statements = {*IMPORTS.keys(), *IMPORTS.values()}
    least = dict.fromkeys(statements, float("inf"))
    for _ in range(times):
        for each in statements:
            least[each] = min(least[each], float(process(IMPORT.format(statement=each.strip()))[1]))
    rows = [
        [mine, seconds_text(least[mine]), other, seconds_text(least[other]), f"{least[mine] / least[other]:.2f}"]
        for mine, other in IMPORTS.items()
    ]
    print(f"imports: the least of {times} processes\n")
    show_table(("", "time", "beside", "time", "times as long"), rows, left=(0, 2))


IMPORT = """
from time import perf_counter
begun = perf_counter()
{statement}
print(perf_counter() - begun)
"""


def process(code: str, **settings: str) -> tuple[float, str]:
    """The seconds that a fresh process takes, and what it prints."""
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return perf_counter() - begun, done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
