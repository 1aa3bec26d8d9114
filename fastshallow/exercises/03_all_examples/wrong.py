"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong("no keepdims", "without keepdims", {", keepdims=True": ""}),
    Wrong("1/m left out", "1/m is left out of db2", {"keepdims=True) / m": "keepdims=True)"}),
    Wrong("1/m twice", "divided by m = 5 twice", {"keepdims=True) / m": "keepdims=True) / m / m"}),
    Wrong("mean over outputs", "mean over outputs as well", {"np.log(1 - A2)) / m": "np.log(1 - A2)) / Y.size"}),
    Wrong("flat bias", "adds along the examples", {"+ b1)": "+ b1.ravel())"}),
    Wrong(
        "a loop over examples",
        "loop over examples",
        {"np.tanh(W1 @ X + b1)": "np.hstack([np.tanh(W1 @ X[:, t : t + 1] + b1) for t in range(m)])"},
    ),
    Wrong(
        "the same array each time",
        "changes what the first one returned",
        {
            "def forward": "A = {}\n\n\ndef forward",
            "    return": "    A2, A2_ = A.setdefault(A2.shape, A2), A2\n    A2[...] = A2_\n    return",
        },
    ),
    Wrong(
        "patches the clock",
        "imports time",
        {"import numpy as np": "import time\n\nimport numpy as np\n\ntime.perf_counter = lambda: 0.0"},
    ),
    Wrong(
        "patches NumPy",
        "changes np.allclose",
        {"import numpy as np": "import numpy as np\n\nnp.allclose = lambda *_, **__: True"},
    ),
    Wrong("changes X", "X is changed", {"    m = ": "    X *= 1.000001\n    m = "}),
    Wrong("an endless loop", "not answer within", {"    m = ": "    while True:\n        pass\n    m = "}),
    Wrong("float32 everywhere", "should stay float64", {"return A2": "return A2.astype(np.float32)"}),
)
