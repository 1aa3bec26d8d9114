"""Train networks with one hidden layer on a CPU as fast as the hardware allows, and see why it is fast."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import datasets
from .activations import Activation, leaky_relu
from .dispatch import explain
from .formulas import FormulaError
from .functional import backends, cost_and_gradients, forward
from .parameters import Parameters, initialize_parameters

if TYPE_CHECKING:
    from .checkpoints import CheckpointError
    from .history import History
    from .lbfgs import LBFGS
    from .loop import DivergenceError, Progress
    from .network import Network, NetworkFileError
    from .optimizers import Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
    from .schedules import Adaptive, Cosine, InverseScaling, StepDecay, WarmUp
    from .training import resume, train

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

# Imported when first used: they cost a third of the import. Not so `backends`, which is a folder as well: the first
# import from there would hide the function.
_HOME = {
    "CheckpointError": "checkpoints",
    "History": "history",
    "LBFGS": "lbfgs",
    "Network": "network",
    "NetworkFileError": "network",
    "DivergenceError": "loop",
    "Progress": "loop",
    "resume": "training",
    "train": "training",
    **dict.fromkeys(("Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "RMSProp"), "optimizers"),
    **dict.fromkeys(("Adaptive", "Cosine", "InverseScaling", "StepDecay", "WarmUp"), "schedules"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
