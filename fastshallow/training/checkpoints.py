"""Checkpoints: one file that keeps all of a training run but its data, so that it goes on exactly where it was."""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Columns, files
from ..formulas import (
    ACTIVATIONS,
    LEARNED,
    OUTPUTS,
    SCHEDULES,
    Activation,
    Function,
    Parameters,
    Schedule,
    leaky_relu_of,
    update_rule,
)
from .history import History, Record
from .settings import Data, Settings

FORMAT, VERSION = "fastshallow checkpoint", 1


class CheckpointError(ValueError):
    """A file that holds no checkpoint, or one of other data."""


class Checkpoint:
    """Writes the state of a run to one file, again and again."""

    def __init__(self, path: str | os.PathLike[str], every: float, settings: Settings, data: Data) -> None:
        files.check_writable("checkpoint", path)
        self._path, self._every = path, every
        self._fixed = {
            "format": FORMAT,
            "version": VERSION,
            "settings": json.dumps(_described(settings)),
            "data": fingerprint(data),
        }
        self._written = perf_counter()

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return perf_counter() - self._written >= self._every

    def write(self, parameters: Parameters, state: dict[str, Any], record: Record) -> None:
        """Write everything, in place of the last one."""
        history = {f"history_{name}": value for name, value in record.history().members().items()}
        files.save(self._path, {**self._fixed, **parameters._asdict(), **state, **history, "elapsed": record.elapsed})
        self._written = perf_counter()


@dataclasses.dataclass(frozen=True)
class Stored:
    """What a checkpoint holds."""

    path: str
    members: dict[str, NDArray[Any]]

    @property
    def parameters(self) -> Parameters:
        """As the last step left them."""
        return Parameters(*(self.members[name] for name in Parameters._fields))

    def go_on(self, record: Record) -> None:
        """Begin a record with what was noted before."""
        prefix = "history_"
        history = {name[len(prefix) :]: value for name, value in self.members.items() if name.startswith(prefix)}
        record.go_on(History.of(history), int(self.members["epoch"]), float(self.members["elapsed"]))

    def check_data(self, data: Data, validation: Data | None) -> None:
        """Refuse other data than the run began with."""
        if fingerprint(data) != str(self.members["data"]):
            raise CheckpointError(
                f"{self.path}: X, Y, sample_weight or class_weight are not those that the training began with"
            )
        if validation is None and "history_validation_cost" in self.members:
            raise CheckpointError(f"{self.path}: training began with validation examples: give them as validation=")

    def settings(self, hidden: Activation | None, learning_rate: Schedule | None) -> Settings:
        """The settings of the run; those that a file can't keep are given."""
        stored = json.loads(str(self.members["settings"]))
        name, slope = stored.pop("hidden")
        own = name not in ACTIVATIONS
        if hidden is None:
            if own:
                raise CheckpointError(f"{self.path}: its activation {name!r} is your own: give it again as hidden=")
            hidden = ACTIVATIONS[name] if slope is None else LEARNED if slope == "learn" else leaky_relu_of(slope)
        elif hidden.name != name:
            raise CheckpointError(f"{self.path}: its activation is {name!r}, but hidden= is {hidden.name!r}")
        rate = stored.pop("schedule")
        if learning_rate is None:
            if rate is None:
                raise CheckpointError(
                    f"{self.path}: its learning rate is a function of yours: give it as learning_rate="
                )
            learning_rate = _schedule(rate)
        optimizer, hyperparameters = stored.pop("optimizer")
        return Settings(
            hidden=hidden,
            output=OUTPUTS[stored.pop("output")],
            schedule=learning_rate,
            optimizer=type(update_rule(optimizer))(**hyperparameters),
            **stored,
        )


def read(path: str | os.PathLike[str]) -> Stored:
    """Read a checkpoint; CheckpointError if it is none."""
    name = os.fspath(path)
    try:
        members = files.load(path)
    except ValueError as error:
        raise CheckpointError(f"{name}: not a checkpoint, or a damaged one ({error})") from None
    if files.text(members, "format") != FORMAT:
        raise CheckpointError(f"{name}: not a checkpoint that fastshallow wrote")
    if int(members["version"]) > VERSION:
        raise CheckpointError(f"{name}: written by a newer fastshallow, format {members['version']}")
    return Stored(str(name), members)


def fingerprint(data: Data) -> str:
    """A checksum of all data, which reads them in pieces."""
    sums = []
    X, *others = data
    for array in (X[:3] if isinstance(X, Columns) else (X,)) + tuple(others):
        if array is None:
            continue
        rows = array.reshape(-1, array.shape[-1])
        step, total = max(1, 2**20 // len(rows)), 0
        for start in range(0, rows.shape[1], step):
            total = zlib.crc32(np.ascontiguousarray(rows[:, start : start + step]).tobytes(), total)
        sums.append(f"{array.dtype}{array.shape}{total:08x}")
    return " ".join(sums)


def _described(settings: Settings) -> dict[str, Any]:
    plain = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    hidden, optimizer = settings.hidden, settings.optimizer
    return plain | {
        "hidden": [hidden.name, "learn" if hidden.learned else hidden.slope],
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
