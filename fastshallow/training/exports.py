"""How a network leaves for other libraries and formats: methods that import what they need when they are called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, DTypeLike

if TYPE_CHECKING:
    from ..interchange import CSource


class Exports:
    """The part of a `Network` that reaches up to the wing of conversions."""

    def to_c(
        self: Any,
        path: str | os.PathLike[str],
        *,
        prefix: str = "net",
        dtype: DTypeLike = "float32",
        int8: bool = False,
        X: Any = None,
    ) -> CSource:
        """Write the network as one C99 file that needs no library and allocates nothing.

        It has ``void net_predict(const float *x, float *y)``, where x holds the features of one example, in the units
        that `predict` takes, and y takes probabilities or numbers; ``int net_class(const float *y)`` where there are
        classes, and ``const char *net_label(int index)`` where they have names. C++ takes it too. Compiled with
        ``-DSELF_TEST`` it is a program that checks one example.

        Parameters
        ----------
        path
            The file. It is written whole or not at all.
        prefix
            What its names begin with, instead of ``net``.
        dtype
            ``"float32"`` or ``"float64"``: what the file computes in; with the latter x and y are ``double``.
        int8
            Whether weights are rounded to 8 bits, each hidden unit and each output with a step of its own. They take a
            quarter of the bytes; biases and sums stay as they are.
        X : (n_x, m), optional
            Examples on which the file's outputs are compared with the network's own. Without them 1000 random ones are
            made, by the features' mean and scale, or by 0 and 1.

        Returns
        -------
        CSource
            How many bytes of constants and of stack it takes, and its largest difference from the network, which also
            stand in the file.

        Raises
        ------
        ValueError, TypeError
            For an activation of your own, a prefix that C doesn't take, or numbers that `dtype` doesn't hold.

        Examples
        --------
        >>> net.to_c("flower.c", prefix="flower", int8=True)
        CSource(constants=52, stack=16, difference=0.0419...)
        """
        from ..interchange import to_c

        return to_c(self, path, prefix, dtype, int8, X)

    def to_sklearn(self: Any, classes: ArrayLike | None = None) -> Any:
        """Make a fitted `MLPClassifier` or `MLPRegressor` of scikit-learn, which predicts the same.

        It takes examples as rows, in their own units: standardization, and the unit of a number, are in its weights.
        ``partial_fit`` goes on from them.

        Parameters
        ----------
        classes
            The labels that it gives, in the network's order. None takes ``net.classes``, which are texts, or 0, 1, ...
            For several labels at once, each 0 or 1, it is of no use.

        Raises
        ------
        ValueError
            For an activation that scikit-learn has not: ``leaky_relu``, ``softplus`` or your own.

        Examples
        --------
        >>> mlp = net.to_sklearn()
        >>> mlp.predict(X.T), mlp.score(X.T, labels)
        """
        from ..interchange import to_sklearn

        return to_sklearn(self, classes)

    def to_torch(self: Any, *, logits: bool = False) -> Any:
        """Make a PyTorch module, ``Sequential(Linear, activation, Linear[, Sigmoid or Softmax])``, that gives the same.

        It is on the CPU, in the network's dtype, and takes examples as rows, in their own units: standardization, and
        the unit of a number, are in its weights.

        Parameters
        ----------
        logits
            Whether the last layer is left off, as ``BCEWithLogitsLoss`` and ``CrossEntropyLoss`` want it;
            ``fs.from_torch(module, output="softmax")`` then says what it was.

        Raises
        ------
        ValueError
            For an activation of your own; for the output ``exp`` without `logits`, which torch.nn has not.
        """
        from ..interchange import to_torch

        return to_torch(self, logits)

    def to_safetensors(self: Any, path: str | os.PathLike[str]) -> None:
        """Write everything that `save` writes into one file of safetensors, whole or not at all.

        Its tensors are W1, b1, W2 and b2, in the layout of `parameters`, with what standardizes features and the
        history; its metadata say the rest: ``hidden``, ``slope``, ``output``, ``target_classes``, ``feature_names``.
        `fs.from_safetensors` reads it.

        Raises
        ------
        ValueError
            For an activation of your own, which only `save` keeps.
        """
        from ..interchange import to_safetensors

        to_safetensors(self, path)

    def to_onnx(self: Any, path: str | os.PathLike[str]) -> None:
        """Write the network as an ONNX graph of standard operators (opset 13), whole or not at all.

        Its input ``X`` (m, n_x) is in the network's dtype, an example a row, in its own units: nodes standardize it.
        Its outputs are ``probabilities`` (m, n_y), a plain tensor, and ``label``, what `predict` gives: 0 or 1
        (m, n_y), or the index of a class (m, 1); or ``numbers`` (m, n_y) alone. The metadata hold ``target_classes``,
        the names of the classes, and ``feature_names`` as JSON. `fs.from_onnx` reads it.

        Raises
        ------
        ValueError
            For an activation of your own, which has no operator.
        """
        from ..interchange import to_onnx

        to_onnx(self, path)
