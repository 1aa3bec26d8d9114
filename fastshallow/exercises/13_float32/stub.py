"""float32 or float64: see fastshallow exercise start float32."""

import numpy as np


def step(X, Y, W1, b1, W2, b2, h):
    # X (n_x, m), Y (n_y, m); W1 (n_h, n_x), b1 (n_h, 1); W2 (n_y, n_h), b2 (n_y, 1), all float32 or all float64
    # returns cost, slope, dW1, db1, dW2, db2: the gradients of the dtype of X
    raise NotImplementedError
