"""Successive halving: many settings for a few epochs, and the best of them, again and again, for more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..formulas import Output, positive_integer
from .many import Told, gathered
from .networks import Networks
from .pool import run_jobs
from .tasks import Running, Tasks, Trained

# Trains the networks of these numbers up to an epoch, and tells of each; gives back whether it trained them all.
GoOn = Callable[[Sequence[int], int, Callable[[int, Trained], bool]], bool]


def search(
    X: Any,
    Y: ArrayLike | None = None,
    *,
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
    threads: int | None = None,
    progress: bool = False,
    verbose: int = 0,
    **varied: Any,
) -> Networks:
    """Find good settings by successive halving: train all for a few epochs, the best third for three times as many, ...

    Training goes on from where it was, so no epoch is taken twice, and a network that is left at the end has exactly
    the bits of one that `train` takes straight through all epochs.

    Parameters
    ----------
    X, Y, output, sample_weight, cost_every, backend
        As for `train`.
    epochs
        Of those that are left at the end. Schedules of the learning rate are those of so many.
    min_epochs, factor
        Epochs before the first choice, and the part of the settings, one in `factor`, that each choice leaves, for
        `factor` times the epochs. None for `min_epochs` begins where the last choice leaves one to `factor` settings.
    seeds, settings, **varied, threads, progress, verbose
        As for `train_many`; of several seeds the mean counts.
    validation
        Examples to choose by, or the fraction of the examples to hold out, of classes the same part of each: the same
        for all networks, drawn by `fold_seed`. The default is 0.2, unless there are folds. The least cost is best.
    folds, fold_seed
        As for `train_many`: the mean over the folds counts.

    Returns
    -------
    Networks
        All networks, as far as each was trained: the table has ``rung``, the number of the choice up to which it came.
        ``best`` and ``best_settings`` are of those left at the end. Ctrl-C gives back what is there.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As for `train_many`.

    Examples
    --------
    >>> found = fs.search(X, Y, n_h=[4, 8, 16], learning_rate=np.geomspace(0.01, 3, 9), epochs=9000)
    >>> found.best, found.best_settings, found.by_settings()

    Notes
    -----
    Jamieson and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization".
    """
    halving = Halving(**locals())
    runs: dict[int, Running] = {}

    def go_on(i: int, until: int, interrupted: Callable[[], bool]) -> Trained:
        if i not in runs:
            runs[i] = halving.tasks.start(halving.tasks.tasks[i])
        return runs[i].go(until, interrupted)

    def go_on_all(numbers: Sequence[int], until: int, told: Callable[[int, Trained], bool]) -> bool:
        for i in runs.keys() - set(numbers):
            del runs[i]  # and its memory
        jobs = [partial(go_on, i, until) for i in numbers]
        return run_jobs(jobs, halving.tasks.threads, lambda k, trained: told(numbers[k], trained))

    return gathered(halving.tasks, halving.run(go_on_all))


class Halving:
    """What `search` is asked for, wherever the networks are trained."""

    def __init__(
        self,
        X: Any,
        Y: ArrayLike | None,
        *,
        varied: Mapping[str, Any],
        epochs: int,
        min_epochs: int | None,
        factor: int,
        progress: bool,
        verbose: int,
        validation: Any,
        folds: int | None,
        **asked: Any,
    ) -> None:
        epochs, factor = positive_integer("epochs", epochs), positive_integer("factor", factor)
        if factor < 2:
            raise ValueError("factor must be 2 or more, not 1")
        validation = 0.2 if validation is None and folds is None else validation
        given = {"epochs": epochs, **varied}
        self.tasks = Tasks(X, Y, given, validation=validation, folds=folds, common=True, **asked)
        count = len(self.tasks.grid.settings)
        self.rungs = make_rungs(count, epochs, min_epochs, factor)
        runs = len(self.tasks.tasks) // count * sum(each for _, each in self.rungs)
        self._told = Told(runs, (), progress, verbose)

    def run(self, go_on_all: GoOn) -> dict[int, Trained]:
        """Take all settings up to the first rung, the best of them up to the next, and so on: the networks' last."""
        tasks, told, left = self.tasks, self._told, list(range(len(self.tasks.grid.settings)))
        with told.shown:
            for rung, (until, count) in enumerate(self.rungs):
                if rung:
                    costs = [_mean_cost(tasks, told.found, k) for k in left]
                    left = [left[k] for k in np.argsort(costs, kind="stable")[:count]]
                numbers = [i for i, task in enumerate(tasks.tasks) if task.settings in left]

                def tell(i: int, trained: Trained, rung: int = rung) -> bool:
                    return told(i, trained._replace(row=trained.row | {"rung": rung}))

                if not go_on_all(numbers, until, tell):
                    break
        return told.found


def make_rungs(count: int, epochs: int, min_epochs: int | None, factor: int) -> list[tuple[int, int]]:
    """Up to which epoch how many settings are trained, from the first choice to the end."""
    if min_epochs is None:
        choices = 0
        while factor ** (choices + 1) <= count:
            choices += 1
        until = max(1, epochs // factor**choices)
    else:
        until = positive_integer("min_epochs", min_epochs)
        if until > epochs:
            raise ValueError(f"min_epochs must be at most epochs, {epochs}, not {until}")
    rungs = []
    while until * factor <= epochs:
        rungs.append((until, count))
        until, count = until * factor, -(-count // factor)
    return [*rungs, (epochs, count)]


def _mean_cost(tasks: Tasks, found: Mapping[int, Trained], settings: int) -> float:
    """The mean validation cost of the networks of some settings; infinite if one diverged."""
    costs = [found[i].row["validation_cost"] for i, task in enumerate(tasks.tasks) if task.settings == settings]
    return float(np.nan_to_num(np.mean(costs), nan=np.inf))
