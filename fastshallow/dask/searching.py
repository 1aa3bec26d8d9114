"""Successive halving on a cluster: between two rungs a network's state comes back, and goes on on any worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from ..formulas import Output
from ..training import Halving, Kept, Networks, Tasks, Trained, gathered
from .cluster import check_workers, connected
from .many import finish


def search(
    X: Any,
    Y: ArrayLike,
    *,
    client: Any = None,
    epochs: int = 10_000,
    min_epochs: int | None = None,
    factor: int = 3,
    seeds: Iterable[int] = (0,),
    settings: Sequence[Mapping[str, Any]] | None = None,
    output: str | Output = "sigmoid",
    sample_weight: ArrayLike | None = None,
    validation: float | tuple[Any, ArrayLike] | None = None,
    folds: int | None = None,
    fold_seed: int = 0,
    cost_every: int = 1,
    backend: str = "auto",
    progress: bool = False,
    verbose: int = 0,
    **varied: Any,
) -> Networks:
    """Find good settings by successive halving, spread over the workers of a cluster: what `fs.search` does in threads.

    Parameters
    ----------
    X, Y
        Arrays of this process, as for `fs.search`: each worker gets all of them once.
    client
        As for `train`.
    epochs, min_epochs, factor, seeds, settings, output, sample_weight, validation, folds, fold_seed, cost_every, \
backend, progress, verbose, **varied
        As for `fs.search`.

    Returns
    -------
    Networks
        Those of `fs.search`, to the bit, on processors of one kind. Ctrl-C gives back what is there.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As for `fs.search`.
    RuntimeError
        For a worker without this package, or with another version of it.

    Examples
    --------
    >>> found = fs.dask.search(X, Y, n_h=[4, 8], learning_rate=[0.1, 0.3, 1.0], client="tcp://scheduler:8786")
    """
    asked = {name: value for name, value in locals().items() if name != "client"}
    halving = Halving(**asked, threads=1)
    with connected(client) as connection:
        check_workers(connection)
        halving.tasks.start(halving.tasks.tasks[0])  # compiles what workers that share the folder then load
        found = halving.run(_Cluster(connection, halving.tasks))
    return gathered(halving.tasks, found)


class _Cluster:
    """The workers, and how far each network has come."""

    def __init__(self, client: Any, tasks: Tasks) -> None:
        self._client, self._tasks = client, client.scatter(tasks, broadcast=True, hash=False)
        self._last: dict[int, tuple[Trained, Any]] = {}

    def __call__(self, numbers: Sequence[int], until: int, told: Callable[[int, Trained], bool]) -> bool:
        """Train the networks of these numbers up to an epoch; those that have diverged stay as they are."""
        last = self._last
        others = [i for i in numbers if i not in last or last[i][0].network is not None]
        for i in sorted(set(numbers) - set(others)):
            told(i, last[i][0])
        before = [last[i][1] if i in last else None for i in others]
        futures = self._client.map(go_on, others, before, until=until, tasks=self._tasks, pure=False)

        def tell(k: int, result: tuple[Trained, Any]) -> bool:
            last[others[k]] = result
            return told(others[k], result[0])

        return finish(self._client, futures, tell)


def go_on(number: int, before: Any, until: int, tasks: Tasks) -> tuple[Trained, Any]:
    """One of them from where it was, on a worker: what it has led to, and where it is then."""
    kept = Kept()
    trained = tasks.start(tasks.tasks[number], kept=kept, stored=before).go(until, lambda: False)
    return trained, kept.stored
