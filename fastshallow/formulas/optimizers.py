"""Optimizers, each written once: the same text of an update runs on arrays and on SIMD vectors.

A rule is elementwise: (parameter, gradient, first state, second state, *coefficients) -> (parameter, first state,
second state). The states begin as zeros. The coefficients of a step are numbers, which `coefficients` makes of the
step's number, from 1 on, the learning rate and the hyperparameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from .parameters import positive_integer
from .text import digest

__all__ = ["LBFGS", "AdaGrad", "Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "RMSProp"]  # for users


@dataclass(frozen=True)
class Optimizer:
    """How parameters follow their gradients; its fields are its hyperparameters."""

    name: ClassVar[str]
    typical_rate: ClassVar[float] = 0.1  # the learning rate to begin with where nothing is known
    states: ClassVar[int]  # arrays, of the parameters' shapes, that it keeps from step to step: 0, 1 or 2
    rule: ClassVar[Callable[..., Any]]
    coefficients: ClassVar[Callable[..., tuple[float, ...]]]
    digest: ClassVar[str]  # of what is compiled; the values of hyperparameters are not

    def __init_subclass__(cls) -> None:
        cls.digest = f"{cls.states}{digest(cls.rule, cls.coefficients)}"

    def __post_init__(self) -> None:
        for each in fields(self):
            allowed, lowest, end = _ALLOWED[each.name.rstrip("12")]
            value = getattr(self, each.name)
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
                raise TypeError(f"{each.name} must be a number, not {value!r}")
            if not lowest <= value < end:
                raise ValueError(f"{each.name} must be {allowed}, not {value}")
            object.__setattr__(self, each.name, float(value))

    @property
    def hyperparameters(self) -> tuple[float, ...]:
        """Their values, in order."""
        return astuple(self)


_ALLOWED = {
    "beta": ("from 0 to 1, 1 excluded", 0.0, 1.0),
    "epsilon": ("finite and 1e-30 or more", 1e-30, math.inf),  # float32 holds it: nothing is divided by zero
    "weight_decay": ("finite and not negative", 0.0, math.inf),
}


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """W := W - alpha dW (Deep Learning Specialization, Course 1, Week 3)."""

    name, states = "gradient_descent", 0

    @staticmethod
    def rule(w: Any, dw: Any, v: Any, s: Any, rate: float) -> Any:
        """Give the parameter one step on."""
        return w - rate * dw, v, s

    @staticmethod
    def coefficients(step: float, learning_rate: float) -> tuple[float, ...]:
        """Give the learning rate."""
        return (learning_rate,)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v := beta v + dW, W := W - alpha v, as ``torch.optim.SGD(momentum=beta)`` does.

    The course (Course 2, Week 2) has (1 - beta) dW in v, the same with a learning rate of alpha (1 - beta).
    scikit-learn's v holds -alpha v, which takes the same steps as long as alpha is constant.
    """

    beta: float = 0.9

    name, states = "momentum", 1

    @staticmethod
    def rule(w: Any, dw: Any, v: Any, s: Any, rate: float, beta: float) -> Any:
        """Give the parameter and its velocity one step on."""
        v = beta * v + dw
        return w - rate * v, v, s

    @staticmethod
    def coefficients(step: float, learning_rate: float, beta: float) -> tuple[float, ...]:
        """Give the learning rate and beta."""
        return learning_rate, beta


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v := beta v + dW, W := W - alpha (dW + beta v), as ``torch.optim.SGD(momentum=beta, nesterov=True)`` does.

    scikit-learn's default momentum takes the same steps as long as alpha is constant.
    """

    name = "nesterov"

    @staticmethod
    def rule(w: Any, dw: Any, v: Any, s: Any, rate: float, beta: float) -> Any:
        """Give the parameter and its velocity one step on."""
        v = beta * v + dw
        return w - rate * (dw + beta * v), v, s


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """s := s + dW^2, W := W - alpha dW / (sqrt(s) + epsilon), as ``torch.optim.Adagrad``.

    Duchi, Hazan and Singer (2011), "Adaptive subgradient methods". The steps become shorter as training goes on.
    """

    epsilon: float = 1e-10

    name, states = "adagrad", 1

    @staticmethod
    def rule(w: Any, dw: Any, s: Any, v: Any, rate: float, epsilon: float) -> Any:
        """Give the parameter and the sum of its squared gradients one step on."""
        s = s + dw * dw
        return w - rate * (dw / (np.sqrt(s) + epsilon)), s, v

    @staticmethod
    def coefficients(step: float, learning_rate: float, epsilon: float) -> tuple[float, ...]:
        """Give the learning rate and epsilon."""
        return learning_rate, epsilon


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """s := beta s + (1 - beta) dW^2, W := W - alpha dW / (sqrt(s) + epsilon), as ``torch.optim.RMSprop(alpha=beta)``.

    Course 2, Week 2, "RMSprop".
    """

    beta: float = 0.99
    epsilon: float = 1e-8

    name, typical_rate, states = "rmsprop", 0.01, 1

    @staticmethod
    def rule(w: Any, dw: Any, s: Any, v: Any, rate: float, beta: float, epsilon: float) -> Any:
        """Give the parameter and the mean square of its gradients one step on."""
        s = beta * s + (1.0 - beta) * (dw * dw)
        return w - rate * (dw / (np.sqrt(s) + epsilon)), s, v

    @staticmethod
    def coefficients(step: float, learning_rate: float, beta: float, epsilon: float) -> tuple[float, ...]:
        """Give the learning rate, beta and epsilon."""
        return learning_rate, beta, epsilon


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), as ``torch.optim.Adam``; Course 2, Week 2, "Adam optimization algorithm".

    v := beta1 v + (1 - beta1) dW and s := beta2 s + (1 - beta2) dW^2, divided by 1 - beta1^t and 1 - beta2^t at step
    t, give W := W - alpha v / (sqrt(s) + epsilon).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    name, typical_rate, states = "adam", 0.01, 2

    @staticmethod
    def rule(
        w: Any,
        dw: Any,
        v: Any,
        s: Any,
        rate: float,
        scale: float,
        beta1: float,
        beta2: float,
        epsilon: float,
        keep: float,
    ) -> Any:
        """Give the parameter, and the means of its gradients and of their squares, one step on."""
        v = beta1 * v + (1.0 - beta1) * dw
        s = beta2 * s + (1.0 - beta2) * (dw * dw)
        return keep * w - rate * (v / (scale * np.sqrt(s) + epsilon)), v, s

    @staticmethod
    def coefficients(
        step: float, learning_rate: float, beta1: float, beta2: float, epsilon: float
    ) -> tuple[float, ...]:
        """Give what corrects that the means begin at zero, in the learning rate and in the root, and the rest."""
        rate, scale = learning_rate / (1.0 - beta1**step), 1.0 / np.sqrt(1.0 - beta2**step)
        return rate, scale, beta1, beta2, epsilon, 1.0


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), as ``torch.optim.AdamW``.

    Each step first multiplies all parameters, biases too, by 1 - alpha weight_decay.
    """

    weight_decay: float = 0.01

    name = "adamw"

    @staticmethod
    def coefficients(  # type: ignore[override]
        step: float, learning_rate: float, beta1: float, beta2: float, epsilon: float, weight_decay: float
    ) -> tuple[float, ...]:
        """Give Adam's, and what weight decay leaves of a parameter."""
        rate, scale = learning_rate / (1.0 - beta1**step), 1.0 / np.sqrt(1.0 - beta2**step)
        return rate, scale, beta1, beta2, epsilon, 1.0 - learning_rate * weight_decay


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS (Liu and Nocedal 1989; NW, algorithm 7.5) with a line search for the strong Wolfe conditions.

    Parameters
    ----------
    history_size
        Pairs of steps and changes of the gradient that are kept, 1 or more.
    gradient_tolerance
        It has converged where no component of the gradient is larger than this: SciPy's ``gtol``.
    cost_tolerance
        And after a step from f to f' with (f - f') <= cost_tolerance * max(|f|, |f'|, 1): SciPy's ``ftol``.
    evaluations
        The most evaluations of the cost in one line search, 1 or more: SciPy's ``maxls``.
    """

    history_size: int = 10
    gradient_tolerance: float = 1e-5
    cost_tolerance: float = 1e-9
    evaluations: int = 25

    name: ClassVar[str] = "lbfgs"
    typical_rate: ClassVar[float] = 1.0  # of its own: its line search decides

    def __post_init__(self) -> None:
        for name in "history_size", "evaluations":
            object.__setattr__(self, name, positive_integer(name, getattr(self, name)))
        for name in "gradient_tolerance", "cost_tolerance":
            value = getattr(self, name)
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
                raise TypeError(f"{name} must be a number, not {value!r}")
            if not 0.0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and not negative, not {value}")
            object.__setattr__(self, name, float(value))


# The first take their steps by a rule, compiled with the kernels; the last takes them on its own.
OPTIMIZERS = {each.name: each() for each in (GradientDescent, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW)}
OPTIMIZER_NAMES = (*OPTIMIZERS, LBFGS.name)


def update_rule(optimizer: str | Optimizer | LBFGS) -> Optimizer | LBFGS:
    """The optimizer of that name, or the given one itself."""
    if isinstance(optimizer, (Optimizer, LBFGS)):
        return optimizer
    if isinstance(optimizer, str) and optimizer == LBFGS.name:
        return LBFGS()
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS:
        return OPTIMIZERS[optimizer]
    raise ValueError(
        f"optimizer must be one of {', '.join(OPTIMIZER_NAMES)} or an object such as fs.Adam(beta1=0.9), "
        f"not {optimizer!r}"
    )
