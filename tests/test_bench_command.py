"""The command ``bench``: what it left out is not counted as checked, and a few examples tell what is slow."""

import json

import pytest

from fastshallow.backends import BY_EXAMPLE, functional
from fastshallow.command.cli import main
from fastshallow.measuring import report

LOOPS = report.Case(2, 4, 1, 100)
QUICK = ("--shape", "2-4-1", "--seconds", "0.001")


@pytest.fixture
def run(capsys):
    """Run the command in this process: its exit status, what it printed, and what it complained about."""

    def call(*arguments):
        status = main(["bench", *arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def clock(monkeypatch):
    """A step takes as many seconds as it is told: a call's own, and an example's. What was tried is kept."""
    tried = []

    def takes(call, example):
        def step(case, backend, arguments):
            tried.append(case.m)
            return lambda: None

        monkeypatch.setattr(report.Case, "step", step)
        monkeypatch.setattr(report, "_elapsed", lambda function, calls: call + example * tried[-1])
        return tried

    return takes


def test_what_is_left_out_gave_no_answer(run, monkeypatch):
    monkeypatch.setattr(report, "too_slow", lambda case, name, longest: "about 7 s a step" * (name == "loops"))
    status, out, err = run(*QUICK, "--batch-sizes", "8", "--backends", "examples", "loops")
    assert (status, err) == (0, "")
    assert "Each first gave NumPy's answer (examples); the largest difference was " in out
    assert "Neither checked nor timed where a step takes too long: loops.\n" in out
    out = run(*QUICK, "--batch-sizes", "8", "--backends", "loops")[1]
    assert "answer" not in out
    assert "Neither" not in run(*QUICK, "--batch-sizes", "8", "--backends", "examples")[1]


def test_the_largest_difference_is_that_of_what_was_checked(run, monkeypatch):
    right = functional.cost_and_gradients

    def rounded(X, Y, p, **options):
        cost, gradients = right(X, Y, p, **options | {"backend": "numpy"})
        return cost, gradients._replace(b2=gradients.b2 + (options["backend"] == "examples") * 2.0**-20)

    monkeypatch.setattr(functional, "cost_and_gradients", rounded)
    assert (
        "(examples); the largest difference was 9.5e-07"
        in run(*QUICK, "--batch-sizes", "8", "--backends", "examples")[1]
    )


@pytest.mark.parametrize(
    ("call", "example", "reason"),
    [
        (0.0, 0.02, "about 2 s a step"),
        (0.0, 0.0104, "about 1 s a step"),
        (0.0, 0.0149, "about 1.5 s a step"),
        (0.0, 15.0, "about 1,500 s a step"),
        (0.0, 0.0099, ""),
        (0.0199, 1e-6, ""),  # by one example alone it would take two seconds
    ],
)
@pytest.mark.parametrize("backend", BY_EXAMPLE)
def test_what_is_slow_is_judged_by_a_few_examples(clock, backend, call, example, reason):
    tried = clock(call, example)
    assert report.too_slow(LOOPS, backend, 1.0) == reason
    assert tried == ([1, 8, 64, 100] if call else [1, 8][: 1 + (example < 0.02)])


def test_reasons_are_never_nothing(clock):
    clock(0.0, 0.0006)
    assert report.too_slow(LOOPS, "loops", 0.05) == "about 0.06 s a step"
    assert report.too_slow(LOOPS, "numpy", 1e-9) == report.too_slow(LOOPS, "fused", 1e-9) == ""


def test_one_softmax_unit_is_refused(run):
    status, out, err = run("--shape", "2-4-3", "2-4-1", "--output", "softmax")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("fastshallow: error: --output softmax needs two outputs or more: one is always 1")


def test_softmax_has_shapes_of_its_own(run):
    options = ("--batch-sizes", "4", "--seconds", "0.001", "--backends", "examples", "--json")
    for output, expected in ("softmax", {(2, 4, 3), (30, 64, 10)}), ("sigmoid", {(2, 4, 1), (30, 64, 1)}):
        cases = [step["case"] for step in json.loads(run(*options, "--output", output)[1])["steps"]]
        assert {(case["n_x"], case["n_h"], case["n_y"]) for case in cases} == expected
