"""Temporaries, and in place.

A1 is needed until dW2 is computed, and Z1 never again after tanh, so one array serves for both; after dW2 it becomes
1 - A1². The other is dZ1. New memory costs more than its own writing: the system hands out pages when they are first
touched, and fills them with zeros.
"""

import numpy as np


def gradients(X, Y, W1, b1, W2, b2):
    m = X.shape[1]
    A1 = W1 @ X  # (n_h, m), the first
    A1 += b1
    np.tanh(A1, out=A1)
    dZ2 = W2 @ A1  # (n_y, m)
    dZ2 += b2
    np.negative(dZ2, out=dZ2)
    np.exp(dZ2, out=dZ2)
    dZ2 += 1
    np.reciprocal(dZ2, out=dZ2)  # A2
    dZ2 -= Y
    dW2 = dZ2 @ A1.T / m
    dZ1 = W2.T @ dZ2  # (n_h, m), the second
    np.multiply(A1, A1, out=A1)
    np.subtract(1, A1, out=A1)
    dZ1 *= A1
    dW1 = dZ1 @ X.T / m
    return dW1, dZ1.sum(axis=1, keepdims=True) / m, dW2, dZ2.sum(axis=1, keepdims=True) / m
