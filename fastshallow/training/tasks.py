"""Many runs of training on the same data: what is one for all of them is checked once, each begins when it is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from ..backends import named_backend, processors
from ..data import Blocks, check_data, check_threads
from ..formulas import Output, Seed, initialize_parameters, output_layer
from .arguments import checked_data, held_out_fraction, parted
from .checkpoints import Checkpoint, Kept, Stored, identity, read
from .grids import DEFAULTS, Part, check_seeds, held_out, make_grid, make_parts
from .loop import DivergenceError, Hooks, Run, begin_run
from .network import Network
from .notices import constant_features, warn_of_constants, warn_of_scale
from .preparing import begin, make_settings
from .settings import Data, Settings, weighted
from .watching import cost_and_score


class Task(NamedTuple):
    """One network to train: the number of its settings, its seed, and the number of its part of the data."""

    settings: int
    seed: int
    part: int


class Trained(NamedTuple):
    """What a run has led to: a network, or why there is none, and the line of the table."""

    network: Network | None
    row: dict[str, Any]
    problem: DivergenceError | None


class Running:
    """A run, with what its network is measured with."""

    def __init__(self, run: Run, data: Data, held_out: Data | None, about: dict[str, Any], threads: int) -> None:
        self._run, self._about, self._threads = run, about, threads
        self._examples = {"": data, "validation_": None if held_out is None else held_out._replace(weights=None)}
        self._problem: DivergenceError | None = None

    def go(self, until: int | None, interrupted: Callable[[], bool]) -> Trained:
        """Go on to this epoch, or to the end, and give what that has led to."""
        run, network = self._run, None
        try:
            if self._problem is None:
                run.go(until, interrupted)
                network = run.network()
        except DivergenceError as error:
            self._problem = error
        row = dict(self._about)
        for name, examples in self._examples.items():
            if examples is not None:
                cost = score = math.nan
                if network is not None:
                    module = named_backend(run.settings.backend)
                    about = network.parameters, network.hidden, network.output, module, self._threads
                    cost, score = cost_and_score(examples, *about)
                row |= {f"{name}cost": cost, f"{name}score": score}
        stopped = "diverged" if network is None else run.record.stopped
        row |= {"epochs": run.record.epoch, "seconds": run.record.elapsed, "stopped": stopped}
        return Trained(network, row, self._problem)


class Tasks:
    """The networks that `train_many` and `search` are asked for, in order, and how each is trained."""

    def __init__(
        self,
        X: Any,
        Y: ArrayLike | None,
        given: Mapping[str, Any],
        *,
        settings: Any,
        seeds: Any,
        output: str | Output,
        validation: Any,
        folds: int | None,
        fold_seed: Seed,
        sample_weight: Any,
        cost_every: int,
        backend: str,
        threads: int | None,
        common: bool = False,
    ) -> None:
        if isinstance(X, Blocks):
            raise TypeError(
                "X must be an array (n_x, m) for many networks, which share it in memory, not fs.Blocks: "
                "fs.train takes those, for one network"
            )
        self.grid, seeds, loss = make_grid(settings, given), check_seeds(seeds), output_layer(output)
        data = checked_data(check_data(X), Y, None, loss, sample_weight)
        check_threads(threads)
        if folds is not None and validation is not None:
            raise ValueError("validation must be None with folds, each of which is held out in turn")
        self._arguments = [{**DEFAULTS, **each} for each in self.grid.settings]
        fraction = held_out_fraction(validation)
        self._drawn = None if common else fraction  # what each run holds out by its own seed
        more = {"validation": self._drawn, "cost_every": cost_every, "backend": backend}
        self._settings = [_checked(each, data, loss, more) for each in self._arguments]
        if validation is None:
            self.parts = make_parts(data, folds, fold_seed, loss)
        elif fraction is None:
            self.parts = [Part(data, parted(data, validation, self._settings[0], loss)[1])]
        else:
            self.parts = held_out(data, fraction, fold_seed, loss) if common else [Part(data, None)]
        self._folds = folds is not None
        parts = range(len(self.parts))
        self.tasks = [Task(s, seed, part) for s in range(len(self._settings)) for seed in seeds for part in parts]
        self.threads = threads or processors()
        self._each = max(1, self.threads // len(self.tasks))  # threads of a run
        warn_of_constants(constant_features(data.X), data.X.shape[0])
        warn_of_scale(data.X)

    def start(
        self,
        task: Task,
        folder: Path | None = None,
        every: float = 0.0,
        kept: Kept | None = None,
        stored: Stored | None = None,
    ) -> Running:
        """A run that has taken no step yet, unless a checkpoint in `folder`, or `stored`, has some of its steps.

        Where it is when steps are done is `kept`, if that is given.
        """
        part, given = self.parts[task.part], self._arguments[task.settings]
        options = {name: given[name] for name in ("n_h", "scale", "class_weight")}
        settings, data, held, p = begin(
            self._settings[task.settings], part.data, self._drawn, None, seed=task.seed, **options
        )
        held = part.held_out if held is None else held
        watched = held if settings.patience else None
        writer: Checkpoint | Kept | None = kept
        if folder is not None:
            path = folder / f"{identity(settings, p, data, watched)}.npz"
            writer = Checkpoint(path, every, settings, data)
            stored = _stored(path, settings, data, watched) if path.exists() else None
        p = p if stored is None else stored.parameters
        run = begin_run(settings, data, watched, p, self._each, Hooks((), writer, nullcontext()), stored)
        about = {name: self.grid.settings[task.settings][name] for name in self.grid.varied} | {"seed": task.seed}
        if self._folds:
            about["fold"] = task.part
        return Running(run, data, held, about, self._each)


def _checked(given: Mapping[str, Any], data: Data, output: Output, more: Mapping[str, Any]) -> Settings:
    """The settings of one network, whose other arguments are right too."""
    initialize_parameters(1, given["n_h"], 1, given["scale"], 0)
    weighted(data, given["class_weight"], output)
    options = {name: value for name, value in given.items() if name not in ("n_h", "scale", "class_weight")}
    return make_settings(output, **options, **more)


def _stored(path: Path, settings: Settings, data: Data, validation: Data | None) -> Stored:
    """The checkpoint of just this run."""
    stored = read(path)
    stored.check_run(settings, data, validation)
    return stored
