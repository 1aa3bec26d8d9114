"""What training shows while it goes on: a bar whose total stays whole, lines where there is no bar, a clock before."""

import re
import sys
import time
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.training import arguments, display, training
from fastshallow.training.display import Clock, Lines

FLOWER = fs.datasets.planar_flower()
RUN = {"epochs": 300, "seed": 2, "backend": "numpy"}


def take_for_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def progress(epoch, seconds, validation=np.nan):
    return fs.Progress(epoch, 10_000, 0.25, validation, 0.9, 1.2, seconds)


# ---- the bar ----


def test_the_progress_bar(capsys):
    pytest.importorskip("tqdm")
    fs.train(*FLOWER, **RUN, validation=0.1, progress=True)
    shown = capsys.readouterr().err
    assert "300/300" in shown and "cost 0." in shown and "validation 0." in shown


@pytest.mark.parametrize("columns", [20, 40, 60, 80])
def test_the_total_is_whole_on_a_narrow_terminal(columns, capsys, monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setenv("COLUMNS", str(columns))
    bar = display.Bar(10_000)
    bar._bar.dynamic_ncols = lambda stream: (columns, 20)
    bar.show(progress(5000, 1.0, 0.2))
    bar._bar.refresh()
    bar.close()
    last = capsys.readouterr().err.split("\r")[-1].rstrip("\n")
    assert last.startswith("5000/10000 ") and len(last) <= columns
    if columns >= 60:
        assert last.endswith("cost 0.25, validation 0.2")


def test_the_bar_of_a_run_that_goes_on_begins_there(tmp_path, capsys):
    pytest.importorskip("tqdm")
    fs.train(*FLOWER, **RUN, checkpoint=tmp_path / "run.npz")
    fs.resume(tmp_path / "run.npz", *FLOWER, epochs=301, progress=True)
    assert "301/301" in capsys.readouterr().err


def test_no_bar_where_nothing_is_trained(capsys):
    pytest.importorskip("tqdm")
    with pytest.raises(ValueError, match="too few"):
        fs.train(*FLOWER, epochs=3, validation=0.001, progress=True)
    assert capsys.readouterr().err == ""


def test_a_missing_tqdm_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r'pip install "fastshallow\[progress\]"'):
        fs.train(*FLOWER, epochs=3, progress=True)


# ---- lines ----


def test_lines(capsys):
    net = fs.train(*FLOWER, **RUN, validation=0.25, verbose=1)
    captured = capsys.readouterr()
    (line,), history = captured.out.splitlines(), net.history
    assert line == (
        f"epoch 300 of 300  cost {history.cost[-1]:.6f}  validation {history.validation_cost[-1]:.6f} "
        f"({history.validation_score[-1]:.4f})  rate 1.2  {history.seconds[-1]:.1f} s"
    )
    assert captured.err == ""


def test_a_diverging_run_shows_how_far_it_came(capsys, monkeypatch):
    monkeypatch.setattr(Lines, "every", 1e-9)
    with pytest.raises(fs.DivergenceError):
        settings = RUN | {"output": "identity", "hidden": "identity", "learning_rate": 60.0}
        fs.train(*FLOWER, **settings, verbose=1, callbacks=lambda progress: None)
    assert re.fullmatch(r"epoch +\d+ of 300  cost \S+  rate 60  0.\d s", capsys.readouterr().out.splitlines()[-1])


def test_lines_come_now_and_then_and_at_the_end(capsys):
    lines = Lines()
    for second in np.arange(0.5, 1000.0, 0.5):
        lines.show(progress(int(second), second))
    lines.close()
    lines.close()
    seconds = [float(line.split()[-2]) for line in capsys.readouterr().out.splitlines()]
    assert seconds[:5] == [0.5, 1.5, 2.5, 3.5, 4.5] and seconds[-1] == 999.5
    assert 50 < len(seconds) < 75 and np.diff(seconds)[-2] > 60


@pytest.mark.parametrize("given", [{"verbose": 1}, {"verbose": True}, {"verbose": 1, "progress": True}])
def test_where_a_bar_can_be_shown_it_is(given, capsys, monkeypatch):
    pytest.importorskip("tqdm")
    take_for_a_terminal(monkeypatch)
    fs.train(*FLOWER, **RUN, **given)
    captured = capsys.readouterr()
    assert captured.out == "" and "300/300" in captured.err


def test_where_it_cannot_there_are_lines(capsys, monkeypatch):
    take_for_a_terminal(monkeypatch)
    monkeypatch.setattr(display.importlib.util, "find_spec", lambda name: None)
    fs.train(*FLOWER, **RUN, verbose=1, progress=True)
    captured = capsys.readouterr()
    assert captured.out.startswith("epoch ") and captured.err == ""


def test_else_nothing_is_shown(capsys, monkeypatch):
    take_for_a_terminal(monkeypatch)
    fs.train(*FLOWER, **RUN)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", [2, -1, "yes", None, 0.5])
def test_bad_verbosity_is_named(verbose):
    with pytest.raises(ValueError, match="verbose must be 0, or 1 for a line now and then, not"):
        fs.train(*FLOWER, epochs=2, verbose=verbose)


# ---- the clock ----


def test_the_clock_moves_once_it_takes_long(monkeypatch):
    monkeypatch.setattr(display, "LONG", 0.05)
    monkeypatch.setattr(display, "TICK", 0.01)
    seconds = []
    with Clock(seconds.append):
        for _ in range(1000):
            if len(seconds) < 5:
                time.sleep(0.01)
    count = len(seconds)
    time.sleep(0.05)
    assert len(seconds) == count >= 5 and seconds == sorted(seconds) and seconds[0] >= 0.05
    with Clock(seconds.append):
        pass
    assert len(seconds) == count  # what is quick says nothing


@pytest.fixture
def compiles_for_long(monkeypatch):
    """Let whatever prepares training take as long as it needs to be noticed."""
    monkeypatch.setattr(display, "LONG", 0.01)
    monkeypatch.setattr(display, "TICK", 0.01)
    go = training.go

    def slow(settings, data, validation, p, threads, hooks, stored=None):
        with hooks.compiling:
            time.sleep(0.5)
        return go(settings, data, validation, p, threads, replace(hooks, compiling=nullcontext()))

    monkeypatch.setattr(training, "go", slow)


def test_the_bar_says_that_it_compiles(compiles_for_long, capsys):
    pytest.importorskip("tqdm")
    fs.train(*FLOWER, **RUN | {"backend": "fused"}, progress=True)
    shown = capsys.readouterr().err
    waited = re.findall(r"0/300 .*?compiling (\d\.\d) s", shown)
    assert len(set(waited)) > 1 and waited == sorted(waited)
    assert "300/300" in shown and "compiling" not in shown.split("\r")[-1]


def test_lines_say_it_once(compiles_for_long, capsys):
    fs.train(*FLOWER, **RUN | {"backend": "fused"}, verbose=1)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "compiling ..." and all(line.startswith("epoch ") for line in rest)


def test_compiling_is_done_before_the_time_of_training_begins(monkeypatch):
    from fastshallow.backends import jit

    hidden = fs.Activation("clock", lambda z: z / (1.5 + np.abs(z)), lambda z, a: 1.5 / (1.5 + np.abs(z)) ** 2)
    compiled = []

    class Watched(Clock):
        def __exit__(self, *error):
            super().__exit__()
            compiled.append(any(key[0] == hidden.digest for key in jit._compiled))

    monkeypatch.setattr(arguments, "Clock", Watched)
    fs.train(*FLOWER, epochs=2, backend="jit", hidden=hidden, verbose=1)
    assert compiled == [True]
