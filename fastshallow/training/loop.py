"""The loop of training: some steps at a time, and between them a look at progress, stopping, callbacks, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..backends import named_backend
from ..formulas import LBFGS, Parameters
from .checkpoints import Checkpoint
from .history import Record
from .minimizing import Minimizing
from .network import Network
from .settings import Data, Settings
from .stepwise import Stepwise
from .watching import Watch

PIECE = 0.1  # seconds between two looks at the clock and for interrupts


class DivergenceError(ArithmeticError):
    """The cost, or a parameter, has become NaN or infinite."""


@dataclass
class Progress:
    """What a callback is told, after `epoch` of `epochs` epochs; it may set `stop` to end training.

    Numbers are those of the last recorded epoch, NaN if there is none yet. `seconds` have passed since the beginning.
    """

    epoch: int
    epochs: int
    cost: float
    validation_cost: float
    validation_score: float
    learning_rate: float
    seconds: float
    network: Network  # as it is now, with a copy of the parameters
    stop: bool = False


Callback = Callable[[Progress], Any]


@dataclass(frozen=True)
class Hooks:
    """What happens between steps: callbacks every so many seconds or each epoch (0), and checkpoints."""

    callbacks: Sequence[Callback]
    every: float
    checkpoint: Checkpoint | None


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
    module = named_backend(settings.backend)
    state = {} if stored is None else stored.members
    watch = Watch(settings, validation, module, threads, state)
    record = Record(settings.cost_every)
    if stored is not None:
        stored.go_on(record)
    if isinstance(settings.optimizer, LBFGS):
        steps: Any = Minimizing(data, p, settings, module, threads, state)
    elif settings.backend == "fused":
        from .compiled import Compiled

        steps = Compiled(data, p, settings, watch.rates, threads, state)
    else:
        steps = Stepwise(data, p, settings, watch.rates, module, state)
    watch.prepare(steps.parameters, steps.hidden)
    run = _Run(settings, steps, watch, record, hooks)
    run.go()
    best, hidden = watch.best if watch.best is not None else (steps.parameters, steps.hidden)
    if not all(np.isfinite(each).all() for each in (*best, hidden.slope or 0.0)):
        raise run.diverged("a parameter became NaN or infinite")
    return Network(best, hidden, settings.output, record.history())


class _Run:
    """One run, from here to its end."""

    def __init__(self, settings: Settings, steps: Any, watch: Watch, record: Record, hooks: Hooks) -> None:
        self.settings, self.steps, self.watch, self.record, self.hooks = settings, steps, watch, record, hooks
        self.called, self.each_epoch = 0.0, bool(hooks.callbacks) and hooks.every == 0.0

    def go(self) -> None:
        self.taken = self.called = perf_counter()
        try:
            while self.record.epoch < self.settings.epochs and self.record.stopped is None:
                self.take_steps()
        except KeyboardInterrupt:
            self.take()
            self.record.stopped = "interrupted"
        checkpoint = self.hooks.checkpoint
        if checkpoint:
            self.write(checkpoint)

    def take_steps(self) -> None:
        epoch = self.record.epoch
        until = self.watch.until(epoch)
        if self.each_epoch:
            until = min(until, epoch + 1)
        finite = self.steps.run(until, PIECE)
        self.take()
        if not finite:
            raise self.diverged(self.steps.failure)
        done = self.record.epoch
        if self.watch.active and done > epoch and (done - 1) % self.record.every == 0:
            self.record.stopped = self.watch.look(self.record, self.steps.parameters, self.steps.hidden)
        self.record.stopped = self.record.stopped or self.steps.finished
        last = done == self.settings.epochs or self.record.stopped is not None
        now = perf_counter()
        if last or (done > epoch if self.each_epoch else now - self.called >= self.hooks.every):
            self.called = now
            for callback in self.hooks.callbacks:
                self.call(callback)
        if self.hooks.checkpoint and self.hooks.checkpoint.due and not last:
            self.write(self.hooks.checkpoint)

    def take(self) -> None:
        """Note what the steps have led to."""
        record, epoch, now = self.record, self.steps.epoch, perf_counter()
        begin, end = record.recorded(), record.count(epoch)
        rates = self.watch.rates(begin * record.every, (end - begin) * record.every)[:: record.every]
        record.advance(epoch, self.steps.costs(begin, end), rates, now - self.taken)
        self.taken = now

    def write(self, checkpoint: Checkpoint) -> None:
        state = self.steps.state()
        self.take()
        checkpoint.write(self.steps.parameters, state | self.watch.state(), self.record)

    def call(self, callback: Callback) -> None:
        record, settings = self.record, self.settings
        copies = Parameters(*(each.copy() for each in self.steps.parameters))
        network = Network(copies, self.steps.hidden, settings.output, record.history())
        names = ("cost", "validation_cost", "validation_score", "learning_rate")
        numbers: Any = {name: record.last(name) for name in names}
        progress = Progress(record.epoch, settings.epochs, **numbers, seconds=record.elapsed, network=network)
        callback(progress)
        if progress.stop:
            record.stopped = record.stopped or "callback"

    def diverged(self, what: str) -> DivergenceError:
        gradient, batches = self.steps.largest_gradient(), self.settings.batch_size
        epoch = f" (epoch {self.steps.epoch})" if batches else ""
        rate = self.watch.rates(self.steps.epoch, 1)[0]
        return DivergenceError(
            f"{what} at iteration {self.steps.step}{epoch}, with learning rate {rate:g} and gradients up to "
            f"{gradient:.2g}: try a smaller learning_rate, features of mean 0 and variance 1, a smaller scale, or "
            "clip_norm"
        )
