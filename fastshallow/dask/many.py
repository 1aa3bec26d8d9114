"""Many networks on a cluster: all data go to each worker once, and each network is a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import distributed
from numpy.typing import ArrayLike

from ..formulas import Output
from ..training import Finished, Networks, Tasks, Told, Trained, gathered
from .cluster import check_workers, connected


def train_many(
    X: Any,
    Y: ArrayLike,
    *,
    client: Any = None,
    seeds: Iterable[int] = (0,),
    settings: Sequence[Mapping[str, Any]] | None = None,
    output: str | Output = "sigmoid",
    sample_weight: ArrayLike | None = None,
    validation: float | tuple[Any, ArrayLike] | None = None,
    folds: int | None = None,
    fold_seed: int = 0,
    cost_every: int = 1,
    backend: str = "auto",
    callbacks: Callable[[Finished], Any] | Sequence[Callable[[Finished], Any]] = (),
    progress: bool = False,
    verbose: int = 0,
    **varied: Any,
) -> Networks:
    """Train many networks on the same data, spread over the workers of a cluster: what `fs.train_many` does in threads.

    Parameters
    ----------
    X, Y
        Arrays of this process, as for `fs.train_many`: each worker gets all of them once.
    client
        As for `train`.
    seeds, settings, output, sample_weight, validation, folds, fold_seed, cost_every, backend, callbacks, progress, \
verbose, **varied
        As for `fs.train_many`.

    Returns
    -------
    Networks
        Those of `fs.train_many`, to the bit, on processors of one kind. Ctrl-C gives back those that are finished.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As for `fs.train_many`.
    RuntimeError
        For a worker without this package, or with another version of it.

    Examples
    --------
    >>> networks = fs.dask.train_many(X, Y, seeds=range(100), n_h=[4, 8, 16], folds=5, client="tcp://scheduler:8786")
    """
    tasks = Tasks(
        X,
        Y,
        varied,
        settings=settings,
        seeds=seeds,
        output=output,
        validation=validation,
        folds=folds,
        fold_seed=fold_seed,
        sample_weight=sample_weight,
        cost_every=cost_every,
        backend=backend,
        threads=1,
    )
    told = Told(len(tasks.tasks), callbacks, progress, verbose)
    with connected(client) as connection, told.shown:
        check_workers(connection)
        tasks.start(tasks.tasks[0])  # compiles what workers that share the folder of compiled code then load
        _run(connection, tasks, told)
    return gathered(tasks, told.found)


def train_one(number: int, tasks: Tasks) -> Trained:
    """One of them, on a worker."""
    return tasks.start(tasks.tasks[number]).go(None, lambda: False)


def _run(client: distributed.Client, tasks: Tasks, told: Told) -> None:
    """Have the workers train all of them, and tell of each that is finished."""
    everywhere = client.scatter(tasks, broadcast=True, hash=False)
    numbers = range(len(tasks.tasks))
    finish(client, client.map(train_one, numbers, tasks=everywhere, pure=False), told)


def finish(client: distributed.Client, futures: list[Any], told: Callable[[int, Any], bool]) -> bool:
    """Tell the place and result of each as it is finished, until `told` is true, or Ctrl-C; whether all were told."""
    places, count = {future.key: k for k, future in enumerate(futures)}, 0
    try:
        for future, result in distributed.as_completed(futures, with_results=True):
            count += 1
            if told(places[future.key], result):
                return False
    except KeyboardInterrupt:
        pass
    finally:
        client.cancel(futures)
    return count == len(futures)
