"""scikit-learn's MLPClassifier, set to plain gradient descent over all examples; examples are rows."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from fastshallow.parameters import Parameters
from fastshallow.report import Arguments

from .implementations import Training


def train(arguments: Arguments, learning_rate: float, threads: int) -> Training:
    """Give `fit`, which begins with the parameters that are set."""
    X, Y, (W1, b1, W2, b2) = arguments
    rows, labels = X.T.copy(), Y[0].astype(int)
    network = MLPClassifier(
        hidden_layer_sizes=(len(W1),), activation="tanh", solver="sgd", alpha=0.0, batch_size=len(rows),
        learning_rate_init=learning_rate, momentum=0.0, nesterovs_momentum=False, shuffle=False, tol=0.0,
        n_iter_no_change=10**9, warm_start=True,
    )  # fmt: skip
    network.partial_fit(rows, labels, classes=[0, 1])  # makes the arrays that hold the parameters

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
