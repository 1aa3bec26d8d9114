"""scikit-learn's MLPClassifier, without its penalty on weights and its early end; examples are rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from fastshallow.formulas.parameters import Parameters
from fastshallow.measuring import Arguments

from .implementations import Task, Training


def train(arguments: Arguments, learning_rate: float, threads: int) -> Training:
    """Give `fit`, set to plain gradient descent over all examples."""
    return fit(
        arguments, solver="sgd", batch_size=arguments[0].shape[1], learning_rate_init=learning_rate, momentum=0.0,
        nesterovs_momentum=False, shuffle=False,
    )  # fmt: skip


def batches(task: Task, threads: int) -> Training:
    """Give `fit` with Adam."""
    return fit(task.arguments, solver="adam", batch_size=task.batch_size, learning_rate_init=task.learning_rate)


def fit(arguments: Arguments, **settings: Any) -> Training:
    """Give `fit`, which begins with the parameters that are set."""
    X, Y, (W1, b1, W2, b2) = arguments
    rows, labels = X.T.copy(), Y.argmax(axis=0) if len(Y) > 1 else Y[0].astype(int)
    network = MLPClassifier(
        hidden_layer_sizes=(len(W1),), activation="tanh", alpha=0.0, tol=0.0, n_iter_no_change=10**9, warm_start=True,
        random_state=1, **settings,
    )  # fmt: skip
    network.partial_fit(rows, labels, classes=np.arange(max(2, len(Y))))  # makes the arrays that hold the parameters

    def run(epochs: int) -> Parameters:
        network.coefs_ = [W1.T.copy(), W2.T.copy()]
        network.intercepts_ = [b1[:, 0].copy(), b2[:, 0].copy()]
        network.max_iter = epochs
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(rows, labels)
        (first, second), (b_first, b_second) = network.coefs_, network.intercepts_
        return Parameters(first.T, b_first[:, None], second.T, b_second[:, None])

    return run
