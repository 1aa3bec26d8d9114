"""Predictions of one example, and of a million: beside scikit-learn's MLPClassifier and ONNX Runtime.

``python -m benchmarks.predictions`` has all of them predict with the same parameters, compares their answers, and then
times them in turns of random order.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastshallow as fs
from fastshallow.command.console import show_table
from fastshallow.measuring import WrongAnswerError, digits, seconds_text
from fastshallow.measuring.timing import compare

SHAPES = ((2, 4, 1), (30, 64, 1), (64, 100, 10))
TOLERANCE = 2e-5  # of a probability in float32: scores of some dozen units
HEADER = ("network", "examples", "function", "minimum", "median", "times scikit-learn")
PEER = "scikit-learn: predict_proba"
NEEDED = ("sklearn", "onnx", "onnxruntime")

Functions = dict[str, tuple[Callable[[], Any], Callable[[Any], NDArray[Any]]]]  # what is timed, and its rows (m, n_y)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give back its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.predictions", description=__doc__)
    parser.add_argument("--rows", type=int, default=10**6, help="of the large data; default: 1,000,000")
    parser.add_argument("--seconds", type=float, default=1.0, help="for the turns of each function; default: 1")
    arguments = parser.parse_args(argv)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        parser.error(f"this needs {' and '.join(missing)}: pip install scikit-learn onnx onnxruntime")
    rows = []
    for shape in SHAPES:
        mine, theirs = classifiers(*shape)
        for m in (1, arguments.rows):
            rows += measured(shape, m, mine, theirs, arguments.seconds)
    print("float32; fastshallow and ONNX Runtime choose their threads, scikit-learn leaves it to NumPy\n")
    show_table(HEADER, rows, left=(0, 2))
    return 0


def measured(shape: tuple[int, ...], m: int, mine: Any, theirs: Any, seconds: float) -> list[list[str]]:
    """The rows of the table for a network and a number of examples."""
    X = np.random.default_rng(2).standard_normal((m, shape[0]), np.float32)
    functions = predictions(X, mine, theirs)
    expected = theirs.predict_proba(X)
    for name, (function, as_rows) in functions.items():
        given = as_rows(function())
        right = expected if given.ndim == 2 else theirs.predict(X)
        if given.ndim == 2 and given.shape[1] < right.shape[1]:
            right = right[:, 1:]  # of two classes, the second one's
        clear: Any = slice(None)
        if given.ndim == 1:  # a class may be ahead by rounding
            second, first = np.partition(expected, -2, axis=1)[:, -2:].T
            clear = first - second > TOLERANCE
        if not np.allclose(given[clear], right[clear], rtol=0.0, atol=TOLERANCE):
            raise WrongAnswerError(f"{name} predicts otherwise than scikit-learn")
    found = compare({name: function for name, (function, _) in functions.items()}, PEER, seconds=seconds, seed=1)
    peer = found[PEER].median
    title = "-".join(map(str, shape))
    return [
        [title, f"{m:,}", name, *map(seconds_text, (time.minimum, time.median)), digits(peer / time.median)]
        for name, time in found.items()
    ]


def predictions(X: NDArray[Any], mine: Any, theirs: Any) -> Functions:
    """All ways to predict from X (m, n_x), by name."""
    net, columns = mine.network_, np.ascontiguousarray(X.T)
    out = np.empty((len(net.parameters.W2), len(X)), X.dtype)
    predictor, session = net.predictor(), onnx_session(net)
    example = columns[:, 0] if len(X) == 1 else columns

    def transposed(A2: Any) -> NDArray[Any]:
        return np.atleast_2d(A2).T if np.ndim(A2) != 1 else np.atleast_2d(A2)

    def labels(Y: Any) -> NDArray[Any]:
        return mine.classes_[np.ravel(Y)]

    return {
        "net.predictor()": (partial(predictor, example), transposed),
        "net.predictor(), out": (partial(predictor, example, out[:, 0].copy() if len(X) == 1 else out), transposed),
        "net.predict_proba": (partial(net.predict_proba, columns), transposed),
        "net.predict_proba, out": (partial(net.predict_proba, columns, out=out), transposed),
        "net.predict": (partial(net.predict, columns), labels),
        "ShallowClassifier.predict_proba": (partial(mine.predict_proba, X), np.asarray),
        "ShallowClassifier.predict": (partial(mine.predict, X), np.asarray),
        "ONNX Runtime": (partial(session.run, None, {"X": X}), lambda answers: np.asarray(answers[0])),
        PEER: (partial(theirs.predict_proba, X), np.asarray),
        "scikit-learn: predict": (partial(theirs.predict, X), np.asarray),
    }


def classifiers(n_x: int, n_h: int, n_y: int) -> tuple[Any, Any]:
    """fastshallow's estimator and scikit-learn's, with the same parameters, of random data."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(1)
    X = random.standard_normal((200, n_x), np.float32)
    y = np.arange(200) % max(2, n_y)
    options = {"hidden_layer_sizes": n_h, "activation": "tanh", "max_iter": 1, "random_state": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one epoch is not enough
        mine, theirs = (kind(**options).fit(X, y) for kind in (fs.ShallowClassifier, MLPClassifier))
    theirs.coefs_, theirs.intercepts_ = ([each.copy() for each in some] for some in (mine.coefs_, mine.intercepts_))
    return mine, theirs


def onnx_session(net: fs.Network) -> Any:
    """ONNX Runtime, ready to predict with a network of tanh: rows X (m, n_x) give rows (m, n_y)."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    p, last = net.parameters, {"sigmoid": "Sigmoid", "softmax": "Softmax"}[net.output.name]
    arrays = {"W1": p.W1.T, "b1": p.b1[:, 0], "W2": p.W2.T, "b2": p.b2[:, 0]}
    nodes = [
        helper.make_node("Gemm", ["X", "W1", "b1"], ["Z1"]),
        helper.make_node("Tanh", ["Z1"], ["A1"]),
        helper.make_node("Gemm", ["A1", "W2", "b2"], ["Z2"]),
        helper.make_node(last, ["Z2"], ["A2"]),
    ]
    X, A2 = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["m", n])
        for name, n in (("X", p.W1.shape[1]), ("A2", len(p.W2)))
    )
    kept = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "network", [X], [A2], kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    sys.exit(main())
