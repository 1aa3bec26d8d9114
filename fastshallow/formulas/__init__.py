"""Formulas, each written once as NumPy text: activations, losses, optimizers, schedules; and parameters."""

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
from .optimizers import (
    LBFGS,
    OPTIMIZERS,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    update_rule,
)
from .parameters import Parameters, Scale, Seed, generator, initialize_parameters, number, positive_integer
from .schedules import SCHEDULES, Adaptive, Cosine, Function, InverseScaling, Schedule, StepDecay, WarmUp, schedule
from .text import FormulaError, digest

__all__ = [
    "ACTIVATIONS",
    "LBFGS",
    "LEARNED",
    "OPTIMIZERS",
    "OUTPUTS",
    "SCHEDULES",
    "Activation",
    "Adam",
    "AdamW",
    "Adaptive",
    "Cosine",
    "Dropout",
    "FormulaError",
    "Function",
    "GradientDescent",
    "InverseScaling",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "Output",
    "Parameters",
    "RMSProp",
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
    "number",
    "output_layer",
    "positive_integer",
    "schedule",
    "update_rule",
]
