"""The command ``bench``: what it chooses, checks, leaves out and shows, in this process or in those that it starts."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from fastshallow.backends import BY_EXAMPLE, functional
from fastshallow.measuring import NAMES, SETS, Case, all_cases, cells, implementations, limits, processes, records
from fastshallow.measuring.implementations import PEERS, make_step, missing
from fastshallow.measuring.records import Limits, Reads

PAIRS = [("tanh", "sigmoid"), ("relu", "softmax"), ("softplus", "identity"), ("leaky_relu", "sigmoid")]
LOOPS = Case(2, 4, 1, 100)
QUICK = ("bench", "--shape", "2-4-1", "--seconds", "0.001", "--processes", "2")
LIMITS = Limits("float32", 1, 1e11, [Reads("L1", 1, 1e11), Reads("memory", 2**20, 1e10)])


@pytest.fixture
def here(monkeypatch):
    """Measure in this process, on a machine whose limits are known."""
    monkeypatch.setattr(processes, "run", processes.here)
    monkeypatch.setattr(limits, "_measure", lambda dtype, threads: LIMITS)
    limits._found.cache_clear()
    yield
    limits._found.cache_clear()


@pytest.fixture
def clock(monkeypatch):
    """A step takes as many seconds as it is told: a call's own, and an example's. What was tried is kept."""
    tried = []

    def takes(call, example):
        def step(case, backend, arguments):
            tried.append(case.m)
            return lambda: None

        monkeypatch.setattr(Case, "step", step)
        monkeypatch.setattr(cells.timing, "elapsed", lambda function, calls: call + example * tried[-1])
        return tried

    return takes


def test_processes_measure_and_the_record_is_whole(run, tmp_path):
    """Really: two processes, and limits of this machine."""
    path = tmp_path / "record.json"
    status, out, err = run(*QUICK, "--batch-sizes", "8", "--backends", "examples", "--json", path)
    assert status == 0 and err == f"{path}: the record, for --compare and --from\n"
    record = records.read(path)
    assert record == records.from_json(json.loads(records.json_text(record)))
    (cell,) = record.cells
    assert cell.case == Case(2, 4, 1, 8) and (cell.flops, cell.bytes) == (cell.case.flops, cell.case.bytes)
    assert [each.implementation for each in cell.results] == ["examples", "numpy"]
    for each in cell.results:
        assert each.seconds.minimum <= each.seconds.median <= each.seconds.maximum
        assert len(each.least) == record.processes == 2
        assert each.flops_per_second == pytest.approx(cell.flops / each.seconds.median, rel=1e-4)
        assert 0 < each.of_limit < 1 and each.memory > 0
    assert [(each.dtype, each.threads) for each in record.limits] == [("float32", 1)]
    assert "cache_folder" not in record.machine and record.machine["versions"]["numpy"] == np.__version__
    assert "2-4-1           8  examples" in out


@pytest.mark.parametrize(("apart", "taken"), [(0.001, 4), (0.5, 9)])
def test_more_processes_follow_where_they_lie_apart(monkeypatch, apart, taken):
    """Until their least times are close, or there are `most`."""
    from fastshallow.measuring import benchmark

    plan, times = processes.Plan([Case(2, 4, 1, 8)], ["numpy"], 1, 0.1, 1.0), itertools.count(1)

    def one_round(plans):
        seconds = [1.0 + apart * next(times)]
        yield 0, 0, processes.Found([cells.Measurement("numpy", seconds=seconds)], [1.0])

    monkeypatch.setattr(benchmark, "one_round", one_round)
    told = []
    found, count = benchmark._found([plan], 4, 9, lambda *progress: told.append(progress))
    assert count == taken == len(found[0][0])
    assert [done for done, _, _ in told] == [*range(1, taken + 1)] and told[-1][1] == taken


def test_a_process_has_the_threads_that_are_asked_for(monkeypatch):
    started = {}

    def popen(command, env, **options):
        started.update(env)
        raise OSError

    monkeypatch.setattr(processes.subprocess, "Popen", popen)
    for threads in (1, 3):
        with pytest.raises(OSError):
            next(processes.run(processes.Plan([LOOPS], ["numpy"], threads, 0.1, 0.1)))
        assert started["OPENBLAS_NUM_THREADS"] == started["OMP_NUM_THREADS"] == str(threads)


def test_a_process_that_ends_early_is_an_error():
    with pytest.raises(RuntimeError, match="ended with status 1"):
        list(processes.run(processes.Plan([LOOPS], ["nosuch"], 1, 0.001, 0.1)))


def test_json_alone(run, here):
    status, out, err = run(*QUICK, "--batch-sizes", "8", "--backends", "examples", "--json")
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert json.loads(out)["version"] == 1


@pytest.mark.parametrize("peaks", [(2e11, 5e11), (5e11, 2e11), (1e3, 1e3, 5e11)], ids=["before", "after", "again"])
def test_all_shares_are_of_the_highest_limit(run, here, monkeypatch, tmp_path, peaks):
    """The machine may have been slower when it was measured first, or last."""
    found = itertools.chain(peaks, itertools.repeat(1e3))
    monkeypatch.setattr(limits, "_measure", lambda dtype, threads: replace(LIMITS, flops_per_second=next(found)))
    path = tmp_path / "record.json"
    run(*QUICK, "--shape", "30-64-1", "--batch-sizes", "64", "128", "--backends", "examples", "--json", path)
    record = records.read(path)
    assert record.limits[0].flops_per_second == 5e11
    for cell in record.cells:
        assert cell.limit.seconds == pytest.approx(cell.flops / 5e11, rel=1e-4)


def test_what_is_left_out_gave_no_answer(run, here, monkeypatch):
    monkeypatch.setattr(cells, "too_slow", lambda case, name, longest: "about 7 s a step" * (name == "loops"))
    status, out, err = run(*QUICK, "--batch-sizes", "8", "--backends", "examples", "loops")
    assert (status, err) == (0, "")
    assert "Each first gave NumPy's answer (examples); the largest difference was " in out
    assert "Neither checked nor timed where a step takes as long as it says: loops.\n" in out
    assert any(line.split()[-7:] == ["~7", "s", "-", "-", "-", "-", "-"] for line in out.splitlines())
    out = run(*QUICK, "--batch-sizes", "8", "--backends", "loops")[1]
    assert "answer" not in out
    assert "Neither" not in run(*QUICK, "--batch-sizes", "8", "--backends", "examples")[1]


def test_what_is_not_installed_is_said_once(run, here, monkeypatch):
    monkeypatch.setattr(cells, "missing", lambda name, output: "not installed: pip install jax" * (name == "jax"))
    out = run(*QUICK, "--batch-sizes", "8", "9", "--backends", "jax")[1]
    assert out.count("jax is not installed: pip install jax\n") == 1 == out.count("jax is")


def test_the_largest_difference_is_that_of_what_was_checked(run, here, monkeypatch):
    right = functional.cost_and_gradients

    def rounded(X, Y, p, **options):
        cost, gradients = right(X, Y, p, **options | {"backend": "numpy"})
        return cost, gradients._replace(b2=gradients.b2 + (options["backend"] == "examples") * 2.0**-20)

    monkeypatch.setattr(functional, "cost_and_gradients", rounded)
    out = run(*QUICK, "--batch-sizes", "8", "--backends", "examples")[1]
    assert "(examples); the largest difference was 9.5e-07" in out


def test_a_wrong_answer_is_refused_and_not_timed(run, here, monkeypatch):
    right = functional.cost_and_gradients

    def wrong(X, Y, p, **options):
        cost, gradients = right(X, Y, p, **options | {"backend": "numpy"})
        return cost, gradients._replace(b1=gradients.b1 + (options["backend"] == "examples") * 1e-3)

    monkeypatch.setattr(functional, "cost_and_gradients", wrong)
    status, out, err = run(*QUICK, "--batch-sizes", "8", "--backends", "examples")
    assert (status, out, err.count("\n")) == (1, "", 1) and "examples is 0.001 from numpy" in err


def test_a_wrong_answer_comes_out_of_a_process(monkeypatch):
    with pytest.raises(processes.WrongAnswerError, match="fused is"):
        processes._found({"wrong": "fused is 1 from numpy"})


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
    assert cells.too_slow(LOOPS, backend, 1.0) == reason
    assert tried == ([1, 8, 64, 100] if call else [1, 8][: 1 + (example < 0.02)])


def test_reasons_are_never_nothing(clock):
    clock(0.0, 0.0006)
    assert cells.too_slow(LOOPS, "loops", 0.05) == "about 0.06 s a step"
    assert cells.too_slow(LOOPS, "numpy", 1e-9) == cells.too_slow(LOOPS, "fused", 1e-9) == ""


def test_one_softmax_unit_is_refused(run):
    status, out, err = run("bench", "--shape", "2-4-3", "2-4-1", "--output", "softmax")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("fastshallow: error: --output softmax needs two outputs or more: one is always 1")


@pytest.mark.parametrize(
    "where", ["--json a.json", "--json=a.json", "--html b.html --json a.json", "--json", "--json -", ""]
)
def test_a_record_does_not_say_where_it_was_written(chosen, monkeypatch, where):
    monkeypatch.setattr("sys.argv", ["fastshallow", "bench", *where.split(), "--set", "course"])
    assert chosen()[1]["command"] == "fastshallow bench --set course"


@pytest.fixture
def chosen(monkeypatch):
    """What a command would measure."""
    from fastshallow.command import bench

    class Stopped(Exception):
        pass

    def call(*words):
        def stop(*arguments, **options):
            raise Stopped(arguments, options)

        from fastshallow.command.cli import main

        monkeypatch.setattr(bench, "bench", stop)
        with pytest.raises(Stopped) as stopped:
            main(["bench", *words])
        return stopped.value.args

    return call


def test_the_default_is_the_quick_set(chosen):
    (found, names, threads), options = chosen()
    assert found == all_cases(SETS["quick"].cells, ["float32"]) and threads == [1]
    assert names == [name for name in NAMES if name in SETS["quick"].implementations]
    assert (options["name"], options["processes"]) == ("quick", SETS["quick"].processes)


def test_options_overrule_a_set(chosen):
    words = ("--set", "course", "--dtype", "float32", "--batch-sizes", "9", "3", "9", "--threads", "2", "1")
    (found, _, threads), options = chosen(*words, "--seconds", "7", "--processes", "4")
    assert found == [Case(2, 4, 1, 3), Case(2, 4, 1, 9)] and threads == [1, 2]
    assert (options["name"], options["seconds"], options["processes"], options["starts"]) == ("", 7.0, 4, True)


def test_several_outputs_are_classes(chosen):
    (found, *_), _ = chosen("--shape", "3-5-2", "--batch-sizes", "7")
    assert found == [Case(3, 5, 2, 7, output="softmax")]
    (found, *_), _ = chosen("--output", "softmax")
    assert {(case.n_x, case.n_h, case.n_y, case.output) for case in found} == {
        (2, 4, 3, "softmax"),
        (30, 64, 3, "softmax"),
    }


@pytest.mark.parametrize("name", SETS)
def test_sets_have_numpy_and_sizes_in_order(name):
    chosen = SETS[name]
    assert "numpy" in chosen.implementations and {*chosen.implementations} <= {*NAMES}
    assert all(list(sizes) == sorted(set(sizes)) for sizes in chosen.cells.values())
    assert chosen.processes >= 2  # what --compare needs


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(run, tmp_path, monkeypatch, option):
    monkeypatch.setattr(processes, "run", None)
    status, out, err = run(*QUICK, option, tmp_path / "nosuch" / "file")
    assert (status, out, err.count("\n")) == (2, "", 1) and "nosuch" in err


def test_noise_is_told(run, here, monkeypatch):
    from fastshallow.measuring import benchmark

    monkeypatch.setattr(benchmark, "calibration", lambda pulse: records.Calibration(1.0, 2.0, 0.9, 2.0, "it shook"))
    assert "The machine was not quiet: it shook.\n" in run(*QUICK, "--batch-sizes", "8", "--backends", "examples")[1]


@pytest.mark.parametrize("case", [Case(2, 4, 2, 9, hidden, output) for hidden, output in PAIRS], ids=str)
@pytest.mark.parametrize("name", PEERS)
def test_peers_give_the_same_gradients(name, case):
    pytest.importorskip(PEERS[name][0])
    if name == "torch.compile":
        pytest.skip("compiles for a minute what torch runs")
    arguments = case.arguments()
    step = make_step(name, case, arguments, 1)
    case.validate(name, step.answer(step.call()), case.step("numpy", arguments)())


def test_peers_are_asked_only_for_what_they_are_written_for(monkeypatch):
    monkeypatch.setattr(implementations.importlib.util, "find_spec", lambda package: True)
    assert missing("jax", "exp") == "not written for exp" and missing("jax", "softmax") == ""
    monkeypatch.setattr(implementations.importlib.util, "find_spec", lambda package: None)
    assert missing("torch.compile") == "not installed: pip install torch"
