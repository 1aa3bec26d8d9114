"""Checkpoints: one file that keeps all of a training run but its data, so that it goes on exactly where it was."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import BACKENDS
from ..data import Columns, files
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
    leaky_relu_of,
    number,
    positive_integer,
    update_rule,
)
from .history import History, Record
from .settings import Data, Settings

FORMAT, VERSION = "fastshallow checkpoint", 1
MEMBERS = re.compile(
    "format|version|settings|data|W1|b1|W2|b2|slope|elapsed|epoch|position|sum|best|waited|lowest|idle|factor|least|"
    "(state[01]|best)_(W1|b1|W2|b2|slope)|minimizer_(w|cost|gradient|iterations|evaluations|s|y|rho|reason)|"
    "history_(epoch|cost|validation_cost|validation_score|learning_rate|seconds|stopped|best_epoch)"
)

TEXTS = ("format", "settings", "data", "history_stopped", "minimizer_reason")
COUNTS: tuple[str, ...] = (
    "version",
    "epoch",
    "position",
    "waited",
    "idle",
    "minimizer_iterations",
    "minimizer_evaluations",
)
COUNTS += ("history_epoch", "history_best_epoch")
NEEDED: tuple[str, ...] = (
    *Parameters._fields,
    "version",
    "settings",
    "data",
    "epoch",
    "elapsed",
    "history_epoch",
    "history_stopped",
)
NEEDED += ("history_best_epoch", "history_cost")


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

    @contextmanager
    def damage(self) -> Iterator[None]:
        """Turn whatever odd contents lead to into a CheckpointError that names the file."""
        try:
            yield
        except CheckpointError:
            raise
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            text = f"{type(error).__name__}: {error}" if isinstance(error, LookupError) else error
            raise CheckpointError(f"{self.path}: a damaged checkpoint ({text})") from None

    def check(self) -> None:
        """Refuse arrays that do not fit each other: compiled code trusts them."""
        members = self.members
        self._require(*NEEDED)
        (n_h, n_x), n_y = members["W1"].shape, len(members["W2"])
        shapes: dict[str, tuple[int, ...]] = {"W1": (n_h, n_x), "b1": (n_h, 1), "W2": (n_y, n_h), "b2": (n_y, 1)}
        shapes["slope"] = (1, 1)
        epochs = members["history_epoch"].shape
        pairs, n = (members["minimizer_s"] if "minimizer_s" in members else np.empty((0, 0))).shape
        for name, array in members.items():
            prefix, _, rest = name.rpartition("_")
            if name in Parameters._fields or prefix in ("state0", "state1", "best"):
                right = () if name == "best_slope" else shapes[rest]
            elif prefix == "minimizer":
                right = {"s": (pairs, n), "y": (pairs, n), "w": (n,), "gradient": (n,), "rho": (pairs,)}.get(rest, ())
            elif name.startswith("history") and name not in ("history_stopped", "history_best_epoch"):
                right = epochs
            else:
                right = ()
            kinds = "U" if name in TEXTS else "iu" if name in COUNTS else "f"
            if array.shape != right or array.dtype.kind not in kinds:
                raise ValueError(f"{name} is {array.dtype} of shape {array.shape}")
            if kinds == "iu" and array.size and (int(array.min()) < -1 or int(array.max()) >= 2**53):
                raise ValueError(f"{name} is {array}")
            if kinds == "f" and np.isnan(array).any() and not name.startswith("history"):
                raise ValueError(f"{name} holds NaN")
        if "minimizer_s" in members and n != sum(members[name].size for name in Parameters._fields):
            raise ValueError(f"minimizer_s has {n} columns")
        if min(int(members["epoch"]), int(members.get("position", 0))) < 0:
            raise ValueError("epoch or position is negative")

    def _require(self, *names: str) -> None:
        missing = [name for name in names if name not in self.members]
        if missing:
            raise ValueError(f"{missing[0]} is missing")

    def check_data(self, data: Data, validation: Data | None, settings: Settings) -> None:
        """Refuse other data than the run began with, and what they do not have."""
        position = int(self.members.get("position", 0))
        if position >= data.m or position % data.batch_size(settings):
            raise CheckpointError(f"{self.path}: a damaged checkpoint (position {position} of {data.m} examples)")
        if max(settings.constant, default=0) >= data.X.shape[0]:
            raise CheckpointError(f"{self.path}: a damaged checkpoint (constant features {settings.constant})")
        if fingerprint(data) != str(self.members["data"]):
            raise CheckpointError(
                f"{self.path}: X, Y, sample_weight or class_weight are not those that the training began with"
            )
        if validation is None and "history_validation_cost" in self.members:
            raise CheckpointError(f"{self.path}: training began with validation examples: give them as validation=")

    def settings(self, hidden: Activation | None, learning_rate: Schedule | None) -> Settings:
        """The settings of the run; those that a file can't keep are given."""
        with self.damage():
            settings = self._settings(hidden, learning_rate)
            if isinstance(settings.optimizer, LBFGS):
                self._require("minimizer_w", "minimizer_s", "minimizer_y", "minimizer_rho", "minimizer_gradient")
                self._require("minimizer_cost", "minimizer_iterations", "minimizer_evaluations", "minimizer_reason")
            else:
                names = (*Parameters._fields, "slope") if settings.hidden.learned else Parameters._fields
                self._require(*(f"state{k}_{name}" for k in range(settings.optimizer.states) for name in names))
        return settings

    def _settings(self, hidden: Activation | None, learning_rate: Schedule | None) -> Settings:
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
            **{key: ALLOWED[key](value) for key, value in stored.items()},
        )


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
    name = os.fspath(path)
    try:
        members = files.load(path, MEMBERS)
    except ValueError as error:
        raise CheckpointError(f"{name}: not a checkpoint, or a damaged one ({error})") from None
    if files.text(members, "format") == "fastshallow network":
        raise CheckpointError(f"{name}: a trained network; fs.Network.load(path) reads it")
    if files.text(members, "format") != FORMAT:
        raise CheckpointError(f"{name}: not a checkpoint that fastshallow wrote")
    stored = Stored(str(name), members)
    with stored.damage():
        if int(members["version"]) > VERSION:
            raise CheckpointError(f"{name}: written by a newer fastshallow, format {members['version']}")
        stored.check()
    return stored


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
