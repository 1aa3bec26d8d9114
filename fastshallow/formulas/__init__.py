"""Formulas, each written once as NumPy text: activations, losses, optimizers, schedules; and parameters."""

from . import optimizers
from .activations import (
    ACTIVATIONS,
    LEARNED,
    Activation,
    activation,
    is_built_in,
    leaky,
    leaky_derivative,
    leaky_relu,
    leaky_relu_of,
)
from .dropout import Dropout
from .losses import OUTPUTS, Output, output_layer
from .naming import naming
from .optimizers import *  # noqa: F403  each by its name, so that a new one touches no other file
from .optimizers import OPTIMIZER_NAMES, OPTIMIZERS, Optimizer, update_rule
from .parameters import Parameters, Scale, Seed, generator, initialize_parameters, number, positive_integer
from .schedules import SCHEDULES, Adaptive, Cosine, Function, InverseScaling, Schedule, StepDecay, WarmUp, schedule
from .scikit_learn import SCIKIT_LEARN, SGD, FirstAdam, NesterovSGD
from .text import FormulaError, digest

__all__ = [
    "ACTIVATIONS",
    "LEARNED",
    "OPTIMIZERS",
    "OPTIMIZER_NAMES",
    "OUTPUTS",
    "SCHEDULES",
    "SCIKIT_LEARN",
    "SGD",
    "Activation",
    "Adaptive",
    "Cosine",
    "Dropout",
    "FirstAdam",
    "FormulaError",
    "Function",
    "InverseScaling",
    "NesterovSGD",
    "Optimizer",
    "Output",
    "Parameters",
    "Scale",
    "Schedule",
    "Seed",
    "StepDecay",
    "WarmUp",
    "activation",
    "digest",
    "generator",
    "initialize_parameters",
    "is_built_in",
    "leaky",
    "leaky_derivative",
    "leaky_relu",
    "leaky_relu_of",
    "naming",
    "number",
    "output_layer",
    "positive_integer",
    "schedule",
    "update_rule",
]
__all__ += optimizers.__all__
