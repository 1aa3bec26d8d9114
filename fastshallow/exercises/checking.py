"""Check a submission: each check with a result of its own, and a reason where it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..measuring import bytes_text
from .catalog import Lesson
from .child import arranged
from .differences import difference, mistaken
from .format import Answer, Arguments, Check, Exercise, Fact, Sizes, Ulps, results_of
from .process import Limits, Process, SubmissionError
from .reading import objections

UNWRITTEN = "NotImplementedError"
NOT_RUN = "not run"
COUNTS: dict[str, Callable[[int], str]] = {"steps": "{:,} steps".format, "bytes": bytes_text}


@dataclass(frozen=True)
class Result:
    """One check: what it is worth, and why it failed, if it did."""

    name: str
    points: int
    reason: str = ""
    hint: str = ""  # what was done instead, where a common mistake gives the same answer
    inputs: str = ""  # of which it fails
    counted: str = ""  # what was found, of a fact that is as it should be

    @property
    def passed(self) -> bool:
        """Whether there is nothing to say against it."""
        return not self.reason


@dataclass
class Report:
    """All checks of a submission; it is right when every one of them has passed."""

    name: str
    results: list[Result] = field(default_factory=list)
    output: str = ""  # what the submission printed
    seed: int = 0

    @property
    def points(self) -> int:
        """Those of the checks that passed."""
        return sum(each.points for each in self.results if each.passed)

    @property
    def possible(self) -> int:
        """Those of all checks."""
        return sum(each.points for each in self.results)

    @property
    def passed(self) -> bool:
        """Whether all have."""
        return all(each.passed for each in self.results)

    def require(self, name: str) -> None:
        """Raise AssertionError, with the reason, unless this check has passed: so graders of notebooks count it."""
        found = [each for each in self.results if each.name == name] or self.results
        for each in found:
            assert each.passed, f"{each.name}: {each.reason} {each.hint}".strip()


class WrongError(Exception):
    """Why a check fails, and the common mistake that it looks like."""

    def __init__(self, reason: str, hint: str = "", inputs: str = "") -> None:
        super().__init__(reason)
        self.hint, self.inputs = hint, inputs


class CountError(WrongError):
    """Why a count is not what it should be; the answer is right all the same."""


def check(lesson: Lesson, path: Path, seed: int | None = None, limits: Limits | None = None) -> Report:
    """Check the submission at `path` on inputs that are drawn anew, or from `seed`."""
    report = Report(lesson.name, seed=int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed)
    for result in results(lesson, path, report, limits):
        report.results.append(result)
    return report


def results(lesson: Lesson, path: Path, report: Report, limits: Limits | None = None) -> Iterator[Result]:
    """One check after the other; when all are done the report is given what the submission printed."""
    exercise = lesson.exercise
    tests = _tests(exercise)
    reason = _own_work(exercise, path)
    if reason:
        yield Result("your own work", 0, reason)
        yield from (Result(name, points, NOT_RUN) for name, points, _ in tests)
        return
    with Process(path, limits or Limits(call=exercise.seconds)) as process:
        checker = _Checker(exercise, process, np.random.default_rng(report.seed))
        problem = _problem(checker)
        for name, points, test in tests:
            yield Result(name, points, *((problem,) if problem else _reason(checker, test)))
            if process.ended:
                problem = problem or NOT_RUN
        report.output = process.output()


def points_of(exercise: Exercise) -> list[tuple[str, int]]:
    """The names of all checks, and what each is worth."""
    return [(name, points) for name, points, _ in _tests(exercise)]


def _own_work(exercise: Exercise, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return "; ".join(objections(text, exercise.imports, exercise.refused))
    except SyntaxError as error:
        return f"line {error.lineno}: {(error.text or '').strip()}\nis not Python: {error.msg}"
    except (UnicodeDecodeError, ValueError):
        return "it is no text in UTF-8"


def _problem(checker: _Checker) -> str:
    """Why nothing can be checked, if so."""
    exercise = checker.exercise
    try:
        names = checker.process.ask("load")["names"]
        if exercise.function not in names:
            return f"there is no function {exercise.function}({', '.join(exercise.arguments)})"
        checker.call(*checker.case(exercise.checks[0], exercise.checks[0].sizes[0]))
    except SubmissionError as error:
        if error.kind == UNWRITTEN:
            return f"{exercise.function} is not written yet"
        if not error.kind:
            return str(error)
    return ""


def _tests(exercise: Exercise) -> list[tuple[str, int, Callable[[_Checker], str | None]]]:
    tests: list[tuple[str, int, Callable[[_Checker], str | None]]] = []
    for each in exercise.checks:
        tests.append((each.name, each.points, lambda checker, each=each: checker.right(each)))  # type: ignore[misc]
    tests.append(("inputs are not changed", 1, _Checker.unchanged))
    tests.append(("each call stands alone", 1, _Checker.alone))
    for fact in exercise.facts:
        tests.append((fact.name, fact.points, lambda checker, fact=fact: checker.fact(fact)))  # type: ignore[misc]
    return tests


def _reason(checker: _Checker, test: Callable[[_Checker], str | None]) -> tuple[str, ...]:
    try:
        counted = test(checker)
    except SubmissionError as error:
        checker.wrong = True
        return checker.explain(error)
    except WrongError as wrong:
        checker.wrong |= not isinstance(wrong, CountError)
        return str(wrong), wrong.hint, wrong.inputs
    return "", "", "", counted or ""


class _Checker:
    """The tests of a submission, which is in another process."""

    def __init__(self, exercise: Exercise, process: Process, random: np.random.Generator) -> None:
        self.exercise, self.process, self.random = exercise, process, random
        self.wrong = False
        self.last: tuple[Arguments, Sizes] | None = None

    def case(self, check: Check, sizes: Sizes) -> tuple[Arguments, Sizes, str]:
        """Fresh inputs."""
        return (check.make or self.exercise.make_case)(self.random, sizes, check.dtype), sizes, check.order

    def call(self, arguments: Arguments, sizes: Sizes, order: str = "C", **request: Any) -> dict[str, Any]:
        """Let the submission answer."""
        self.last = arguments, sizes
        return self.process.ask("call", function=self.exercise.function, arguments=arguments, order=order, **request)

    def right(self, check: Check) -> None:
        """The answer is the expected one, for each of the sizes."""
        for sizes in check.sizes:
            arguments, _, order = self.case(check, sizes)
            reply = self.call(arguments, sizes, order)
            self._compare(reply["answer"], arguments, sizes, check.dtype, check.reference, check.tolerance, check.order)

    def unchanged(self) -> None:
        """The arguments are afterwards what they were."""
        arguments, sizes, _ = self.case(self._small, self._small.sizes[0])
        reply = self.call(arguments, sizes)
        for name, before, after in zip(self.exercise.arguments, arguments, reply["arguments"], strict=True):
            if not np.array_equal(np.asarray(before), np.asarray(after), equal_nan=_number(before)):
                raise WrongError(f"{name} is changed by the call: work on a new array, or on a copy")

    def alone(self) -> None:
        """The same arrays with other numbers in them give another answer, and the one before stays as it was."""
        first, sizes, _ = self.case(self._small, self._small.sizes[0])
        second = self.case(self._small, self._small.sizes[0])[0]
        old = self.call(first, sizes)["answer"]
        reply = self.call(second, sizes, again=True)
        if _same(reply["answer"], old) and not _same(old, self._expected(second)):
            raise WrongError(
                "the same arrays with other numbers in them give the old answer: is it kept from call to call?"
            )
        self._compare(reply["answer"], second, sizes, self._small.dtype)
        if not _same(reply["before"], old):
            raise WrongError("the second call changes what the first one returned: return a new array from each call")

    def fact(self, fact: Fact) -> str:
        """What is counted is what it should be; return it in words."""
        if self.wrong:
            raise CountError("counted when the answers are right")
        counts = []
        for sizes in fact.at:
            other = {**sizes, "m": sizes["m"] - 1} if sizes.get("m", 1) > 1 else sizes
            self.call(self.exercise.make_case(self.random, other, fact.dtype), other)  # imports and compiles
            arguments = self.exercise.make_case(self.random, sizes, fact.dtype)
            reply = self.call(arguments, sizes, count=fact.counted)
            self._compare(reply["answer"], arguments, sizes, fact.dtype)
            counts.append(reply["count"])
        found = fact.judge(counts)
        if found:
            raise CountError(found)
        words = COUNTS.get(fact.counted)
        return " and ".join(map(words, counts)) if words else ""

    def explain(self, error: SubmissionError) -> tuple[str, ...]:
        """What was raised, and what the mistake may be that raises it."""
        if not error.kind or self.last is None:
            return (str(error),)
        arguments, sizes = self.last
        return str(error), mistaken(self.exercise, arguments, sizes, None, error.raised), _sizes(sizes)

    @property
    def _small(self) -> Check:
        return self.exercise.checks[0]

    def _expected(self, arguments: Arguments, reference: Callable[..., Any] | None = None) -> Answer:
        return results_of((reference or self.exercise.reference)(*map(_wide, arguments)))

    def _compare(
        self,
        answer: Any,
        arguments: Arguments,
        sizes: Sizes,
        dtype: str,
        reference: Callable[..., Any] | None = None,
        tolerance: float | Ulps | None = None,
        order: str = "C",
    ) -> None:
        expected = self._expected(arguments, reference)
        at, found = difference(self.exercise, answer, expected, sizes, dtype, tolerance)
        if found:
            hint = mistaken(self.exercise, arguments, sizes, results_of(answer), "", expected, at)
            raise WrongError(found, hint, f"{_sizes(sizes)}{_kind(dtype, order)}")


def _kind(dtype: str, order: str) -> str:
    words = {"F": "Fortran order", "strided": "every second element of an array"}
    return (f", {dtype}" if dtype != "float64" else "") + (f", {words[order]}" if order in words else "")


def _sizes(sizes: Sizes) -> str:
    return ", ".join(f"{letter} = {size:,}" for letter, size in sizes.items())


def _wide(value: Any) -> Any:
    """As float64, in C order: expected answers are computed in more digits than float32 has."""
    if isinstance(value, np.ndarray) and value.dtype == np.float32:
        return value.astype(np.float64)
    return arranged(value, "C")


def _number(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "f"


def _same(one: Any, other: Any) -> bool:
    """Whether two answers hold the same numbers."""
    pairs: Iterator[tuple[Any, Any]] = zip(results_of(one), results_of(other), strict=False)
    try:
        return all(np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=0) for a, b in pairs)
    except TypeError:
        return False
