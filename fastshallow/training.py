"""Training: full-batch gradient descent, wholly inside compiled code or one step at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import backends, dispatch
from .activations import Activation, activation
from .checks import check_count, check_data, check_threads
from .losses import Output, output_layer
from .network import History, Network
from .optimizers import gradient_descent
from .parameters import Parameters, Scale, Seed, initialize_parameters

PIECE = 0.1  # seconds between two looks at progress and interrupts

Progress = Callable[[int, int, float], None]


class DivergenceError(ArithmeticError):
    """The cost, or a parameter, became NaN or infinite."""
