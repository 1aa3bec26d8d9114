"""Networks from ONNX graphs, whoever wrote them: nodes are followed from the input, and what they do is recognized."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Features, Recipe, files
from ..formulas import ACTIVATIONS, OUTPUTS, Activation, leaky_relu_of
from ..training import Network, NetworkFileError, Target
from .extras import library
from .onnx_files import read_model
from .parts import network_of
from .texts import read_texts

NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"
HIDDEN = {
    r"z": "identity",
    r"Sigmoid\(z\)": "sigmoid",
    r"Tanh\(z\)": "tanh",
    r"(?:Relu\(z\)|Max\(z,0\.0\))": "relu",
    r"(?:Softplus\(z\)|Add\(Max\(z,0\.0\),Log\(Add\(Exp\(Neg\(Abs\(z\)\)\),1\.0\)\)\))": "softplus",
    rf"(?:LeakyRelu\[{NUMBER}\]\(z\)|Add\(Max\(z,0\.0\),Mul\(Min\(z,0\.0\),{NUMBER}\)\))": "leaky_relu",
}
OUTPUT = {
    "z": "identity",
    "Sigmoid(z)": "sigmoid",
    "Softmax(z)": "softmax",
    "Exp(z)": "exp",
    "Concat(Sub(1.0,Sigmoid(z)),Sigmoid(z))": "sigmoid",  # the probabilities of both classes
}
ALLOWED = (
    "Gemm, or MatMul and Add; Tanh, Sigmoid, Relu, LeakyRelu, Softplus or none; Gemm, or MatMul and Add; Sigmoid, "
    "Softmax, Exp or none; before them Sub, Div, Add, Mul or Scaler of features"
)
SAME = ("Identity", "Dropout")
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")  # ONNX's own
NODES = 100
TEXT = 200  # letters: no formula of one layer takes more


@dataclass(frozen=True, eq=False)
class Value:
    """What a node gives: layers so far, and a formula of the last one's scores z, or of the standardized input x."""

    layers: tuple[tuple[NDArray[Any], NDArray[Any]], ...] = ()
    before: tuple[str, ...] = ()  # the formulas between layers
    text: str = "x"
    mean: Any = 0.0
    scale: Any = 1.0

    def linear(self, W: NDArray[Any], b: Any) -> Value:
        """A new layer on top."""
        if len(self.layers) == 2:
            raise files.FileError("two hidden layers or more; a network of fastshallow has one")
        if np.size(b) not in (1, len(W)) or (np.ndim(b) == 2 and len(b) > 1):
            raise files.FileError(f"a layer has {len(W)} outputs, but biases of shape {np.shape(b)}")
        layer = (W, np.broadcast_to(np.asarray(b, W.dtype).reshape(-1), (len(W),)))
        return replace(self, layers=(*self.layers, layer), before=(*self.before, self.text), text="z")

    def affine(self, factor: Any, term: Any) -> Value:
        """Multiply by a factor and add a term, of scores or of the input as it comes."""
        if self.text == "x":
            scale = self.scale / factor
            return replace(self, mean=self.mean - term * scale, scale=scale)
        W, b = self.layers[-1]
        factor, term = (np.asarray(each, W.dtype).reshape(-1) for each in (factor, term))
        for each in factor, term:
            if each.size not in (1, len(W)):
                raise files.FileError(f"a constant of {each.size} numbers meets {len(W)} scores")
        return replace(self, layers=(*self.layers[:-1], (W * factor[:, None], b * factor + term)))

    def formula(self, text: str) -> Value:
        """An elementwise operation."""
        return replace(self, text=text if len(text) <= TEXT else "a long formula")


def from_onnx(path: str | os.PathLike[str], *, output: str | None = None) -> Network:
    """Read a network with one hidden layer from an ONNX file, whoever wrote it.

    Parameters
    ----------
    path
        A file of `Network.to_onnx`, of PyTorch's exporter, of skl2onnx (with ``options={"zipmap": False}``), ...; all
        in one file. What standardizes features before the first layer becomes ``net.features``.
    output
        What a graph that ends in scores gives: ``"identity"``, numbers, if None; ``"sigmoid"`` or ``"softmax"`` if they
        are logits, ``"exp"`` logarithms of counts.

    Returns
    -------
    Network
        It predicts what the graph gives, up to rounding. Its examples are columns: ``net.predict(X.T)``.

    Raises
    ------
    NetworkFileError
        A ValueError: the file holds something else, with what was found, or is damaged. Nothing else is read than this
        file, and little memory is taken beyond its size.
    """
    if output is not None and output not in OUTPUTS:
        raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, or None, not {output!r}")
    library("onnx", "onnx")
    with files.named(path, NetworkFileError):
        model = read_model(path)
        try:
            with np.errstate(all="ignore"):
                return _network(model, output)
        except (files.FileError, MemoryError):
            raise
        except Exception as error:  # shapes that do not fit, attributes that are missing, ...
            raise files.FileError(f"not a network with one hidden layer ({error or type(error).__name__})") from None


def _network(model: Any, given: str | None) -> Network:
    reader = Reader(model.graph)
    value = reader.result()
    ends = OUTPUT[value.text]
    if given is not None and value.text != "z" and given != ends:
        raise files.FileError(f"its graph ends in {ends}, but output is {given!r}")
    output = given or ends if value.text == "z" else ends
    stored = files.Stored()
    read_texts({each.key: each.value for each in model.metadata_props}, stored)
    target = None
    if "target_name" in stored:
        target = Target(str(stored["target_name"]), tuple(map(str, stored.get("target_classes", ()))))
    (W1, b1), (W2, b2) = value.layers
    parameters, hidden = (W1, b1, W2, b2), _hidden(value.before[1])
    return network_of(parameters, hidden, output, features=_features(value, len(W1.T), stored), target=target)


def _features(value: Value, n_x: int, stored: files.Stored) -> Features | None:
    names = tuple(map(str, stored.get("feature_names", ())))
    mean, scale = (
        np.broadcast_to(np.asarray(each, np.float64).reshape(-1, 1), (n_x, 1)) for each in (value.mean, value.scale)
    )
    if not (np.isfinite(mean).all() and np.isfinite(scale).all() and (scale > 0.0).all()):
        raise files.FileError("its features are multiplied by numbers that are not positive and finite")
    if not names and not mean.any() and (scale == 1.0).all():
        return None
    recipe = Recipe.of(str(stored["recipe"])) if "recipe" in stored else None
    return Features(names, mean.copy(), scale.copy(), recipe)


def _hidden(text: str) -> Activation:
    for pattern, name in HIDDEN.items():
        if found := re.fullmatch(pattern, text):
            slope = next(filter(None, found.groups()), None)
            return ACTIVATIONS[name] if slope is None else leaky_relu_of(float(slope))
    raise files.FileError(f"its hidden layer computes {text}; allowed is {ALLOWED}")


class Reader:
    """The values of a graph's nodes: constants, or what becomes of its input."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.values: dict[str, Any] = {}
        self.helper, self.numbers = library("onnx.helper", "onnx"), library("onnx.numpy_helper", "onnx")
        self.types = library("onnx", "onnx").TensorProto
        if len(graph.node) > NODES:
            raise files.FileError(f"its graph has {len(graph.node)} nodes; one hidden layer takes at most {NODES}")
        for tensor in graph.initializer:
            self.values[tensor.name] = self.constant(tensor)
        inputs = [each.name for each in graph.input if each.name not in self.values]
        if len(inputs) != 1:
            raise files.FileError(f"its graph has {len(inputs)} inputs; allowed is one, of examples as rows")
        self.values[inputs[0]] = Value()
        for node in graph.node:
            value = self.value(node)
            for name in node.output[:1]:
                self.values[name] = value

    def constant(self, tensor: Any) -> NDArray[Any]:
        """The numbers of a constant, none of which are in another file."""
        types = self.types
        if tensor.data_location == types.EXTERNAL or tensor.external_data:
            raise files.FileError(
                f"its constant {tensor.name[:40]!r} is in another file, which is not read: save it in one"
            )
        declared = 1
        for length in tensor.dims:
            declared *= max(int(length), 0)
        held = len(tensor.raw_data) + len(tensor.float_data) + len(tensor.double_data) + len(tensor.int64_data)
        held += len(tensor.int32_data) + len(tensor.string_data)
        if declared > held:
            raise files.FileError(f"damaged (its constant {tensor.name[:40]!r} declares {declared:,} numbers)")
        array = np.asarray(self.numbers.to_array(tensor))
        return array.astype(np.float32) if array.dtype.itemsize == 2 and array.dtype.kind in "fV" else array

    def result(self) -> Value:
        """The network: the one output of numbers, while labels may be others."""
        found: list[Value] = []
        for output in self.graph.output:
            value = self.values.get(output.name)
            if not output.type.HasField("tensor_type"):
                raise files.FileError(
                    "its output is a list of maps (ZipMap): convert it with options={'zipmap': False}, which gives a "
                    "plain tensor"
                )
            if output.type.tensor_type.elem_type in (self.types.FLOAT, self.types.DOUBLE) and isinstance(value, Value):
                found.append(value)
        if len(found) != 1:
            raise files.FileError(f"its graph has {len(found)} outputs of numbers; allowed is one")
        value = found[0]
        n_layers = len(value.layers)
        both = value.text.startswith("Concat")
        if n_layers == 2 and value.before[0] != "x":
            raise files.FileError(f"its graph computes {value.before[0]} of features x first; allowed is {ALLOWED}")
        if n_layers != 2 or value.text not in OUTPUT or (both and len(value.layers[1][0]) != 1):
            what = f"{n_layers} linear layer{'s' * (n_layers != 1)}, then {value.text}"
            raise files.FileError(f"its graph computes {what}; allowed is {ALLOWED}")
        return value

    def value(self, node: Any) -> Any:
        """What a node gives."""
        operator = node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}"
        if unknown := [name for name in node.input if name and name not in self.values]:
            raise files.FileError(f"damaged (its operator {operator} takes {unknown[0][:40]!r}, which is not there)")
        inputs: list[Any] = [self.values[name] if name else None for name in node.input]
        attributes = {each.name: self.helper.get_attribute_value(each) for each in node.attribute}
        if operator == "Constant":
            return self.constant(attributes["value"])
        if not any(isinstance(each, Value) for each in inputs):
            if operator in ("Identity", "Cast") and inputs:
                return inputs[0]
            if operator == "Transpose" and inputs[0].ndim == 2 and attributes.get("perm", [1, 0]) == [1, 0]:
                return inputs[0].T
            raise files.FileError(f"its operator {operator} of constants is unknown; allowed is {ALLOWED}")
        if operator in SAME or (operator == "Flatten" and attributes.get("axis", 1) == 1):
            return inputs[0]
        if operator == "Cast" and attributes["to"] in (self.types.FLOAT, self.types.DOUBLE):
            return inputs[0]
        if operator == "Reshape" and inputs[0].layers and np.array_equal(inputs[1], [-1, len(inputs[0].layers[-1][0])]):
            return inputs[0]
        if operator in ("Gemm", "MatMul"):
            return self.product(operator, inputs, attributes)
        if operator == "Scaler":
            offset, scale = (np.array(attributes[name], np.float64) for name in ("offset", "scale"))
            return inputs[0].affine(1.0, -offset).affine(scale, 0.0)
        if operator in ("Add", "Sub", "Mul", "Div") and len(inputs) == 2:
            return self.arithmetic(operator, *inputs)
        return self.called(operator, inputs, attributes)

    def product(self, operator: str, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        """A linear layer."""
        x, W, *rest = inputs
        if not isinstance(x, Value) or not isinstance(W, np.ndarray) or W.ndim != 2 or attributes.get("transA"):
            raise files.FileError(f"its {operator} is no product of examples, as rows, with weights (2 dimensions)")
        W = W if attributes.get("transB") else W.T
        b = rest[0] if rest and rest[0] is not None else np.zeros(1, W.dtype)
        factors = [np.asarray(attributes.get(name, 1.0), W.dtype) for name in ("alpha", "beta")]
        return x.linear(W * factors[0], b * factors[1])

    def arithmetic(self, operator: str, a: Any, b: Any) -> Value:
        """An operation with a constant becomes part of a layer, or of a formula."""
        x: Value = a if isinstance(a, Value) else b
        c = b if isinstance(a, Value) else a
        if isinstance(c, np.ndarray) and x.text in ("x", "z"):
            c = c.astype(np.float64) if x.text == "x" else c
            if c.ndim > 2 or (c.ndim == 2 and len(c) > 1):
                raise files.FileError(f"its {operator} has a constant of shape {c.shape}, another for each example")
            if operator == "Add":
                return x.affine(1.0, c)
            if operator == "Mul":
                return x.affine(c, 0.0)
            if operator == "Sub":
                return x.affine(1.0, -c) if isinstance(a, Value) else x.affine(-1.0, c)
            if isinstance(a, Value):
                return x.affine(1.0 / c, 0.0)
        return self.called(operator, [a, b], {})

    def called(self, operator: str, inputs: list[Any], attributes: dict[str, Any]) -> Value:
        """A formula of what goes in."""
        values = [each for each in inputs if isinstance(each, Value)]
        first: Value = values[0]
        alike: bool = all(each.layers is first.layers or _same(each, first) for each in values)
        if operator == "Softmax" and attributes.get("axis", -1) not in (1, -1):
            operator = f"Softmax along axis {attributes['axis']}"
        if operator == "Concat" and attributes.get("axis") not in (1, -1):
            operator = f"Concat along axis {attributes.get('axis')}"
        if operator == "LeakyRelu":
            alpha = np.float32(attributes.get("alpha", 0.01))
            single = bool(first.layers) and first.layers[-1][0].dtype == np.float32
            operator = f"LeakyRelu[{float(str(alpha)) if single else float(alpha)!r}]"
        if operator == "Softplus" or operator in ("Max", "Min"):
            inputs = sorted(inputs, key=lambda each: not isinstance(each, Value))
        return first.formula(f"{operator}({','.join(map(_text, inputs))})" if alike else "a sum of several paths")


def _same(one: Value, other: Value) -> bool:
    pairs = zip(one.layers, other.layers, strict=False)
    return len(one.layers) == len(other.layers) and all(a is c and b is d for (a, b), (c, d) in pairs)


def _text(value: Any) -> str:
    if isinstance(value, Value):
        return value.text
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu":
        return repr(float(value.reshape(())))
    return "a constant"
