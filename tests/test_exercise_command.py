"""fastshallow exercise, as a learner and a teacher use it, and what stands between a submission and the check."""

import csv
import io
import json
import re
import sys
import time

import numpy as np
import pytest

from fastshallow.exercises import Limits, Progress, bench, check, child, lesson, lessons, notebook
from fastshallow.exercises.benching import Ratio, WrongError, tier_of
from fastshallow.exercises.process import Process, SubmissionError
from fastshallow.exercises.timed import _Repeated

FIRST, SECOND, THIRD = lessons()[:3]
WRONG = (
    "import numpy as np\n\n\ndef forward(x, W1, b1, W2, b2):\n    return 1 / (1 + np.exp(-(W2 @ np.tanh(W1 @ x))))\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def solve(lesson, folder):
    folder.mkdir(exist_ok=True)
    (folder / lesson.file).write_text(lesson.solution, encoding="utf-8")


def test_from_an_empty_folder(run, folder):
    status, out, err = run("exercise", "check")
    assert (status, out) == (2, "")
    assert "no exercise here; begin with fastshallow exercise start" in err
    assert "start one_example" in run("exercise", "list")[1]
    status, out, _ = run("exercise", "start")
    assert status == 0
    assert FIRST.exercise.title in out
    assert (folder / FIRST.file).read_text() == FIRST.stub
    status, out, _ = run("exercise", "check")
    assert status == 1
    assert "forward is not written yet" in out
    assert out.count("not written yet") == 1
    solve(FIRST, folder)
    status, out, _ = run("exercise", "check")
    assert status == 0
    assert "All 8 points: it is right." in out
    assert re.search(r"few steps of Python for each product: [\d,]+ steps and [\d,]+ steps\n", out)
    assert Progress(folder).next() == SECOND
    assert "right" in run("exercise", "progress")[1]


def test_start_keeps_what_is_there_and_writes_what_was_deleted(run, folder):
    path = folder / "course" / THIRD.file
    run("exercise", "start", 3, "course")
    path.write_text("mine")
    out = run("exercise", "start", "all-examples", "course")[1]
    assert "stays as it is" in out
    assert path.read_text() == "mine"
    path.unlink()
    run("exercise", "start", "03_all_examples", "course")
    assert path.read_text() == THIRD.stub


def test_names(run, folder):
    assert run("exercise", "start", "all_exampels")[2].endswith("did you mean all_examples?\n")
    assert "fastshallow exercise list shows all" in run("exercise", "start", "99")[2]
    assert "start 01_one_example writes it" in run("exercise", "check", "1")[2]


def test_a_wrong_one_is_told_by_its_name(run, folder):
    (folder / FIRST.file).write_text(FIRST.solution.replace("zip(W2, b2)", "zip(W2, [0] * len(b2))"))
    status, out, _ = run("exercise", "check", "--seed", 5)
    assert status == 1
    assert out.count("b2 is left out.") == 1  # not again for each check
    assert "a2[0] is" in out
    assert "--seed 5" in out
    assert run("exercise", "check", "--seed", 5)[1] == out
    found = json.loads(run("exercise", "check", "--json")[1])
    assert found["passed"] is False
    assert found["points"] < found["possible"] == sum(each["points"] for each in found["results"])
    assert "It is timed when it is right" in run("exercise", "bench")[1]


def test_hints_say_more_each_time(run, folder):
    run("exercise", "start", "2")
    said = [run("exercise", "hint")[1] for _ in range(4)]
    assert [text.split("\n")[0] for text in said] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]
    assert run("exercise", "solution", "2")[1] == SECOND.solution


def test_progress_survives_damage(folder):
    for text in "", "{", "[1]", '{"01_one_example": 3}':
        (folder / ".fastshallow-exercises.json").write_text(text)
        assert Progress(folder).of(FIRST) == {}
    Progress(folder).note(FIRST, tier="gold")
    assert Progress(folder).of(FIRST) == {"tier": "gold"}


def test_nothing_is_written_beside_a_solution():
    before = sorted(THIRD.folder.iterdir())
    Progress(THIRD.folder).note(THIRD, tier="gold")
    assert sorted(THIRD.folder.iterdir()) == before


def test_bench_times_the_right_answer_alone(folder):
    solve(SECOND, folder)
    found = bench(SECOND, folder / SECOND.file, 0.05)
    assert found.baseline.low <= found.baseline.value <= found.baseline.high
    assert found.seconds > 0
    kept = SECOND.solution.replace("def forward(", "kept = []\n\n\ndef forward(").replace(
        "    a1 =", "    if len(kept) > 20:\n        return kept[0]\n    a1 ="
    )
    kept = kept.replace("return 1 / (1 + np.exp(-z2))", "kept.append(1 / (1 + np.exp(-z2)))\n    return kept[-1]")
    (folder / SECOND.file).write_text(kept)
    with pytest.raises(WrongError, match="while it is timed"):
        bench(SECOND, folder / SECOND.file, 0.05)


def test_what_is_timed_is_never_the_same_twice():
    seen = []
    for first in np.ones((2, 3)), [1.0, 2.0], [[1.0, 2.0]]:
        call = _Repeated(lambda x: seen.append(repr(x)), (first,))
        call()
        call()
    assert len(set(seen)) == 6


def test_a_tier_is_sure_or_none():
    sizes = SECOND.exercise.bench
    gold, silver = sizes.tiers[:2]
    assert tier_of(sizes, Ratio(gold.least, gold.least * 0.9, gold.least * 1.1))[0] is None
    assert "between silver and gold" in tier_of(sizes, Ratio(gold.least, gold.least * 0.9, gold.least * 1.1))[1]
    assert tier_of(sizes, Ratio(gold.least * 1.2, gold.least * 1.1, gold.least * 1.3)) == (gold.name, gold.limit)
    assert tier_of(sizes, Ratio(silver.least * 1.2, silver.least * 1.1, silver.least * 1.3))[0] == silver.name
    assert tier_of(sizes, Ratio(0.01, 0.009, 0.011)) == ("none", sizes.below)


def test_messages_hold_what_was_sent():
    sent = [np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.float32(2.5), np.arange(4)[::2], [1, (2.0, None)], "é"]
    stream = io.BytesIO()
    child.write(stream, {"a": sent, "b": object()})
    stream.seek(0)
    found = child.read(stream)
    for one, other in zip(sent[:3], found["a"][:3], strict=True):
        assert np.array_equal(one, other)
        assert one.dtype == other.dtype
    assert found["a"][0].flags.f_contiguous
    assert found["a"][3:] == sent[3:]
    assert found["b"].name == "object"
    with pytest.raises(EOFError):
        child.read(stream)


HOSTILE = {
    "hang": "while True:\n    pass\n",
    "end": "raise SystemExit(0)\n",
    "garbage": "while True:\n    print('x' * 100000)\n",
    "deep": "def forward(x, W1, b1, W2, b2):\n    return forward(x, W1, b1, W2, b2)\n",
    "large": "def forward(x, W1, b1, W2, b2):\n    return [0.0] * 10**11\n",
    "zeros": "def forward(x, W1, b1, W2, b2):\n    return [0.5] * len(b2)\n",
    "text": "é".encode("latin-1"),
    "empty": "",
}


def test_grading_survives_every_submission(run, folder):
    for name, text in HOSTILE.items():
        path = folder / name / FIRST.file
        path.parent.mkdir()
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    solve(FIRST, folder / "right")
    begin = time.perf_counter()
    status, out, _ = run("exercise", "grade", ".", "--csv", "--seconds", 4)
    assert status == 0
    rows = {row["learner"]: row for row in csv.DictReader(io.StringIO(out))}
    assert set(rows) == {*HOSTILE, "right"}
    assert [name for name, row in rows.items() if row["passed"] == "True"] == ["right"]
    assert "did not answer within" in rows["hang"]["reason"]
    assert "there is no function forward" in rows["empty"]["reason"]
    assert "MemoryError" in rows["large"]["reason"] or "did not answer" in rows["large"]["reason"]
    assert time.perf_counter() - begin < 120  # it ends at all
    assert len(json.loads(run("exercise", "grade", "right", "--json")[1])) == 1
    (folder / "none").mkdir()
    assert "no file there has the name of an exercise" in run("exercise", "grade", "none")[2]
    assert "no such folder" in run("exercise", "grade", "nowhere")[2]


def test_files_of_one_exercise_have_learners_in_their_names(run, folder):
    for name in "03_all_examples_alice.py", "bob-03_all_examples.py":
        (folder / name).write_text(THIRD.stub)
    rows = json.loads(run("exercise", "grade", ".", "--json")[1])
    assert [row["learner"] for row in rows] == ["alice", "bob"]


@pytest.mark.skipif(sys.platform == "win32", reason="processes there have no groups")
def test_what_a_submission_starts_ends_with_it(folder):
    path = folder / "fork.py"
    path.write_text(
        "import os\n\n\ndef forward():\n    pid = os.fork()\n    while pid == 0:\n        pass\n    return pid\n"
    )
    with Process(path, Limits(call=5.0)) as process:
        pid = process.ask("call", function="forward", arguments=(), order="C")["answer"]
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().split(") ")[1].startswith("Z"):
                    break
        except OSError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the forked process is still there")


def test_the_clock_cannot_be_replaced(folder):
    path = folder / "clock.py"
    path.write_text("import time\n\ntime.perf_counter = lambda: 0.0\n")
    with Process(path, Limits()) as process, pytest.raises(SubmissionError, match=r"replaces time\.perf_counter"):
        process.ask("load")


def test_the_package_is_not_there(folder):
    path = folder / "other.py"
    path.write_text("import fastshallow\n")
    with Process(path, Limits()) as process, pytest.raises(SubmissionError, match="not for exercises"):
        process.ask("load")


def test_the_book_has_all_pages(run, folder):
    pytest.importorskip("markdown_it")
    assert run("exercise", "book")[1] == "exercises.html\n"
    text = (folder / "exercises.html").read_text(encoding="utf-8")
    assert text.count("<section ") == len(lessons())
    assert "<table>" in text
    assert "http" not in text.replace("http-equiv", "")


def test_the_book_names_what_it_needs(run, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    assert 'pip install "fastshallow[exercises]"' in run("exercise", "book")[2]


def test_exported_notebooks(run, folder):
    for style in "nbgrader", "otter":
        run("exercise", "export", 3, "--format", style, "--output", style)
        found = json.loads((folder / style / "03_all_examples.ipynb").read_text(encoding="utf-8"))
        sources = ["".join(cell["source"]) for cell in found["cells"]]
        assert sum("report.require(" in each for each in sources) == 12
        code = next(each for each in sources if each.startswith("%%writefile 03_all_examples.py"))
        assert THIRD.solution in code
        assert len({cell["id"] for cell in found["cells"]}) == len(sources)
    marks = [json.loads((folder / "nbgrader" / "03_all_examples.ipynb").read_text())["cells"]][0]
    points = [cell["metadata"]["nbgrader"].get("points", 0) for cell in marks]
    assert sum(points) == check(THIRD, THIRD.folder / "solution.py").possible
    compile(THIRD.solution, "solution", "exec")


def test_require_raises_what_failed(folder):
    (folder / SECOND.file).write_text(WRONG)
    report = check(lesson("2"), folder / SECOND.file)
    report.require("inputs are not changed")
    with pytest.raises(AssertionError, match=r"a small network: a2\[0, 0\] is"):
        report.require("a small network")


def test_in_a_notebook(folder):
    pytest.importorskip("markdown_it")
    shown = notebook.exercise("2", SECOND.solution)
    assert "All 12 points" in repr(shown)
    assert "<table>" in shown._repr_html_()
    assert Progress(folder).of(SECOND)["solved"]
    assert "b1" in notebook.exercise("2")._repr_html_()
    with pytest.raises(ValueError, match="%%exercise NAME checks the cell"):
        notebook.exercise("")


def test_the_extension_runs_the_cell_too(folder):
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "fastshallow.exercises")
    shown = shell.run_cell_magic("exercise", "1", FIRST.solution)
    assert "All 8 points" in repr(shown)
    assert shell.user_ns["forward"]([0.0], [[0.0]], [0.0], [[0.0]], [0.0]) == [0.5]
