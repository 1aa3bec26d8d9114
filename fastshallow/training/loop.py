"""The loop of training: some steps at a time, and between them a look at progress, stopping, callbacks, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np

from ..backends import named_backend
from ..formulas import LBFGS, Parameters
from .checkpoints import Checkpoint, Kept
from .history import Record
from .minimizing import Minimizing
from .network import Network
from .settings import Data, Settings
from .stepwise import Rates, Stepwise
from .watching import Watch

PIECE = 0.1  # seconds between two looks at the clock and for interrupts


class DivergenceError(ArithmeticError):
    """The cost, or a parameter, has become NaN or infinite."""


@dataclass
class Progress:
    """What a callback is told, after `epoch` of `epochs` epochs; it may set `stop`, or return True, to end training.

    Numbers are those of the last recorded epoch, NaN if there is none yet. `seconds` have passed since the beginning.
    `network` is the network as it is then, with a copy of the parameters.
    """

    epoch: int
    epochs: int
    cost: float
    validation_cost: float
    validation_score: float
    learning_rate: float
    seconds: float
    stop: bool = False
    _network: Callable[[], Network] | None = field(default=None, repr=False)

    @cached_property
    def network(self) -> Network:
        """Made when it is asked for: to collect its history takes longer than an epoch may."""
        assert self._network is not None
        return self._network()


Callback = Callable[[Progress], Any]


@dataclass(frozen=True)
class Hooks:
    """What happens before the first step, and between steps: each callback every so many seconds, or each epoch (0)."""

    callbacks: Sequence[tuple[Callback, float]]
    checkpoint: Checkpoint | Kept | None
    compiling: AbstractContextManager[Any]


def go(
    settings: Settings,
    data: Data,
    validation: Data | None,
    p: Parameters,
    threads: int | None,
    hooks: Hooks,
    stored: Any = None,
) -> Network:
    """Train from parameters `p`, or from where a stored run was, to the end."""
    run = begin_run(settings, data, validation, p, threads, hooks, stored)
    run.go()
    return run.network()


def begin_run(
    settings: Settings,
    data: Data,
    validation: Data | None,
    p: Parameters,
    threads: int | None,
    hooks: Hooks,
    stored: Any = None,
) -> Run:
    """A run that has taken no step yet; what it needs is compiled."""
    errors, module = np.geterr(), named_backend(settings.backend)
    state = {} if stored is None else stored.members
    watch = Watch(settings, validation, module, threads, state)
    record = Record(settings.cost_every)
    if stored is not None:
        stored.go_on(record)
    with np.errstate(all="ignore"), hooks.compiling:
        steps = make_steps(settings, data, p, watch.rates, threads, state)
        watch.prepare(steps.parameters, steps.hidden)
    return Run(settings, data, steps, watch, record, hooks, errors)


def make_steps(
    settings: Settings, data: Data, p: Parameters, rates: Rates, threads: int | None, state: dict[str, Any]
) -> Any:
    """What takes the steps of a run, from parameters `p` and the state of one that it goes on with: see `Stepwise`."""
    if data.elsewhere is not None:
        return data.elsewhere.steps(data, p, settings, rates, threads, state)
    module = named_backend(settings.backend)
    if isinstance(settings.optimizer, LBFGS):
        return Minimizing(data, p, settings, module, threads, state)
    if settings.backend == "fused":
        from .compiled import Compiled

        return Compiled(data, p, settings, rates, threads, state)
    if settings.backend == "jit":
        module.compiled(settings.hidden, settings.output, data.dtype)  # before the clock begins
    return Stepwise(data, p, settings, rates, module, state)


class Run:
    """One run: some steps at a time, from here to its end."""

    def __init__(
        self, settings: Settings, data: Data, steps: Any, watch: Watch, record: Record, hooks: Hooks, errors: Any
    ) -> None:
        self.settings, self.data, self.steps, self.watch = settings, data, steps, watch
        self.record, self.hooks, self.errors = record, hooks, errors
        self.each_epoch = any(every == 0.0 for _, every in hooks.callbacks)

    def parameters(self) -> Parameters:
        """As the last step left them, but for what belongs to features that are constant."""
        return self.data.settled(self.steps.parameters, self.settings.constant)

    def go(self, until: int | None = None, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Go on to this epoch, or to the end; Ctrl-C, or `interrupted`, asked now and then, ends it for good."""
        until = self.settings.epochs if until is None else until
        with np.errstate(all="ignore"):  # infinity and NaN show in the cost
            self.taken = perf_counter()
            self.called = [self.taken] * len(self.hooks.callbacks)
            try:
                while self.record.epoch < until and not self.ended():
                    if interrupted():
                        raise KeyboardInterrupt
                    self.take_steps(until)
            except KeyboardInterrupt:
                self.take()
                self.record.stopped = "interrupted"
            if self.hooks.checkpoint:
                self.write(self.hooks.checkpoint)

    def network(self) -> Network:
        """The network that the run has led to; an error if it is not finite."""
        best, hidden = self.watch.best if self.watch.best is not None else (self.parameters(), self.steps.hidden)
        if not all(np.isfinite(each).all() for each in (*best, hidden.slope or 0.0)):
            raise self.diverged("a parameter became NaN or infinite")
        return Network(best, hidden, self.settings.output, self.record.history())

    def take_steps(self, most: int) -> None:
        """Take some steps, up to epoch `most`, and look at what they have led to."""
        epoch = self.record.epoch
        until = min(self.watch.until(epoch), most)
        if self.each_epoch:
            until = min(until, epoch + 1)
        finite = self.steps.run(until, PIECE)
        self.take()
        if not finite:
            raise self.diverged(self.steps.failure)
        done = self.record.epoch
        if self.watch.active and done > epoch and (done - 1) % self.record.every == 0:
            self.record.stopped = self.watch.look(self.record, self.parameters(), self.steps.hidden)
        self.record.stopped = self.record.stopped or self.steps.finished
        now = perf_counter()
        for i, (callback, every) in enumerate(self.hooks.callbacks):
            if self.ended() or (now - self.called[i] >= every if every else done > epoch):
                self.called[i] = now
                self.call(callback)
        if self.hooks.checkpoint and self.hooks.checkpoint.due and not self.ended():
            self.write(self.hooks.checkpoint)

    def ended(self) -> bool:
        """Whether there are no more steps to take."""
        return self.record.epoch == self.settings.epochs or self.record.stopped is not None

    def take(self) -> None:
        """Note what the steps have led to."""
        record, epoch, now = self.record, self.steps.epoch, perf_counter()
        begin, end = record.recorded(), record.count(epoch)
        rates = self.watch.rates(begin * record.every, (end - begin) * record.every)[:: record.every]
        record.advance(epoch, self.steps.costs(begin, end), rates, now - self.taken)
        self.taken = now

    def write(self, checkpoint: Checkpoint | Kept) -> None:
        """Write a checkpoint of where the run is."""
        state = self.steps.state()
        self.take()
        checkpoint.write(self.steps.parameters, state | self.watch.state(), self.record)

    def call(self, callback: Callback) -> None:
        """Tell a callback, and do what it says."""
        record, settings, epoch = self.record, self.settings, self.record.epoch
        copies, hidden = Parameters(*(each.copy() for each in self.parameters())), self.steps.hidden
        then: Any = {"stopped": record.stopped, "best_epoch": record.best_epoch}

        def network() -> Network:
            return Network(copies, hidden, settings.output, replace(record.history(epoch), **then))

        names = ("cost", "validation_cost", "validation_score", "learning_rate")
        numbers: Any = {name: record.last(name) for name in names}
        progress = Progress(
            epoch,
            settings.epochs,
            **numbers,
            seconds=record.elapsed,
            _network=network,
        )
        with np.errstate(**self.errors):
            answer = callback(progress)
        if progress.stop or (isinstance(answer, (bool, np.bool_)) and answer):
            record.stopped = record.stopped or "callback"

    def diverged(self, what: str) -> DivergenceError:
        """What to say of a run that is no longer finite."""
        gradient, batches = self.steps.largest_gradient(), self.settings.batch_size
        epoch = f" (epoch {self.steps.epoch})" if batches else ""
        rate = self.watch.rates(self.steps.epoch, 1)[0]
        return DivergenceError(
            f"{what} at iteration {self.steps.step}{epoch}, with learning rate {rate:g} and gradients up to "
            f"{gradient:.2g}: try a smaller learning_rate, features of mean 0 and variance 1, a smaller scale, or "
            "clip_norm"
        )
