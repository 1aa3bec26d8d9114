"""One thread for everybody, and a few minutes for the whole suite."""

import os

from .one_thread import ONE_THREAD

os.environ.update(ONE_THREAD)  # before NumPy is imported: it reads them then
DEFAULTS = {"max_time": 0.1, "min_rounds": 3, "sort": "min", "columns": ["min", "median", "rounds", "iterations"]}


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "default::pytest_benchmark.logger.PytestBenchmarkWarning")
    given = " ".join(config.invocation_params.args)
    for name, value in DEFAULTS.items():
        if f"--benchmark-{name.replace('_', '-')}" not in given and hasattr(config.option, f"benchmark_{name}"):
            setattr(config.option, f"benchmark_{name}", value)


def pytest_benchmark_update_machine_info(config, machine_info):
    """A record tells the processor, caches and versions; what changes from run to run is told with each benchmark."""
    from fastshallow.measuring import machine

    machine_info["fastshallow"] = machine()
