"""Train networks with one hidden layer on a CPU as fast as the hardware allows, and see why it is fast."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .backends import backends, cost_and_gradients, explain, forward
from .data import datasets
from .formulas import (
    LBFGS,
    Activation,
    Adam,
    AdamW,
    Adaptive,
    Cosine,
    FormulaError,
    GradientDescent,
    InverseScaling,
    Momentum,
    Nesterov,
    Parameters,
    RMSProp,
    StepDecay,
    WarmUp,
    initialize_parameters,
    leaky_relu,
)

if TYPE_CHECKING:
    from .training import (
        CheckpointError,
        DivergenceError,
        History,
        Network,
        NetworkFileError,
        Progress,
        resume,
        train,
    )

__version__ = "0.1.0"
__all__ = [
    "LBFGS",
    "Activation",
    "Adam",
    "AdamW",
    "Adaptive",
    "CheckpointError",
    "Cosine",
    "DivergenceError",
    "FormulaError",
    "GradientDescent",
    "History",
    "InverseScaling",
    "Momentum",
    "Nesterov",
    "Network",
    "NetworkFileError",
    "Parameters",
    "Progress",
    "RMSProp",
    "StepDecay",
    "WarmUp",
    "backends",
    "cost_and_gradients",
    "datasets",
    "explain",
    "forward",
    "initialize_parameters",
    "leaky_relu",
    "resume",
    "train",
]

# The wing that is imported when first used: a quarter of the import.
_TRAINING = frozenset(
    ("CheckpointError", "DivergenceError", "History", "Network", "NetworkFileError", "Progress", "resume", "train")
)


def __getattr__(name: str) -> Any:
    if name not in _TRAINING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(".training", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
