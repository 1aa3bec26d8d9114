"""A network as one C99 file, for programs and microcontrollers that have no Python."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..backends import forward
from ..data import FLOAT32, FLOAT64, by_pieces, check_data, files
from ..formulas import Activation, Output, Parameters, is_built_in
from ..training import Network
from .c_text import HIDDEN, OUTPUT, Content, check_prefix, source

SAMPLE = 1000  # random examples, where none are given


class CSource(NamedTuple):
    """What `Network.to_c` tells of the file that it wrote.

    Attributes
    ----------
    constants
        Bytes of weights and other constants, which stay in flash; pointers to labels are not counted.
    stack
        Bytes that the hidden layer takes while a prediction is made.
    difference
        How far an output is from the network's own, at most, in the examples that were tried.
    """

    constants: int
    stack: int
    difference: float


def to_c(
    network: Network,
    path: str | os.PathLike[str],
    prefix: str,
    dtype: DTypeLike,
    int8: bool,
    X: Any,
) -> CSource:
    """Write a network as C; see `Network.to_c`."""
    files.check_replaceable("path", path)
    check_prefix(prefix)
    real = _real(dtype)
    if not is_built_in(network.hidden) or network.hidden.name not in HIDDEN:
        raise ValueError(
            f"the activation {network.hidden.name!r} is your own, which can't be written as C: {', '.join(HIDDEN)} can"
        )
    if network.output.name not in OUTPUT:
        raise ValueError(f"the output {network.output.name!r} can't be written as C: {', '.join(OUTPUT)} can")
    random = X is None
    X = check_data(_sample(network) if random else X)
    with np.errstate(all="ignore"):
        layers = _layers(network, real, int8)
        apart = by_pieces(lambda piece: _apart(network, layers, piece), X)
        example = _example(network, layers, by_pieces(lambda piece: piece[:, :SAMPLE], X))
    content = Content(network, prefix, real, layers.arrays(), *example, float(apart.max()), X.shape[1], random)
    text = source(content)
    with files.replacing(path) as file:
        file.write(text.encode("ascii"))
    return CSource(content.constants, content.stack, content.difference)


class Layers(NamedTuple):
    """The numbers of the file: W1 (n_h, n_x) takes ``(x - shift) * factor``.

    With 8-bit weights W1 and W2 are whole numbers, and a row of scores is multiplied by its step before b1 or b2 is
    added; otherwise the factor of features is in W1.
    """

    W1: NDArray[Any]
    b1: NDArray[Any]
    W2: NDArray[Any]
    b2: NDArray[Any]
    shift: NDArray[Any]
    factor: NDArray[Any]
    step1: NDArray[Any]
    step2: NDArray[Any]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Those that the file needs, as it holds them: one row of W1 a feature, one of W2 a hidden unit."""
        held = {name: array.ravel() for name, array in self._asdict().items()}
        held |= {"W1": self.W1.T, "W2": self.W2.T}
        neutral = {"shift": 0.0, "factor": 1.0, "step1": 1.0, "step2": 1.0}
        return {name: array for name, array in held.items() if name not in neutral or (array != neutral[name]).any()}

    def outputs(self, X: NDArray[Any], hidden: Activation, output: Output, dtype: Any) -> NDArray[Any]:
        """What the file computes from X (n_x, m), up to rounding in `dtype`."""
        W1, b1, W2, b2, shift, factor, step1, step2 = (each.astype(dtype) for each in self)
        X = (X.astype(dtype) - shift) * factor
        p = Parameters(W1 * step1, b1, W2 * step2, b2)
        return forward(X, p, hidden=hidden, output=output, backend="numpy")


def _layers(network: Network, real: np.dtype[Any], int8: bool) -> Layers:
    W1: NDArray[Any]
    W2: NDArray[Any]
    W1, b1, W2, b2 = (array.astype(np.float64) for array in (*network.parameters[:2], *network.output_parameters))
    (n_h, n_x), n_y = W1.shape, len(W2)
    features = network.features
    mean, scale = (features.mean, features.scale) if features is not None else (np.zeros((n_x, 1)), np.ones((n_x, 1)))
    shift, step1, step2, factor = mean.astype(real), np.ones((n_h, 1)), np.ones((n_y, 1)), 1.0 / scale
    b1 = b1 - (W1 / scale.T) @ (mean - shift)  # what `real` does not hold of the mean
    if int8:
        (W1, step1), (W2, step2) = _whole(W1), _whole(W2)
    else:
        W1, W2, factor = (W1 / scale.T).astype(real), W2.astype(real), np.ones_like(scale)
    b1, b2, factor, step1, step2 = (each.astype(real) for each in (b1, b2, factor, step1, step2))
    layers = Layers(W1, b1, W2, b2, shift, factor, step1, step2)
    for name, array in layers._asdict().items():
        if not np.isfinite(array).all():
            raise ValueError(f"dtype {real} does not hold this network: a number of {name} is not finite there")
    return layers


def _whole(W: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Weights as whole numbers from -127 to 127, and the step of each row (its largest weight is 127 steps)."""
    step = np.abs(W).max(axis=1, keepdims=True) / 127.0
    step[step == 0.0] = 1.0
    return np.rint(W / step).astype(np.int8), step


def _apart(network: Network, layers: Layers, X: NDArray[Any]) -> NDArray[Any]:
    """How far the file's outputs for X are from the network's, at most: (1, 1)."""
    predict = network.predict if network.output.numbers else network.predict_proba
    own = predict(X.astype(np.float64), backend="numpy")
    apart = np.abs(layers.outputs(X, network.hidden, network.output, layers.b1.dtype) - own)
    return np.asarray(np.nanmax(apart, initial=0.0, keepdims=True))  # of two infinities there is no difference


def _example(network: Network, layers: Layers, X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """One example for the self-test, its outputs, and how far rounding, in functions too, may take them from there."""
    real = layers.b1.dtype
    X = X.astype(real)
    y = layers.outputs(X, network.hidden, network.output, FLOAT64)
    t = int((np.isfinite(y) & np.isfinite(y.astype(real))).all(axis=0).argmax())
    x, y = X[:, t : t + 1], y[:, t : t + 1]
    W1, b1, W2, b2, shift, factor, step1, step2 = (each.astype(np.float64) for each in layers)
    eps, (n_h, n_x) = 64.0 * np.finfo(real).eps, W1.shape
    scores = eps * np.sqrt(n_x + 1) * (np.abs(W1 * step1) @ np.abs((x - shift) * factor) + np.abs(b1))
    hidden = (W1 * step1) @ ((x - shift) * factor) + b1
    a = network.hidden.value(hidden)
    hidden = scores * max(1.0, abs(network.hidden.slope or 0.0)) + eps * np.abs(a)
    scores = np.abs(W2 * step2) @ (hidden + eps * np.sqrt(n_h + 1) * np.abs(a)) + eps * np.abs(b2)
    if network.output.name == "identity":
        return x, y, scores + eps * np.abs(y)
    return x, y, np.expm1(np.minimum(2.0 * scores.max(), 1.0)) * np.abs(y) + eps


def _sample(network: Network) -> NDArray[np.float64]:
    """Random examples in the units that the network takes."""
    n_x = network.parameters.W1.shape[1]
    X = np.random.default_rng(0).standard_normal((n_x, SAMPLE))
    features = network.features
    return X if features is None else features.mean + features.scale * X


def _real(dtype: DTypeLike) -> np.dtype[Any]:
    for real in FLOAT32, FLOAT64:
        try:
            if dtype is not None and np.dtype(dtype) == real:
                return real
        except TypeError:
            break
    raise ValueError(f"dtype must be float32 or float64, not {dtype!r}")
