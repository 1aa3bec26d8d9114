"""A fast tanh: see fastshallow exercise start fast_tanh."""

import numba
import numpy as np

P = tuple(np.float32(c) for c in (1, 0.13379739, 3.4940587e-3, 2.0583851e-5, 1.331953e-8))
Q = tuple(np.float32(c) for c in (1, 0.46713054, 2.5871167e-2, 3.2831312e-4, 7.7622184e-7))


@numba.njit(fastmath={"contract"}, error_model="numpy")
def fill(Z, A):
    # fills A (n_h, m) with tanh of Z (n_h, m), both float32
    for j in range(Z.shape[0]):
        for t in range(Z.shape[1]):
            A[j, t] = 0


def fast_tanh(Z):
    # returns A = tanh(Z), (n_h, m) in float32, to 8 units in the last place
    raise NotImplementedError
