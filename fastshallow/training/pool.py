"""Jobs in threads: kernels let other threads run, so many trainings share the processors without other processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

LOOK = 0.1  # seconds between two looks for Ctrl-C, of which some systems do not tell who waits

Job = Callable[[Callable[[], bool]], Any]


def run_jobs(jobs: Sequence[Job], threads: int, told: Callable[[int, Any], bool]) -> bool:
    """Run jobs, each given a function that says whether it should stop, and tell the number and result of each.

    If `told`, which is called in this thread, gives back True, and at Ctrl-C, those that have begun should stop, and
    others do not begin. Gives back whether all were run.
    """
    stop, numbers, done = Event(), iter(range(len(jobs))), SimpleQueue[tuple[int, Any, BaseException | None]]()

    def work() -> None:
        for i in numbers:
            if stop.is_set():
                break
            try:
                done.put((i, jobs[i](stop.is_set), None))
            except BaseException as error:
                done.put((i, None, error))

    def tell(timeout: float) -> bool:
        i, result, error = done.get(timeout=timeout)
        if error is not None:
            raise error
        return told(i, result)

    workers = [Thread(target=work, name="fastshallow job", daemon=True) for _ in range(min(threads, len(jobs)))]
    for worker in workers:
        worker.start()
    left = len(jobs)
    try:
        while left and not stop.is_set():
            try:
                if tell(LOOK):
                    stop.set()
                left -= 1
            except Empty:
                continue
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    while not done.empty():  # of those that have stopped
        tell(0.0)
    return left == 0
