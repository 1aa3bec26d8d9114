"""What an exercise is: what to write, what is right, which mistakes are common, what is counted and timed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Sizes = Mapping[str, int]
Arguments = tuple[Any, ...]
Answer = tuple[Any, ...]  # the results of a function, of one as well
Formula = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """A wrong formula, which takes the function's arguments, and what to say to whom has written it.

    The message may have sizes in braces: "off by a factor of m = {m}".
    """

    message: str
    formula: Formula


@dataclass(frozen=True)
class Ulps:
    """So many units in the last place of each number, however small; NaN where NaN is right."""

    count: float

    def off(self, got: Any, want: Any, dtype: str) -> Any:
        """By how many of them each number is wrong."""
        with np.errstate(all="ignore"):
            got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
            found = np.abs(got - want) / np.spacing(np.maximum(np.abs(want), np.finfo(dtype).tiny).astype(dtype))
            return np.where((got == want) | (np.isnan(got) & np.isnan(want)), 0.0, np.nan_to_num(found, nan=np.inf))


@dataclass(frozen=True)
class Check:
    """Fresh random inputs of these sizes, on which the answer must be right."""

    name: str
    sizes: tuple[Sizes, ...]
    dtype: str = "float64"
    order: str = "C"  # or "F", or "strided": how arrays of two dimensions lie in memory
    points: int = 1
    make: Callable[..., Arguments] | None = None  # as the exercise's, where a check needs inputs of its own
    reference: Formula | None = None  # another oracle than the exercise's, as finite differences
    tolerance: float | Ulps | None = None  # a number is relative to the largest one of an answer


def as_arrays_come(small: Sizes, sizes: Sizes | None = None) -> tuple[Check, ...]:
    """No submission may depend on the dtype, or on how arrays lie in memory, here of such sizes or the small ones."""
    sizes = sizes or small
    return (
        Check("float32 stays float32", (small,), dtype="float32"),
        Check("Fortran order: the transpose of a table", (sizes,), order="F"),
        Check("strided arrays", (sizes,), order="strided"),
    )


@dataclass(frozen=True)
class Fact:
    """Something counted, which depends on no clock: for each of the sizes one count, judged together."""

    name: str
    counted: str  # "steps" of Python; "bytes" that are allocated at once at most; "assembly" that Numba made
    at: tuple[Sizes, ...]
    judge: Callable[[Sequence[Any]], str | None]  # says what is wrong, or nothing
    points: int = 1
    dtype: str = "float64"


@dataclass(frozen=True)
class Wrong:
    """A submission that must fail, for this reason: the solution, with texts in it replaced by others."""

    name: str
    reason: str  # words of the report
    replace: Mapping[str, str]


@dataclass(frozen=True)
class Tier:
    """A grade of speed: at least so many times as fast as the solution; and what limits those who are in it."""

    name: str
    least: float
    limit: str


@dataclass(frozen=True)
class Bench:
    """What is timed: the learner's function beside a baseline, and beside the solution."""

    sizes: Sizes
    baseline: Formula
    baseline_is: str  # in words
    tiers: tuple[Tier, ...]  # the fastest first
    below: str  # what limits those who reach none
    dtype: str = "float64"


@dataclass(frozen=True)
class Exercise:
    """One exercise; its page, stub, solution and hints are files beside it."""

    title: str
    function: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    make_case: Callable[[np.random.Generator, Sizes, str], Arguments]
    reference: Formula
    checks: tuple[Check, ...]
    mistakes: tuple[Mistake, ...]
    bench: Bench
    facts: tuple[Fact, ...] = ()
    imports: tuple[str, ...] = ("numpy", "math")
    seconds: float = 10.0  # for one call; more where Numba compiles in it
    refused: Mapping[str, str] = field(default_factory=dict)  # names that it is to be solved without, and why


def no_loop(over: str, of: str, at: Sizes, few: int = 16, many: int = 64) -> Fact:
    """Python does not execute more steps for more of `over`, which are the `of`: "m", "examples"."""

    def judge(steps: Sequence[int]) -> str | None:
        if steps[1] <= 1.2 * steps[0]:
            return None
        return (
            f"Python executes {steps[0]:,} steps for {over} = {few}, and {steps[1]:,} for {over} = {many}: "
            f"there is a loop over {of}. One operation of NumPy takes all of them."
        )

    return Fact(f"no loop over {of}", "steps", ({**at, over: few}, {**at, over: many}), judge)


def arrays_at_most(count: float, of: tuple[str, str], at: Sizes, why: str, dtype: str = "float64") -> Fact:
    """At no time are more than so many arrays of this shape allocated, the results included."""
    size = at[of[0]] * at[of[1]] * np.dtype(dtype).itemsize

    def judge(allocated: Sequence[int]) -> str | None:
        found = allocated[0] / size
        if found <= count + 0.1:
            return None
        return f"{found:.1f} arrays of ({', '.join(of)}) are allocated at once, where {count:g} suffice: {why}"

    shape = f"({', '.join(of)})"
    return Fact(f"memory of at most {count:g} array{'s' * (count != 1)} {shape}", "bytes", (at,), judge, dtype=dtype)


def outcome(formula: Formula, arguments: Arguments) -> Answer | Exception:
    """What a formula returns, as a tuple, or the exception that it raises."""
    try:
        with np.errstate(all="ignore"):
            return results_of(formula(*arguments))
    except Exception as error:
        return error


def results_of(answer: Any) -> Answer:
    """One result or several, as a tuple."""
    return answer if isinstance(answer, tuple) else (answer,)
