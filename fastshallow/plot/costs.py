"""How training went: the cost of each epoch, of validation examples too, and the best epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..training import History, Network
from .figures import axes_of

DECADES = 1.5  # that costs span, from which on their axis is logarithmic
UNITS = {
    "sigmoid": "cross-entropy in nats",
    "softmax": "cross-entropy in nats",
    "identity": "half squared error",
    "exp": "half Poisson deviance",
}


class HistoryDisplay:
    """Costs by epochs: training as a solid line, validation as a dashed one, and the best epoch.

    Attributes
    ----------
    ax_, figure_
        What was drawn on.
    lines_
        The curves.
    """

    def __init__(
        self,
        epoch: ArrayLike,
        cost: ArrayLike,
        validation_cost: ArrayLike = (),
        best_epoch: int | None = None,
        unit: str = "",
    ) -> None:
        self.epoch, self.cost, self.validation_cost = np.asarray(epoch), np.asarray(cost), np.asarray(validation_cost)
        self.best_epoch, self.unit = best_epoch, unit
        self.lines_: list[Any] = []

    @classmethod
    def from_estimator(cls, net: Any, *, ax: Any = None) -> HistoryDisplay:
        """Draw the history of a network, of its training, or of a fitted estimator; see `history`."""
        return cls(*_curves(net)).plot(ax)

    def plot(self, ax: Any = None) -> HistoryDisplay:
        """Draw on `ax`, or on a new figure."""
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        curves: list[tuple[Any, ...]] = [("training", self.cost, "-", "black", "o")]
        if self.validation_cost.size:
            curves.append(("validation", self.validation_cost, (0, (4, 1.5)), "tab:orange", "s"))
        self.lines_ = []
        for label, cost, style, colour, marker in curves:
            marker = marker if len(cost) == 1 else ""
            self.lines_ += self.ax_.plot(self.epoch, cost, linestyle=style, color=colour, marker=marker, label=label)
        if self.best_epoch is not None:
            self._mark_best()
        if spans_decades(np.concatenate([self.cost, self.validation_cost])):
            self.ax_.set_yscale("log")
        self.ax_.set(xlabel="epoch", ylabel=f"cost ({self.unit})" if self.unit else "cost")
        if len(self.epoch) == 1:
            self.ax_.set(xlim=self.epoch[0] + np.array([-1, 1]))
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.grid(alpha=0.3)
        if len(curves) > 1 or self.best_epoch is not None:
            self.ax_.legend()
        return self

    def _mark_best(self) -> None:
        label = f"best epoch: {self.best_epoch:,}"
        self.ax_.axvline(self.best_epoch, color="0.45", linestyle=":", label=label)
        watched = self.validation_cost if self.validation_cost.size else self.cost
        if len(at := np.flatnonzero(self.epoch == self.best_epoch)):
            style = {"marker": "*", "markersize": 12, "color": "white", "markeredgecolor": "black", "zorder": 3}
            self.ax_.plot(self.best_epoch, watched[at[0]], linestyle="none", **style)


def history(net: Any, ax: Any = None) -> HistoryDisplay:
    """Draw the cost of each epoch, and that of validation examples and the best epoch, if there are any.

    The axis of costs is logarithmic where they span more than 1.5 decades.

    Parameters
    ----------
    net
        An `fs.Network`, its ``history``, or a fitted estimator with ``loss_curve_``.
    ax
        The axes to draw on; None makes a figure.

    Returns
    -------
    HistoryDisplay
    """
    return HistoryDisplay.from_estimator(net, ax=ax)


def spans_decades(cost: NDArray[Any]) -> bool:
    """Whether a logarithmic axis shows costs better."""
    cost = cost[np.isfinite(cost)]
    return bool(cost.size and cost.min() > 0.0 and cost.max() > cost.min() * 10**DECADES)


def _curves(net: Any) -> tuple[Any, ...]:
    past = net.history if isinstance(net, Network) else net
    if isinstance(past, History):
        if not len(past.epoch):
            raise ValueError("there is no history to draw: no epoch is recorded")
        unit = UNITS[net.output.name] if isinstance(net, Network) else ""
        return past.epoch, past.cost, past.validation_cost, past.best_epoch, unit
    if not len(getattr(net, "loss_curve_", ())):
        raise TypeError(f"net must be an fs.Network, its history or a fitted estimator with loss_curve_, not {net!r}")
    tried, scores = (getattr(net, f"validation_{each}_", None) for each in ("loss_curve", "scores"))
    best = None if scores is None else int(np.argmax(scores))  # whose weights early stopping goes back to
    return np.arange(len(net.loss_curve_)), net.loss_curve_, () if tried is None else tried, best
