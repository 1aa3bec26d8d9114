"""One example, with loops.

A row of W1 and x are gone through together: zip hands over both numbers, while W1[j][k] * x[k] looks up three lists by
index for each product, which takes as long as the product itself. The sigmoid has two forms, which are equal where both
can be computed, and each is used where its exp is of a negative number.
"""

import math


def forward(x, W1, b1, W2, b2):
    a1 = []
    for row, z in zip(W1, b1):
        for w, value in zip(row, x):
            z += w * value
        a1.append(math.tanh(z))
    a2 = []
    for row, z in zip(W2, b2):
        for w, value in zip(row, a1):
            z += w * value
        a2.append(sigmoid(z))
    return a2


def sigmoid(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    e = math.exp(z)
    return e / (1 + e)
