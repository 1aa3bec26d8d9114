"""Figures and axes to draw on, and what classes look like: told apart by marker and lightness, in grey too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = 'plots need matplotlib: pip install "fastshallow[plot]"'
MARKERS = "os^DvPX*<>"
LONGEST = 24  # letters of a name


def axes_of(ax: Any) -> Any:
    """The axes to draw on: those that were given, or those of a new figure of pyplot's."""
    if ax is not None:
        if not hasattr(ax, "plot") or not hasattr(ax, "figure"):
            raise TypeError(f"ax must be matplotlib axes, as of plt.subplots(), not {ax!r}")
        return ax
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError:
        raise ImportError(MISSING) from None
    return plt.subplots(layout="constrained")[1]


def new_figure(width: float, height: float) -> Any:
    """A figure that no window shows and pyplot does not know, to be saved; it goes when nobody holds it."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError(MISSING) from None
    return Figure(figsize=(width, height), layout="constrained")


def shades(count: int) -> NDArray[np.float64]:
    """A colour for each class, red, green and blue from 0 to 1, from dark blue through grey to light yellow."""
    import matplotlib

    return np.asarray(matplotlib.colormaps["cividis"](np.linspace(0.0, 1.0, max(count, 2)))[:count, :3])


def tint(colours: NDArray[np.float64], share: float = 0.35) -> NDArray[np.float64]:
    """Colours mixed with white, for areas behind points of the same colours."""
    return 1.0 - share * (1.0 - colours)


def edge(colour: NDArray[np.float64]) -> str:
    """What a point of a colour is lined with, to be seen on each area."""
    return "black" if colour @ [0.3, 0.59, 0.11] > 0.4 else "white"


def written(name: Any) -> str:
    """A name as matplotlib draws it: no formula, no name that a legend leaves out, and not too long."""
    text = str(name)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}.."
    return text.replace("$", r"\$").replace("\n", " ").replace("_", " _", text.startswith("_"))
