"""One thread for everybody, and a few minutes for the whole suite."""

import os

from .one_thread import ONE_THREAD

os.environ.update(ONE_THREAD)  # before NumPy is imported: it reads them then
DEFAULTS = {"max_time": 0.1, "min_rounds": 3, "sort": "min", "columns": ["min", "median", "rounds", "iterations"]}


def pytest_configure(config):
    given = " ".join(config.invocation_params.args)
    for name, value in DEFAULTS.items():
        if f"--benchmark-{name.replace('_', '-')}" not in given and hasattr(config.option, f"benchmark_{name}"):
            setattr(config.option, f"benchmark_{name}", value)
