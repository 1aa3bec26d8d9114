"""The memory wall: see fastshallow exercise start memory_wall."""

import numpy as np


def standardized(X, W1, b1, T):
    # X (n_x, m), W1 (n_h, n_x), b1 (n_h, 1); T examples a tile, or 0: then choose it
    # returns mu, sigma (n_x, 1), W (n_h, n_x), b (n_h, 1), so that W X + b = W1 (X - mu) / sigma + b1
    raise NotImplementedError
