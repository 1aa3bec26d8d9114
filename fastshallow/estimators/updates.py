"""scikit-learn's updates: the steps of its own optimizers, whose state stays in its own objects.

An estimator keeps an optimizer of scikit-learn's, so what one of the two packages has begun the other can go on with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formulas import Adam, Optimizer, Parameters

NAMES = ("W1", "W2", "b1", "b2")  # in the order in which scikit-learn lists parameters and their states


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


UPDATES = (SGD(), NesterovSGD(), FirstAdam())


def new_optimizer(estimator: Any) -> Any:
    """scikit-learn's own optimizer for an estimator's parameters."""
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

    parameters = estimator.coefs_ + estimator.intercepts_
    if estimator.solver == "adam":
        options = estimator.beta_1, estimator.beta_2, estimator.epsilon
        return AdamOptimizer(parameters, estimator.learning_rate_init, *options)
    kind = estimator.learning_rate if isinstance(estimator.learning_rate, str) else "constant"
    options = estimator.momentum, estimator.nesterovs_momentum, estimator.power_t
    return SGDOptimizer(parameters, estimator.learning_rate_init, kind, *options)


def update_of(optimizer: Any) -> Optimizer:
    """The update that a kernel makes for it."""
    if hasattr(optimizer, "velocities"):
        kind = NesterovSGD if optimizer.nesterov else SGD
        return kind(momentum=float(optimizer.momentum))
    numbers = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon, optimizer.t
    return FirstAdam(*map(float, numbers))


def rate_of(optimizer: Any) -> float:
    """The learning rate of the next epoch; Adam's corrects itself."""
    return float(optimizer.learning_rate if hasattr(optimizer, "velocities") else optimizer.learning_rate_init)


def state_of(optimizer: Any) -> dict[str, NDArray[Any]]:
    """What it remembers, as a run of training takes it."""
    return {
        f"state{k}_{name}": each.T if each.ndim == 2 else each[:, None]
        for k, attribute in enumerate(_attributes(optimizer))
        for name, each in zip(NAMES, getattr(optimizer, attribute), strict=True)
    }


def keep_state(optimizer: Any, state: dict[str, NDArray[Any]], steps: int) -> None:
    """Let it remember what a run of so many steps has led to."""
    for k, attribute in enumerate(_attributes(optimizer)):
        arrays = [state[f"state{k}_{name}"] for name in NAMES]
        setattr(
            optimizer, attribute, [a.T if name[0] == "W" else a[:, 0] for name, a in zip(NAMES, arrays, strict=True)]
        )
    if hasattr(optimizer, "t"):
        optimizer.t += steps


def _attributes(optimizer: Any) -> tuple[str, ...]:
    return ("velocities",) if hasattr(optimizer, "velocities") else ("ms", "vs")


def parameters_of(estimator: Any, dtype: Any = None) -> Parameters:
    """The parameters of a fitted estimator, without a copy where they lie as the kernels take them."""
    (W1, W2), (b1, b2) = estimator.coefs_, estimator.intercepts_
    arrays = W1.T, b1[:, None], W2.T, b2[:, None]
    return Parameters(*(np.ascontiguousarray(each, dtype) for each in arrays))


def set_parameters(estimator: Any, p: Parameters) -> None:
    """Let an estimator have these parameters, as they are and become."""
    estimator.coefs_, estimator.intercepts_ = [p.W1.T, p.W2.T], [p.b1[:, 0], p.b2[:, 0]]
