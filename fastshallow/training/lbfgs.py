"""L-BFGS: minimization with what the last steps and changes of the gradient tell of the curvature.

Nocedal and Wright, Numerical Optimization, 2nd edition (2006), is "NW" below. Vectors have shape (n,), in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..formulas import LBFGS

Vector = NDArray[np.float64]

DECREASE = 1e-4  # c1 in the strong Wolfe conditions: phi(a) <= phi(0) + c1 a phi'(0)
CURVATURE = 0.9  # c2: |phi'(a)| <= c2 |phi'(0)|; NW's choice of both for quasi-Newton directions
NEAR = 0.1  # a trial stays this part of the interval away from its ends
FAR = 4.0  # or is so many times the one before, as long as there is no interval
EPS = float(np.finfo(np.float64).eps)


class Pair(NamedTuple):
    """A step s (n,), how the gradient changed on it, y (n,), and rho = 1 / s'y."""

    s: Vector
    y: Vector
    rho: float


class Trial(NamedTuple):
    """A step along the direction, phi(step), phi'(step) and the gradient (n,) there; only the cost counts if inf."""

    step: float
    cost: float
    slope: float
    gradient: Vector


class Minimizer:
    """A minimization by L-BFGS, which goes on by one iteration with each `step`.

    Between two steps its whole state is in `state`; `resumed` goes on from there and gives the same bits.

    Parameters
    ----------
    evaluate
        w (n,) float64 -> the cost and its gradient (n,), of any floating dtype. It may reuse the gradient's array.
    w : (n,)
        Where to start; it is copied.
    settings
        The hyperparameters.

    Attributes
    ----------
    w, cost, gradient
        The point (n,), its cost, inf where that or the gradient is not finite, and its gradient (n,).
    pairs
        What is kept of the last steps, the oldest first.
    iterations, evaluations
        Steps taken, and evaluations of the cost.
    reason
        Why there is no further step, or None as long as there may be one.
    """

    def __init__(self, evaluate: Callable[[Vector], tuple[float, Any]], w: ArrayLike, settings: LBFGS) -> None:
        self._evaluate, self.settings = evaluate, settings
        self.w: Vector = np.array(w, np.float64)
        self.pairs: tuple[Pair, ...] = ()
        self.iterations = self.evaluations = 0
        self.cost, self.gradient = self._cost_and_gradient(self.w)
        self.reason = self._ending(self.cost, self.gradient)

    @classmethod
    def resumed(
        cls, evaluate: Callable[[Vector], tuple[float, Any]], state: Mapping[str, NDArray[Any]], settings: LBFGS
    ) -> Minimizer:
        """Go on from what `state` gave; nothing is evaluated."""
        self = cls.__new__(cls)
        self._evaluate, self.settings = evaluate, settings
        self.w, self.gradient = np.array(state["w"]), np.array(state["gradient"])
        self.cost, self.reason = float(state["cost"]), str(state["reason"]) or None
        self.iterations, self.evaluations = int(state["iterations"]), int(state["evaluations"])
        self.pairs = tuple(map(Pair, np.array(state["s"]), np.array(state["y"]), state["rho"].tolist()))
        return self

    def state(self) -> dict[str, NDArray[Any]]:
        """Copies of all that is kept from step to step, as arrays that ``np.savez`` writes without pickling."""
        s, y = (np.array([pair[i] for pair in self.pairs]).reshape(-1, len(self.w)) for i in (0, 1))  # (pairs, n)
        names = "w", "cost", "gradient", "iterations", "evaluations"
        kept = {name: np.array(getattr(self, name)) for name in names}
        rho = np.array([pair.rho for pair in self.pairs], np.float64)
        return {**kept, "s": s, "y": y, "rho": rho, "reason": np.array(self.reason or "")}

    @np.errstate(all="ignore")
    def step(self) -> bool:
        """Take one iteration of NW's algorithm 7.5; False, with a `reason`, where there is none left to take.

        A step lowers the cost. Where no step along the direction does, the pairs are forgotten, and the gradient
        alone gives the direction.
        """
        if self.reason:
            return False
        for pairs in (self.pairs, ()) if self.pairs else ((),):
            direction = -inverse_hessian_product(self.gradient, pairs)
            first = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(self.gradient).sum()))
            found = self._search(direction, first)
            if found.step > 0.0:
                break
        else:
            self.reason = "no further decrease of the cost along its gradient"
            return False
        w = self.w + found.step * direction
        s, y = w - self.w, found.gradient - self.gradient
        sy = float(s @ y)
        if sy > EPS * math.sqrt(float(s @ s) * float(y @ y)):  # else the inverse Hessian were not positive definite
            pairs = (*pairs, Pair(s, y, 1.0 / sy))[-self.settings.history_size :]
        ending = self._ending(found.cost, found.gradient, self.cost)
        after = w, found.cost, found.gradient, pairs, self.iterations + 1, ending
        # There is no call in this line, so that an interrupt finds the state before this step or after it.
        self.w, self.cost, self.gradient, self.pairs, self.iterations, self.reason = after
        return True

    def _search(self, direction: Vector, first: float) -> Trial:
        def at(step: float) -> Trial:
            cost, gradient = self._cost_and_gradient(self.w + step * direction)
            return Trial(step, cost, float(gradient @ direction), gradient)

        start = Trial(0.0, self.cost, float(self.gradient @ direction), self.gradient)
        return line_search(at, start, first, self.settings.evaluations)

    def _cost_and_gradient(self, w: Vector) -> tuple[float, Vector]:
        self.evaluations += 1
        cost, gradient = self._evaluate(w)
        gradient = np.array(gradient, np.float64)
        finite = math.isfinite(cost) and np.isfinite(gradient).all()
        return float(cost) if finite else math.inf, gradient

    def _ending(self, cost: float, gradient: Vector, before: float | None = None) -> str | None:
        """The reason to end here, after a step from a cost of `before`."""
        if not math.isfinite(cost):
            return "the cost or its gradient is NaN or infinite at the starting point"
        if np.abs(gradient).max() <= self.settings.gradient_tolerance:
            return "converged: no component of the gradient is larger than gradient_tolerance"
        if before is None or before - cost > self.settings.cost_tolerance * max(abs(before), abs(cost), 1.0):
            return None
        return "converged: the relative decrease of the cost is no larger than cost_tolerance"


def inverse_hessian_product(gradient: Vector, pairs: tuple[Pair, ...]) -> Vector:
    """H g (n,), where H is the BFGS approximation of the inverse Hessian: NW's algorithm 7.4, the two-loop recursion.

    H begins as gamma I, with gamma = s'y / y'y of the newest pair (NW, 7.20).
    """
    q: Vector = gradient.copy()
    alphas = []
    for s, y, rho in reversed(pairs):
        alphas.append(alpha := rho * float(s @ q))
        q -= alpha * y
    if pairs:
        _, y, rho = pairs[-1]
        q *= 1.0 / (rho * float(y @ y))
    for (s, y, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        q += (alpha - rho * float(y @ q)) * s
    return q


def line_search(at: Callable[[float], Trial], start: Trial, step: float, evaluations: int) -> Trial:
    """Find a step where the strong Wolfe conditions hold: NW's algorithms 3.5 and 3.6, which are one loop here.

    `low` is the step of least cost so far that decreases it enough. A right step lies between it and `high`, which is
    infinite until one is known. The best step is taken after too many `evaluations`, or `start` if there is none.
    """
    low = start
    high = Trial(math.inf, math.inf, math.inf, start.gradient)
    for _ in range(evaluations if -math.inf < start.slope < 0.0 else 0):
        trial = at(step)
        if trial.cost > start.cost + DECREASE * step * start.slope or trial.cost >= low.cost:
            high = trial
        elif abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        else:
            if trial.slope * (high.step - low.step) >= 0.0:
                high = low
            low = trial
        if math.isinf(high.step):
            step *= FAR
            continue
        part = (cubic_minimum(low, high) - low.step) / (high.step - low.step)  # NaN if the cost is inf at `high`
        step = low.step + (min(part, 1.0 - NEAR) if part > NEAR else NEAR) * (high.step - low.step)
        if step in (low.step, high.step) or -step * start.slope <= EPS * abs(start.cost):
            break  # the interval, or the decrease that the slope promises, is lost in rounding
    return low


def cubic_minimum(a: Trial, b: Trial) -> float:
    """Where the cubic through two trials, with their slopes there, has its minimum (NW, 3.59); NaN if it has none."""
    d1 = a.slope + b.slope - 3.0 * (a.cost - b.cost) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    d2 = math.copysign(math.sqrt(square), b.step - a.step) if square >= 0.0 else math.nan
    divisor = b.slope - a.slope + 2.0 * d2
    return b.step - (b.step - a.step) * (b.slope + d2 - d1) / divisor if divisor else math.nan
