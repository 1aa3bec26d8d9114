"""What a submission may not do by its text, and how near an answer must be."""

import numpy as np
import pytest

from fastshallow.exercises import lesson
from fastshallow.exercises.differences import difference, mistaken
from fastshallow.exercises.reading import objections

THIRD = lesson("all_examples").exercise


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("import os", "imports os"),
        ("from . import child", "imports ."),
        ("import numpy, sklearn", "imports sklearn"),
        ("from typing import sys", "uses sys"),
        ("import collections\ncollections._sys.settrace(None)", "uses settrace"),
        ("getattr(1, 'real')", "uses getattr"),
        ("open('solution.py')", "uses open"),
        ("eval('1')", "uses eval"),
        ("f = (lambda: 1).__globals__", "uses __globals__"),
        ("def f(error):\n    return error.__traceback__.tb_frame", "uses tb_frame"),
        ("import numpy as np\nnp.tanh = None", "changes np.tanh"),
        ("import numpy as np\nnp.core.tanh += 1", "changes np.core.tanh"),
        ("from numpy import vectorize", "a loop in Python"),
        ("import numpy as np\nnp.vectorize(abs)", "a loop in Python"),
    ],
)
def test_is_refused(text, word):
    assert any(word in each for each in objections(text, THIRD.imports, THIRD.refused))


@pytest.mark.parametrize(
    "text",
    [
        "from __future__ import annotations\nimport math\nimport numpy as np\nfrom functools import reduce",
        "class A:\n    def __init__(self):\n        self.tanh = 1",
        "vectorize = compile_ = sys = 1  # names of one's own",
        "if __name__ == '__main__':\n    print(1)",
    ],
)
def test_is_allowed(text):
    assert not list(objections(text, THIRD.imports, THIRD.refused))


@pytest.mark.parametrize(("dtype", "slightly", "rounding"), [("float64", 1e-9, 1e-15), ("float32", 3e-4, 1e-6)])
def test_slightly_wrong_is_wrong(dtype, slightly, rounding):
    sizes = THIRD.checks[0].sizes[0]
    arguments = THIRD.make_case(np.random.default_rng(1), sizes, "float64")
    A2, cost, db2 = expected = THIRD.reference(*arguments)
    for factor, at in (1 + rounding, ""), (1 + slightly, "A2"), (1 - slightly, "A2"):
        answer = (A2 * factor).astype(dtype), cost, db2.astype(dtype)
        assert difference(THIRD, answer, expected, sizes, dtype)[0] == at
        assert mistaken(THIRD, arguments, sizes, answer, "", expected, at) == ""


def test_the_first_difference_is_described():
    sizes = {"n_x": 3, "n_h": 4, "n_y": 2, "m": 5}
    A2, cost, db2 = expected = np.full((2, 5), 0.5), 0.7, np.array([[0.1], [0.2]])
    for answer, words in (
        (None, "returns None"),
        (A2, "forward returns one result; return A2, cost, db2"),
        ((A2.T, cost, db2), "A2 has shape (5, 2), and should have (2, 5): it is transposed"),
        (
            (A2, cost, db2[:, 0]),
            "db2 has shape (2,), and should have (2, 1): an axis is missing; keepdims=True keeps it",
        ),
        ((A2, [0.7], db2), "cost is a list of 1, and should be a number"),
        ((A2.tolist(), cost, db2), "A2 is a list of 2, and should be an array of shape (2, 5)"),
        ((A2, cost * 5, db2), "too large by a factor of m = 5: is a division by m missing?"),
        (
            (A2, cost, db2 / 5),
            "db2[0, 0] is 0.02, and should be 0.1; 2 of 2 are wrong. All of it is too small by a factor",
        ),
        ((A2, cost, -db2), "All of it has the wrong sign"),
        ((A2, np.nan, db2), "cost has NaN or infinity in it"),
        ((A2.astype("float32"), cost, db2), "A2 is float32, and should stay float64"),
    ):
        assert words in difference(THIRD, answer, expected, sizes, "float64")[1]
