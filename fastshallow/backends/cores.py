"""How many threads may run at once in this process."""

from __future__ import annotations

import multiprocessing
import os
import threading

LIMITS = ("FASTSHALLOW_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")  # the first that is set counts

_this = threading.local()


def compute_alone() -> None:
    """Let this thread compute by itself, from now on, what others might help with: they have work of their own."""
    _this.alone = True


def processors() -> int:
    """How many threads may run at once: the processors of this process, fewer if an environment variable says so."""
    if getattr(_this, "alone", False) or multiprocessing.parent_process() is not None:
        return 1  # one of several workers, most likely
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    for name in LIMITS:
        outermost = os.environ.get(name, "").partition(",")[0].strip()  # OpenMP has a list, one for each level
        if outermost.isascii() and outermost.isdigit():
            return max(1, min(count, int(outermost)))
    return count
