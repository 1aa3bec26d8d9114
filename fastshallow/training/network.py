"""What training gives back: a network that predicts, and that one file keeps."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..backends import Frozen
from ..data import Blocks, Columns, Features, Recipe, check_data, computing, files
from ..formulas import ACTIVATIONS, OUTPUTS, Activation, Output, Parameters, is_built_in, leaky_relu_of
from .exports import Exports
from .formats import NETWORK
from .history import History
from .predicting import Answers, Predictor, check_out, of_blocks

ndarray = np.ndarray  # looked up once


class NetworkFileError(ValueError):
    """A file that does not hold a network, or no longer does."""


@dataclass(frozen=True, eq=False)
class Target:
    """What is predicted: its name, its classes in order, or for a number the unit and zero that it was learnt in.

    A number's ``mean`` and ``scale`` are (n_y, 1); ``classes`` is then empty.
    """

    name: str
    classes: tuple[str, ...] = ()
    mean: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Network(Exports):
    """A trained network with one hidden layer.

    Attributes
    ----------
    parameters
        W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1), as training left them.
    hidden, output
        The activation of the hidden layer, and the output with its loss.
    history
        How training went.
    features, target
        What `with_features` or the command has learnt about the features, and the command about a table's target, or
        None. `predict` and `predict_proba` take features, and give numbers, in their own units.
    classes
        The names of the classes in their order, where they are known, else None: ``net.classes[net.predict(X)]``.
    """

    parameters: Parameters
    hidden: Activation
    output: Output
    history: History = field(default_factory=History)
    features: Features | None = None
    target: Target | None = None

    @property
    def classes(self) -> NDArray[np.str_] | None:
        """The names of the classes, in the order that `predict` numbers them."""
        return None if self.target is None or not self.target.classes else np.array(self.target.classes)

    def predict(
        self, X: Any, *, backend: str = "auto", threads: int | None = None, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Predict from X (n_x, m): 0 or 1 (n_y, m), the index of a class (1, m), or numbers (n_y, m).

        Which one follows the output: ``sigmoid``, ``softmax``, or ``identity`` and ``exp``. X may be of all kinds that
        `train` takes, sparse too and `fs.Blocks`, with or without Y: it is converted some examples at a time. Numbers
        are written to `out`, if that is given, as by `predict_proba`.

        Raises
        ------
        ValueError
            If X holds NaN, which no prediction follows from; it names the first. Infinity is taken as what it is, as
            long as no difference of two infinities arises.
        """
        if out is not None and not self.output.numbers:
            raise ValueError(
                f"out is for numbers, and this network's output is {self.output.name!r}: see predict_proba"
            )
        A2 = self._forward(X, backend, threads, out)
        if self.output.name == "sigmoid":
            return (A2 > 0.5).astype(np.int64)
        return A2.argmax(axis=0, keepdims=True) if self.output.name == "softmax" else A2

    def predict_proba(
        self,
        X: Any,
        *,
        backend: str = "auto",
        threads: int | None = None,
        allow_nan: bool = False,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Give probabilities A2 (n_y, m) from X (n_x, m): of label 1 (``sigmoid``) or of each class (``softmax``).

        NaN in X is an error, as for `predict`; with `allow_nan` its examples' probabilities are NaN. The probabilities
        are written to `out`, if that is given: an array (n_y, m) in C order, of the dtype that X is computed in, apart
        from X. What it holds after an error is not defined.
        """
        if self.output.numbers:
            name = self.output.name
            raise ValueError(f"this network's output is {name!r}: it predicts numbers, which have no probabilities")
        return self._forward(X, backend, threads, out, allow_nan)

    def predictor(self, dtype: DTypeLike | None = None) -> Predictor:
        """Give a function that predicts from one example in a microsecond: all that can be is checked now.

        Parameters
        ----------
        dtype
            Of the arrays that it takes, float32 or float64; by default that of the network's parameters.

        Returns
        -------
        Predictor
            ``predict(x)`` of one example (n_x,) is (n_y,), or a float if n_y is 1; of X (n_x, m) it is (n_y, m): what
            `predict_proba` gives, or `predict` if these are numbers. ``predict(x, out)`` writes it to `out`.

        Examples
        --------
        >>> predict = net.predictor()
        >>> predict(x)  # (n_x,): one example
        """
        return Predictor(self, dtype)

    def with_features(self, features: Features) -> Network:
        """Give a network that keeps what ``X, features = fs.standardize(X)`` did, and so predicts from X as it was."""
        if not isinstance(features, Features):
            raise TypeError(f"features must be what fs.standardize gave, not {type(features).__name__}")
        n_x = self.parameters.W1.shape[1]
        if len(features.mean) != n_x:
            raise ValueError(f"features has {len(features.mean)} rows, but the network takes {n_x}")
        return replace(self, features=features)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything into one .npz file, whole or not at all."""
        members = members_of(self)
        problem = files.fault(NETWORK, members) or problem_of(self)
        if problem:
            raise ValueError(f"this network can't be saved: {problem}")
        files.save(path, NETWORK, members)

    @classmethod
    def load(cls, path: str | os.PathLike[str], hidden: Activation | None = None) -> Network:
        """Read a network that `save` wrote; one with your own activation needs it again as `hidden`.

        Raises
        ------
        NetworkFileError
            A ValueError: the file holds something else, or is damaged. Nothing in it is run, whoever wrote it.
        """
        if not isinstance(hidden, (Activation, NoneType)):
            raise TypeError(f"hidden must be the fs.Activation of the network, not {hidden!r}")
        with files.named(path, NetworkFileError):
            network = of_members(files.load(path, NETWORK), hidden)
            if problem := problem_of(network):
                raise files.FileError(f"damaged ({problem})")
        return network

    def __repr__(self) -> str:
        n_h, n_x = self.parameters.W1.shape
        about = f"{n_x}-{n_h}-{len(self.parameters.W2)}, {self.hidden.name}, {self.output.name}"
        cost = self.history.cost
        return f"Network({about}, {self.parameters.W1.dtype}{f', cost {cost[-1]:.6g}' if len(cost) else ''})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_by_dtype", "_answers")}

    def _forward(
        self,
        X: Any,
        backend: str,
        threads: int | None,
        out: NDArray[Any] | None,
        allow_nan: bool = False,
        first: int = 0,
    ) -> NDArray[Any]:
        """A2 (n_y, m), or numbers in their own units; the examples are counted from `first` on."""
        if type(X) is ndarray and X.ndim == 2 and X.shape[1] == 1 and backend == "auto" and threads is None:
            A2 = self._answers[X.dtype](X, out)
            if type(A2) is ndarray:
                return A2
        if isinstance(X, Blocks):
            return of_blocks(self, X, backend, threads, out, allow_nan)  # type: ignore[no-any-return]
        X = check_data(X)
        frozen = self._frozen(X.dtype)
        if out is not None:
            check_out(out, X, (len(self.parameters.W2), X.shape[1]), computing(X.dtype))
        A2, has_nan = frozen.infer(X, backend, threads, out)
        if has_nan and not allow_nan:
            raise ValueError(self._why_nan(X, int(np.isnan(A2).any(axis=0).argmax()), first))
        return A2

    def _why_nan(self, X: Any, t: int, first: int) -> str:
        """What makes the prediction for example t NaN, the examples counted from `first` on."""
        x = (X.take(slice(t, t + 1)).dense() if isinstance(X, Columns) else X[:, t]).ravel().astype(np.float64)
        for odd in np.isnan(x), np.isinf(x):
            if odd.any():
                k = int(odd.argmax())
                name = f" ({self.features.names[k]!r})" if self.features is not None and self.features.names else ""
                return f"X holds {x[k]} at feature {k}{name}, example {first + t}"
        return f"example {first + t} of X is so large that its scores are NaN"

    def _frozen(self, dtype: Any) -> Frozen:
        """Parameters between the table's own units, for X of a dtype, and what has to be subtracted from X before.

        Predicting then makes no standardized copy of X. The mean itself is not folded into b1, but subtracted as far as
        the dtype holds it: products of large features would lose what they differ by.
        """
        if dtype not in self._by_dtype:
            (W1, b1), (W2, b2) = self.parameters[:2], self.output_parameters
            shift, number = None, computing(dtype)
            if self.features is not None:
                W1, mean = W1 / self.features.scale.T, self.features.mean
                shift = np.ascontiguousarray(mean, number)
                b1 = b1 - W1 @ (mean - shift)
                shift = shift if shift.any() else None
            p = Parameters(*(array.astype(number, "C") for array in (W1, b1, W2, b2)))
            self._by_dtype[dtype] = Frozen(p, self.hidden, self.output, shift)
        return self._by_dtype[dtype]

    @property
    def output_parameters(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """W2 and b2 that give numbers in the target's own unit."""
        target, (_, _, W2, b2) = self.target, self.parameters
        if target is None or target.scale is None or target.mean is None:
            return W2, b2
        return W2 * target.scale, b2 * target.scale + target.mean

    @cached_property
    def _by_dtype(self) -> dict[Any, Frozen]:
        return {}

    @cached_property
    def _answers(self) -> Answers:
        return Answers(self._frozen)


def members_of(network: Network) -> dict[str, Any]:
    """Everything that a file keeps, as arrays."""
    history, features, target = network.history, network.features, network.target
    members: dict[str, Any] = network.parameters._asdict()
    members |= {"hidden": network.hidden.name, "output": network.output.name}
    if network.hidden.slope is not None:
        members |= {"own_hidden": False, "slope": network.hidden.slope}
    else:
        members["own_hidden"] = not is_built_in(network.hidden)
    members |= history.members()
    if features is not None:
        members |= {"feature_names": _texts(features.names)}
        members |= {"feature_mean": features.mean, "feature_scale": features.scale}
        members |= features.recipe.members() if features.recipe else {}
    if target is not None:
        members |= {"target_name": target.name, "target_classes": _texts(target.classes)}
        if target.scale is not None:
            members |= {"target_mean": target.mean, "target_scale": target.scale}
    return members


def of_members(stored: files.Stored, hidden: Activation | None) -> Network:
    """Put a network together again from what its file keeps; the reverse of `members_of`."""
    name = str(stored["hidden"])
    if hidden is None:
        if stored["own_hidden"]:
            raise files.FileError(f"its activation {name!r} is your own: Network.load(path, hidden=that_activation)")
        hidden = leaky_relu_of(float(stored["slope"])) if "slope" in stored else ACTIVATIONS[name]
    elif hidden.name != name:
        raise files.FileError(f"its activation is {name!r}, but hidden= is {hidden.name!r}")
    features = target = None
    if "feature_names" in stored:
        recipe = Recipe.of(str(stored["recipe"])) if "recipe" in stored else None
        features = Features(_texts_of(stored["feature_names"]), stored["feature_mean"], stored["feature_scale"], recipe)
    if "target_name" in stored:
        classes = _texts_of(stored["target_classes"])
        units = [stored["target_mean"], stored["target_scale"]] if "target_scale" in stored else []
        target = Target(str(stored["target_name"]), classes, *units)
    return Network(
        Parameters(*(stored[member] for member in Parameters._fields)),
        hidden,
        OUTPUTS[str(stored["output"])],
        History.of(stored),
        features,
        target,
    )


def problem_of(network: Network) -> str | None:
    """Say what does not fit together in a network whose arrays have the right shapes, if anything does not."""
    p, features, target = network.parameters, network.features, network.target
    (n_h, n_x), n_y = p.W1.shape, len(p.W2)
    if not p.W1.size or not p.W2.size:
        return f"it has the shape {n_x}-{n_h}-{n_y}"
    if len({array.dtype for array in p}) > 1:
        return f"its parameters are {', '.join(str(array.dtype) for array in p)}"
    if len(network.history.cost) != len(network.history.epoch):
        return f"{len(network.history.cost)} costs for {len(network.history.epoch)} epochs"
    if features is not None:
        if len(features.names) not in (0, n_x):
            return f"{len(features.names)} names for {n_x} features"
        if features.recipe is not None and features.recipe.names != features.names:
            return "its recipe makes other features"
    if target is not None and target.scale is not None and network.output.name != "identity":
        return f"its target has a unit, but its output is {network.output.name!r}"
    if target is not None and target.classes and len(target.classes) != max(n_y, 2):
        return f"{len(target.classes)} classes for {n_y} outputs"
    return None


def _texts(texts: tuple[str, ...]) -> NDArray[np.str_]:
    return np.array(texts, dtype=np.str_)


def _texts_of(texts: NDArray[np.str_]) -> tuple[str, ...]:
    return tuple(map(str, texts))
