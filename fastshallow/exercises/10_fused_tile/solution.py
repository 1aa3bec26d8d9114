"""Forward and backward in one tile.

Each tile's A1 and dZ1 stay in the cache from their first operation to their last; only X and Y come from memory, once,
and the gradients are too small to matter. The sums over examples are sums of the tiles' sums, so they are added up, and
divided by m at the end: the last tile may have fewer examples, and a mean of means would count those for more. A large
T leaves the cache, a small one makes more calls than work.
"""

import numpy as np


def gradients(X, Y, W1, b1, W2, b2, T):
    m = X.shape[1]
    dW1, db1, dW2, db2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2), np.zeros_like(b2)
    for s in range(0, m, T):
        x, y = X[:, s : s + T], Y[:, s : s + T]  # views; fewer than T columns at the end
        A1 = W1 @ x  # (n_h, T)
        A1 += b1
        np.tanh(A1, out=A1)
        dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - y  # (n_y, T)
        dW2 += dZ2 @ A1.T
        db2 += dZ2.sum(axis=1, keepdims=True)
        dZ1 = W2.T @ dZ2  # (n_h, T)
        np.multiply(A1, A1, out=A1)
        np.subtract(1, A1, out=A1)
        dZ1 *= A1
        dW1 += dZ1 @ x.T
        db1 += dZ1.sum(axis=1, keepdims=True)
    return dW1 / m, db1 / m, dW2 / m, db2 / m
