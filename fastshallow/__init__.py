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
    from .network import History, Network, NetworkFileError
    from .optimizers import Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
    from .training import DivergenceError, train

__version__ = "0.1.0"
__all__ = [
    "Activation",
    "Adam",
    "AdamW",
    "DivergenceError",
    "FormulaError",
    "GradientDescent",
    "History",
    "Momentum",
    "Nesterov",
    "Network",
    "NetworkFileError",
    "Parameters",
    "RMSProp",
    "backends",
    "cost_and_gradients",
    "datasets",
    "explain",
    "forward",
    "initialize_parameters",
    "leaky_relu",
    "train",
]

# Imported when first used: they cost a third of the import. Not so `backends`, which is a folder as well: the first
# import from there would hide the function.
_HOME = {
    "History": "network",
    "Network": "network",
    "NetworkFileError": "network",
    "DivergenceError": "training",
    "train": "training",
    **dict.fromkeys(("Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "RMSProp"), "optimizers"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
