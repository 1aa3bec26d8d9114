"""How far two right answers may lie apart: c * eps(dtype) * scale."""

import numpy as np


def tolerance(dtype, scale, c=8.0):
    return c * float(np.finfo(dtype).eps) * float(scale)
