"""Train networks with one hidden layer on a CPU as fast as the hardware allows, and see why it is fast."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import dask as dask
    from . import plot as plot
    from .backends import backends, cost_and_gradients, explain, forward
    from .data import Blocks, datasets, one_hot, standardize
    from .estimators import ShallowClassifier as ShallowClassifier
    from .estimators import ShallowEnsembleClassifier as ShallowEnsembleClassifier
    from .estimators import ShallowEnsembleRegressor as ShallowEnsembleRegressor
    from .estimators import ShallowRegressor as ShallowRegressor
    from .estimators import ShallowSearchCV as ShallowSearchCV
    from .estimators import accelerate as accelerate
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
    from .formulas.optimizers import LBFGS, AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
    from .interchange import from_onnx, from_safetensors, from_sklearn, from_torch, register_onnx_converter
    from .training import (
        CheckpointError,
        DivergenceError,
        History,
        Network,
        NetworkFileError,
        Networks,
        Progress,
        resume,
        search,
        train,
        train_many,
    )

__version__ = "0.1.0"
__all__ = [  # without those that need scikit-learn
    "LBFGS",
    "Activation",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Adaptive",
    "Blocks",
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
    "Networks",
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
    "from_onnx",
    "from_safetensors",
    "from_sklearn",
    "from_torch",
    "initialize_parameters",
    "leaky_relu",
    "one_hot",
    "register_onnx_converter",
    "resume",
    "search",
    "standardize",
    "train",
    "train_many",
]

# A wing is imported when one of its names is first used: all together take as long as NumPy, and some need extras.
_WINGS = {
    "backends": "backends cost_and_gradients explain forward",
    "data": "Blocks datasets one_hot standardize",
    "estimators": "ShallowClassifier ShallowEnsembleClassifier ShallowEnsembleRegressor ShallowRegressor "
    "ShallowSearchCV accelerate",
    "interchange": "from_onnx from_safetensors from_sklearn from_torch register_onnx_converter",
    "training": "CheckpointError DivergenceError History Network NetworkFileError Networks Progress resume search "
    "train train_many",
}
_WING = {name: wing for wing, names in _WINGS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in ("dask", "plot"):
        return importlib.import_module(f".{name}", __name__)
    door = importlib.import_module(f".{_WING.get(name, 'formulas')}", __name__)
    if name not in _WING and name not in __all__ and name not in door.optimizers.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(door, name)
    return value


def __dir__() -> list[str]:
    optimizers = importlib.import_module(".formulas.optimizers", __name__).__all__
    return sorted({*globals(), *__all__, *_WING, *optimizers, "dask", "plot"})
