"""Data to learn on: the planar flower of the course, point for point."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import NDArray

PETALS = 4


def planar_flower(m: int = 400, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Make the two-coloured flower of the course "Neural Networks and Deep Learning", week 3.

    Points lie along the petals of the rose ``r = 4 sin 4t``: the first half on one side with label 0, the rest on the
    other with label 1. With the default arguments they are the published ones.

    Parameters
    ----------
    m
        How many examples: an even number, 2 or more.
    seed
        Seed of NumPy's legacy generator, which the course used.

    Returns
    -------
    X : (2, m) float64
        The points, one a column.
    Y : (1, m) float64
        Their labels, 0 or 1.
    """
    try:
        m = operator.index(m)
    except TypeError:
        raise TypeError(f"m must be a whole number, not {m!r}") from None
    if m < 2 or m % 2:
        raise ValueError(f"m must be an even number, 2 or more, because each colour gets half the points; not {m}")
    half = m // 2
    random = np.random.RandomState(seed)
    X, Y = np.empty((2, m)), np.empty((1, m))
    for label in 0, 1:
        colour = slice(label * half, (label + 1) * half)
        t = np.linspace(label * 3.12, (label + 1) * 3.12, half) + 0.2 * random.randn(half)
        r = PETALS * np.sin(4 * t) + 0.2 * random.randn(half)
        X[0, colour], X[1, colour] = r * np.sin(t), r * np.cos(t)
        Y[0, colour] = label
    return X, Y
