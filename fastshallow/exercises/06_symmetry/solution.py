"""Symmetry, and random weights.

All gradients come first, then all updates: dZ1 needs W2 as it was. The cost is not needed to go downhill, only its
gradients, so no logarithm is taken. The learning rate and 1/m are one number, which is taken out of the loop. What is
left in an epoch are some twenty calls on small arrays.
"""

import numpy as np


def train(X, Y, n_h, epochs, learning_rate, scale, seed):
    random = np.random.default_rng(seed)
    n_x, m = X.shape
    n_y = len(Y)
    W1, b1 = scale * random.standard_normal((n_h, n_x)), np.zeros((n_h, 1))
    W2, b2 = scale * random.standard_normal((n_y, n_h)), np.zeros((n_y, 1))
    rate, X_rows = learning_rate / m, X.T
    for _ in range(epochs):
        A1 = np.tanh(W1 @ X + b1)  # (n_h, m)
        dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - Y  # (n_y, m)
        dZ1 = (W2.T @ dZ2) * (1 - A1 * A1)  # (n_h, m), before W2 changes
        W1 -= rate * (dZ1 @ X_rows)
        b1 -= rate * dZ1.sum(axis=1, keepdims=True)
        W2 -= rate * (dZ2 @ A1.T)
        b2 -= rate * dZ2.sum(axis=1, keepdims=True)
    return W1, b1, W2, b2
