"""What changed between two records, on simulated processes; and records that can't be read or compared."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fastshallow.measuring import Case, changes, records, unchanged, unlike
from fastshallow.measuring.records import Calibration, Cell, Interval, Record, Result, Spread

EXAMPLE = Path(__file__).parent / "records" / "example.json"
CASES = [Case(2, 4, 1, m) for m in (1, 64, 1024, 16384)]
NAMES = ("numpy", "jit", "fused")


def record(random, scatter, slower=1.0, processes=12, cases=CASES, machine=None):
    """Of processes whose times lie so far above the least; `fused` with 1024 examples is so many times slower.

    A third of the processes is disturbed, and then takes up to 1.6 times as long.
    """
    cells = []
    for case in cases:
        results = []
        for name in NAMES:
            seconds = {"numpy": 8e-6, "jit": 4e-6, "fused": 1e-6}[name] * case.m
            seconds *= slower if (name, case.m) == ("fused", 1024) else 1.0
            disturbed = 1 + 0.6 * random.random(processes) * (random.random(processes) < 1 / 3)
            least = (seconds * np.exp(scatter * random.exponential(size=processes)) * disturbed).tolist()
            spread = Spread(*[least[0]] * 5, turns=9, calls=1)
            results.append(Result(name, "", 0.0, spread, Interval(8, 7, 9), "", least))
        cells.append(Cell(case, 1, case.flops, case.bytes, None, results))
    quiet = Calibration(1e-5, 1e-5, 0.0, 1.0)
    return Record("", "", "", machine or {}, None, None, 0.95, processes, quiet, [], cells)


def verdicts(found):
    return {(each.implementation, each.case.m): each.verdict for each in found if each.implementation != "numpy"}


def test_what_is_unchanged_is_called_so_and_ten_percent_are_found():
    """In 20 of 20 tries each, where most processes lie 3 % above the floor."""
    random = np.random.default_rng(4)
    for _ in range(20):
        before, same, slow = (record(random, 0.03, slower) for slower in (1.0, 1.0, 1.1))
        assert unchanged(changes(before, same))
        found = changes(before, slow)
        wrong = {key: value for key, value in verdicts(found).items() if value != "no difference"}
        assert wrong == {("fused", 1024): "slower"} and not unchanged(found)
        assert verdicts(changes(slow, before))["fused", 1024] == "faster"


def test_noise_is_not_called_a_change():
    """Where processes lie 30 % above the floor little is known; of 40 that are the same at most one is changed."""
    random = np.random.default_rng(0)
    found = [verdicts(changes(record(random, 0.3), record(random, 0.3))).values() for _ in range(40)]
    counts = Counter(each for one in found for each in one)
    assert counts["slower"] + counts["faster"] <= counts.total() / 40
    assert counts["unresolved"] > 0.9 * counts.total()


def test_the_ratio_is_that_of_both_runs():
    random = np.random.default_rng(0)
    found = changes(record(random, 1e-6), record(random, 1e-6, 1.25))
    (one,) = (each for each in found if (each.implementation, each.case.m) == ("fused", 1024))
    assert one.ratio.value == pytest.approx(0.8, rel=1e-4) and one.ratio.low < 0.8 < one.ratio.high
    assert one.verdict == "slower"


def test_only_what_both_have_is_compared():
    random = np.random.default_rng(0)
    some, others = record(random, 0.01, cases=CASES[:2]), record(random, 0.01, cases=CASES[1:])
    assert {each.case for each in changes(some, others)} == {CASES[1]}
    with pytest.raises(ValueError, match="no cell in common"):
        changes(record(random, 0.01, cases=CASES[:1]), record(random, 0.01, cases=CASES[1:]))


def test_one_process_does_not_know_how_others_differ():
    random = np.random.default_rng(0)
    with pytest.raises(ValueError, match="needs two processes or more"):
        changes(record(random, 0.01), record(random, 0.01, processes=1))


def test_machines_that_differ_are_told():
    random = np.random.default_rng(0)
    one = record(random, 0.01, machine={"cpu": "A", "vector_bits": 256, "versions": {"numpy": "2.3", "numba": "1"}})
    other = record(random, 0.01, machine={"cpu": "B", "vector_bits": 256, "versions": {"numpy": "2.4", "numba": "1"}})
    assert unlike(one, other) == ["cpu: A -> B", "numpy: 2.3 -> 2.4"]


def test_the_command(run, tmp_path):
    random = np.random.default_rng(4)
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    records.write(record(random, 0.01), before)
    records.write(record(random, 0.01, 1.1), after)
    status, out, err = run("bench", "--compare", before, after)
    assert (status, err) == (0, "") and out.endswith("Of 8: 1 slower.\n")
    assert [line.split()[-1] for line in out.splitlines() if line.split()[:1] == ["fused"]].count("slower") == 1
    assert run("bench", "--compare", before, before)[1].endswith("Nothing changed.\n")


# ---- records ----


def test_the_example_is_read_and_written_as_it_is(tmp_path):
    found = records.read(EXAMPLE)
    records.write(found, tmp_path / "copy.json")
    assert records.read(tmp_path / "copy.json") == found
    assert found.cells[0].case == Case(2, 4, 1, 1) and found.cells[0].results[0].seconds.turns > 0


def test_what_a_later_version_adds_is_ignored():
    value = json.loads(EXAMPLE.read_text()) | {"weather": "fine"}
    value["cells"][0]["results"][0]["colour"] = "red"
    assert records.from_json(value) == records.read(EXAMPLE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "it is not a JSON that fastshallow bench --json wrote"),
        ("[]", "it is not a JSON that fastshallow bench --json wrote"),
        ('{"machine": {}, "steps": []}', "it is not a JSON that fastshallow bench --json wrote"),
        ('{"version": 1}', "it is not a JSON that fastshallow bench --json wrote"),
        ('{"version": 2}', "this is version 2 of a benchmark's record; this fastshallow reads 1"),
    ],
)
def test_other_files_are_refused_by_name(run, tmp_path, text, problem):
    path = tmp_path / "other.json"
    path.write_text(text)
    status, out, err = run("bench", "--compare", path, EXAMPLE)
    assert (status, out) == (2, "") and err == f"fastshallow: error: {path}: {problem}\n"


def test_numbers_that_json_lacks_are_null():
    found = record(np.random.default_rng(0), 0.01)
    found = replace(found, calibration=replace(found.calibration, drift=float("inf")))
    assert json.loads(records.json_text(found))["calibration"]["drift"] is None
