"""What is compiled is kept, found again, and never mistaken for anything else; where nothing can be, NumPy serves."""

import itertools
import json
import os
import re
import stat
import subprocess
import sys

import numpy as np
import pytest

import fastshallow as fs
from fastshallow.formulas import activation
from fastshallow.kernels import building, machine, objects, units
from fastshallow.kernels.units import Unit

STEP = """
import hashlib, json, sys
import fastshallow as fs
backend = sys.argv[1]
X, Y = fs.datasets.planar_flower()
net = fs.train(X, Y, 4, epochs=20, seed=2, backend=backend)
p = net.parameters
cost, gradients = fs.cost_and_gradients(X, Y, p, backend=backend)
A2 = net.predict_proba(X, backend=backend)
imported = sorted({"numba", "fastshallow.kernels.building"} & set(sys.modules))
right = fs.cost_and_gradients(X, Y, p, backend="numpy")[0]
bits = hashlib.sha256(b"".join(each.tobytes() for each in (*p, *gradients, A2))).hexdigest()
print(json.dumps({"imported": imported, "bits": bits, "error": abs(cost - right)}))
"""


def start(code, *arguments, **environment):
    settings = {name: value for name, value in os.environ.items() if not name.startswith("FASTSHALLOW")} | environment
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings)


def finish(process):
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    return json.loads(out)


def step(folder, backend="fused", **environment):
    """A process that trains, takes a step and predicts."""
    folders = {"FASTSHALLOW_CACHE_DIR": str(folder), "NUMBA_CACHE_DIR": str(folder)}
    return finish(start(STEP, backend, **folders, **environment))


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder that a process has filled, and what it told."""
    folder = tmp_path_factory.mktemp("filled")
    return folder, step(folder)


@pytest.mark.parametrize("backend", ["jit", "fused"])
def test_a_second_process_compiles_nothing(backend, filled, tmp_path):
    folder, first = filled if backend == "fused" else (tmp_path, step(tmp_path, backend))
    kept = files(folder)
    assert kept and first["error"] < 1e-14 and first["imported"]
    second = step(folder, backend)
    assert second["bits"] == first["bits"] and files(folder) == kept
    if backend == "fused":
        assert second["imported"] == []  # neither Numba nor what writes kernels


def test_the_cache_can_be_turned_off(tmp_path):
    answer = step(tmp_path, FASTSHALLOW_CACHE="0")
    assert answer["error"] < 1e-14 and not files(tmp_path)


def test_many_processes_write_one_cache(filled, tmp_path):
    folder = tmp_path / "new"
    settings = {"FASTSHALLOW_CACHE_DIR": str(folder)}
    answers = [finish(process) for process in [start(STEP, "fused", **settings) for _ in range(4)]]
    assert {answer["bits"] for answer in answers} == {filled[1]["bits"]} and answers[0]["error"] < 1e-14
    kept = files(folder)
    assert all(path.suffix == ".o" for path in kept)  # nothing half-written is left
    later = step(folder)
    assert later["imported"] == [] and later["bits"] == answers[0]["bits"] and files(folder) == kept


def test_many_writers_of_one_name(tmp_path):
    """A reader finds all of it or nothing, whoever writes and however often."""
    code = """
import sys
from fastshallow.kernels import objects
code = b"code" * 50_000
torn = 0
for _ in range(30):
    objects.keep("name", code)
    torn += objects.find("name") != code
print(torn)
"""
    settings = {"FASTSHALLOW_CACHE_DIR": str(tmp_path)}
    assert [finish(process) for process in [start(code, **settings) for _ in range(4)]] == [0] * 4
    assert [path.name for path in files(tmp_path)] == ["name.o"]


DAMAGES = {
    "cut": lambda code: code[:-20],
    "bit": lambda code: code[:-9] + bytes([code[-9] ^ 1]) + code[-8:],
    "empty": lambda code: b"",
    "other": lambda code: b"x" * len(code),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_not_found(damage, tmp_path, monkeypatch):
    monkeypatch.setenv("FASTSHALLOW_CACHE_DIR", str(tmp_path))
    objects.keep("name", b"code" * 9)
    path = tmp_path / "name.o"
    assert objects.find("name") == b"code" * 9
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert objects.find("name") is None


def test_a_damaged_cache_is_mended(filled, tmp_path):
    """Each of its files in one of these ways."""
    folder, whole = filled
    before = {path.name: path.read_bytes() for path in files(folder)}
    assert len(before) >= len(DAMAGES)
    for (name, code), damage in zip(before.items(), itertools.cycle(DAMAGES.values())):
        (tmp_path / name).write_bytes(damage(code))
    again = step(tmp_path)
    assert again["imported"] and again["bits"] == whole["bits"]
    assert {path.name: path.read_bytes() for path in files(tmp_path)} == before
    assert step(tmp_path)["imported"] == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read_serves(filled):
    folder, whole = filled
    folder.chmod(0o500)
    try:
        assert step(folder)["imported"] == []
        assert step(folder / "none")["bits"] == whole["bits"]
    finally:
        folder.chmod(0o700)


def test_where_no_folder_can_be_made_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_text("")
    assert step(tmp_path / "file" / "folder")["error"] < 1e-14


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
class TestTrust:
    """What is loaded runs: only what nobody else can have written is."""

    @pytest.fixture
    def kept(self, tmp_path, monkeypatch):
        monkeypatch.setenv("FASTSHALLOW_CACHE_DIR", str(tmp_path))
        monkeypatch.delenv("FASTSHALLOW_CACHE_TRUST", raising=False)
        tmp_path.chmod(0o755)
        objects.keep("name", b"code")
        objects._warn.cache_clear()
        assert objects.find("name") == b"code"
        return tmp_path

    @pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
    @pytest.mark.parametrize("what", ["folder", "file"])
    def test_what_others_can_write_is_refused(self, kept, what, mode, monkeypatch):
        path = kept if what == "folder" else kept / "name.o"
        path.chmod(mode)
        with pytest.warns(RuntimeWarning, match=f"{path} is not used, because others than you and root can write"):
            assert objects.find("name") is None
        assert objects.find("name") is None  # said once
        monkeypatch.setenv("FASTSHALLOW_CACHE_TRUST", "1")
        assert objects.find("name") == b"code"

    def test_what_others_own_is_refused(self, kept, monkeypatch):
        assert (kept / "name.o").stat().st_mode & stat.S_IWOTH == 0
        monkeypatch.setattr(os, "geteuid", lambda: (kept.stat().st_uid or 1000) + 1)
        if kept.stat().st_uid == 0:
            assert objects.find("name") == b"code"  # root's is trusted
        else:
            with pytest.warns(RuntimeWarning):
                assert objects.find("name") is None


def test_a_name_tells_everything_apart(monkeypatch):
    float32, float64 = np.dtype("float32"), np.dtype("float64")

    def unit(kind, *parts):
        return Unit(kind, parts).name

    names = [unit("output", float32, "a"), unit("output", float64, "a"), unit("output", float32, "b")]
    names += [unit("activation", float32, "a"), unit("activation", float32, "a", True)]
    for attribute, value in (("_sources", lambda: "other sources"), ("processor", lambda: ("z15", "+x"))):
        with monkeypatch.context() as patch:
            patch.setattr(objects, attribute, value)
            names.append(unit("output", float32, "a"))
    assert len(set(names)) == len(names)
    assert unit("output", float32, "a") == names[0]


def test_what_is_compiled_adds_up():
    """Activations, outputs, optimizers and settings that have been compiled once serve in every combination."""
    X, Y = fs.datasets.planar_flower()
    X = np.concatenate([X] * 20)  # too many features for a kernel of exact sizes

    def train(hidden, output, optimizer, **settings):
        fs.train(X, Y, 40, hidden, output, 2, 0.01, "he", 1, optimizer=optimizer, batch_size=100, **settings).predict(X)

    train("tanh", "sigmoid", "adam", dropout=0.1, shuffle=False)
    train("relu", "identity", "rmsprop", l2=0.1, validation=0.2)
    count = len(units._addresses)
    train("tanh", "identity", "adam", clip_norm=1.0)
    train("relu", "sigmoid", "adam", dropout=0.5, l2=0.1, patience=3)
    train("tanh", "sigmoid", "rmsprop", class_weight="balanced")
    assert len(units._addresses) == count


def test_without_compilation_numpy_serves_and_says_so():
    code = """
import json
import fastshallow as fs
X, Y = fs.datasets.planar_flower()
p = fs.initialize_parameters(2, 4, 1, seed=2)
found = {"explained": str(fs.explain(2, 4, 1, 400)), "listed": {n: str(b) for n, b in fs.backends().items()}}
same = fs.cost_and_gradients(X, Y, p)[0] == fs.cost_and_gradients(X, Y, p, backend="numpy")[0]
found["same"] = same and fs.train(X, Y, 4, epochs=3).history.cost.shape == (3,) and fs.forward(X, p).shape == (1, 400)
found["errors"] = []
for backend in "fused", "jit":
    runs = fs.forward, lambda X, p, **o: fs.cost_and_gradients(X, Y, p, **o), lambda X, p, **o: fs.train(X, Y, **o)
    for run in runs:
        try:
            run(X, p, backend=backend)
        except RuntimeError as error:
            found["errors"].append(str(error))
print(json.dumps(found))
"""
    found = finish(start(code, NUMBA_DISABLE_JIT="1"))
    why = "NUMBA_DISABLE_JIT is set, so nothing is compiled"
    assert found["explained"] == f"numpy: {why}"
    assert found["same"]
    assert [name for name, text in found["listed"].items() if text == f"not available: {why}"] == ["jit", "fused"]
    assert len(found["errors"]) == 6
    assert all(f"can't run here: {why}; use backend='numpy'" in error for error in found["errors"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lanes_fill_a_register(dtype):
    bits = machine.lanes(dtype) * np.dtype(dtype).itemsize * 8
    assert bits == machine.register_bits() in (128, 256, 512)


@pytest.mark.kernels
@pytest.mark.skipif(machine.is_aarch64() or machine.register_bits() == 128, reason="the stack is aligned to 16 bytes")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_vector_on_the_stack_lies_in_two_cache_lines(dtype):
    """What the registers have no room for is moved as aligned vectors are."""
    text = building.assembly("exact", (np.dtype(dtype), activation("tanh"), 2, 4, 1), ("accumulate_x", "predict_x"))
    moved = re.findall(r"\sv?mov([au])p[sd]\s.*\(%rsp\)", text)
    assert len(moved) > 20 and set(moved) == {"a"}
