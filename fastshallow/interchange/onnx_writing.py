"""Networks as ONNX graphs of standard operators."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import files
from ..formulas import ACTIVATIONS, Activation, Output
from ..training import Network, members_of, problem_of
from .extras import library
from .parts import hidden_name
from .texts import texts_of

OPSET, IR = 13, 8  # of 2020 and 2021: runtimes of the last years read them
OPERATORS = {"identity": "Identity", "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
ENDS = {"sigmoid": "Sigmoid", "softmax": "Softmax", "exp": "Exp"}
KEPT = ("feature_names", "recipe", "target_name", "target_classes")  # in the metadata


class Graph:
    """Nodes and constants of a graph that is being written."""

    def __init__(self, dtype: Any) -> None:
        self.helper, self.numbers = library("onnx.helper", "onnx"), library("onnx.numpy_helper", "onnx")
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: Any) -> str:
        """Keep an array in the graph's dtype, and give its name."""
        name = f"{name}_{len(self.constants)}"
        self.constants.append(self.numbers.from_array(np.array(array, self.dtype, order="C"), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], gives: str = "", **attributes: Any) -> str:
        """Add a node with one output, and give that one's name."""
        name = gives or f"{operator}_{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def standardize(self, x: str, mean: NDArray[Any], scale: NDArray[Any]) -> str:
        """(x - mean) / scale, where the mean takes two subtractions if the dtype does not hold it in one."""
        first = mean.ravel().astype(self.dtype)
        rest = (mean.ravel() - first).astype(self.dtype)
        x = self.node("Sub", [x, self.constant("mean", first)])
        if rest.any():
            x = self.node("Sub", [x, self.constant("mean_rest", rest)])
        return self.node("Div", [x, self.constant("scale", scale.ravel())])

    def layer(self, x: str, W: NDArray[Any], b: NDArray[Any]) -> str:
        """The scores W x + b."""
        return self.node("Gemm", [x, self.constant("W", W), self.constant("b", b.ravel())], transB=1)

    def hidden(self, z: str, hidden: Activation) -> str:
        """The activation; in float64 ONNX Runtime has no LeakyRelu and no Softplus."""
        node = self.node
        single = self.dtype == np.float32
        if hidden.name == "leaky_relu" and single:
            return node("LeakyRelu", [z], alpha=hidden.slope)
        if hidden.name == "softplus" and single:
            return node("Softplus", [z])
        if hidden.name not in ("leaky_relu", "softplus"):
            return node(OPERATORS[hidden.name], [z])
        zero = self.constant("zero", 0.0)
        above = node("Max", [z, zero])
        if hidden.name == "leaky_relu":
            below = node("Mul", [node("Min", [z, zero]), self.constant("slope", hidden.slope)])
            return node("Add", [above, below])
        e = node("Exp", [node("Neg", [node("Abs", [z])])])
        return node("Add", [above, node("Log", [node("Add", [e, self.constant("one", 1.0)])])])

    def output(self, z: str, output: Output, to: str) -> str:
        """The output's activation."""
        if output.name == "softmax":
            return self.node("Softmax", [z], to, axis=1)
        return self.node(ENDS.get(output.name, "Identity"), [z], to)

    def label(self, probabilities: str, output: Output, to: str) -> str:
        """What `predict` gives."""
        if output.name == "softmax":
            return self.node("ArgMax", [probabilities], to, axis=1, keepdims=1)
        above = self.node("Greater", [probabilities, self.constant("half", 0.5)])
        return self.node("Cast", [above], to, to=self.helper.np_dtype_to_tensor_dtype(np.dtype(np.int64)))


def to_onnx(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network; see `Network.to_onnx`."""
    graph = Graph(network.parameters.W1.dtype)
    hidden_name(network, "ONNX", ACTIVATIONS)
    if problem := problem_of(network):
        raise ValueError(f"this network can't be saved: {problem}")
    model = _model(network, graph)
    library("onnx.checker", "onnx").check_model(model)
    with files.replacing(path) as file:
        file.write(model.SerializeToString())


def _model(network: Network, graph: Graph) -> Any:
    (W1, b1), (W2, b2), features = network.parameters[:2], network.output_parameters, network.features
    x = "X"
    if features is not None and (features.mean.any() or (features.scale != 1.0).any()):
        x = graph.standardize("X", features.mean, features.scale)
    a = graph.hidden(graph.layer(x, W1, b1), network.hidden)
    numbers = network.output.numbers
    outputs = [graph.output(graph.layer(a, W2, b2), network.output, "numbers" if numbers else "probabilities")]
    if not numbers:
        outputs.append(graph.label(outputs[0], network.output, "label"))
    helper, (n_h, n_x), n_y = graph.helper, W1.shape, len(W2)
    real, integer = (helper.np_dtype_to_tensor_dtype(np.dtype(each)) for each in (graph.dtype, np.int64))
    widths = [(real, n_y), (integer, 1 if network.output.name == "softmax" else n_y)]
    made = helper.make_graph(
        graph.nodes,
        f"network {n_x}-{n_h}-{n_y}",
        [helper.make_tensor_value_info("X", real, ["m", n_x])],
        [
            helper.make_tensor_value_info(name, kind, ["m", n])
            for name, (kind, n) in zip(outputs, widths[: len(outputs)], strict=True)
        ],
        graph.constants,
    )
    model = helper.make_model(
        made, producer_name="fastshallow", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR
    )
    members = members_of(network)
    helper.set_model_props(model, texts_of({name: members[name] for name in KEPT if name in members}))
    return model
