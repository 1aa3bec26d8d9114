"""Submissions that must fail, and why."""

from ..format import Wrong

EARLY = "    np.multiply(A1, A1, out=A1)\n    dW2 = "
WRONG = (
    Wrong("three arrays", "where 2 suffice", {"np.tanh(A1, out=A1)": "A1 = np.tanh(A1)\n    kept = A1 + 0"}),
    Wrong(
        "as one writes it",
        "are allocated at once, where 3 suffice",
        {"    np.multiply(A1, A1, out=A1)\n": "", "np.subtract(1, A1, out=A1)": "A1 = 1 - A1 * A1"},
    ),
    Wrong(
        "A1 too soon", "dW2 is taken with A1 squared", {"    np.multiply(A1, A1, out=A1)\n": "", "    dW2 = ": EARLY}
    ),
    Wrong("over X", "X is changed", {"dW1 = dZ1 @ X.T / m": "dW1 = dZ1 @ X.T / m\n    X *= 0"}),
    Wrong("over Y", "Y is changed", {"dZ2 -= Y": "Y -= dZ2\n    dZ2 = -Y"}),
    Wrong(
        "memory that is kept",
        "changes what the first one returned",
        {
            "def gradients": "kept = {}\n\n\ndef gradients",
            "    return dW1,": "    kept.setdefault(0, dW1.copy())[...] = dW1\n    return kept[0],",
        },
    ),
    Wrong("through the back door", "imports ctypes", {"import numpy as np": "import ctypes\n\nimport numpy as np"}),
)
