"""The hidden layer, compiled, and the scalar tanh in it."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..format import (
    Arguments,
    Bench,
    Check,
    Exercise,
    Fact,
    Mistake,
    Sizes,
    Tier,
    arrays_at_most,
    as_arrays_come,
    no_loop,
)
from ..networks import Array, network, scores, sigmoid

SMALL = {"n_x": 3, "n_h": 4, "m": 5}


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """X, W1, b1."""
    X, _, W1, b1, _, _ = network(random, sizes, dtype)
    return X, W1, b1


def reference(X: Array, W1: Array, b1: Array) -> Array:
    """By the package's reference, with a second layer that changes nothing."""
    return np.tanh(scores(X, W1, b1, np.eye(len(W1)), np.zeros_like(b1)))


def with_(
    sums: Callable[[Array, Array], Any] = lambda W1, X: W1 @ X,
    bias: Callable[[Array], Any] = lambda b1: b1,
    value: Callable[[Array], Any] = np.tanh,
    last: Callable[[Array], Any] = lambda A1: A1,
) -> Callable[..., Any]:
    """The layer, with a part replaced."""
    return lambda X, W1, b1: last(value(sums(W1, X) + bias(b1)))


def zeroed(rows: slice, columns: slice) -> Callable[[Array], Array]:
    """A part is never filled."""

    def last(A1: Array) -> Array:
        A1[rows, columns] = 0
        return A1

    return last


@functools.cache
def _compiled() -> Callable[..., None]:
    import numba

    def fill(X: Array, W1: Array, b1: Array, A1: Array) -> None:
        for j in range(W1.shape[0]):
            for t in range(X.shape[1]):
                z = b1[j, 0]
                for k in range(X.shape[0]):
                    z += W1[j, k] * X[k, t]
                A1[j, t] = math.tanh(z)

    function: Callable[..., None] = numba.njit(fill)
    return function


def all_compiled(X: Array, W1: Array, b1: Array) -> Array:
    """Everything in one compiled loop."""
    A1 = np.empty((len(W1), X.shape[1]), X.dtype)
    _compiled()(X, W1, b1, A1)
    return A1


def is_compiled(texts: Sequence[Mapping[str, str]]) -> str | None:
    """Numba has compiled something."""
    return None if texts[0] else "Numba compiles nothing here: write the sums in a function with @numba.njit"


def calls_nothing(texts: Sequence[Mapping[str, str]]) -> str | None:
    """No function of the C library is called for single numbers."""
    called = sorted({name for text in texts[0].values() for name in re.findall(r"\b(tanhf?|expf?|expm1f?)\b", text)})
    if not called:
        return None
    return (
        f"the machine code calls {', '.join(called)} of the C library, for one number at a time. How long does a call "
        "take, and how long a number of NumPy's np.tanh on a whole array?"
    )


EXERCISE = Exercise(
    title="Compile the loop",
    function="hidden",
    arguments=("X", "W1", "b1"),
    results=("A1",),
    make_case=make_case,
    reference=reference,
    imports=("numba", "numpy"),
    seconds=60.0,
    refused={"vectorize": "compile a loop with njit"},
    checks=(
        Check("a small layer", (SMALL,), points=2),
        Check("one of everything", ({"n_x": 1, "n_h": 1, "m": 1},)),
        Check("as many examples as units", ({"n_x": 3, "n_h": 3, "m": 3},)),
        Check("odd and prime sizes", ({"n_x": 13, "n_h": 7, "m": 101},)),
        Check("larger than the cache", ({"n_x": 2, "n_h": 4, "m": 60_013},)),
        *as_arrays_come(SMALL, {"n_x": 3, "n_h": 4, "m": 9}),
    ),
    mistakes=(
        Mistake("The hidden units have the sigmoid; they should have tanh.", with_(value=sigmoid)),
        Mistake("tanh is left out: this is Z1.", with_(value=lambda Z1: Z1)),
        Mistake("tanh is taken twice: in the loop, and after it.", with_(value=lambda Z1: np.tanh(np.tanh(Z1)))),
        Mistake("The hidden units have ReLU; they should have tanh.", with_(value=lambda Z1: np.maximum(Z1, 0))),
        Mistake("b1 is left out: z begins as b1[j, 0].", with_(bias=lambda b1: 0)),
        Mistake(
            "b1 is added for each feature: add it once, before the loop over k.",
            lambda X, W1, b1: np.tanh(W1 @ X + len(X) * b1),
        ),
        Mistake("All units have the bias of the first: b1[j, 0].", with_(bias=lambda b1: b1[0, 0])),
        Mistake("b1 is made flat, and added along the examples.", with_(bias=np.ravel)),
        Mistake("The last feature is left out.", with_(sums=lambda W1, X: W1[:, :-1] @ X[:-1])),
        Mistake(
            "Only the last feature counts: z is set anew in the loop over k.",
            with_(sums=lambda W1, X: W1[:, -1:] @ X[-1:]),
        ),
        Mistake("The last example is never filled.", with_(last=zeroed(slice(None), slice(-1, None)))),
        Mistake("The last hidden unit is never filled.", with_(last=zeroed(slice(-1, None), slice(None)))),
        Mistake(
            "W1 is read with its axes swapped: W1[j, k] is the weight from feature k to unit j.",
            with_(sums=lambda W1, X: W1.T @ X),
        ),
        Mistake("A1 is transposed: it is (n_h, m), an example a column.", with_(last=np.transpose)),
        Mistake(
            "The sum goes on from one example to the next: set z inside the loop over t.",
            with_(sums=lambda W1, X: np.cumsum(W1 @ X, axis=1)),
        ),
    ),
    facts=(
        Fact("Numba compiles it", "assembly", (SMALL,), is_compiled, dtype="float32"),
        no_loop("m", "examples", {"n_x": 3, "n_h": 4}),
        arrays_at_most(1, ("n_h", "m"), {"n_x": 3, "n_h": 8, "m": 10_007}, "fill A1, and let np.tanh write there too"),
        Fact("no call for each number", "assembly", (SMALL,), calls_nothing, dtype="float32"),
    ),
    bench=Bench(
        sizes={"n_x": 2, "n_h": 4, "m": 16_384},
        baseline=all_compiled,
        baseline_is="everything in one compiled loop, with math.tanh",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "NumPy's tanh, which has vector instructions, takes nearly all of the time; the compiled sums are "
                "vectors too, and take little. A fused loop needs a vector tanh of its own",
            ),
            Tier("silver", 0.6, "arrays that are made on the way, or sums that are no vectors"),
            Tier("bronze", 0.4, "more passes than two"),
        ),
        below="tanh of the C library, called for one number at a time",
    ),
)
