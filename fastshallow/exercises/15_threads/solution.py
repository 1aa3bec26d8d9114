"""Threads, and sums that are the same each time.

NumPy releases Python's lock while it computes, so threads that call it on large arrays run side by side. The groups
depend on m and group alone, never on the number of threads; each returns its sums, in arrays of its own; pool.map gives
them back in the order of the groups, whoever was done first; and they are added in that order. Floating-point addition
is not associative, so this is what makes the bits the same for 1, 2 or 40 threads.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np


def gradients(X, Y, W1, b1, W2, b2, group, threads):
    m = X.shape[1]

    def sums(start):
        x, y = X[:, start : start + group], Y[:, start : start + group]
        A1 = W1 @ x
        A1 += b1
        np.tanh(A1, out=A1)
        dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - y
        dW2 = dZ2 @ A1.T
        np.multiply(A1, A1, out=A1)
        np.subtract(1, A1, out=A1)
        dZ1 = W2.T @ dZ2
        dZ1 *= A1
        return dZ1 @ x.T, dZ1.sum(axis=1, keepdims=True), dW2, dZ2.sum(axis=1, keepdims=True)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(sums, range(0, m, group)))
    total = found[0]
    for each in found[1:]:
        total = [a + b for a, b in zip(total, each)]
    return tuple(each / m for each in total)
