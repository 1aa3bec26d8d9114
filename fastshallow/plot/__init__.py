"""What one would rather look at: how training went, where classes meet, what units see, whether gradients are right.

Each function draws on the axes `ax`, or on a new figure of pyplot's, which notebooks and ``plt.show()`` then show, and
gives a display back, as scikit-learn's do: ``display.ax_`` and ``display.figure_`` go on from there. Matplotlib is
imported by the first picture.
"""

from .boundary import DecisionBoundaryDisplay, decision_boundary
from .costs import HistoryDisplay, history
from .figures import MISSING, new_figure
from .gradients import GradientCheckDisplay, gradient_check
from .units import HiddenUnitsDisplay, hidden_units

__all__ = [
    "MISSING",
    "DecisionBoundaryDisplay",
    "GradientCheckDisplay",
    "HiddenUnitsDisplay",
    "HistoryDisplay",
    "decision_boundary",
    "gradient_check",
    "hidden_units",
    "history",
    "new_figure",
]
