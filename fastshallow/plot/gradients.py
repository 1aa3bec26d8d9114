"""Whether gradients are right: those of a backend beside finite differences of the cost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import cost_and_gradients
from ..formulas import Activation, Parameters
from .figures import axes_of

MOST = 200  # numbers of one array that are checked, evenly spread
STEP = 6e-6  # the cube root of eps: what is cut off and what is rounded are alike then
GOOD = {"float64": 1e-7, "float32": 1e-5}  # Course 2, Week 1, "Gradient checking"
MARKERS = {"W1": "o", "b1": "s", "W2": "^", "b2": "D"}


class GradientCheckDisplay:
    """How far each number of the gradients is from a finite difference, as a share of the largest gradient.

    Attributes
    ----------
    ax_, figure_
        What was drawn on.
    difference_
        ``norm(gradients - differences) / (norm(gradients) + norm(differences))``, the course's figure.
    good_
        Whether it is as small as rounding allows.
    """

    def __init__(
        self, gradients: dict[str, NDArray[Any]], differences: dict[str, NDArray[Any]], dtype: Any = "float64"
    ) -> None:
        self.gradients, self.differences, self.dtype = gradients, differences, np.dtype(dtype)
        both = [np.concatenate(list(each.values())) for each in (gradients, differences)]
        norms = [float(np.linalg.norm(each)) for each in (both[0] - both[1], *both)]
        self.difference_ = norms[0] / ((norms[1] + norms[2]) or 1.0)
        self.good_ = self.difference_ < GOOD[self.dtype.name]
        self._largest = float(np.abs(both[1]).max()) or 1.0

    @classmethod
    def from_estimator(
        cls,
        X: Any,
        Y: Any,
        p: Parameters,
        *,
        hidden: str | Activation = "tanh",
        output: str = "sigmoid",
        backend: str = "auto",
        ax: Any = None,
    ) -> GradientCheckDisplay:
        """Check gradients and draw what was found; see `gradient_check`."""
        options: Any = {"hidden": hidden, "output": output}
        gradients = cost_and_gradients(X, Y, p, backend=backend, **options)[1]
        exact = Parameters(*(np.array(each, np.float64) for each in p))
        X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)

        def cost() -> float:
            return float(cost_and_gradients(X, Y, exact, backend="numpy", **options)[0])

        taken, found = {}, {}
        for name, array, gradient in zip(Parameters._fields, exact, gradients, strict=True):
            some = np.unique(np.linspace(0, array.size - 1, min(array.size, MOST)).astype(int))
            taken[name] = np.asarray(gradient, np.float64).ravel()[some]
            found[name] = np.array([_difference(array.reshape(-1), i, cost) for i in some])
        return cls(taken, found, gradients.W1.dtype).plot(ax)

    def plot(self, ax: Any = None) -> GradientCheckDisplay:
        """Draw on `ax`, or on a new figure."""
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        start, least = 0, 1e-17
        colours = dict(zip(MARKERS, ("black", "white", "0.65", "white"), strict=True))
        for name, gradient in self.gradients.items():
            apart = np.abs(gradient - self.differences[name]) / self._largest
            places = np.arange(start, start + len(apart))
            style = {"marker": MARKERS[name], "markerfacecolor": colours[name], "markeredgecolor": "black"}
            self.ax_.plot(places, np.maximum(apart, least), linestyle="none", markersize=5, label=f"d{name}", **style)
            start += len(apart)
        good = GOOD[self.dtype.name]
        self.ax_.axhline(good, color="black", linestyle="--", label=f"{good:.0e}, allowed")
        self.ax_.set_yscale("log")
        self.ax_.set(xlabel="parameter", ylabel="difference / largest gradient")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        verdict = "right" if self.good_ else "WRONG"
        self.ax_.set_title(f"Gradients are {verdict}: relative difference {self.difference_:.1e}", fontsize="medium")
        self.ax_.grid(alpha=0.3)
        self.ax_.legend(ncols=2)
        return self


def gradient_check(
    X: Any,
    Y: Any,
    p: Parameters,
    *,
    hidden: str | Activation = "tanh",
    output: str = "sigmoid",
    backend: str = "auto",
    ax: Any = None,
) -> GradientCheckDisplay:
    """Draw how far a backend's gradients are from finite differences of the cost, computed by NumPy in float64.

    Of an array of more than 200 parameters 200 are checked.

    Parameters
    ----------
    X, Y, p, hidden, output, backend
        As `cost_and_gradients` takes them.
    ax
        The axes to draw on; None makes a figure.

    Returns
    -------
    GradientCheckDisplay
        Its ``difference_`` is the course's figure, and ``good_`` whether that is below 1e-7, or in float32 1e-5.
    """
    options: Any = {"hidden": hidden, "output": output, "backend": backend}
    return GradientCheckDisplay.from_estimator(X, Y, p, ax=ax, **options)


def _difference(flat: NDArray[np.float64], i: int, cost: Any) -> float:
    """The slope of the cost along number i of an array, which is as before afterwards."""
    before = flat[i]
    step = STEP * max(1.0, abs(before))
    costs = []
    for there in before + step, before - step:
        flat[i] = there
        costs.append(cost())
    flat[i] = before
    return float((costs[0] - costs[1]) / (2 * step))
