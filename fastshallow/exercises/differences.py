"""Whether an answer is right, and if not, the first difference, with what may have caused it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .child import Other
from .format import Answer, Arguments, Exercise, Mistake, Sizes, Ulps, outcome, results_of

TOLERANCE = 512  # units of rounding, times the largest number of the answer


def difference(
    exercise: Exercise, answer: Any, expected: Answer, sizes: Sizes, dtype: str, tolerance: float | Ulps | None = None
) -> tuple[str, str]:
    """The first result that is wrong, by its name and in a sentence; both empty if all are right."""
    if answer is None:
        return exercise.results[0], f"{exercise.function} returns None: is a return missing?"
    answers = results_of(answer) if len(expected) > 1 else (answer,)
    if len(answers) != len(expected):
        wanted = ", ".join(exercise.results)
        found = "one result" if len(answers) == 1 else f"{len(answers)} results"
        return exercise.results[0], f"{exercise.function} returns {found}; return {wanted}"
    allowed = tolerance or TOLERANCE * float(np.finfo(dtype).eps)
    for name, result, right in zip(exercise.results, answers, expected, strict=True):
        found = _differs(name, result, right, sizes, dtype, allowed)
        if found:
            return name, found
    return "", ""


def _differs(name: str, result: Any, right: Any, sizes: Sizes, dtype: str, allowed: float | Ulps) -> str:
    kind = _kind(name, result, right)
    if kind:
        return kind
    got, want = np.asarray(result), np.asarray(right)
    if got.shape != want.shape:
        return f"{name} has shape {got.shape}, and should have {want.shape}{_shape_reason(got, want)}"
    if isinstance(right, np.ndarray) and got.dtype != np.dtype(dtype):
        return f"{name} is {got.dtype}, and should stay {dtype}: is there an array of float64 in a formula?"
    if isinstance(allowed, Ulps):
        off = allowed.off(got, want, dtype)
        wrong = off > allowed.count
        worst = f"; the worst by {off.max():.3g} units in the last place, where {allowed.count:g} are allowed"
    else:
        wrong, worst = ~_close(got, want, allowed), ""
    if not wrong.any():
        return ""
    place = tuple(int(i) for i in np.argwhere(wrong)[0]) if want.ndim else ()
    where = f"{name}[{', '.join(map(str, place))}]" if place else name
    count = f"; {wrong.sum():,} of {wrong.size:,} are wrong{worst}" if wrong.size > 1 else worst
    found, right = (f"{float(each[place]):.6g}" for each in (got, want))
    if found == right:
        found, right = (f"{float(each[place]):.17g}" for each in (got, want))
    return f"{where} is {found}, and should be {right}{count}{_ratio_reason(name, got, want, sizes)}"


def _kind(name: str, result: Any, right: Any) -> str:
    """What is wrong about the type."""
    if isinstance(result, Other):
        return f"{name} is a {result.name}, and should be {_word(right)}"
    if isinstance(right, np.ndarray):
        fits = isinstance(result, np.ndarray)
    elif isinstance(right, list):
        fits = isinstance(result, list)
    else:
        fits = np.ndim(result) == 0 and isinstance(result, (int, float, np.ndarray, np.number))
    if not fits:
        return f"{name} is {_word(result)}, and should be {_word(right)}"
    try:
        np.asarray(result, dtype=np.float64)
    except (TypeError, ValueError):
        return f"{name} holds what are not numbers, or rows of different lengths"
    return ""


def _word(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return "a number" if isinstance(value, (int, float, np.number)) else f"a {type(value).__name__}"


def _close(got: Any, want: Any, allowed: float) -> Any:
    scale = max(float(np.abs(want).max(initial=0.0)), 0.01)
    with np.errstate(all="ignore"):
        return np.abs(np.asarray(got, np.float64) - np.asarray(want, np.float64)) <= allowed * scale


def _shape_reason(got: Any, want: Any) -> str:
    if got.shape == want.shape[::-1] and got.shape != want.shape:
        return ": it is transposed"
    if got.ndim < want.ndim and got.size == want.size:
        return ": an axis is missing; keepdims=True keeps it"
    return ""


def _ratio_reason(name: str, got: Any, want: Any, sizes: Sizes) -> str:
    """What all numbers have in common, if anything."""
    if not np.isfinite(got).all():
        return f". {name} has NaN or infinity in it"
    safe = np.abs(want) > 1e-3 * np.abs(want).max()
    ratios = got[safe] / want[safe]
    if not ratios.size or np.ptp(ratios) > 1e-3 * abs(ratios.flat[0]):
        same = got.ndim == 2 and got.shape[0] == got.shape[1] > 1 and np.allclose(got.T, want, rtol=1e-4)
        return f". {name} is transposed" if same else ""
    ratio = float(np.median(ratios))
    if abs(ratio - 1) < 0.01:
        return ". It is nearly right: is it an approximation, or is something added, or computed in float32?"
    if abs(ratio + 1) < 0.01:
        return ". All of it has the wrong sign"
    for letter, size in sizes.items():
        if size > 1 and abs(ratio / size - 1) < 0.01:
            return f". All of it is too large by a factor of {letter} = {size}: is a division by {letter} missing?"
        if size > 1 and abs(ratio * size - 1) < 0.01:
            return f". All of it is too small by a factor of {letter} = {size}: is it divided by {letter} twice?"
    return f". All of it is {ratio:.4g} times what it should be"


def mistaken(
    exercise: Exercise,
    arguments: Arguments,
    sizes: Sizes,
    answer: Answer | None,
    raised: str = "",
    expected: Answer = (),
    at: str = "",
) -> str:
    """What to say to a common mistake: that whose formula gives this answer, or raises this exception.

    First one that gives all results alike, then one that gives the first wrong result, `at`, or another wrong one.
    """
    outcomes = [(mistake, outcome(mistake.formula, arguments)) for mistake in exercise.mistakes]
    if answer is None:
        found = [mistake for mistake, wrong in outcomes if isinstance(wrong, Exception) and str(wrong) == raised]
        return _said(found, sizes) if raised else ""
    wrongs = [(mistake, wrong) for mistake, wrong in outcomes if isinstance(wrong, tuple)]
    if _alike(answer, expected):
        return ""  # what is nearly right is like a mistake that does not show here
    everywhere = [mistake for mistake, wrong in wrongs if _alike(answer, wrong)]
    if everywhere or at not in exercise.results or len(answer) != len(expected):
        return _said(everywhere, sizes)
    first = exercise.results.index(at)
    for i in sorted(range(len(answer)), key=lambda i: i != first):
        part = slice(i, i + 1)
        found = [mistake for mistake, wrong in wrongs if _alike(answer[part], wrong[part])]
        if found and not _alike(answer[part], expected[part]):
            return _said(found, sizes)
    return ""


def _said(mistakes: Sequence[Mistake], sizes: Mapping[str, int]) -> str:
    return " Or: ".join(mistake.message.format(**sizes) for mistake in mistakes[:2])


def _alike(answer: Sequence[Any], wrong: Sequence[Any]) -> bool:
    if len(answer) != len(wrong):
        return False
    try:
        pairs = [(np.asarray(a, np.float64), np.asarray(w, np.float64)) for a, w in zip(answer, wrong, strict=True)]
    except (TypeError, ValueError):
        return False
    return all(
        a.shape == w.shape and np.allclose(a, w, rtol=1e-4, atol=1e-5 * _largest(w), equal_nan=True) for a, w in pairs
    )


def _largest(values: Any) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=1e-9))
