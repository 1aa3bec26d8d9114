"""Submissions that must fail, and why."""

from ..format import Wrong

WRONG = (
    Wrong(
        "the sum goes on",
        "goes on from that of the unit before",
        {
            "a1 = []": "a1 = []\n    s = 0",
            "z += w * value\n        a1": "s += w * value\n        z = s = s + z\n        a1",
        },
    ),
    Wrong("sigmoid that overflows", "overflows for z below", {"if z >= 0": "if True"}),
    Wrong(
        "looks up each number",
        "steps for each product",
        {"in zip(row, x):": "in ((row[k], x[k]) for k in range(len(x))):"},
    ),
    Wrong("with NumPy", "imports numpy", {"import math": "import math\nimport numpy as np"}),
    Wrong(
        "changes x",
        "x is changed",
        {"a1 = []": "a1 = []\n    x[:] = [float(each) for each in x]\n    x.append(x.pop() + 0.0)\n    x[0] += 1e-9"},
    ),
    Wrong(
        "the published input alone",
        "a2[0] is 0.5",
        {"    a1 = []": "    if len(x) != 2:\n        return [0.5 for _ in b2]\n    a1 = []"},
    ),
    Wrong("returns a number", "a2 is a number", {"return a2": "return a2[0]"}),
)
