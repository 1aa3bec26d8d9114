"""tanh as arithmetic, right to units in the last place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...measuring import machine_code
from ..format import Arguments, Bench, Check, Exercise, Fact, Mistake, Sizes, Tier, Ulps, no_loop
from ..networks import Array

SMALL = {"n_h": 3, "m": 50}
NEAR = Ulps(8)
single = np.float32


def drawn(least: float, most: float) -> Callable[..., Arguments]:
    """Z of both signs, of sizes evenly between these powers of 10."""

    def make(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
        shape = sizes["n_h"], sizes["m"]
        return ((random.choice((-1, 1), shape) * 10 ** random.uniform(least, most, shape)).astype(dtype),)

    return make


def special(random: np.random.Generator, sizes: Sizes, dtype: str) -> Arguments:
    """Numbers among which are NaN, infinity and 0."""
    (Z,) = drawn(-2, 1)(random, sizes, dtype)
    Z[0, :5] = np.nan, np.inf, -np.inf, 0, -0.0
    return (Z,)


def reference(Z: Array) -> Array:
    """NumPy's, in float64."""
    return np.asarray(np.tanh(np.asarray(Z, np.float64)))


def of(formula: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """A formula in float32."""
    return lambda Z: np.asarray(formula(np.asarray(Z, single)), single)


def by_exp(Z: Array) -> Any:
    """Of exp(-2z)."""
    E = np.exp(-2 * Z)
    return (1 - E) / (1 + E)


def by_growing_exp(Z: Array) -> Any:
    """Of exp(2z)."""
    E = np.exp(2 * Z)
    return (E - 1) / (E + 1)


def by_two(Z: Array) -> Any:
    """Of both."""
    return (np.exp(Z) - np.exp(-Z)) / (np.exp(Z) + np.exp(-Z))


def quotient(Z: Array) -> Any:
    """That of the page, without a limit."""
    s = Z * Z
    p = np.polyval(np.array([1.331953e-8, 2.0583851e-5, 3.4940587e-3, 0.13379739, 1], single), s)
    return Z * p / np.polyval(np.array([7.7622184e-7, 3.2831312e-4, 2.5871167e-2, 0.46713054, 1], single), s)


def limited(Z: Array, most: float = 9) -> Any:
    """NaN stays."""
    return np.clip(Z, -most, most)


def cut(most: float) -> Callable[[Array], Any]:
    """Beyond this it is set to 1."""
    return of(lambda Z: np.where(np.abs(Z) > most, np.sign(Z), np.tanh(Z)))


def makes_vectors(texts: Sequence[Mapping[str, str]]) -> str | None:
    """The hot loop has vectors of float32."""
    if not texts[0]:
        return "Numba compiles nothing here: write the loop in a function with @numba.njit"
    found = [
        each
        for name, text in texts[0].items()
        for each in machine_code.loops(text, name)
        if machine_code.weight(each) > 4
    ]
    called = sorted({name for each in found for name in each.calls})
    if called:
        return f"the loop calls {', '.join(called)}, for one number at a time: write it as arithmetic"
    if not found:
        return "there is no loop of multiplications in the machine code"
    loop = max(found, key=lambda each: (each.lanes, machine_code.weight(each)))
    if loop.lanes < 4:
        return (
            "the loop computes one number at a time: let nothing be in it but arithmetic and a if ... else b, and give "
            "error_model='numpy' to njit, since Python's division tests for 0"
        )
    if loop.bits // loop.lanes > 32:
        return (
            f"the loop computes in {loop.lanes} lanes of float64: a number in it is no np.float32, and makes all "
            "that it meets float64"
        )
    return None


EXERCISE = Exercise(
    title="A fast tanh",
    function="fast_tanh",
    arguments=("Z",),
    results=("A",),
    make_case=drawn(-2, 1),
    reference=reference,
    imports=("numba", "numpy"),
    seconds=60.0,
    refused={
        **dict.fromkeys(("tanh", "sinh", "cosh", "expm1"), "write it as arithmetic"),
        "vectorize": "compile a loop with njit",
        "cache": "what is compiled is not to be kept",
    },
    checks=(
        Check("near 0", (SMALL,), "float32", make=drawn(-6, -4), tolerance=NEAR, points=2),
        Check("from 0.01 to 10", (SMALL,), "float32", tolerance=NEAR, points=2),
        Check("one number", ({"n_h": 1, "m": 1},), "float32", tolerance=NEAR),
        Check("large numbers", (SMALL,), "float32", make=drawn(1, 30), tolerance=NEAR),
        Check("NaN, infinity and 0", (SMALL,), "float32", make=special, tolerance=NEAR),
        Check("odd sizes", ({"n_h": 7, "m": 101},), "float32", tolerance=NEAR),
        Check("a hundred thousand numbers", ({"n_h": 2, "m": 100_001},), "float32", tolerance=NEAR),
        Check("Fortran order", (SMALL,), "float32", order="F", tolerance=NEAR),
        Check("strided arrays", (SMALL,), "float32", order="strided", tolerance=NEAR),
    ),
    mistakes=(
        Mistake(
            "1 and exp(-2z), which is nearly 1, are subtracted near 0: what they have in common is lost, and with it "
            "the digits of tanh. z P(s) / Q(s) subtracts nothing.",
            of(by_exp),
        ),
        Mistake("exp(2z) and 1, which are nearly 1 both, are subtracted near 0: digits are lost.", of(by_growing_exp)),
        Mistake("exp(z) and exp(-z), which are nearly 1, are subtracted near 0: digits are lost.", of(by_two)),
        Mistake("z is not limited: beyond 9 the fit ends, and z * z overflows. Limit z to -9 ... 9.", of(quotient)),
        Mistake("This is tanh -z: a sign is wrong.", of(lambda Z: -np.tanh(Z))),
        Mistake("The sign of z is lost: tanh is odd, z P(s) / Q(s).", of(lambda Z: np.tanh(np.abs(Z)))),
        Mistake(
            "This is a Taylor series, z - z**3 / 3: it fits near 0 alone. Take the quotient of the page.",
            of(lambda Z: Z - Z * (Z * Z) / 3),
        ),
        Mistake(
            "This is a Taylor series, z - z**3 / 3 + 2 z**5 / 15: it fits near 0 alone. Take the quotient of the page.",
            of(lambda Z: Z - Z**3 / 3 + 2 * Z**5 / 15),
        ),
        Mistake(
            "NaN is lost: comparisons with NaN are false, so write z = END if z > END else z.",
            of(lambda Z: np.where(np.isnan(Z), np.tanh(single(9)), np.tanh(Z))),
        ),
        Mistake(
            "NaN is lost: comparisons with NaN are false, so write z = -END if z < -END else z.",
            of(lambda Z: np.where(np.isnan(Z), -np.tanh(single(9)), np.tanh(Z))),
        ),
        Mistake("It is set to 1 beyond 3, where tanh is 0.995: the limit is 9.", cut(3)),
        Mistake("It is set to 1 beyond 4, where tanh is 0.9993: the limit is 9.", cut(4)),
        Mistake("The factor z is left out: z P(s) / Q(s).", of(lambda Z: quotient(limited(Z)) / limited(Z))),
        Mistake("This is the sigmoid: tanh z = 2 sigmoid(2z) - 1.", of(lambda Z: 1 / (1 + np.exp(-Z)))),
        Mistake("This is tanh(z / 2) = (1 - exp(-z)) / (1 + exp(-z)).", of(lambda Z: np.tanh(Z / 2))),
        Mistake("This is tanh(2z).", of(lambda Z: np.tanh(2 * Z))),
        Mistake(
            "This is Q(s) / P(s): the quotient is upside down.", of(lambda Z: limited(Z) ** 2 / quotient(limited(Z)))
        ),
    ),
    facts=(
        replace(no_loop("m", "examples", {"n_h": 4}), dtype="float32"),
        Fact("vector instructions", "assembly", (SMALL,), makes_vectors, points=2, dtype="float32"),
    ),
    bench=Bench(
        sizes={"n_h": 64, "m": 1024},
        baseline=np.tanh,
        baseline_is="NumPy's tanh, of vector instructions too",
        dtype="float32",
        tiers=(
            Tier(
                "gold",
                0.8,
                "the division, which no instruction makes in one step, and a chain of multiply-adds. In a fused loop z "
                "would come from a register, and A would stay in one",
            ),
            Tier("silver", 0.6, "more coefficients than are needed, or products and sums that are not contracted"),
            Tier("bronze", 0.3, "float64 in the loop, or several passes over the array"),
        ),
        below="a call or an array for each operation: the loop is not made of vectors",
    ),
)
