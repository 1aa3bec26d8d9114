"""Jobs in threads: kernels let other threads run, so many trainings share the processors without other processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Any

LOOK = 0.05  # seconds between two looks at what is done: to wake for each of many short jobs takes 0.2 ms

Job = Callable[[Callable[[], bool]], Any]


def run_jobs(jobs: Sequence[Job], threads: int, told: Callable[[int, Any], bool]) -> bool:
    """Run jobs, each given a function that says whether it should stop, and tell the number and result of each.

    If `told`, which is called in this thread, gives back True, and at Ctrl-C, those that have begun should stop, and
    others do not begin. Gives back whether all were run.
    """
    stop, numbers, done = Event(), iter(range(len(jobs))), SimpleQueue[tuple[int, Any, BaseException | None]]()
    ended = Semaphore(0)  # once for each worker: after a join that Ctrl-C breaks, one that runs counts as ended
    count = 0

    def work() -> None:
        for i in numbers:
            if stop.is_set():
                break
            try:
                done.put((i, jobs[i](stop.is_set), None))
            except BaseException as error:
                done.put((i, None, error))
        ended.release()

    def tell() -> None:
        nonlocal count
        while not done.empty():
            i, result, error = done.get()
            if error is not None:
                raise error
            count += 1
            if told(i, result):
                stop.set()

    workers = [Thread(target=work, name="fastshallow job", daemon=True) for _ in range(min(threads, len(jobs)))]
    for worker in workers:
        worker.start()
    try:
        for _ in workers:
            while not (stop.is_set() or ended.acquire(timeout=LOOK)):
                tell()
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    tell()
    return count == len(jobs)
