"""Symmetry, and random weights: see fastshallow exercise start symmetry."""

import numpy as np


def train(X, Y, n_h, epochs, learning_rate, scale, seed):
    # X (n_x, m), Y (n_y, m); np.random.default_rng(seed) draws W1 first, then W2
    # returns W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1)
    raise NotImplementedError
