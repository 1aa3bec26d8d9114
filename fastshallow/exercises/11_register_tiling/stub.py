"""Register tiling and vector width: see fastshallow exercise start register_tiling."""

import numba
import numpy as np


@numba.njit(fastmath={"contract"})
def fill(W, X, Z):
    # W (n_h, n_x), X (n_x, m); adds W X to Z (n_h, m)
    for j in range(W.shape[0]):
        for t in range(X.shape[1]):
            Z[j, t] = 0


def product(W, X):
    # returns Z = W X, (n_h, m), of the dtype of X
    raise NotImplementedError
