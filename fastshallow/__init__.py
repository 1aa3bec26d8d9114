"""Train networks with one hidden layer on a CPU as fast as the hardware allows, and see why it is fast."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .backends import backends, cost_and_gradients, explain, forward
from .data import datasets, one_hot, standardize
from .formulas import (
    Activation,
    Adaptive,
    Cosine,
    FormulaError,
    InverseScaling,
    Parameters,
    StepDecay,
    WarmUp,
    initialize_parameters,
    leaky_relu,
)
from .formulas import optimizers as _optimizers
from .formulas.optimizers import *  # noqa: F403

if TYPE_CHECKING:
    from .estimators import ShallowClassifier, ShallowRegressor, accelerate
    from .interchange import from_onnx, from_safetensors, from_sklearn, from_torch, register_onnx_converter
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
    "Activation",
    "Adaptive",
    "CheckpointError",
    "Cosine",
    "DivergenceError",
    "FormulaError",
    "History",
    "InverseScaling",
    "Network",
    "NetworkFileError",
    "Parameters",
    "Progress",
    "ShallowClassifier",
    "ShallowRegressor",
    "StepDecay",
    "WarmUp",
    "accelerate",
    "backends",
    "cost_and_gradients",
    "datasets",
    "explain",
    "forward",
    "from_onnx",
    "from_safetensors",
    "from_sklearn",
    "from_torch",
    "initialize_parameters",
    "leaky_relu",
    "one_hot",
    "register_onnx_converter",
    "resume",
    "standardize",
    "train",
]
__all__ += _optimizers.__all__

# Wings that are imported when first used: training is a quarter of the import, the others need extras.
_LATER = {
    **dict.fromkeys(
        ("CheckpointError", "DivergenceError", "History", "Network", "NetworkFileError", "Progress", "resume", "train"),
        "training",
    ),
    **dict.fromkeys(("ShallowClassifier", "ShallowRegressor", "accelerate"), "estimators"),
    **dict.fromkeys(
        ("from_onnx", "from_safetensors", "from_sklearn", "from_torch", "register_onnx_converter"), "interchange"
    ),
}


def __getattr__(name: str) -> Any:
    if name == "plot":
        return importlib.import_module(".plot", __name__)
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
