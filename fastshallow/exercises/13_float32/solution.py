"""float32 or float64.

The hidden layer is where the work is, and it stays float32: half the bytes, twice the numbers in a register. In tanh it
is worth more than twice: 7 digits take a shorter polynomial than 16, and often NumPy has vectors for float32 alone. Its
rounding, 6e-8 of each number, is far below what the data and the learning rate do. Float64 is for two things that
float32 cannot hold: a sum of many losses, and the difference of two costs that are nearly alike. Both need only the
scores, (n_y, m), so float64 costs little there. The loss is taken from the score, since 1 - sigmoid is 0 from 17 on.
"""

import numpy as np


def cost_of(Z2, Y):
    losses = np.maximum(Z2, 0) - Y * Z2 + np.log1p(np.exp(-np.abs(Z2)))  # float64, as Z2
    return float(losses.sum() / Z2.shape[1])


def step(X, Y, W1, b1, W2, b2, h):
    m = X.shape[1]
    A1 = W1 @ X  # (n_h, m)
    A1 += b1
    np.tanh(A1, out=A1)
    Z2 = W2 @ A1 + b2  # (n_y, m)
    wide = Z2.astype(np.float64)
    cost = cost_of(wide, Y)
    slope = (cost_of(wide + h, Y) - cost_of(wide - h, Y)) / (2 * h)
    dZ2 = (1 + np.tanh(Z2 / 2)) / 2 - Y  # sigmoid, without overflow; 1 and 2 of Python leave float32 as it is
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    np.multiply(A1, A1, out=A1)
    np.subtract(1, A1, out=A1)
    dZ1 = W2.T @ dZ2  # (n_h, m)
    dZ1 *= A1
    return cost, slope, dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m, dW2, db2
