"""Threads, and sums that are the same each time: see fastshallow exercise start threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np


def gradients(X, Y, W1, b1, W2, b2, group, threads):
    # X (n_x, m), Y (n_y, m); W1 (n_h, n_x), b1 (n_h, 1); W2 (n_y, n_h), b2 (n_y, 1)
    # returns dW1, db1, dW2, db2: the sums of groups of `group` examples, added in order, divided by m
    raise NotImplementedError
