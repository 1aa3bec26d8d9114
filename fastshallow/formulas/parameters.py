"""The parameters of a network, and how they begin."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Seed = int | np.random.Generator | np.random.RandomState | None
Scale = float | str


class Parameters(NamedTuple):
    """Weights and biases, or their gradients: W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1)."""

    W1: NDArray[Any]
    b1: NDArray[Any]
    W2: NDArray[Any]
    b2: NDArray[Any]


def initialize_parameters(
    n_x: int, n_h: int, n_y: int, scale: Scale = 0.01, seed: Seed = None, dtype: DTypeLike = "float64"
) -> Parameters:
    """Draw W1, then W2, from a standard normal distribution times `scale`; the biases are zero.

    Parameters
    ----------
    n_x, n_h, n_y
        Numbers of features, hidden units and outputs, 1 or more.
    scale
        A number >= 0; or ``"xavier"``, sqrt(1 / n_in) (Glorot and Bengio 2010, as the course gives it), or ``"he"``,
        sqrt(2 / n_in) (He et al. 2015), with n_in the inputs of the layer.
    seed
        An integer draws as NumPy's legacy ``np.random.seed`` does, and so gives the course's published values; or a
        Generator or RandomState of your own, which is advanced; None draws anew each time.
    dtype
        ``"float64"`` or ``"float32"``; the draws are made in float64.

    Returns
    -------
    p : Parameters
        W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1), in `dtype`.

    Raises
    ------
    ValueError, TypeError
        For an argument that is none of these.
    """
    n_x, n_h, n_y = (positive_integer(name, n) for name, n in (("n_x", n_x), ("n_h", n_h), ("n_y", n_y)))
    kind = np.dtype(dtype)
    if kind not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, not {kind}")
    random = generator(seed)
    W1 = _factor(scale, n_x) * random.standard_normal((n_h, n_x))
    W2 = _factor(scale, n_h) * random.standard_normal((n_y, n_h))
    return Parameters(W1.astype(kind), np.zeros((n_h, 1), kind), W2.astype(kind), np.zeros((n_y, 1), kind))


def positive_integer(name: str, n: Any) -> int:
    """`n` as an int; an error that names the argument if it is not an integer of 1 or more."""
    if isinstance(n, (bool, np.bool_)) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, not {n!r}")
    if n < 1:
        raise ValueError(f"{name} must be 1 or more, not {n}")
    return int(n)


def number(name: str, value: Any, allowed: str) -> float:
    """`value` as a float; an error that names the argument if it is not finite and "positive", or "not negative"."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not 0.0 <= value < math.inf or (value == 0.0 and allowed == "positive"):
        raise ValueError(f"{name} must be {allowed} and finite, not {value}")
    return float(value)


def _factor(scale: Scale, n_in: int) -> float:
    if isinstance(scale, str):
        if scale not in ("xavier", "he"):
            raise ValueError(f"scale must be a number, 'xavier' or 'he', not {scale!r}")
        return math.sqrt((1.0 if scale == "xavier" else 2.0) / n_in)
    if isinstance(scale, (bool, np.bool_)) or not isinstance(scale, (int, float, np.number)):
        raise TypeError(f"scale must be a number, 'xavier' or 'he', not {scale!r}")
    if not 0.0 <= scale < math.inf:
        raise ValueError(f"scale must be finite and not negative, not {scale}")
    return float(scale)


def generator(seed: Seed) -> np.random.Generator | np.random.RandomState:
    """What draws random numbers from this seed."""
    if isinstance(seed, (np.random.Generator, np.random.RandomState)):
        return seed
    if seed is None:
        return np.random.default_rng()
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be an integer, a Generator, a RandomState or None, not {seed!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must be from 0 to 2**32 - 1, not {seed}")
    return np.random.RandomState(int(seed))
