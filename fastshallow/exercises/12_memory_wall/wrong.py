"""Submissions that must fail, and why."""

from ..format import Wrong

LOOP = "np.sqrt(q / m)[:, None]"
WRONG = (
    Wrong("no merging", "between the tiles is left out", {"        q += d[:, 0] ** 2 * (n * t / (n + t))\n": ""}),
    Wrong(
        "the short cut",
        "cancel",
        {LOOP: "np.sqrt(np.mean(X * X, axis=1, keepdims=True) - X.mean(axis=1, keepdims=True) ** 2)"},
    ),
    Wrong("all at once", "grow with m", {"T = T or": "T = m or"}),
    Wrong("last tile forgotten", "last tile", {"range(0, m, T)": "range(0, m - T + 1, T)"}),
    Wrong("m - 1", "divided by m - 1", {"q / m": "q / (m - 1)"}),
    Wrong("mu without sigma", "b1 - W mu", {"b1 - W @ mu": "b1 - W1 @ mu"}),
    Wrong("over X", "X is changed", {"x = x - mu_t": "x -= mu_t"}),
)
