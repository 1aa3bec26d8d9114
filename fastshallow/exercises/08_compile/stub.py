"""Compile the loop: see fastshallow exercise start compile."""

import numba
import numpy as np


@numba.njit
def fill(X, W1, b1, A1):
    # X (n_x, m); W1 (n_h, n_x), b1 (n_h, 1); fills A1 (n_h, m)
    for j in range(W1.shape[0]):
        for t in range(X.shape[1]):
            A1[j, t] = 0


def hidden(X, W1, b1):
    # returns A1 = tanh(W1 X + b1), (n_h, m), of the dtype of X
    raise NotImplementedError
