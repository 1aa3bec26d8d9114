"""Threads that run one kernel together: who they are, and how many may run at once in this process.

They are kept between calls. Whoever wants some gets as many as there are processors to spare, which may be none: then
the kernel, whose answer does not depend on it, runs on one thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from .cores import processors
from .native import KERNEL


class _Worker(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="fastshallow", daemon=True)
        self.tasks: SimpleQueue[tuple[Callable[..., Any], tuple[int, ...], Any]] = SimpleQueue()
        self.start()

    def run(self) -> None:
        while True:
            function, arguments, records = self.tasks.get()
            function(*arguments)
            del records  # which it has pointed to


class _Workers:
    """The threads of this process: the idle ones, and how many run."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[_Worker] = []
        self.running = 0  # callers and workers

    def borrow(self, wanted: int, spare: int | None) -> list[_Worker]:
        """At most `wanted` workers, no more than leave `spare` processors for all that run, if that is given."""
        with self.lock:
            if spare is not None:
                wanted = max(0, min(wanted, spare - self.running - 1))
            taken = [self.idle.pop() if self.idle else _Worker() for _ in range(wanted)]
            self.running += 1 + len(taken)
        return taken

    def give_back(self, workers: list[_Worker]) -> None:
        with self.lock:
            self.idle += workers
            self.running -= 1 + len(workers)


_workers = _Workers()


def _begin_anew() -> None:
    global _workers
    _workers = _Workers()  # no thread but the forking one lives on in a child


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def run(kernel: int, records: Any, most: int, asked: bool) -> Any:
    """Run the kernel at an address on up to `most` threads, exactly so many if they were `asked` for.

    Each thread gets the run, its own place, its rank and the number of the call. Who has not begun when the work is
    done is not waited for. Gives back what the first thread's kernel does.
    """
    function, run, (first, *places) = KERNEL(kernel), records.run_address, records.place_addresses
    try:
        workers = _workers.borrow(most - 1, None if asked else processors())
    except RuntimeError:  # no more threads can be started
        return function(run, first, 0, 0, 0, 0)
    record = records.run[0]
    call = int(record["call"]) + 1
    record["threads"], record["base"] = 1 + len(workers), record["done"]
    try:
        for rank, (worker, place) in enumerate(zip(workers, places, strict=False), 1):
            worker.tasks.put((function, (run, place, rank, call, 0, 0), records))
        return function(run, first, 0, call, 0, 0)
    finally:
        record["call"] = call + 1  # closed, if something has kept the kernel from it
        record["threads"] = 1
        for worker in workers:
            with suppress(Empty):
                worker.tasks.get_nowait()  # so that nothing is kept for a thread that is late
        _workers.give_back(workers)
