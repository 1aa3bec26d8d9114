"""Every exercise: its solution passes, its stub does not, planted faults and common mistakes are told by name."""

import re

import numpy as np
import pytest
from cases import for_long

from fastshallow.exercises import check, lessons
from fastshallow.exercises.benching import Ratio, tier_of
from fastshallow.exercises.checking import Report, results
from fastshallow.exercises.differences import difference, mistaken
from fastshallow.exercises.format import Ulps, outcome, results_of
from fastshallow.exercises.process import Limits
from fastshallow.exercises.reading import objections

ALL = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
# The first wrong ones of each are always tried: a process each, where Numba compiles for seconds.
FIRST = [(each, wrong) for each in lessons() for wrong in each.wrong[: 1 if "numba" in each.exercise.imports else 2]]
REST = [(each, wrong) for each in lessons() for wrong in each.wrong if (each, wrong) not in FIRST]


def reasons(lesson, path, words, limits=None):
    """Why the submission fails, up to these words."""
    told = []
    for result in results(lesson, path, Report(lesson.name, seed=3), limits):
        told.append(f"{result.reason} {result.hint}")
        if words in told[-1]:
            break
    return told


@ALL
def test_the_solution_passes(lesson):
    report = check(lesson, lesson.folder / "solution.py")
    assert not [each for each in report.results if not each.passed]
    assert report.points == report.possible > 0


@ALL
def test_the_stub_is_not_written_yet(lesson):
    words = f"{lesson.exercise.function} is not written yet"
    assert reasons(lesson, lesson.folder / "stub.py", words)[-1].strip() == words


@ALL
def test_the_solution_is_in_the_top_tier_and_half_its_speed_is_not(lesson):
    bench = lesson.exercise.bench
    assert tier_of(bench, Ratio(1.0, 0.99, 1.01))[0] == bench.tiers[0].name
    assert tier_of(bench, Ratio(0.5, 0.49, 0.51))[0] != bench.tiers[0].name
    assert [each.least for each in bench.tiers] == sorted((each.least for each in bench.tiers), reverse=True)


@ALL
def test_files_are_complete(lesson):
    number = lesson.name.split("_")[0]
    assert re.match(rf"# {int(number)}\. {lesson.exercise.title}\n", lesson.page)
    assert "## What to do" in lesson.page
    assert all(len(line) <= 80 for line in lesson.page.splitlines() if line.startswith("    "))  # a terminal's width
    assert "redict" in lesson.page
    assert 2 <= len(lesson.hints) <= 5
    assert f"def {lesson.exercise.function}({', '.join(lesson.exercise.arguments)}" in lesson.stub
    assert f"def {lesson.exercise.function}(" in lesson.solution
    assert not list(objections(lesson.solution, lesson.exercise.imports, lesson.exercise.refused))
    assert len(lesson.wrong) >= 3
    assert len(lesson.exercise.mistakes) >= 10


@ALL
def test_each_common_mistake_has_its_own_message(lesson):
    exercise, random = lesson.exercise, np.random.default_rng(5)
    assert len({each.message for each in exercise.mistakes}) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert mistake.message.format(**exercise.checks[0].sizes[0])
        for each in exercise.checks:
            sizes = each.sizes[0]
            if np.prod(list(sizes.values())) > 1e5 or each.reference:
                continue
            dtype = each.dtype if isinstance(each.tolerance, Ulps) else "float64"
            arguments = (each.make or exercise.make_case)(random, sizes, dtype)
            expected = results_of(exercise.reference(*arguments))
            wrong = outcome(mistake.formula, arguments)
            if isinstance(wrong, Exception):
                found, told = True, mistaken(exercise, arguments, sizes, None, str(wrong))
            else:
                answer = wrong if len(wrong) > 1 else wrong[0]
                at, found = difference(exercise, answer, expected, sizes, dtype, each.tolerance)
                told = mistaken(exercise, arguments, sizes, wrong, "", expected, at) if found else ""
            if found:
                assert mistake.message.format(**sizes) in told
                break
        else:
            pytest.fail(f"no check finds: {mistake.message}")


@pytest.mark.parametrize(("lesson", "wrong"), [*FIRST, *for_long(REST)], ids=lambda each: each.name)
def test_what_is_wrong_fails_for_its_reason(lesson, wrong, tmp_path):
    text = lesson.solution
    for old, new in wrong.replace.items():
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    path = tmp_path / lesson.file
    path.write_text(text, encoding="utf-8")
    told = reasons(lesson, path, wrong.reason, Limits(call=1.0) if "not answer within" in wrong.reason else None)
    assert wrong.reason in told[-1], told
