"""Between scikit-learn's objects and the kernels: parameters, optimizers, and what these remember.

An estimator keeps an optimizer of scikit-learn's, so what one of the two packages has begun the other can go on with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formulas import SGD, FirstAdam, NesterovSGD, Optimizer, Parameters

NAMES = ("W1", "W2", "b1", "b2")  # in the order in which scikit-learn lists parameters and their states


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
