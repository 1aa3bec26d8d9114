"""Many fits at once in threads: the kernels let others run, so no process is started and nothing is copied to it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from typing import Any

from joblib import parallel_config
from joblib._parallel_backends import ThreadingBackend

from ..backends import compute_alone, processors


class _Threads(ThreadingBackend):
    """joblib's threads, each of which computes alone."""

    _pool: Any

    def _get_pool(self) -> Any:
        if self._pool is None:
            self._pool = ThreadPool(self._n_jobs, initializer=compute_alone)
        return self._pool


@contextmanager
def in_threads(n_jobs: int | None) -> Iterator[None]:
    """Let what joblib runs be run in so many threads; None takes the processors."""
    with warnings.catch_warnings(), parallel_config(_Threads(), n_jobs=processors() if n_jobs is None else n_jobs):
        yield  # scikit-learn sets filters of warnings in each job, whose threads share them
