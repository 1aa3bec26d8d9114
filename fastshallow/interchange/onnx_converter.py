"""A converter of this package's estimators for skl2onnx, which then converts them alone and in pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .extras import library
from .onnx_writing import Graph
from .scikit_learn import from_sklearn

CLASSIFIER_OPTIONS = {"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]}


def register_onnx_converter() -> None:
    """Let skl2onnx convert `ShallowClassifier` and `ShallowRegressor`, alone and in pipelines.

    A classifier has the outputs ``label``, and ``probabilities`` of each class (m, n_classes), which
    ``options={"zipmap": False}`` makes a plain tensor; a regressor has ``variable`` (m, n_y).

    Examples
    --------
    >>> fs.register_onnx_converter()
    >>> model = skl2onnx.to_onnx(pipeline, X[:1], options={"zipmap": False})
    """
    skl2onnx = library("skl2onnx", "skl2onnx")
    from ..estimators import ShallowClassifier, ShallowRegressor  # which import scikit-learn

    skl2onnx.update_registered_converter(
        ShallowClassifier,
        "FastshallowClassifier",
        _shapes_of_classes,
        _convert_classifier,
        options=CLASSIFIER_OPTIONS,
    )
    skl2onnx.update_registered_converter(
        ShallowRegressor, "FastshallowRegressor", _shape_of_numbers, _convert_regressor
    )


class Part(Graph):
    """What one estimator adds to a graph of skl2onnx, under names that are its own."""

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        self.scope, self.container = scope, container
        double = type(operator.inputs[0].type).__name__ == "DoubleTensorType"
        super().__init__(np.dtype(np.float64 if double else np.float32))
        self.real, self.integer, self.text = (
            self.helper.np_dtype_to_tensor_dtype(np.dtype(each)) for each in (self.dtype, np.int64, object)
        )

    def constant(self, name: str, array: Any) -> str:
        """Keep an array in the graph's dtype, and give its name."""
        array = np.asarray(array, self.dtype)
        return self.keep(name, self.real, array.shape, array.ravel().tolist())

    def keep(self, name: str, kind: int, shape: Sequence[int], values: Any) -> str:
        """Keep values of another kind, and give their name."""
        name = self.scope.get_unique_variable_name(name)
        self.container.add_initializer(name, kind, list(shape), values)
        return name

    def node(self, operator: str, inputs: Sequence[str], gives: str = "", **attributes: Any) -> str:
        """Add a node with one output, and give that one's name."""
        gives = gives or self.scope.get_unique_variable_name(operator)
        name = self.scope.get_unique_operator_name(operator)
        self.container.add_node(operator, list(inputs), gives, name=name, **attributes)
        return gives

    def outputs(self, estimator: Any, x: str, gives: str = "") -> str:
        """The outputs (m, n_y) of a network for the input x."""
        network = from_sklearn(estimator)
        W1, b1, W2, b2 = network.parameters
        a = self.hidden(self.layer(self.node("Cast", [x], to=self.real), W1, b1), network.hidden)
        return self.output(self.layer(a, W2, b2), network.output, gives)


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    part, estimator = Part(scope, operator, container), operator.raw_operator
    label, probabilities = (each.full_name for each in operator.outputs)
    p, classes = part.outputs(estimator, operator.inputs[0].full_name), estimator.classes_
    several = estimator._label_binarizer.y_type_.startswith("multilabel")
    if several or estimator.n_outputs_ > 1:
        part.node("Identity", [p], probabilities)
    else:
        part.node("Concat", [part.node("Sub", [part.constant("one", 1.0), p]), p], probabilities, axis=1)
    if several:
        above = part.node("Greater", [p, part.constant("half", 0.5)])
        part.node("Cast", [above], label, to=part.integer)
        return
    texts = classes.dtype.kind not in "biuf"
    values = [str(each).encode() for each in classes] if texts else classes.astype(np.int64).tolist()
    kept = part.keep("classes", part.text if texts else part.integer, classes.shape, values)
    part.node("Gather", [kept, part.node("ArgMax", [probabilities], axis=1, keepdims=0)], label, axis=0)


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    part = Part(scope, operator, container)
    part.outputs(operator.raw_operator, operator.inputs[0].full_name, operator.outputs[0].full_name)


def _shapes_of_classes(operator: Any) -> None:
    library("skl2onnx.common.shape_calculator", "skl2onnx").calculate_linear_classifier_output_shapes(operator)
    if operator.raw_operator._label_binarizer.y_type_.startswith("multilabel"):
        operator.outputs[0].type.shape = [operator.inputs[0].get_first_dimension(), operator.raw_operator.n_outputs_]


def _shape_of_numbers(operator: Any) -> None:
    types, x = library("skl2onnx.common.data_types", "skl2onnx"), operator.inputs[0]
    kind = type(x.type) if isinstance(x.type, types.DoubleTensorType) else types.FloatTensorType
    operator.outputs[0].type = kind([x.get_first_dimension(), operator.raw_operator.n_outputs_])
