"""What a fresh process waits for, and the gate on counted instructions."""

import json
import sys
from pathlib import Path

import pytest

from fastshallow.measuring import Case, starts

sys.path.append(str(Path(__file__).parent.parent))  # last, so that an installed fastshallow comes first

from benchmarks import instructions


def test_what_compiles_nothing_has_no_empty_cache():
    found = starts.start(Case(2, 4, 3, 5, output="softmax"), "numpy")
    assert found.empty_cache is None and found.implementation == "numpy"
    assert found.imports > 0 and found.filled_cache >= found.call > 0


def test_what_is_compiled_starts_in_an_empty_folder_and_again_in_the_same(monkeypatch):
    folders = []

    def process(case, backend, folder):
        folders.append(folder)
        assert Path(folder).is_dir()
        return 0.1, 9.0 / len(folders), 1e-6

    monkeypatch.setattr(starts, "_process", process)
    found = starts.start(Case(2, 4, 1, 1), "fused")
    assert (found.empty_cache, found.filled_cache, found.call) == (9.0, 4.5, 1e-6)
    assert len(folders) == 2 and len({*folders}) == 1 and not Path(folders[0]).exists()


@pytest.mark.parametrize(("change", "status"), [(1.0, 0), (1.019, 0), (1.021, 1), (0.5, 0)])
def test_more_instructions_fail(monkeypatch, tmp_path, capsys, change, status):
    """Of a step alone: what a process executes before its first one falls out."""
    path = tmp_path / "before.json"
    monkeypatch.setattr(instructions.shutil, "which", lambda name: name)
    monkeypatch.setattr(instructions, "count", lambda cell, steps, folder: 10**9 + 5000 * steps)
    monkeypatch.setattr(sys, "argv", ["instructions", "--cells", "2-4-1-1", "--write", str(path)])
    assert instructions.main() == 0 and json.loads(path.read_text()) == {"2-4-1-1": 5000.0}
    monkeypatch.setattr(instructions, "count", lambda cell, steps, folder: 2 * 10**9 + change * 5000 * steps)
    monkeypatch.setattr(sys, "argv", ["instructions", "--cells", "2-4-1-1", "--against", str(path)])
    assert instructions.main() == status
    assert f"{100 * (change - 1):+.2f} %" in capsys.readouterr().out


def test_without_valgrind_it_says_how_to_have_it(monkeypatch, capsys):
    monkeypatch.setattr(instructions.shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["instructions"])
    assert instructions.main() == 2 and "apt install valgrind" in capsys.readouterr().err
