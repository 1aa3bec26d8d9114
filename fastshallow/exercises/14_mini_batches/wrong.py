"""Submissions that must fail, and why."""

from ..format import Wrong

TWO_ORDERS = "    draw = np.random.default_rng(seed).permutation\n    order, other = draw(m), draw(m)\n    np"
WRONG = (
    Wrong(
        "Y in another order",
        "shuffled apart",
        {
            "    order = np": TWO_ORDERS,
            "np.take(Y, chosen": "np.take(Y, other[start : start + batch_size]",
        },
    ),
    Wrong("a copy of all", "arrays of (n_x, m) are allocated", {"    order =": "    X.copy()\n    order ="}),
    Wrong(
        "the last one by the batch size",
        "divided by the batch size",
        {"learning_rate / n": "learning_rate / batch_size"},
    ),
    Wrong(
        "the last one dropped",
        "smaller batch is dropped",
        {"range(0, m, batch_size)": "range(0, m - batch_size + 1, batch_size)"},
    ),
    Wrong("another generator", "draws another order", {"default_rng(seed)": "RandomState(seed)"}),
    Wrong("not shuffled", "Nothing is shuffled", {"np.random.default_rng(seed).permutation(m)": "np.arange(m)"}),
    Wrong(
        "Y as it was", "X is shuffled, and Y is not", {"np.take(Y, chosen": "np.take(Y, np.arange(start, start + n)"}
    ),
    Wrong(
        "updated too soon",
        "W2 is updated before dZ1",
        {
            "        dZ1 =": "        W2 -= learning_rate / n * (dZ2 @ A1.T)\n        dZ1 =",
            "        W2 -= rate * (dZ2 @ A1.T)\n": "",
        },
    ),
    Wrong(
        "column by column",
        "loop over examples",
        {'np.take(X, chosen, axis=1, out=x, mode="clip")': "x[...] = np.stack([X[:, t] for t in chosen], axis=1)"},
    ),
    Wrong("over the given weights", "W1 is changed", {"W1.copy()": "W1"}),
)
