"""What conversions have in common: parameters in the units that users give, and a network put together from outside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formulas import OUTPUTS, Activation, Parameters, is_built_in
from ..training import Network, Target, problem_of


def folded(network: Network) -> Parameters:
    """Parameters that take features and give numbers in their own units, in the network's dtype."""
    W1, b1, W2, b2 = (array.astype(np.float64) for array in (*network.parameters[:2], *network.output_parameters))
    features = network.features
    if features is not None:
        W1 = W1 / features.scale.T
        b1 = b1 - W1 @ features.mean
    dtype = network.parameters.W1.dtype
    p = Parameters(*(array.astype(dtype) for array in (W1, b1, W2, b2)))
    for name, array in p._asdict().items():
        if not np.isfinite(array).all():
            raise ValueError(f"{dtype} does not hold {name} with the standardization of features in it")
    return p


def hidden_name(network: Network, where: str, known: Iterable[str]) -> str:
    """The name of the network's activation, if `where` has it too."""
    name, known = network.hidden.name, list(known)
    if not is_built_in(network.hidden):
        raise ValueError(f"the activation {name!r} is your own, which {where} has not: {', '.join(known)} it has")
    if name not in known:
        raise ValueError(f"the activation {name!r} is one that {where} has not: {', '.join(known)} it has")
    return name


def network_of(arrays: Iterable[Any], hidden: Activation, output: str, **more: Any) -> Network:
    """A network of W1, b1, W2 and b2 from elsewhere, whose shapes are checked; biases may be flat."""
    W1, b1, W2, b2 = map(np.asarray, arrays)
    dtype = np.result_type(W1, b1, W2, b2)
    dtype = dtype if dtype == np.float32 else np.dtype(np.float64)
    layers = (("first", W1, b1), ("second", W2, b2))
    for which, W, b in layers:
        if W.ndim != 2 or b.size != len(W):
            raise ValueError(f"its {which} layer has weights of shape {W.shape} and biases of shape {b.shape}")
        for what, array in (("weight", W), ("bias", b)):
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError(f"a {what} of its {which} layer is not a finite number")
    if W2.shape[1] != len(W1):
        raise ValueError(f"its first layer gives {len(W1)} numbers, but its second takes {W2.shape[1]}")
    if output == "softmax" and len(W2) < 2:
        raise ValueError("its softmax has a single output; a probability of two classes is a sigmoid's")
    p = Parameters(*(_owned(each, dtype) for each in (W1, b1.reshape(-1, 1), W2, b2.reshape(-1, 1))))
    network = Network(p, hidden, OUTPUTS[output], **more)
    if problem := problem_of(network):
        raise ValueError(problem)
    return network


def named_classes(names: Iterable[Any], n_y: int, output: str) -> Target | None:
    """Classes as a network keeps them: none for several labels at once, which have no single class."""
    if output == "softmax" or (output == "sigmoid" and n_y == 1):
        return Target("", tuple(map(str, names)))
    return None


def _owned(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return np.array(array, dtype, order="C")
