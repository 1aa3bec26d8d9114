"""Data to learn on in the plane: the flower of the course, point for point, and its other sets, as scikit-learn's."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import NDArray

PETALS = 4
Data = tuple[NDArray[np.float64], NDArray[np.float64]]


def planar_flower(m: int = 400, seed: int = 1) -> Data:
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
    m = _whole("m", m, 0)
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


def noisy_circles(m: int = 200, noise: float = 0.3, seed: int = 1) -> Data:
    """Make a circle of radius 1 with label 0 around one of radius 1/2 with label 1.

    Parameters
    ----------
    m
        How many examples, 2 or more.
    noise
        Standard deviation of what is added to each coordinate.
    seed
        Seed of NumPy's legacy generator. Points are those of scikit-learn's ``make_circles(factor=0.5)`` for it.

    Returns
    -------
    X : (2, m) float64
        The points, one a column, in random order.
    Y : (1, m) float64
        Their labels, 0 or 1.
    """
    m, random = _whole("m", m, 2), np.random.RandomState(seed)
    outer, inner = (np.linspace(0, 2 * np.pi, count, endpoint=False) for count in (m // 2, m - m // 2))
    X = np.hstack([[np.cos(outer), np.sin(outer)], [0.5 * np.cos(inner), 0.5 * np.sin(inner)]])
    return _noisy(*_shuffled(X, np.repeat([0.0, 1.0], [m // 2, m - m // 2]), random), noise, random)


def noisy_moons(m: int = 200, noise: float = 0.2, seed: int = 1) -> Data:
    """Make two half circles that reach into each other, one with label 0 and one with label 1.

    Parameters, and what is given back, are as for `noisy_circles`; points are those of scikit-learn's ``make_moons``.
    """
    m, random = _whole("m", m, 2), np.random.RandomState(seed)
    upper, lower = (np.linspace(0, np.pi, count) for count in (m // 2, m - m // 2))
    X = np.hstack([[np.cos(upper), np.sin(upper)], [1 - np.cos(lower), 1 - np.sin(lower) - 0.5]])
    return _noisy(*_shuffled(X, np.repeat([0.0, 1.0], [m // 2, m - m // 2]), random), noise, random)


def blobs(m: int = 200, noise: float = 1.0, seed: int = 5, centers: int = 6, classes: int = 2) -> Data:
    """Make round clouds of points with centres between -10 and 10, which take turns in getting the labels.

    Parameters
    ----------
    m
        How many examples, at least one a cloud.
    noise
        Standard deviation of each coordinate within a cloud.
    seed
        Seed of NumPy's legacy generator. Points are those of scikit-learn's ``make_blobs`` for it.
    centers
        How many clouds.
    classes
        How many labels: ``classes=centers`` gives each cloud its own. `one_hot` makes a row for each.

    Returns
    -------
    X : (2, m) float64
        The points, one a column, in random order.
    Y : (1, m) float64
        Their labels, from 0 to ``classes - 1``.
    """
    centers = _whole("centers", centers, 1)
    m, classes = _whole("m", m, centers), _whole("classes", classes, 1)
    _check_noise(noise)
    random = np.random.RandomState(seed)
    places = random.uniform(-10.0, 10.0, (centers, 2))
    counts = [m // centers + (cloud < m % centers) for cloud in range(centers)]
    X = np.vstack([random.normal(place, noise, (count, 2)) for place, count in zip(places, counts, strict=True)]).T
    X, Y = _shuffled(X, np.repeat(np.arange(centers) % classes, counts).astype(np.float64), random)
    return X, Y.reshape(1, m)


def gaussian_quantiles(m: int = 200, seed: int = 1, classes: int = 2) -> Data:
    """Make one round cloud, and labels by the distance from its middle: equally many points have each of them.

    Parameters
    ----------
    m
        How many examples, at least one a class. Those that are left over get the last label.
    seed
        Seed of NumPy's legacy generator. Points are those of scikit-learn's ``make_gaussian_quantiles(cov=0.5)``.
    classes
        How many labels. `one_hot` makes a row for each.

    Returns
    -------
    X : (2, m) float64
        The points, one a column, in random order.
    Y : (1, m) float64
        Their labels, from 0 to ``classes - 1``, from the middle outwards.
    """
    classes = _whole("classes", classes, 1)
    m, random = _whole("m", m, classes), np.random.RandomState(seed)
    X = np.sqrt(0.5) * random.standard_normal((m, 2)).T
    X = X[:, np.argsort(np.sum(X * X, axis=0))]
    X, Y = _shuffled(X, np.minimum(np.arange(m) // (m // classes), classes - 1.0), random)
    return X, Y.reshape(1, m)


def _whole(name: str, number: int, least: int) -> int:
    try:
        number = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {number!r}") from None
    if least and number < least:
        raise ValueError(f"{name} must be {least} or more, not {number}")
    return number


def _check_noise(noise: float) -> None:
    if not isinstance(noise, (int, float, np.number)) or not 0.0 <= noise < np.inf:
        raise ValueError(f"noise must be a number, 0 or more, not {noise!r}")


def _shuffled(X: NDArray[np.float64], Y: NDArray[np.float64], random: np.random.RandomState) -> Data:
    order = np.arange(len(Y))
    random.shuffle(order)
    return X[:, order], Y[order]


def _noisy(X: NDArray[np.float64], Y: NDArray[np.float64], noise: float, random: np.random.RandomState) -> Data:
    _check_noise(noise)
    return X + random.normal(scale=noise, size=X.T.shape).T, Y.reshape(1, -1)
