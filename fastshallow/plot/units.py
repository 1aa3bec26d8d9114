"""What each hidden unit sees: a line across the plane, an image, or a row of weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import axes_of, written
from .models import FirstLayer, first_layer, points_of

MOST_NAMES = 40  # of features along an axis
MOST_NUMBERS = 30  # of lines across a plane
ARROW = 0.08  # its length, as a share of the axes


class HiddenUnitsDisplay:
    """The weights of the hidden layer.

    With two features each unit is the line where its score is 0, with an arrow to the side where it is positive; with
    images an image of its weights; otherwise a row of a table. Weights are light where they are positive and dark where
    they are negative.

    Attributes
    ----------
    ax_, figure_
        What was drawn on.
    image_
        The image of the weights, or None.
    outside_
        The numbers of the units whose lines do not cross what is shown.
    """

    def __init__(
        self, layer: FirstLayer, image_shape: tuple[int, int] | None = None, X: NDArray[Any] | None = None
    ) -> None:
        self.layer, self.image_shape, self.X = layer, image_shape, X
        self.image_: Any = None
        self.outside_: list[int] = []

    @classmethod
    def from_estimator(cls, net: Any, *, image_shape: Any = None, X: Any = None, ax: Any = None) -> HiddenUnitsDisplay:
        """Draw what the hidden units of a network or a fitted estimator see; see `hidden_units`."""
        layer = first_layer(net)
        n_x = layer.W1.shape[1]
        if image_shape is not None:
            image_shape = tuple(np.ravel(image_shape).tolist())
            if len(image_shape) != 2 or math.prod(image_shape) != n_x:
                raise ValueError(f"image_shape must be (rows, columns) of {n_x} pixels, not {image_shape}")
        return cls(layer, image_shape, points_of(net, X) if X is not None and n_x == 2 else None).plot(ax)

    def plot(self, ax: Any = None) -> HiddenUnitsDisplay:
        """Draw on `ax`, or on a new figure."""
        plane = self.layer.W1.shape[1] == 2 and self.image_shape is None
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        if plane:
            self._lines()
            if ax is None:
                self.ax_.set_box_aspect(1)
        elif self.image_shape is not None:
            self._images(self.image_shape)
        else:
            self._table()
        return self

    def _lines(self) -> None:
        layer = self.layer.in_own_units
        low, size = self._plane()
        if self.X is not None:
            self.ax_.scatter(*self.X, s=8, color="0.75", marker="o", linewidths=0)
        w, b = layer.W1 * size, layer.b1 + layer.W1 @ low  # scores in shares of the axes, from 0 to 1
        count, few = len(w), len(w) <= MOST_NUMBERS
        taken: list[NDArray[np.float64]] = []
        for unit, (normal, shift) in enumerate(zip(w, b, strict=True), 1):
            ends = _across(normal, shift)
            if ends is None:
                self.outside_.append(unit)
                continue
            self.ax_.plot(*(low[:, None] + size[:, None] * ends), color="black", linewidth=1.2 if few else 0.5)
            if not few:
                continue
            taken.append(start := _free(ends, taken))
            arrow = {"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0}
            where = {"xycoords": "axes fraction", "textcoords": "axes fraction"}
            self.ax_.annotate("", start + ARROW * normal / np.hypot(*normal), start, arrowprops=arrow, **where)
            box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "black"}
            centred = {"ha": "center", "va": "center", "fontsize": 8}
            self.ax_.text(*start, str(unit), transform=self.ax_.transAxes, bbox=box, **centred)
        names = [written(name) for name in layer.names] or ["x[0]", "x[1]"]
        self.ax_.set(xlim=(low[0], low[0] + size[0]), ylim=(low[1], low[1] + size[1]), xlabel=names[0], ylabel=names[1])
        title = f"Where the score of each of {count} hidden units is 0"
        beyond = f"\n({len(self.outside_)} of them outside)" if self.outside_ else ""
        self.ax_.set_title(title + beyond, fontsize="medium")

    def _plane(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The lower left corner of what is shown, and its width and height."""
        mean, scale = self.layer.mean, self.layer.scale
        if self.X is not None:
            low, high = self.X.min(axis=1), self.X.max(axis=1)
            more = np.where(high > low, 0.08 * (high - low), 1.0)
            return low - more, high - low + 2 * more
        if mean is None or scale is None:
            mean, scale = np.zeros(2), np.ones(2)
        return mean - 3 * scale, 6 * scale

    def _images(self, shape: tuple[int, int]) -> None:
        n_h, across = len(self.layer.W1), math.ceil(math.sqrt(len(self.layer.W1)))
        down, (rows, columns) = math.ceil(n_h / across), shape
        mosaic = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), np.nan)
        for unit, weights in enumerate(self.layer.W1):
            top, left = unit // across * (rows + 1), unit % across * (columns + 1)
            mosaic[top : top + rows, left : left + columns] = weights.reshape(shape)
        self._show(mosaic, "equal")
        middles = np.arange(down) * (rows + 1) + (rows - 1) / 2
        ends = [(first + 1, min(first + across, n_h)) for first in range(0, n_h, across)]
        names = [f"{first}" if first == last else f"{first} to {last}" for first, last in ends]
        self.ax_.set_yticks(middles, names)
        self.ax_.set(xticks=[], ylabel="hidden units", title="Weights from each pixel")
        self.ax_.tick_params(length=0)
        self.ax_.set_frame_on(False)

    def _table(self) -> None:
        n_h, n_x = self.layer.W1.shape
        self._show(self.layer.W1, "auto")
        names = [written(name) for name in self.layer.names]
        if 0 < len(names) <= MOST_NAMES:
            self.ax_.set_xticks(range(n_x), names, rotation=90)
        else:
            self.ax_.set_xlabel("feature, from 0")
            self.ax_.xaxis.get_major_locator().set_params(integer=True)
        if n_h <= MOST_NAMES // 2:
            self.ax_.set_yticks(range(n_h), range(1, n_h + 1))
        else:
            self.ax_.set_yticks([0, n_h - 1], [1, n_h])
        self.ax_.set(ylabel="hidden unit", title="Weights from each feature")

    def _show(self, weights: NDArray[np.float64], aspect: str) -> None:
        largest = float(np.nanmax(np.abs(weights))) or 1.0
        grey: dict[str, Any] = {"cmap": "gray", "vmin": -largest, "vmax": largest, "interpolation": "nearest"}
        self.image_ = self.ax_.imshow(weights, aspect=aspect, **grey)
        label = "weight" if self.layer.scale is None else "weight (per standard deviation)"
        self.figure_.colorbar(self.image_, ax=self.ax_, label=label)


def hidden_units(net: Any, image_shape: Any = None, X: Any = None, ax: Any = None) -> HiddenUnitsDisplay:
    """Draw what each hidden unit sees, numbered from 1.

    Parameters
    ----------
    net
        An `fs.Network`, or a fitted estimator with ``coefs_``.
    image_shape
        Rows and columns, where features are the pixels of an image: each unit is then an image of its weights.
    X
        Examples, as the model takes them, to show behind the lines of units with two features.
    ax
        The axes to draw on; None makes a figure.

    Returns
    -------
    HiddenUnitsDisplay
    """
    return HiddenUnitsDisplay.from_estimator(net, image_shape=image_shape, X=X, ax=ax)


def _free(ends: NDArray[np.float64], taken: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """A place on a line for its number: of some the one that is farthest from the numbers of other lines."""
    places = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * np.linspace(0.1, 0.9, 17)
    places = np.clip(places, 0.04, 0.96)  # also of a line that is in a corner
    if not taken:
        return np.asarray(places[:, 8])
    apart = np.linalg.norm(places[:, :, None] - np.array(taken).T[:, None], axis=0).min(axis=1)
    return np.asarray(places[:, np.argmax(apart)])


def _across(normal: NDArray[np.float64], shift: float) -> NDArray[np.float64] | None:
    """Where the line normal · u + shift = 0 enters and leaves the unit square, as two columns."""
    found = []
    for axis in 0, 1:
        other = 1 - axis
        if normal[other]:
            for u in 0.0, 1.0:
                v = -(shift + normal[axis] * u) / normal[other]
                if 0.0 <= v <= 1.0:
                    found.append((u, v) if axis == 0 else (v, u))
    ends = sorted(set(found))
    return np.array([ends[0], ends[-1]]).T if len(ends) > 1 else None
