"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong("last tile forgotten", "last tile has fewer examples", {"range(0, m, T)": "range(0, m - T + 1, T)"}),
    Wrong("not added", "dW2 is that of the last tile", {"dW2 += ": "dW2 = "}),
    Wrong("mean of means", "divided by T = 3", {"/ m, db1 / m, dW2 / m, db2 / m": "/ T, db1 / T, dW2 / T, db2 / T"}),
    Wrong("the first tile", "only the first tile", {"range(0, m, T)": "range(0, min(T, m), T)"}),
    Wrong("all at once", "grow with m", {"    m = X.shape[1]": "    m = T = X.shape[1]"}),
    Wrong(
        "a list of tiles",
        "grow with m",
        {
            "    dW1, db1, dW2": "    kept = []\n    dW1, db1, dW2",
            "        db1 += dZ1": "        kept.append(A1)\n        db1 += dZ1",
        },
    ),
    Wrong("one by one", "there is a loop over examples", {"    m = X.shape[1]": "    m, T = X.shape[1], 1"}),
    Wrong("over X", "X is changed", {"        db1 += dZ1": "        x *= 0\n        db1 += dZ1"}),
)
