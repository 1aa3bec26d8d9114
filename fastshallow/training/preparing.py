"""What a run of training begins with: its settings, its data and its parameters, made of the arguments of `train`."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any, NamedTuple

from ..formulas import (
    LBFGS,
    Output,
    Parameters,
    Scale,
    Schedule,
    Seed,
    activation,
    generator,
    initialize_parameters,
    number,
    positive_integer,
    schedule,
    update_rule,
)
from .arguments import checked_dropout, checked_shuffle, chosen_backend, draw_key, held_out_fraction, parted
from .notices import constant_features
from .settings import Data, Settings, weighted

_of_this_thread = threading.local()


class Start(NamedTuple):
    """Where a run begins."""

    settings: Settings
    data: Data
    validation: Data | None
    parameters: Parameters


def make_settings(
    output: Output,
    *,
    hidden: Any,
    epochs: int,
    learning_rate: Any,
    optimizer: Any,
    l2: float,
    dropout: float,
    batch_size: int | None,
    shuffle: bool | str,
    clip_norm: float | None,
    validation: Any,
    patience: int | None,
    tolerance: float,
    cost_every: int,
    backend: str,
) -> Settings:
    """The settings of a run, checked; its key is not drawn yet."""
    g, rule, rates = activation(hidden), update_rule(optimizer), schedule(learning_rate)
    if isinstance(rule, LBFGS):
        if batch_size is not None or clip_norm is not None or dropout:
            raise ValueError(
                "batch_size and clip_norm must be None, and dropout 0, for optimizer='lbfgs': "
                "its line search needs the same cost in all its steps"
            )
        if g.learned:
            raise ValueError("hidden must not be leaky_relu(slope='learn') for optimizer='lbfgs': it learns no slope")
        rates = Schedule(1.0)
    return Settings(
        hidden=g,
        output=output,
        optimizer=rule,
        schedule=rates,
        epochs=positive_integer("epochs", epochs),
        cost_every=positive_integer("cost_every", cost_every),
        batch_size=None if batch_size is None else positive_integer("batch_size", batch_size),
        shuffle=checked_shuffle(shuffle),
        l2=number("l2", l2, "not negative"),
        dropout=checked_dropout(dropout),
        clip_norm=None if clip_norm is None else number("clip_norm", clip_norm, "positive"),
        validation=held_out_fraction(validation),
        patience=None if patience is None else positive_integer("patience", patience),
        tolerance=number("tolerance", tolerance, "not negative"),
        key=0,
        backend=backend,
    )


def begin(
    settings: Settings,
    data: Data,
    validation: Any,
    parameters: Parameters | None,
    *,
    n_h: int,
    scale: Scale,
    seed: Seed,
    class_weight: Any,
) -> Start:
    """Draw what a seed decides: the parameters, unless they are given, the run's key, and what is held out."""
    random, p = _generator(seed), parameters
    if p is None:
        p = initialize_parameters(data.X.shape[0], n_h, len(data.Y), scale, random, data.dtype)
    settings = replace(settings, key=draw_key(random))
    data, held_out = parted(data, validation, settings, settings.output)
    data = weighted(data, class_weight, settings.output)
    constant = constant_features(data.extremes)
    if parameters is None:
        p.W1[:, constant] = 0.0
    constant = [k for k in constant if not p.W1[:, k].any()]  # which stay 0
    settings = replace(settings, backend=chosen_backend(settings, data, p), constant=tuple(constant))
    return Start(settings, data, held_out, p)


def _generator(seed: Seed) -> Any:
    """What draws at once, before this thread asks again: a new generator takes 0.1 ms, another seed 3 us."""
    if type(seed) is not int or not 0 <= seed < 2**32:
        return generator(seed)
    if not hasattr(_of_this_thread, "random"):
        _of_this_thread.random = generator(0)
    _of_this_thread.random.seed(seed)
    return _of_this_thread.random
