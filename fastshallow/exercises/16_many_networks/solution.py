"""Many networks at once.

A call of NumPy takes a microsecond before it computes anything. On one small network that is most of the time; on K of
them, with a leading axis, it is paid once. All networks read the same X, so the W1 of all, one below the other, are one
matrix (K n_h, n_x): one large product forward, and one backward for dW1. W2 A1 has no such form, since each network has
its own A1; `@` makes K small products of it. No number of one network enters another: each is what it would be alone.
"""

import numpy as np


def train(X, Y, W1, b1, W2, b2, rates, epochs):
    K, n_h, n_x = W1.shape
    m = X.shape[1]
    W1, b1, W2, b2 = (np.array(each, order="C") for each in (W1, b1, W2, b2))
    rate = rates.reshape(K, 1, 1) / m
    X_rows = X.T
    for _ in range(epochs):
        A1 = (W1.reshape(K * n_h, n_x) @ X).reshape(K, n_h, m)
        A1 += b1
        np.tanh(A1, out=A1)
        dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - Y  # (K, n_y, m)
        dZ1 = (W2.transpose(0, 2, 1) @ dZ2) * (1 - A1 * A1)  # (K, n_h, m)
        dW1 = (dZ1.reshape(K * n_h, m) @ X_rows).reshape(K, n_h, n_x)
        dW2 = dZ2 @ A1.transpose(0, 2, 1)  # (K, n_y, n_h)
        W1 -= rate * dW1
        b1 -= rate * dZ1.sum(axis=2, keepdims=True)
        W2 -= rate * dW2
        b2 -= rate * dZ2.sum(axis=2, keepdims=True)
    return W1, b1, W2, b2
