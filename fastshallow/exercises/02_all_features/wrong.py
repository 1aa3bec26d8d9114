"""Submissions that must fail, and why."""

from ..format import Wrong

KEPT = "kept = {}\n\n\ndef forward(x, W1, b1, W2, b2):\n    key = id(x)\n"
WRONG = (
    Wrong("elementwise", "multiplies element by element", {"W1 @ x": "W1 * x.T"}),
    Wrong("elementwise product", "multiplies element by element", {"W1 @ x": "W1 * x"}),
    Wrong("flat bias", "b1 is made flat", {"+ b1": "+ b1.ravel()"}),
    Wrong(
        "a loop over features", "loop over features", {"W1 @ x": "sum(W1[:, k : k + 1] * x[k] for k in range(len(x)))"}
    ),
    Wrong("a loop that is hidden", "it is a loop in Python", {"np.tanh(": "np.vectorize(np.tanh)("}),
    Wrong("float64 for float32", "should stay float32", {"np.exp(-z2)": "np.exp(np.array(-z2, np.float64))"}),
    Wrong("the package's own", "imports fastshallow", {"import numpy as np": "import fastshallow\nimport numpy as np"}),
    Wrong("a loader", "__import__", {"import numpy as np": "import numpy as np\n\nfs = __import__('fastshallow')"}),
    Wrong(
        "keeps its answer",
        "old answer",
        {
            "def forward(x, W1, b1, W2, b2):\n": KEPT,
            "    a1 = ": "    if key in kept and kept[key][0] is x:\n        return kept[key][1].copy()\n    a1 = ",
            "return 1 / (1 + np.exp(-z2))": "kept[key] = x, 1 / (1 + np.exp(-z2))\n    return kept[key][1].copy()",
        },
    ),
)
