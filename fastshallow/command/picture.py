"""What ``fastshallow train --plot`` draws: how training went, and where classes meet if there are two features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import plot
from ..data import files
from ..training import Network
from .lessons import Lesson

SUFFIXES = (".png", ".svg", ".pdf")


def check(path: str) -> None:
    """Refuse what can't be drawn, before hours of training rather than after them."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"--plot {path}: its name must end in {', '.join(SUFFIXES)}")
    files.check_replaceable("--plot", path)
    try:
        plot.new_figure(1, 1)
    except ImportError as error:
        raise ValueError(f"--plot: {error}") from None


def draw(path: str, network: Network, learnt: Lesson) -> None:
    """Draw into a file, whole or not at all."""
    beside = len(learnt.X) == 2 and (learnt.output == "softmax" or (learnt.output == "sigmoid" and len(learnt.Y) == 1))
    figure = plot.new_figure(11 if beside else 6.4, 4.8)
    axes = np.atleast_1d(figure.subplots(1, 2 if beside else 1))
    plot.history(network, ax=axes[0])
    if beside:
        features = network.features
        X = learnt.X if features is None else learnt.X * features.scale + features.mean
        plot.decision_boundary(network, X, learnt.Y, ax=axes[1])
    with files.replacing(path) as file:
        figure.savefig(file, format=Path(path).suffix[1:].lower(), dpi=150)
