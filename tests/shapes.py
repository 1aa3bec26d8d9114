"""Shapes for a wanted arrangement of the lanes: which one a shape gets depends on the width of the registers."""

import numpy as np

from fastshallow.backends.dispatch import make_plan
from fastshallow.kernels.machine import lanes as lanes_here

WANTED = []  # all that was asked for, so that a test can ask for it at every width


def fitted(arrangement, shape, size, dtype, *rest, lanes=None):
    """A case whose hidden units, or else batch size, are the nearest to these for which the plan has this arrangement.

    A row for `parametrize`: the arrangement, the shape (n_x, n_h, n_y, m), the batch size, the dtype, and the rest.
    """
    n_x, n_h, n_y, m = shape
    itemsize, lanes = np.dtype(dtype).itemsize, lanes or lanes_here(dtype)
    for s in nearest(size):
        for h in nearest(n_h):
            if make_plan(n_x, h, n_y, s, itemsize, lanes).arrangement == arrangement:
                WANTED.append((arrangement, shape, size, dtype))
                return arrangement, (n_x, h, n_y, m), s, dtype, *rest
    raise ValueError(f"no shape near {shape} has {arrangement!r}, with {size} examples of {dtype} and {lanes} lanes")


def nearest(n):
    """From n on away from it, both ways: 1 to 2 n."""
    return sorted(range(1, 2 * n + 1), key=lambda other: (abs(other - n), other))
