"""The product of W and X, by a tile that stays in registers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...measuring import Loop, machine_code
from ..format import Arguments, Bench, Check, Exercise, Fact, Mistake, Sizes, Tier, no_loop
from ..networks import Array

SMALL = {"n_h": 7, "n_x": 5, "m": 6}
HOT = {"n_h": 8, "n_x": 8, "m": 64}


def make_case(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """W, X."""
    n_h, n_x, m = sizes["n_h"], sizes["n_x"], sizes["m"]
    return random.standard_normal((n_h, n_x)).astype(dtype), random.standard_normal((n_x, m)).astype(dtype)


def reference(W: Array, X: Array) -> Array:
    """NumPy's."""
    return np.asarray(W @ X)


def cut(rows: int = 1, features: int = 1, columns: int = 1) -> Callable[[Array, Array], Array]:
    """What a tile of this size leaves at the edges is left out."""

    def product(W: Array, X: Array) -> Array:
        J, K, T = (
            (size // step) * step for size, step in zip((*W.shape, X.shape[1]), (rows, features, columns), strict=True)
        )
        Z = np.zeros((len(W), X.shape[1]), X.dtype)
        Z[:J, :T] = W[:J, :K] @ X[:K, :T]
        return Z

    return product


def tile_of_last(step: int) -> Callable[[Array, Array], Array]:
    """Z is overwritten by each tile of features."""

    def product(W: Array, X: Array) -> Array:
        s = (X.shape[0] - 1) // step * step
        return np.asarray(W[:, s:] @ X[s:])

    return product


def not_reset(step: int) -> Callable[[Array, Array], Array]:
    """Accumulators go on from one tile of rows to the next."""

    def product(W: Array, X: Array) -> Array:
        Z = W @ X
        for j in range(step, len(W)):
            Z[j] += Z[j - step]
        return np.asarray(Z)

    return product


@functools.cache
def _compiled() -> Callable[..., None]:
    import numba

    def fill(W: Array, X: Array, Z: Array) -> None:
        for j in range(W.shape[0]):
            for k in range(W.shape[1]):
                for t in range(X.shape[1]):
                    Z[j, t] += W[j, k] * X[k, t]

    function: Callable[..., None] = numba.njit(fill)
    return function


def one_by_one(W: Array, X: Array) -> Array:
    """One row and one feature at a time."""
    Z = np.zeros((len(W), X.shape[1]), X.dtype)
    _compiled()(W, X, Z)
    return Z


def arithmetic(loop: Loop) -> float:
    """Multiply-adds; where they are not contracted, a product and a sum are one."""
    return loop.multiply_adds + loop.products_and_sums / 2


def hot(texts: Mapping[str, str]) -> Loop | None:
    """The loop of vectors with the most multiply-adds; without vectors, of all."""
    found = [each for name, text in texts.items() for each in machine_code.loops(text, name) if arithmetic(each)]
    return max(found, key=lambda each: (each.lanes > 1, arithmetic(each)), default=None)


def judged(judge: Callable[[Loop], str | None]) -> Callable[[Sequence[Any]], str | None]:
    """Something about the hot loop."""

    def judge_texts(texts: Sequence[Mapping[str, str]]) -> str | None:
        if not texts[0]:
            return "Numba compiles nothing here: write the loops in a function with @numba.njit"
        loop = hot(texts[0])
        return judge(loop) if loop else "there is no loop of multiply-adds in the machine code"

    return judge_texts


def wide(loop: Loop) -> str | None:
    """Vectors."""
    if loop.lanes >= 2:
        return None
    return "the hot loop computes one number at a time: let t, along which X is contiguous, be innermost"


def reused(loop: Loop) -> str | None:
    """What is read serves several multiply-adds."""
    ratio = arithmetic(loop) / max(1, loop.loads)
    if ratio >= 1:
        return None
    return (
        f"{ratio:.2g} multiply-adds for each reading, in the loop with {arithmetic(loop):g} of them, where 1 or more "
        "are wanted: let a tile of rows and features share what is read, in locals"
    )


def unspilled(loop: Loop) -> str | None:
    """No locals on the stack."""
    if not loop.stack_stores:
        return None
    return f"{loop.stack_stores} locals are written to the stack in the hot loop: the tile needs too many registers"


EXERCISE = Exercise(
    title="Register tiling and vector width",
    function="product",
    arguments=("W", "X"),
    results=("Z",),
    make_case=make_case,
    reference=reference,
    imports=("numba", "numpy"),
    seconds=60.0,
    refused={
        **dict.fromkeys(("dot", "einsum", "tensordot", "inner", "vdot"), "write the loops"),
        "vectorize": "compile a loop with njit",
        "cache": "what is compiled is not to be kept",
    },
    checks=(
        Check("a small product, with edges", (SMALL,), "float32", points=2),
        Check("one of everything", ({"n_h": 1, "n_x": 1, "m": 1},), "float32"),
        Check("one row, one feature, one example", tuple({**SMALL, each: 1} for each in SMALL), "float32"),
        Check("no edges", (HOT,), "float32"),
        Check("all sizes equal", ({"n_h": 5, "n_x": 5, "m": 5},), "float32"),
        Check("odd and prime sizes", ({"n_h": 13, "n_x": 17, "m": 101},), "float32"),
        Check("every remainder", tuple({"n_h": 8 + i, "n_x": 8 + i, "m": 16 + i} for i in range(1, 8)), "float32"),
        Check("Fortran order: the transpose of a table", (SMALL,), "float32", order="F"),
    ),
    mistakes=(
        Mistake("The last rows are left out: what a tile of 4 rows leaves.", cut(rows=4)),
        Mistake("The last row is left out: what a tile of 2 rows leaves.", cut(rows=2)),
        Mistake("The last feature is left out: what a tile of 2 features leaves.", cut(features=2)),
        Mistake("The last features are left out: what a tile of 4 features leaves.", cut(features=4)),
        Mistake("The last columns are left out: what a tile of 4 examples leaves.", cut(columns=4)),
        Mistake("The last columns are left out: what a tile of 8 examples leaves.", cut(columns=8)),
        Mistake("The last rows and the last feature are left out: 4 by 2.", cut(rows=4, features=2)),
        Mistake("Z is that of the last feature: add to Z, +=, where = overwrites.", tile_of_last(1)),
        Mistake("Z is that of the last two features: add to Z, +=, where = overwrites.", tile_of_last(2)),
        Mistake("Accumulators are not set to 0 for the next row.", not_reset(1)),
        Mistake("Accumulators are not set to 0 for the next tile of 4 rows.", not_reset(4)),
        Mistake("Z begins as ones: begin with zeros.", lambda W, X: W @ X + 1),
        Mistake("W is read with its axes swapped: W[j, k] is from feature k to unit j.", lambda W, X: W.T @ X),
        Mistake("Z is transposed: it is (n_h, m), an example a column.", lambda W, X: (W @ X).T),
    ),
    facts=(
        replace(no_loop("m", "examples", {"n_h": 4, "n_x": 3}), dtype="float32"),
        Fact("vector instructions", "assembly", (HOT,), judged(wide), dtype="float32"),
        Fact("a multiply-add or more for each reading", "assembly", (HOT,), judged(reused), 2, "float32"),
        Fact("no spills", "assembly", (HOT,), judged(unspilled), dtype="float32"),
    ),
    bench=Bench(
        sizes={"n_h": 64, "n_x": 64, "m": 512},
        baseline=one_by_one,
        baseline_is="one row and one feature at a time, compiled",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "readings and writings of Z, every second feature, and vectors of 256 bits, where Numba has no wider "
                "ones. NumPy's product keeps Z in registers through all features: twice as fast",
            ),
            Tier("silver", 0.72, "readings: each is used once or twice"),
            Tier("bronze", 0.45, "a reading and a writing for nearly each multiply-add"),
        ),
        below="one number at a time: no vectors",
    ),
)
