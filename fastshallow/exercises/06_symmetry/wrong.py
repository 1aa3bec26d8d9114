"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong(
        "another order",
        "W2 is drawn before W1",
        {"    W1, b1 = scale": "    second = random.standard_normal((n_y, n_h))\n    W1, b1 = scale"}
        | {"random.standard_normal((n_y, n_h)), np": "second, np"},
    ),
    Wrong("zeros", "the hidden units are alike", {"scale * random": "0 * random"}),
    Wrong(
        "updated too soon",
        "W2 is updated before dZ1",
        {
            "        dZ1 =": "        W2 -= rate * (dZ2 @ A1.T)\n        dZ1 =",
            "        W2 -= rate * (dZ2 @ A1.T)\n        b2": "        b2",
        },
    ),
    Wrong("one epoch too few", "one epoch too few", {"range(epochs)": "range(1, epochs)"}),
    Wrong(
        "the seed of the course's notebook",
        "draw other numbers",
        {"np.random.default_rng(seed)": "np.random.RandomState(seed)"},
    ),
    Wrong("always the same seed", "W1[0, 0] is", {"default_rng(seed)": "default_rng(2)"}),
    Wrong(
        "a loop over examples",
        "loop over examples",
        {"dZ1 @ X_rows": "sum(dZ1[:, [t]] * X_rows[t : t + 1] for t in range(m))"},
    ),
    Wrong(
        "patches the generator",
        "changes np.random.default_rng",
        {"def train": "np.random.default_rng = None\n\n\ndef train"},
    ),
)
