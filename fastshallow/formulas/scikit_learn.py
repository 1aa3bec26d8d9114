"""The updates of scikit-learn's MLPs, which its estimators' counterparts here make: see `estimators`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .optimizers import Adam, Optimizer


class _Unchecked:
    """Hyperparameters that scikit-learn has checked."""

    def __post_init__(self) -> None:
        pass


@dataclass(frozen=True)
class SGD(_Unchecked, Optimizer):
    """v := momentum v - alpha dW, W := W + v, as scikit-learn's ``solver="sgd"`` with ``nesterovs_momentum=False``."""

    momentum: float = 0.9

    name, states = "sgd", 1

    @staticmethod
    def rule(w: Any, dw: Any, v: Any, s: Any, rate: float, momentum: float) -> Any:
        """Give the parameter and its velocity one step on."""
        v = momentum * v - rate * dw
        return w + v, v, s

    @staticmethod
    def coefficients(step: float, learning_rate: float, momentum: float) -> tuple[float, ...]:
        """Give the learning rate and the momentum."""
        return learning_rate, momentum


@dataclass(frozen=True)
class NesterovSGD(SGD):
    """v := momentum v - alpha dW, W := W + momentum v - alpha dW, as scikit-learn's ``solver="sgd"``."""

    name = "nesterov_sgd"

    @staticmethod
    def rule(w: Any, dw: Any, v: Any, s: Any, rate: float, momentum: float) -> Any:
        """Give the parameter and its velocity one step on."""
        v = momentum * v - rate * dw
        return w + (momentum * v - rate * dw), v, s


@dataclass(frozen=True)
class FirstAdam(_Unchecked, Adam):
    """Adam as scikit-learn and the first version of the paper have it (Kingma and Ba 2015, end of section 2).

    W := W - alpha sqrt(1 - beta2^t) / (1 - beta1^t) v / (sqrt(s) + epsilon): epsilon is not corrected, as it is in
    `fs.Adam`. `before` are the steps that were taken before the first one.
    """

    before: float = 0.0

    name = "first_adam"

    @staticmethod
    def coefficients(  # type: ignore[override]
        step: float, learning_rate: float, beta1: float, beta2: float, epsilon: float, before: float
    ) -> tuple[float, ...]:
        """Give what corrects that the means begin at zero, in the learning rate alone, and the rest."""
        t = step + before
        return learning_rate * np.sqrt(1.0 - beta2**t) / (1.0 - beta1**t), 1.0, beta1, beta2, epsilon, 1.0


SCIKIT_LEARN = (SGD(), NesterovSGD(), FirstAdam())
