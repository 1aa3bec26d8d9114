"""One example, with loops: see fastshallow exercise start one_example."""

import math


def forward(x, W1, b1, W2, b2):
    # x: n_x numbers; W1: n_h lists of n_x; b1: n_h; W2: n_y lists of n_h; b2: n_y
    # returns a2: a list of n_y probabilities
    raise NotImplementedError
