"""Register tiling and vector width.

Four rows and two features: eight numbers of W stay in registers through the loop over t, each reading of X serves four
rows, each reading and writing of Z two features. The loop over t is the innermost, so a vector takes neighbours in
memory. u and v are locals, read before anything is written: Z might be X, for all the compiler knows, and x[t] would
be read again after each writing. What four and two leave goes through a simple loop: few rows, at most one feature.
Wider tiles do not fit the 16 registers of AVX2. Kernels go further: they keep Z in registers through all features.
"""

import numba
import numpy as np


@numba.njit(fastmath={"contract"})
def add(W, X, Z):
    for j in range(len(W)):
        z = Z[j]
        for k in range(len(X)):
            w, x = W[j, k], X[k]
            for t in range(len(x)):
                z[t] += w * x[t]


@numba.njit(fastmath={"contract"})
def add_tiles(W, X, Z):
    for j in range(0, len(W), 4):
        z0, z1, z2, z3 = Z[j], Z[j + 1], Z[j + 2], Z[j + 3]
        for k in range(0, len(X), 2):
            x, y = X[k], X[k + 1]
            a, b, c, d = W[j, k], W[j + 1, k], W[j + 2, k], W[j + 3, k]
            e, f, g, h = W[j, k + 1], W[j + 1, k + 1], W[j + 2, k + 1], W[j + 3, k + 1]
            for t in range(len(x)):
                u, v = x[t], y[t]
                z0[t] = z0[t] + a * u + e * v
                z1[t] = z1[t] + b * u + f * v
                z2[t] = z2[t] + c * u + g * v
                z3[t] = z3[t] + d * u + h * v


def product(W, X):
    W, X = np.ascontiguousarray(W), np.ascontiguousarray(X)
    n_h, n_x = W.shape
    J, K = n_h - n_h % 4, n_x - n_x % 2
    Z = np.zeros((n_h, X.shape[1]), X.dtype)
    add_tiles(W[:J, :K], X[:K], Z[:J])
    add(W[:J, K:], X[K:], Z[:J])
    add(W[J:], X, Z[J:])
    return Z
