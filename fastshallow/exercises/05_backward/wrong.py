"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong("dot for elementwise", "where an elementwise one belongs", {") * (1 - A1 * A1)": ") @ (1 - A1 * A1).T"}),
    Wrong("elementwise for dot", "W2.T * dZ2 multiplies element by element", {"W2.T @ dZ2": "W2.T * dZ2"}),
    Wrong("no transposition", "W2 lacks its transposition", {"W2.T @": "W2 @"}),
    Wrong("sigmoid's derivative", "has the derivative of the sigmoid, A1", {"1 - A1 * A1": "A1 * (1 - A1)"}),
    Wrong("1/m left out", "left out of dW1", {"X.T / m": "X.T"}),
    Wrong("1/m twice", "All gradients are divided by m = 5 twice", {"m = X.shape[1]": "m = X.shape[1] ** 2"}),
    Wrong("no keepdims", "Both sums lack keepdims", {", keepdims=True": ""}),
    Wrong(
        "A1 is overwritten too soon", "is A1 overwritten before", {"(1 - A1 * A1)": "np.subtract(1, A1 * A1, out=A1)"}
    ),
    Wrong("right for one size alone", "All of it is", {"m = X.shape[1]": "m = 5"}),
    Wrong("a loop over examples", "loop over examples", {"dZ1 @ X.T": "sum(dZ1[:, [t]] * X[:, t] for t in range(m))"}),
    Wrong(
        "the package's own",
        "imports fastshallow",
        {"import numpy as np": "import numpy as np\nfrom fastshallow import *"},
    ),
)
