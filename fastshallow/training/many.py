"""Many networks at once: the same data, other settings, seeds or folds; each comes to the bits that it has alone."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..formulas import Output, number
from .arguments import checked_display
from .loop import Progress
from .network import Network
from .networks import Networks
from .notices import problem_of_end
from .pool import run_jobs
from .tasks import Task, Tasks, Trained


@dataclass
class Finished:
    """What a callback is told after each network: it may set `stop`, or return True, to end all.

    `done` of `count` networks are trained, `seconds` after the first began; `row` is the line of the table of the one
    that now is, and `network` the network, or None if it diverged.
    """

    done: int
    count: int
    seconds: float
    row: dict[str, Any]
    network: Network | None
    stop: bool = False


def train_many(
    X: Any,
    Y: ArrayLike | None = None,
    *,
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
    callbacks: Callable[[Finished], Any] | Sequence[Callable[[Finished], Any]] = (),
    progress: bool = False,
    verbose: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
    **varied: Any,
) -> Networks:
    """Train many networks on the same data at once, each to the bits that `train` gives it alone.

    Parameters
    ----------
    X, Y, output, sample_weight, cost_every, backend
        As for `train`, and one for all. Where nobody looks at the curve, ``cost_every=100`` saves up to a fifth.
    seeds
        A network for each, of all settings and folds: ``range(100)``.
    settings
        A list of dicts, each the settings of a network.
    **varied
        ``n_h``, ``hidden``, ``epochs``, ``learning_rate``, ``scale``, ``optimizer``, ``l2``, ``dropout``,
        ``batch_size``, ``shuffle``, ``class_weight``, ``clip_norm``, ``patience``, ``tolerance``, as for `train`. One
        that is a list, tuple, range or array of one dimension is varied: all combinations of them, with each of the
        `settings`, are trained.
    validation
        As for `train`: examples, or the fraction that each network holds out by its own seed. Without `patience` it is
        not looked at before the end.
    folds, fold_seed
        Cross-validation: the examples are dealt into so many parts, of classes the same number in each, as `fold_seed`
        draws them; each network is trained once without each of the parts, which is its `validation`.
    threads
        Networks that are trained at once, each on one thread; None takes the processors. If they are fewer than that,
        each takes several. No bit depends on it.
    callbacks
        Called after each network as ``callback(finished)``, with ``done``, ``count``, ``seconds``, ``row`` and
        ``network``; one that returns True, or sets ``finished.stop = True``, ends all.
    progress, verbose
        As for `train`, by networks instead of epochs.
    checkpoint, every
        A folder, which is made, for a file of each network: every so many seconds, and at its end. The same call goes
        on from there: what is finished is not repeated, also if settings, seeds or folds have been added.

    Returns
    -------
    Networks
        A sequence of networks, the table of how they did (``as_dict``, ``by_settings``), the best of them (``best``,
        ``best_settings``), and an ensemble (``predict``, ``predict_proba``, ``mean``, ``std``). Ctrl-C gives back those
        that are finished or have begun.

    Raises
    ------
    ValueError, TypeError
        For an argument that is wrong, by its name, before the first network is trained.
    DivergenceError
        If all networks diverge. One that does, or some, are None among the others, and warned of.

    Warns
    -----
    UserWarning
        As for `train`, once for all.

    Examples
    --------
    >>> networks = fs.train_many(X, Y, seeds=range(10), n_h=[4, 8], learning_rate=np.geomspace(0.1, 3, 5), folds=5)
    >>> net = fs.train(X, Y, **networks.best_settings)
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
        threads=threads,
    )
    folder, every = _folder(checkpoint), number("every", every, "not negative")
    told = Told(len(tasks.tasks), callbacks, progress, verbose)

    def train_one(task: Task, interrupted: Callable[[], bool]) -> Trained:
        return tasks.start(task, folder, every).go(None, interrupted)

    with told.shown:
        run_jobs([partial(train_one, task) for task in tasks.tasks], tasks.threads, told)
    return gathered(tasks, told.found)


def gathered(tasks: Tasks, found: Mapping[int, Trained]) -> Networks:
    """The networks that were found, in order, once it is said what went wrong."""
    kept = {i: found[i] for i in sorted(found)}
    problems = [trained.problem for trained in kept.values() if trained.problem]
    if problems and len(problems) == len(kept):
        raise problems[0]
    if problems:
        warnings.warn(f"{len(problems)} of {len(kept)} networks diverged, the first: {problems[0]}", stacklevel=3)
    ends = [problem_of_end(each.network.history) for each in kept.values() if each.network]
    bad = [each for each in ends if each]
    if bad:
        warnings.warn(f"{len(bad)} of {len(kept)} networks end badly, the first: {bad[0]}", stacklevel=3)
    settings = [tasks.grid.settings[tasks.tasks[i].settings] for i in kept]
    return Networks([each.network for each in kept.values()], [each.row for each in kept.values()], settings)


class Told:
    """Is told of each network that is finished: keeps it, shows how far all are, and tells others."""

    def __init__(self, count: int, callbacks: Any, progress: bool, verbose: int) -> None:
        self._count, self._begun, self._next = count, perf_counter(), 0.0
        self._callbacks = tuple(callbacks) if isinstance(callbacks, (tuple, list)) else (callbacks,)
        for each in self._callbacks:
            if not callable(each):
                raise TypeError(f"callbacks must be functions, called after each network, not {each!r}")
        self._display = checked_display(progress, verbose, count, "network")
        self.shown: Any = nullcontext() if self._display is None else closing(self._display)
        self.found: dict[int, Trained] = {}
        self._done = 0
        self._best: dict[str, Any] = {}

    def __call__(self, i: int, trained: Trained) -> bool:
        """Note network i; give back whether all should end."""
        self.found[i], self._done = trained, self._done + 1
        done, seconds, stop = self._done, perf_counter() - self._begun, False
        if self._display is not None:
            self._show(trained.row, done, seconds)
        for callback in self._callbacks:
            finished = Finished(done, self._count, seconds, dict(trained.row), trained.network)
            answer = callback(finished)
            stop = stop or finished.stop or (isinstance(answer, (bool, np.bool_)) and bool(answer))
        return stop

    def _show(self, row: dict[str, Any], done: int, seconds: float) -> None:
        name = "validation_cost" if "validation_cost" in row else "cost"
        if row[name] < self._best.get(name, math.inf):
            self._best = row
        if done == self._count or seconds >= self._next:
            self._next = seconds + self._display.every
            names = ("cost", "validation_cost", "validation_score")
            numbers: Any = {each: self._best.get(each, math.nan) for each in names}
            self._display.show(Progress(done, self._count, learning_rate=math.nan, seconds=seconds, **numbers))


def _folder(checkpoint: Any) -> Path | None:
    """The folder of checkpoints, made if it is not there."""
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, (str, os.PathLike)) or not os.fspath(checkpoint):
        raise TypeError(f"checkpoint must be the path of a folder, not {checkpoint!r}")
    folder = Path(checkpoint)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: this is a file; give checkpoint a folder, for a file of each network")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
