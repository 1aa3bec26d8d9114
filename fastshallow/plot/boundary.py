"""Where a classifier's classes meet, in the plane of two features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import MARKERS, axes_of, edge, shades, tint, written
from .models import Classifier, classifier_of

RESOLUTION = 400  # points along each axis
MARGIN = 0.08  # beyond the outermost examples, as a share of their range


class DecisionBoundaryDisplay:
    """The plane of two features, coloured by the class that a model gives each point, and examples with their labels.

    Attributes
    ----------
    ax_, figure_
        What was drawn on.
    surface_
        The image of the classes, or None.
    points_
        The examples, a collection of points for each class.
    """

    def __init__(
        self,
        classifier: Classifier,
        predicted: NDArray[Any] | None = None,
    ) -> None:
        self.classifier, self.predicted = classifier, predicted
        self.surface_: Any = None
        self.points_: list[Any] = []

    @classmethod
    def from_estimator(cls, net: Any, X: Any, Y: Any = None, *, ax: Any = None) -> DecisionBoundaryDisplay:
        """Draw what a model makes of the plane around X, and the examples; see `decision_boundary`."""
        return cls(classifier_of(net, X, Y)).plot(ax)

    @classmethod
    def from_predictions(
        cls, X: Any, Y: Any, predicted: Any, *, classes: Any = None, ax: Any = None
    ) -> DecisionBoundaryDisplay:
        """Draw examples X (2, m) with their labels Y, and a ring around each that was predicted otherwise."""
        classifier = Classifier.of_examples(X, Y, classes)
        return cls(classifier, classifier.indices("predicted", predicted)).plot(ax)

    def plot(self, ax: Any = None) -> DecisionBoundaryDisplay:
        """Draw on `ax`, or on a new figure."""
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        one, colours = self.classifier, shades(len(self.classifier.classes))
        (left, right), (low, high) = (_around(x) for x in one.X)
        if one.decide is not None:
            self._regions((left, right, low, high), colours)
        order = [] if one.Y is None else [(k, np.equal(one.Y, k)) for k in range(len(one.classes))]
        self.points_ = [
            self.ax_.scatter(
                *one.X[:, some],
                s=_size(one.X.shape[1]),
                color=[colours[k]],
                marker=MARKERS[k % len(MARKERS)],
                edgecolors=edge(colours[k]),
                linewidths=0.6,
                label=written(one.classes[k]),
            )
            for k, some in order
        ]
        if self.predicted is not None and (wrong := self.predicted != one.Y).any():
            label = f"predicted otherwise ({wrong.sum():,})"
            ring = {"facecolors": "none", "edgecolors": "black", "linewidths": 1.2, "label": label}
            self.points_.append(self.ax_.scatter(*one.X[:, wrong], s=5 * _size(one.X.shape[1]), **ring))
        self.ax_.set(xlim=(left, right), ylim=(low, high), xlabel=written(one.names[0]), ylabel=written(one.names[1]))
        if order or one.decide is not None:
            self._legend(colours)
        return self

    def _regions(self, extent: tuple[float, float, float, float], colours: NDArray[np.float64]) -> None:
        x0, x1 = np.linspace(*extent[:2], RESOLUTION), np.linspace(*extent[2:], RESOLUTION)
        assert self.classifier.decide is not None
        grid = np.stack([each.ravel() for each in np.meshgrid(x0, x1)])
        found = self.classifier.decide(grid).reshape(RESOLUTION, RESOLUTION)
        self.surface_ = self.ax_.imshow(
            tint(colours)[found], origin="lower", extent=extent, aspect="auto", interpolation="nearest"
        )
        for k in np.unique(found)[1:]:
            self.ax_.contour(x0, x1, found >= k, levels=[0.5], colors="black", linewidths=1.0)

    def _legend(self, colours: NDArray[np.float64]) -> None:
        handles = self.points_
        if not handles:
            from matplotlib.patches import Patch

            classes = zip(tint(colours), self.classifier.classes, strict=True)
            handles = [Patch(facecolor=colour, edgecolor="black", label=written(name)) for colour, name in classes]
        outside = self.figure_.get_layout_engine() is not None  # which makes room for it
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if outside else {"loc": "best"}
        self.ax_.legend(handles=handles, title=written(self.classifier.target) or None, **place)


def decision_boundary(net: Any, X: Any, Y: Any = None, ax: Any = None) -> DecisionBoundaryDisplay:
    """Draw which class a model gives each point of the plane, and the examples there.

    Parameters
    ----------
    net
        An `fs.Network` with two features and classes, or a fitted classifier with scikit-learn's interface.
    X, Y
        Examples, as the model takes them: X (2, m) and Y (1, m), or (n_y, m) of `one_hot`, for a network; X (m, 2) and
        y (m,) for an estimator. Without Y no points are drawn.
    ax
        The axes to draw on; None makes a figure.

    Returns
    -------
    DecisionBoundaryDisplay

    Examples
    --------
    >>> X, Y = fs.datasets.planar_flower()
    >>> net = fs.train(X, Y, n_h=4, epochs=10_000, learning_rate=1.2)
    >>> fs.plot.decision_boundary(net, X, Y).figure_.savefig("flower.png")
    """
    return DecisionBoundaryDisplay.from_estimator(net, X, Y, ax=ax)


def _around(x: NDArray[Any]) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    more = MARGIN * (high - low) or max(1.0, abs(low)) * 0.5
    return low - more, high + more


def _size(m: int) -> float:
    """The area of a point, in square points: smaller where there are many."""
    return float(np.clip(10_000 / m, 8, 36))
