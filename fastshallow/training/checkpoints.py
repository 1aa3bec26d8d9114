"""Checkpoints: one file that keeps all of a training run but its data, so that it goes on exactly where it was."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Callable
from time import perf_counter
from types import NoneType
from typing import Any

import numpy as np

from ..backends import BACKENDS
from ..data import computing, files
from ..formulas import (
    ACTIVATIONS,
    LBFGS,
    LEARNED,
    OUTPUTS,
    SCHEDULES,
    Activation,
    Function,
    Parameters,
    Schedule,
    is_built_in,
    leaky_relu_of,
    number,
    positive_integer,
    update_rule,
)
from .formats import CHECKPOINT, HISTORY
from .history import History, Record
from .settings import Data, Settings


class CheckpointError(ValueError):
    """A file that holds no checkpoint, or one of other data."""


class Checkpoint:
    """Writes the state of a run to one file, again and again."""

    def __init__(self, path: str | os.PathLike[str], every: float, settings: Settings, data: Data) -> None:
        files.check_replaceable("checkpoint", path)
        self._path, self._every = path, every
        self._fixed = {"settings": json.dumps(_described(settings)), "data": data.fingerprint()}
        self._written = perf_counter()

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return perf_counter() - self._written >= self._every

    def write(self, parameters: Parameters, state: dict[str, Any], record: Record) -> None:
        """Write everything, in place of the last one."""
        files.save(self._path, CHECKPOINT, self._fixed | _members(parameters, state, record))
        self._written = perf_counter()


class Kept:
    """Keeps the state in memory instead, when steps are done: `stored`, which can be sent elsewhere."""

    due = False

    def __init__(self) -> None:
        self.stored: Stored | None = None

    def write(self, parameters: Parameters, state: dict[str, Any], record: Record) -> None:
        """Keep a copy of everything, in place of the last one."""
        members = {name: np.array(value) for name, value in _members(parameters, state, record).items()}
        self.stored = Stored("", files.Stored(members))


def _members(parameters: Parameters, state: dict[str, Any], record: Record) -> dict[str, Any]:
    history = {f"history_{name}": value for name, value in record.history().members().items()}
    return {**parameters._asdict(), **state, **history, "elapsed": record.elapsed}


@dataclasses.dataclass(frozen=True)
class Stored:
    """What a checkpoint holds."""

    path: str
    members: files.Stored

    @property
    def parameters(self) -> Parameters:
        """As the last step left them."""
        return Parameters(*(self.members[name] for name in Parameters._fields))

    @property
    def history(self) -> History:
        """How training went until then."""
        kept = {name: f"history_{name}" for name in HISTORY}
        return History.of(files.Stored({name: self.members[at] for name, at in kept.items() if at in self.members}))

    def go_on(self, record: Record) -> None:
        """Begin a record with what was noted before."""
        record.go_on(self.history, int(self.members["epoch"]), float(self.members["elapsed"]))

    def settings(self, hidden: Activation | None, learning_rate: Schedule | None) -> Settings:
        """The settings of the run; those that a file can't keep are given. Refuse what does not fit together."""
        if not isinstance(hidden, (Activation, NoneType)):
            raise TypeError(f"hidden must be the fs.Activation that training began with, not {hidden!r}")
        with files.named(self.path, CheckpointError):
            settings = self._settings(hidden, learning_rate)
            if problem := self._problem(settings):
                raise files.FileError(f"damaged ({problem})")
        return settings

    def check_data(self, data: Data, validation: Data | None, settings: Settings) -> None:
        """Refuse other data than the run began with, and what they do not have: compiled code trusts it."""
        if data.fingerprint() != str(self.members["data"]):
            blocks = "the data, or how they are cut into blocks or buffers,"
            what = "X, Y, sample_weight or class_weight" if data.elsewhere is None else blocks
            raise CheckpointError(f"{self.path}: {what} are not those that the training began with")
        if validation is None and "history_validation_cost" in self.members:
            raise CheckpointError(f"{self.path}: training began with validation examples: give them as validation=")
        position = int(self.members.get("position", 0))
        if position >= data.m or position % data.batch_size(settings):
            raise CheckpointError(f"{self.path}: damaged (position {position} of {data.m} examples)")
        if max(settings.constant, default=0) >= data.X.shape[0]:
            raise CheckpointError(f"{self.path}: damaged (constant features {settings.constant})")

    def check_run(self, settings: Settings, data: Data, validation: Data | None) -> None:
        """Refuse another run than the one that has just these settings and data."""
        self.settings(settings.hidden, settings.schedule)
        self.check_x(data.X)
        self.check_data(data, validation, settings)
        if json.dumps(_described(settings)) != str(self.members["settings"]):
            raise CheckpointError(f"{self.path}: damaged (its settings are not those that its name stands for)")

    def check_x(self, X: Any) -> None:
        """Refuse X that the parameters are not of."""
        W1 = self.members["W1"]
        n_x, dtype = W1.shape[1], computing(X.dtype)
        if X.shape[0] != n_x or dtype != W1.dtype:
            raise CheckpointError(
                f"{self.path}: training began with {n_x} features in {W1.dtype}, but X has {X.shape[0]} in {dtype}"
            )

    def _problem(self, settings: Settings) -> str | None:
        """Say what does not fit together in members that have the right shapes, if anything does not."""
        members, history = self.members, self.history
        p, epoch = self.parameters, int(members["epoch"])
        if not p.W1.size or not p.W2.size:
            return f"W1 has shape {p.W1.shape} and W2 {p.W2.shape}"
        rule, learned = settings.optimizer, settings.hidden.learned
        names = Parameters._fields + ("slope",) * learned
        alike = [] if isinstance(rule, LBFGS) else [f"state{k}_{name}" for k in range(rule.states) for name in names]
        if any(name.startswith("best_") for name in members):
            alike += [f"best_{name}" for name in Parameters._fields]
        needed = ["data", "elapsed", *alike]
        if learned and "best_W1" in members:
            needed.append("best_slope")
        if isinstance(rule, LBFGS):
            needed += [name for name in CHECKPOINT.members if name.startswith("minimizer_")]
        for name in needed:
            if name not in members:
                return f"{name} is missing"
        if any(members[name].dtype != p.W1.dtype for name in (*Parameters._fields, *alike)):
            return "its parameters, and what belongs to them, are of several dtypes"
        if isinstance(rule, LBFGS) and len(members["minimizer_w"]) != sum(each.size for each in p):
            return f"minimizer_w has {len(members['minimizer_w'])} numbers"
        if len(history.epoch) != -(-epoch // settings.cost_every):
            return f"{len(history.epoch)} costs in {epoch} epochs"
        if not len(history.epoch) == len(history.cost) == len(history.learning_rate) == len(history.seconds):
            return "its history lacks a column"
        return None

    def _settings(self, hidden: Activation | None, learning_rate: Schedule | None) -> Settings:
        stored = json.loads(str(self.members["settings"]))
        name, slope = stored.pop("hidden")
        if hidden is None:
            if slope == "own":
                raise files.FileError(f"its activation {name!r} is your own: give it again as hidden=")
            hidden = ACTIVATIONS[name]
            if slope is not None:
                hidden = LEARNED if slope == "learn" else leaky_relu_of(_finite(slope))
        elif hidden.name != name:
            raise files.FileError(f"its activation is {name!r}, but hidden= is {hidden.name!r}")
        rate = stored.pop("schedule")
        if learning_rate is None:
            if rate is None:
                raise files.FileError("its learning rate is a function of yours: give it as learning_rate=")
            learning_rate = _schedule(rate)
        optimizer, hyperparameters = stored.pop("optimizer")
        return Settings(
            hidden=hidden,
            output=OUTPUTS[stored.pop("output")],
            schedule=learning_rate,
            optimizer=type(update_rule(optimizer))(**hyperparameters),
            **{key: ALLOWED[key](value) for key, value in stored.items()},
        )


def _finite(value: Any) -> float:
    if not isinstance(value, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return value


def _natural(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is no number of this kind")
    return value


def _part(value: Any) -> float:
    if (part := number("a part", value, "not negative")) >= 1.0:
        raise ValueError(f"a part of {value}")
    return part


def _or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def _one_of(*allowed: Any) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not any(type(value) is type(each) and value == each for each in allowed):
            raise ValueError(f"{value!r} is none of {allowed}")
        return value

    return check


# What each setting may be that a file keeps as it is.
ALLOWED: dict[str, Callable[[Any], Any]] = {
    "epochs": lambda value: positive_integer("epochs", _natural(value)),
    "cost_every": lambda value: positive_integer("cost_every", _natural(value)),
    "batch_size": _or_none(lambda value: positive_integer("batch_size", _natural(value))),
    "patience": _or_none(lambda value: positive_integer("patience", _natural(value))),
    "shuffle": _one_of(True, False, "blocks"),
    "l2": lambda value: number("l2", value, "not negative"),
    "tolerance": lambda value: number("tolerance", value, "not negative"),
    "dropout": _part,
    "clip_norm": _or_none(lambda value: number("clip_norm", value, "positive")),
    "validation": _or_none(_part),
    "key": _natural,
    "backend": _one_of(*BACKENDS),
    "constant": lambda value: tuple(map(_natural, value)),
}


def read(path: str | os.PathLike[str]) -> Stored:
    """Read a checkpoint; CheckpointError if it is none."""
    with files.named(path, CheckpointError):
        return Stored(os.fspath(path), files.load(path, CHECKPOINT))


def identity(settings: Settings, p: Parameters, *data: Data | None) -> str:
    """What names a run among all others: its settings, the parameters that it begins with, and its data."""
    described = _described(settings) | {"digest": settings.hidden.digest}
    if described["schedule"] is None:
        described["schedule"] = settings.schedule.rates(0, settings.epochs, settings.epochs).tolist()
    fingerprints = [None if each is None else each.fingerprint() for each in data]
    digest = hashlib.sha256(json.dumps([described, fingerprints]).encode())
    for each in p:
        digest.update(each.tobytes())
    return digest.hexdigest()[:20]


def _described(settings: Settings) -> dict[str, Any]:
    plain = {name: getattr(settings, name) for name in ALLOWED}
    hidden, optimizer = settings.hidden, settings.optimizer
    own = None if is_built_in(hidden) else "own"
    return plain | {
        "hidden": [hidden.name, "learn" if hidden.learned else own or hidden.slope],
        "output": settings.output.name,
        "optimizer": [optimizer.name, dataclasses.asdict(optimizer)],
        "schedule": _described_schedule(settings.schedule),
    }


def _described_schedule(schedule: Schedule) -> Any:
    """A schedule as a list of its name and fields; None if a function of the user's is in it."""
    if isinstance(schedule, Function):
        return None
    values = {each.name: getattr(schedule, each.name) for each in dataclasses.fields(schedule)}
    if isinstance(values["learning_rate"], Schedule):
        values["learning_rate"] = _described_schedule(values["learning_rate"])
        if values["learning_rate"] is None:
            return None
    return [schedule.name, values]


def _schedule(described: Any) -> Schedule:
    name, values = described
    if isinstance(values["learning_rate"], list):
        values = values | {"learning_rate": _schedule(values["learning_rate"])}
    kinds = {kind.name: kind for kind in SCHEDULES}
    return kinds[name](**values)
