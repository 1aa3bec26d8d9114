"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong("one rate for all", "learn with the first rate", {"rates.reshape(K, 1, 1)": "rates[0]"}),
    Wrong(
        "summed over networks",
        "none knows of another",
        {"W1 -= rate * dW1": "W1 -= rate * dW1.sum(0)", "W2 -= rate * dW2": "W2 -= rate * dW2.sum(0)"}
        | {"dZ1.sum(axis=2": "dZ1.sum(axis=(0, 2)", "dZ2.sum(axis=2": "dZ2.sum(axis=(0, 2)"},
    ),
    Wrong(
        "a loop over networks",
        "there is a loop over networks",
        {"W2 @ A1 + b2": "np.stack([W2[k] @ A1[k] for k in range(K)]) + b2"},
    ),
    Wrong(
        "all axes turned",
        "turns all three axes",
        {"W2.transpose(0, 2, 1) @ dZ2": "np.transpose(W2) @ dZ2"},
    ),
    Wrong(
        "over the units",
        "the examples are axis 2",
        {"dZ1.sum(axis=2": "dZ1.sum(axis=1", "dZ2.sum(axis=2": "dZ2.sum(axis=1"},
    ),
    Wrong(
        "updated too soon",
        "W2 is updated before dZ1",
        {
            "        dZ1 =": "        W2 -= rate * (dZ2 @ A1.transpose(0, 2, 1))\n        dZ1 =",
            "        W2 -= rate * dW2\n": "",
        },
    ),
    Wrong("over the given weights", "W1 is changed", {'(np.array(each, order="C") for each': "(each for each"}),
    Wrong("1/m left out", "1/m is left out", {"rates.reshape(K, 1, 1) / m": "rates.reshape(K, 1, 1)"}),
)
