"""What the command shows on a terminal: bars with a clock that moves, whose total is whole on narrow ones; notes."""

import io
import re
import sys
import threading
import warnings

import numpy as np
import pytest

from fastshallow.command import console
from fastshallow.command.cli import main

COMPILING = "compiling, or loading"


class Terminal(io.StringIO):
    """A terminal that remembers, and says when it shows what is waited for."""

    def __init__(self, wanted=""):
        super().__init__()
        self.wanted, self.seen = re.compile(wanted), threading.Event()

    def write(self, text):
        count = super().write(text)
        if self.wanted.search(plain(self.getvalue())):
            self.seen.set()
        return count

    def isatty(self):
        return True


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def lines(terminal):
    return [line.rstrip() for line in re.split(r"[\r\n]+", plain(terminal.getvalue())) if line.strip()]


def on(monkeypatch, columns, term, wanted=""):
    if term != "dumb":
        pytest.importorskip("rich")
    terminal = Terminal(wanted)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return terminal


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_the_total_is_whole_on_every_terminal(columns, term, monkeypatch):
    terminal = on(monkeypatch, columns, term)
    with console.progress_bar("numpy") as step:
        step(0, 10_000, COMPILING)
        step(10_000, 10_000, "cost 0.218642")
    shown = lines(terminal)
    assert max(map(len, shown)) <= columns
    total = "10,000 of 10,000" if term == "dumb" else "10000/10000"
    assert total in shown[-1]
    if columns >= 60:
        assert "cost 0.218642" in shown[-1] and any(COMPILING in line for line in shown)


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_the_clock_moves_while_nothing_else_does(term, monkeypatch):
    later = r"0 of 9, 1 s, comp" if term == "dumb" else r"0/9 0:00:01 comp"
    terminal = on(monkeypatch, 60, term, later)
    with console.progress_bar("fused") as step:
        step(0, 9, COMPILING)
        assert terminal.seen.wait(20)


@pytest.mark.parametrize("wanted", [True, False])
def test_nothing_is_shown_where_there_is_no_terminal(wanted, capsys):
    with console.progress_bar("fused", wanted) as step:
        assert step is None
    assert capsys.readouterr() == ("", "")


def test_warnings_are_notes(tmp_path, capsys):
    np.savez(tmp_path / "data.npz", X=np.random.default_rng(0).standard_normal((2, 30)), Y=np.eye(2)[[0, 1] * 15].T[:1])
    learn = ["train", str(tmp_path / "data.npz"), "--target", "Y", "--epochs", "40", "--learning-rate", "900"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        showing = warnings.showwarning
        assert main([*learn, "--backend", "numpy"]) == 0
        assert warnings.showwarning is showing
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("fastshallow: note: training ends at a cost of ")
