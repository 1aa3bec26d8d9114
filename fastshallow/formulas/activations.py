"""Activations of the hidden layer: each formula written once, as NumPy text that runs on arrays and on SIMD vectors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import signature
from pickle import PicklingError
from types import FunctionType
from typing import Any

import numpy as np

from .text import FormulaError, digest, trace

Formula = Callable[..., Any]


class Activation:
    """An activation a = g(z) of the hidden layer, with its derivative.

    Parameters
    ----------
    name
        What it is called in results and files.
    value
        z -> g(z), elementwise, in plain NumPy: operators, comparisons and np.absolute, exp, expm1, log, log1p, maximum,
        minimum, sqrt, square, tanh, where. The same text runs on arrays and, compiled, on SIMD vectors.
    derivative
        (z, a) -> g'(z), where a = g(z) is given because most derivatives come from it, as in ``1.0 - a * a``.
        A comparison counts as 0 or 1.

    Raises
    ------
    FormulaError
        A ValueError: an operation that the kernels lack, or a derivative that contradicts the value.

    Examples
    --------
    >>> softsign = Activation(
    ...     "softsign",
    ...     value=lambda z: z / (1.0 + np.abs(z)),
    ...     derivative=lambda z, a: 1.0 / (1.0 + np.abs(z)) ** 2,
    ... )
    """

    def __init__(self, name: str, value: Formula, derivative: Formula) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"name must be a text that is not empty, not {name!r}")
        for formula, what, count in ((value, "value", 1), (derivative, "derivative", 2)):
            if not isinstance(formula, FunctionType):  # Numba compiles no others
                raise TypeError(f"{what} must be a function made by def or lambda, not {formula!r}")
            taken = list(signature(formula).parameters)
            if len(taken) != count:  # the kernels give no defaults
                raise FormulaError(
                    f"the {what} of {name!r} must take {('z', 'z and a')[count - 1]} alone, not {', '.join(taken)}: "
                    "other numbers can come from a function around it"
                )
        trace(value, 1, f"the value of {name!r}")
        trace(derivative, 2, f"the derivative of {name!r}")
        _check_derivative(name, value, derivative)
        self.name, self.value, self.derivative = name, value, derivative
        self.digest = digest(value, derivative)
        self.slope: float | None = None  # of a leaky rectifier
        self.learned = False  # whether `train` learns the slope, which begins as it is here

    def __reduce__(self) -> tuple[Any, ...]:
        """Built-in activations are pickled by their names; one's own by its functions, which must have names too."""
        if self.learned:
            return leaky_relu, ("learn",)
        if self.slope is not None:
            return leaky_relu_of, (self.slope,)
        if is_built_in(self):
            return activation, (self.name,)
        for what, function in (("value", self.value), ("derivative", self.derivative)):
            home = sys.modules.get(function.__module__)
            if getattr(home, function.__qualname__, None) is not function and not _pickles_functions():
                raise PicklingError(
                    f"the activation {self.name!r} can't be pickled: its {what} is a lambda, or a function within "
                    "another one; define it with def at module level"
                )
        return Activation, (self.name, self.value, self.derivative)

    def __copy__(self) -> Activation:
        return self

    def __deepcopy__(self, memo: Any) -> Activation:
        return self  # nothing changes it

    def __repr__(self) -> str:
        slope = "" if self.slope is None else f" {self.slope:g}"
        return f"<Activation {self.name}{slope}{', learned' if self.learned else ''}>"


def _pickles_functions() -> bool:
    """Whether a pickler is at work that takes any function: cloudpickle, which joblib and Dask use, or dill."""
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        if {"cloudpickle", "dill"} & set(str(frame.f_globals.get("__name__")).split(".")):
            return True
    return False


def _check_derivative(name: str, value: Formula, derivative: Formula) -> None:
    """Compare the derivative with differences of the value on both sides of many points; a few kinks may differ."""
    z = np.concatenate([np.linspace(-20.0, 20.0, 401), np.linspace(-2.0, 2.0, 401)]) + 1e-3
    h = 1e-5
    with np.errstate(all="ignore"):
        a = np.asarray(value(z), dtype=np.float64)
        if a.shape != z.shape:
            raise FormulaError(
                f"the value of {name!r} gives shape {a.shape} for shape {z.shape}: it must be elementwise"
            )
        if not np.isfinite(a).all():
            raise FormulaError(f"the value of {name!r} is not finite at z = {z[~np.isfinite(a)][0]:g}")
        given = np.broadcast_to(np.asarray(derivative(z, a), dtype=np.float64), z.shape)
        central = (value(z + h) - value(z - h)) / (2 * h)
    scale = np.maximum(1.0, np.maximum(np.abs(central), np.abs(a)))
    wrong = np.flatnonzero(~(np.abs(given - central) <= 1e-5 * scale))
    if len(wrong) > 8:  # no more than a few kinks lie within h of a point
        i = wrong[np.argmax(np.abs(given - central)[wrong])]
        raise FormulaError(
            f"the derivative of {name!r} contradicts its value: at z = {z[i]:g} it gives {given[i]:g}, "
            f"while the value changes by {central[i]:g} for each unit of z"
        )


def _sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def _softplus(z: Any) -> Any:
    # log(1 + exp(z)), and nothing overflows; its derivative, sigmoid(z), is 1 - exp(-a)
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def _leaky_formulas(slope: float) -> tuple[Formula, Formula]:
    return lambda z: np.where(z < 0.0, slope * z, z), lambda z, a: np.where(z < 0.0, slope, 1.0)


# The same where the slope is in memory: Numba does not let the formulas above call these.


def leaky(z: Any, slope: Any) -> Any:
    """The leaky rectifier, whatever its slope."""
    return np.where(z < 0.0, slope * z, z)


def leaky_derivative(z: Any, a: Any, slope: Any) -> Any:
    """Its derivative by z; that by the slope is min(z, 0)."""
    return np.where(z < 0.0, slope, 1.0)


def _leaky_relu(slope: float) -> Activation:
    made = Activation("leaky_relu", *_leaky_formulas(slope))
    made.slope = slope
    return made


# Course 1, Week 3, "Activation functions" and "Derivatives of activation functions": g'(0) = 1 for both rectifiers.
identity = Activation("identity", value=lambda z: z, derivative=lambda z, a: z == z)
sigmoid = Activation("sigmoid", value=_sigmoid, derivative=lambda z, a: a * (1.0 - a))
tanh = Activation("tanh", value=lambda z: np.tanh(z), derivative=lambda z, a: 1.0 - a * a)
relu = Activation("relu", value=lambda z: np.maximum(z, 0.0), derivative=lambda z, a: z >= 0.0)
softplus = Activation("softplus", value=_softplus, derivative=lambda z, a: -np.expm1(-a))

ACTIVATIONS = {each.name: each for each in (identity, sigmoid, tanh, relu, _leaky_relu(0.01), softplus)}


FIRST_SLOPE = 0.25  # of those that are learned: He, Zhang, Ren and Sun (2015), "Delving deep into rectifiers"
LEARNED = _leaky_relu(FIRST_SLOPE)
LEARNED.learned, LEARNED.digest = True, digest(LEARNED.value, LEARNED.derivative, leaky, leaky_derivative)


def leaky_relu(slope: float | str = 0.01) -> Activation:
    """The leaky rectifier max(z, slope * z), with 0 <= slope < 1; its derivative is 1 for z >= 0, else the slope.

    ``"learn"`` lets `train` learn the slope, one for the whole layer, from 0.25 on, as PReLU does (He et al. 2015);
    the network then has an ordinary leaky rectifier with that slope. Elsewhere it acts as ``leaky_relu(0.25)``.

    Raises
    ------
    ValueError
        A slope that is not from 0 to 1, 1 excluded.
    """
    if isinstance(slope, str) and slope == "learn":
        return LEARNED
    if not isinstance(slope, (int, float, np.number)) or not 0.0 <= slope < 1.0:
        raise ValueError(f"slope must be a number with 0 <= slope < 1, or 'learn', not {slope!r}")
    return leaky_relu_of(float(slope))


def leaky_relu_of(slope: float) -> Activation:
    """The leaky rectifier of any slope, such as training may come to."""
    if slope == 0.01:
        return ACTIVATIONS["leaky_relu"]
    made = object.__new__(Activation)  # what its constructor checks holds for every slope
    made.name, made.learned = "leaky_relu", False
    made.value, made.derivative = _leaky_formulas(slope)
    made.slope, made.digest = slope, digest(made.value, made.derivative)
    return made


def is_built_in(hidden: Activation) -> bool:
    """Whether it is one of the built-in activations, or a copy of one: the same by name and text."""
    known = ACTIVATIONS.get(hidden.name)
    return hidden.slope is not None or (known is not None and known.digest == hidden.digest)


def activation(hidden: str | Activation) -> Activation:
    """The activation of that name, or the given one itself."""
    if isinstance(hidden, Activation):
        return hidden
    if isinstance(hidden, str) and hidden in ACTIVATIONS:
        return ACTIVATIONS[hidden]
    raise ValueError(f"hidden must be one of {', '.join(ACTIVATIONS)} or an fs.Activation, not {hidden!r}")
