"""Submissions that must fail, and why."""

from ..format import Wrong

WIDE = "kind = X.dtype\n    X, W1 = X.astype(float), W1.astype(float)\n    A1 = W1 @ X "
NARROW = "dW2, db2\n    return cost, slope, *(each.astype(kind) for each in found)"
WRONG = (
    Wrong("costs in float32", "slope is ", {"Z2.astype(np.float64)": "Z2"}),
    Wrong("float64 in the hidden layer", "an array of float64", {"A1 = W1 @ X ": "A1 = W1.astype(float) @ X "}),
    Wrong(
        "float64, and float32 at the end",
        "counts twice",
        {"A1 = W1 @ X ": WIDE} | {"return cost, slope, dZ1": "found = dZ1", "dW2, db2": NARROW},
    ),
    Wrong(
        "the logarithm of 0",
        "logarithm of 0",
        {
            "np.maximum(Z2, 0) - Y * Z2 + np.log1p(np.exp(-np.abs(Z2)))": "-Y * np.log(1 / (1 + np.exp(-Z2))) "
            "- (1 - Y) * np.log(1 - 1 / (1 + np.exp(-Z2)))"
        },
    ),
    Wrong(
        "a sum one after the other",
        "the largest loss alone",
        {"losses.sum()": "np.cumsum(losses, dtype=np.float32)[-1]"},
    ),
    Wrong(
        "the slope by formula",
        "comes from the formula of db2",
        {"np.multiply(A1": "slope = float(db2.sum())\n    np.multiply(A1"},
    ),
    Wrong("a divisor of float64", "should stay float32", {"m = X.shape[1]": "m = np.float64(X.shape[1])"}),
)
