"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong("order", "the layer that comes later stands at the left", {"W2 @ W1": "W1 @ W2"}),
    Wrong("hidden bias", "go through the second layer", {"W2 @ b1 + b2": "b2"}),
    Wrong("layer by layer", "arrays of (n_h, m) are allocated", {"W @ X + b": "W2 @ (W1 @ X + b1) + b2"}),
    Wrong("in float64", "should stay float32", {"W2 @ W1": "W2.astype(float) @ W1"}),
    Wrong("scales X in place", "X is changed", {"    W =": "    X += 1e-9\n    W ="}),
    Wrong(
        "the same array each time",
        "changes what the first one returned",
        {
            "def collapse": "kept = {}\n\n\ndef collapse",
            "W @ X + b": "write(W @ X + b)\n\n\ndef write(Z2):\n    kept.setdefault(Z2.shape, Z2)[...] = Z2\n"
            "    return kept[Z2.shape]",
        },
    ),
)
