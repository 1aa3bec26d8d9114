"""Many fits at once in threads: the kernels let others run, so no process is started and nothing is copied to it."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from typing import Any

from joblib import parallel_config
from joblib._parallel_backends import ThreadingBackend

from ..backends import compute_alone, processors

SECONDS = 1e-4  # that a kernel which is done waits for Python, not 5e-3: a search takes 0.85 of the time on two threads

_here = threading.local()


class _Threads(ThreadingBackend):
    """joblib's threads, each of which computes alone, and keeps what it would warn of."""

    _pool: Any

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[str, type[Warning]]] = []

    def _get_pool(self) -> Any:
        if self._pool is None:
            self._pool = ThreadPool(self._n_jobs, initializer=self._begin)
        return self._pool

    def _begin(self) -> None:
        compute_alone()
        _here.kept = self.kept


@contextmanager
def in_threads(n_jobs: int | None) -> Iterator[None]:
    """Let what joblib runs be run in so many threads; None takes the processors.

    Filters of warnings are one for all threads, and scikit-learn empties them for a moment as each job begins: what the
    jobs, and this thread meanwhile, `warn` of is said afterwards, each once.
    """
    threads, seconds, before = _Threads(), sys.getswitchinterval(), getattr(_here, "kept", None)
    sys.setswitchinterval(min(seconds, SECONDS))
    _here.kept = threads.kept
    try:
        with warnings.catch_warnings(), parallel_config(threads, n_jobs=processors() if n_jobs is None else n_jobs):
            yield
    finally:
        sys.setswitchinterval(seconds)
        _here.kept = before
        for message, category in dict.fromkeys(threads.kept):
            warn(message, category, stacklevel=4)  # to who has called `fit`


def warn(message: str, category: type[Warning] = UserWarning, stacklevel: int = 2) -> None:
    """Warn as Python does, or let `in_threads` do so."""
    kept = getattr(_here, "kept", None)
    if kept is None:
        warnings.warn(message, category, stacklevel=stacklevel + 1)
    else:
        kept.append((message, category))
