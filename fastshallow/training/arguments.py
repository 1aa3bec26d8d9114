"""The arguments of `train` and `resume`: checked, and brought into the form that the loop takes."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any

import numpy as np

from ..backends import COMPILED, dispatch, named_backend
from ..data import Blocks, Columns, check_data, check_finite, check_labels, check_y, computing
from ..formulas import LBFGS, Output, Parameters, number
from .checkpoints import Checkpoint
from .display import Clock, display
from .loop import Hooks
from .settings import Data, Settings, Source, sample_weights, split
from .streaming import streamed


def opened(X: Any, settings: Settings) -> tuple[Any, Any]:
    """X, and what `checked_data` takes: X as well, or what a source has checked."""
    if isinstance(X, Source):
        data = X.load(settings.output)
        return data.X, data
    if isinstance(X, Blocks):
        data = streamed(X, settings)
        return data.X, data
    if isinstance(X, (str, os.PathLike)) or hasattr(X, "schema"):
        raise TypeError("X must be an array; Parquet files and Arrow's tables are given as fs.Blocks(X, target=...)")
    X = check_data(X)
    return X, X


def checked_data(X: Any, Y: Any, n_y: int | None, output: Output, sample_weight: Any) -> Data:
    """X, Y and the examples' weights, checked."""
    if isinstance(X, Data):
        if n_y not in (None, len(X.Y)):
            raise ValueError(f"Y must have a row for each of the {n_y} outputs of W2, but it has {len(X.Y)}")
        for name, given in ("Y", Y), ("sample_weight", sample_weight):
            if given is not None:
                raise TypeError(f"{name} is for arrays: X that is read block by block brings Y, and has no weights")
        return X
    if Y is None:
        raise TypeError("Y is missing: what to learn, a column for each example")
    Y = check_y(Y, X, n_y)
    check_finite(X)
    check_labels(Y, output.name)
    return Data(X, Y, sample_weights(sample_weight, X.shape[1]))


def parted(data: Data, validation: Any, settings: Settings, output: Output) -> tuple[Data, Data | None]:
    """The data to learn from and those to validate with."""
    if validation is None:
        return data, None
    if settings.validation is not None:
        return split(data, settings.validation, settings.key, output)
    if len(validation) != 2:
        raise TypeError(
            f"validation must be a fraction or (X, Y), not a {type(validation).__name__} of {len(validation)}"
        )
    if isinstance(validation[0], Blocks):
        raise TypeError("validation must be arrays (X, Y), examples as columns, not fs.Blocks")
    X, Y = check_data(validation[0]), validation[1]
    if X.shape[0] != data.X.shape[0] or computing(X.dtype) != data.dtype:
        hint = "; an example is a column" if X.shape[1] == data.X.shape[0] else ""
        raise ValueError(
            f"X of validation must be {data.dtype} with {data.X.shape[0]} rows, as X is, "
            f"not {computing(X.dtype)} of shape {X.shape}{hint}"
        )
    return data, checked_data(X, Y, len(data.Y), output, None)


def held_out_fraction(validation: Any) -> float | None:
    """The fraction to hold out, or None if examples are given, or nothing."""
    if validation is None or isinstance(validation, (tuple, list)):
        return None
    if isinstance(validation, Blocks):
        raise TypeError("validation must be arrays (X, Y), examples as columns, not fs.Blocks")
    fraction = number("validation", validation, "positive")
    if fraction >= 1.0:
        raise ValueError(f"validation must be less than 1, the fraction to hold out, or (X, Y), not {validation}")
    return fraction


def checked_shuffle(shuffle: bool | str) -> bool | str:
    """True, False or "blocks"."""
    if isinstance(shuffle, (bool, np.bool_)):
        return bool(shuffle)
    if shuffle != "blocks":
        raise ValueError(f"shuffle must be True, False or 'blocks', not {shuffle!r}")
    return shuffle


def checked_dropout(dropout: float) -> float:
    """The part of the hidden units to drop, from 0 to 1, 1 excluded."""
    if (rate := number("dropout", dropout, "not negative")) >= 1.0:
        raise ValueError(f"dropout must be less than 1, not {dropout}")
    return rate


def chosen_backend(settings: Settings, data: Data, p: Parameters) -> str:
    """The backend that runs these settings."""
    backend = settings.backend
    if backend == "auto":
        n_y, n_h = p.W2.shape
        backend = dispatch.explain(data.X.shape[0], n_h, n_y, data.batch_size(settings), data.dtype).backend
    named_backend(backend)
    sparse = isinstance(data.X, Columns)
    if sparse and isinstance(settings.optimizer, LBFGS):
        raise ValueError("optimizer must not be 'lbfgs' for sparse X; X.toarray() is dense")
    asked = {"sample_weight and class_weight": data.weights is not None, "dropout": settings.dropout > 0.0}
    asked["leaky_relu(slope='learn')"] = settings.hidden.learned
    asked["sparse X"] = sparse
    for name in asked:
        if asked[name] and backend not in ("fused", "numpy"):
            raise ValueError(f"backend must be fused, numpy or auto for {name}, not {backend!r}")
    return backend


def draw_key(random: np.random.Generator | np.random.RandomState) -> int:
    """A key of all random numbers that are drawn while training goes on."""
    if isinstance(random, np.random.Generator):
        return int(random.integers(2**63))
    return int(random.randint(0, 2**63 - 1, dtype=np.int64))


def make_hooks(
    callbacks: Any, every: float | None, progress: bool, verbose: int, settings: Settings, writer: Checkpoint | None
) -> tuple[Hooks, AbstractContextManager[Any]]:
    """What happens between steps, and what shows how far training is, which is to be closed at the end."""
    wanted = tuple(callbacks) if isinstance(callbacks, (tuple, list)) else (callbacks,)
    for each in wanted:
        if not callable(each):
            raise TypeError(f"callbacks must be functions of an fs.Progress, not {each!r}")
    if isinstance(every, str):
        raise TypeError(f"callback_every must be a number of seconds, or None for each epoch, not {every!r}")
    seconds = 0.0 if every is None else number("callback_every", every, "positive")
    listeners = [(each, seconds) for each in wanted]
    shown = checked_display(progress, verbose, settings.epochs, "epoch")
    if shown is None:
        return Hooks(listeners, writer, nullcontext()), nullcontext()
    clock = Clock(shown.wait) if settings.backend in COMPILED else nullcontext()
    return Hooks([*listeners, (shown.show, shown.every)], writer, clock), closing(shown)


def checked_display(progress: bool, verbose: int, count: int, what: str) -> Any:
    """What shows how far training is, of so many epochs or networks, or None."""
    if not isinstance(progress, (bool, np.bool_)):
        raise TypeError(f"progress must be True or False, not {progress!r}; a function goes into callbacks")
    if not isinstance(verbose, (int, np.integer, np.bool_)) or verbose not in (0, 1):
        raise ValueError(f"verbose must be 0, or 1 for a line now and then, not {verbose!r}")
    return display(bool(progress), bool(verbose), count, what)
