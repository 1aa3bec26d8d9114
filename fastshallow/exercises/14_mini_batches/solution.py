"""Mini-batches, and gather.

Only the order is shuffled, m numbers; the examples stay where they are. np.take gathers the columns of one batch into a
buffer that all batches share, and that stays in the cache: X[:, order] would write all of X to memory, to read it again
at once. With mode="clip" np.take writes into the buffer itself; without it, into a copy first, since an index might be
wrong. An array that is not contiguous it copies whole in every call: so that is done once, before.
"""

import numpy as np


def epoch(X, Y, W1, b1, W2, b2, learning_rate, batch_size, seed):
    X, Y = np.ascontiguousarray(X), np.ascontiguousarray(Y)
    n_x, m = X.shape
    order = np.random.default_rng(seed).permutation(m)
    X_buffer = np.empty((n_x, min(batch_size, m)), X.dtype)
    Y_buffer = np.empty((len(Y), min(batch_size, m)), Y.dtype)
    W1, b1, W2, b2 = W1.copy(), b1.copy(), W2.copy(), b2.copy()
    for start in range(0, m, batch_size):
        chosen = order[start : start + batch_size]
        n = len(chosen)  # the last batch may be smaller
        x, y = X_buffer[:, :n], Y_buffer[:, :n]
        np.take(X, chosen, axis=1, out=x, mode="clip")
        np.take(Y, chosen, axis=1, out=y, mode="clip")
        A1 = W1 @ x  # (n_h, n)
        A1 += b1
        np.tanh(A1, out=A1)
        dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - y  # (n_y, n)
        dZ1 = (W2.T @ dZ2) * (1 - A1 * A1)  # (n_h, n), before W2 changes
        rate = learning_rate / n
        W1 -= rate * (dZ1 @ x.T)
        b1 -= rate * dZ1.sum(axis=1, keepdims=True)
        W2 -= rate * (dZ2 @ A1.T)
        b2 -= rate * dZ2.sum(axis=1, keepdims=True)
    return W1, b1, W2, b2
