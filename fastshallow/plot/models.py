"""What pictures need of a model: a network's examples are columns, an estimator's are rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import as_array
from ..training import Network


class Classifier(NamedTuple):
    """A model of two features, and examples: X (2, m), Y the index of each one's class.

    `decide` gives the index of the class of each column of points (2, k).
    """

    X: NDArray[np.float64]
    Y: NDArray[np.intp] | None
    classes: list[Any]
    names: tuple[str, str]
    decide: Callable[[NDArray[np.float64]], NDArray[np.intp]] | None = None
    target: str = ""

    @classmethod
    def of_examples(cls, X: Any, Y: Any, classes: Any = None) -> Classifier:
        """Examples X (2, m) of which the labels are known, but no model."""
        points = _points(X)
        given = as_array("Y", Y)
        if classes is None:
            classes = np.arange(len(given)) if given.ndim == 2 and len(given) > 1 else np.unique(given)
        bare = cls(points, None, list(classes), ("x[0]", "x[1]"))
        return bare._replace(Y=bare.indices("Y", Y))

    def indices(self, name: str, labels: Any) -> NDArray[np.intp]:
        """The index of each label's class; rows of `one_hot` have a class each."""
        given = as_array(name, labels)
        if given.ndim == 2 and len(given) == len(self.classes) > 1 and given.shape[1] == self.X.shape[1]:
            return np.asarray(np.argmax(given, axis=0))
        flat, places = given.ravel(), {each: k for k, each in enumerate(self.classes)}
        if len(flat) != self.X.shape[1]:
            raise ValueError(f"{name} has {len(flat)} labels, but X has {self.X.shape[1]} examples")
        found = [places.get(label) for label in flat.tolist()]
        if None in found:  # of a network that knows names, but learnt numbers
            numbers = range(len(self.classes))
            found = [int(label) if label in numbers else None for label in flat.tolist()]
        if None in found:
            odd = flat.tolist()[found.index(None)]
            raise ValueError(f"{name} holds {odd!r}, but classes are {', '.join(map(repr, self.classes[:12]))}")
        return np.array(found, dtype=np.intp)


def classifier_of(net: Any, X: Any, Y: Any) -> Classifier:
    """A model and its examples, whatever way the model takes them."""
    made = _of_network(net, X) if isinstance(net, Network) else _of_estimator(net, X)
    return made if Y is None else made._replace(Y=made.indices("Y", Y))


def points_of(net: Any, X: Any) -> NDArray[np.float64]:
    """Examples of two features as columns."""
    return _points(X) if isinstance(net, Network) else _points(np.asarray(X).T, rows=True)


class FirstLayer(NamedTuple):
    """W1 (n_h, n_x) and b1 (n_h,) as they are, and features, if a network knows them: what x - mean is divided by."""

    W1: NDArray[np.float64]
    b1: NDArray[np.float64]
    names: tuple[str, ...] = ()
    mean: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None

    @property
    def in_own_units(self) -> FirstLayer:
        """The same scores from features as they are."""
        if self.mean is None or self.scale is None:
            return self
        W1 = self.W1 / self.scale
        return FirstLayer(W1, self.b1 - W1 @ self.mean, self.names)


def first_layer(net: Any) -> FirstLayer:
    """What the hidden units of a network or a fitted estimator do to features."""
    if isinstance(net, Network):
        W1, b1 = (np.asarray(each, np.float64) for each in net.parameters[:2])
        if net.features is None:
            return FirstLayer(W1, b1.ravel())
        return FirstLayer(W1, b1.ravel(), net.features.names, net.features.mean.ravel(), net.features.scale.ravel())
    if not hasattr(net, "coefs_") or not hasattr(net, "intercepts_"):
        raise TypeError(f"net must be an fs.Network or a fitted estimator with coefs_, not {net!r}")
    W1, b1 = np.asarray(net.coefs_[0], np.float64).T, np.asarray(net.intercepts_[0], np.float64)
    return FirstLayer(W1, b1, tuple(getattr(net, "feature_names_in_", ())))


def _of_network(net: Network, X: Any) -> Classifier:
    n_x, n_y, names = net.parameters.W1.shape[1], len(net.parameters.W2), ("x[0]", "x[1]")
    if net.output.numbers or (net.output.name == "sigmoid" and n_y > 1):
        what = "numbers" if net.output.numbers else f"{n_y} labels at once"
        raise ValueError(f"a decision boundary is for classes, but this network predicts {what}")
    _check_two(n_x)
    if net.features is not None and net.features.names:
        names = net.features.names[0], net.features.names[1]
    classes = [0, 1] if n_y == 1 else list(range(n_y))
    if net.classes is not None:
        classes = net.classes.tolist()

    def decide(points: NDArray[np.float64]) -> NDArray[np.intp]:
        return np.asarray(net.predict(points)[0], dtype=np.intp)

    return Classifier(_points(X), None, classes, names, decide, net.target.name if net.target else "")


def _of_estimator(net: Any, X: Any) -> Classifier:
    if not hasattr(net, "predict") or not hasattr(net, "classes_"):
        raise TypeError(f"net must be an fs.Network or a fitted classifier, with classes_, not {net!r}")
    classes, columns = net.classes_, tuple(getattr(X, "columns", ()))
    if isinstance(classes, list):
        raise ValueError("a decision boundary is for classes, but this estimator predicts several labels at once")
    points = points_of(net, X)
    places = {each: k for k, each in enumerate(np.asarray(classes).tolist())}

    def decide(points: NDArray[np.float64]) -> NDArray[np.intp]:
        rows = type(X)(points.T, columns=columns) if columns and hasattr(X, "iloc") else points.T
        return np.array([places[label] for label in np.asarray(net.predict(rows)).tolist()], dtype=np.intp)

    names = (str(columns[0]), str(columns[1])) if columns else ("x[0]", "x[1]")
    return Classifier(points, None, list(places), names, decide)


def _points(X: Any, rows: bool = False) -> NDArray[np.float64]:
    points = np.asarray(as_array("X", X), np.float64)
    if points.ndim != 2 or not points.size:
        raise ValueError(f"X must hold examples of two features, not shape {points.shape}")
    if len(points) != 2:
        layout = "(m, 2), an example a row" if rows else "(2, m), an example a column"
        raise ValueError(f"X must be {layout}, not {points.T.shape if rows else points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("X must be finite")
    return points


def _check_two(n_x: int) -> None:
    if n_x != 2:
        raise ValueError(f"a decision boundary is drawn in the plane of two features, but this model has {n_x}")
