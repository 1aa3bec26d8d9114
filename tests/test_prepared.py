"""What is compiled in advance serves later processes, also from a wheel that brings it along."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from machines import AVX2, HOST, SSE2

from fastshallow.backends import native, prepared
from fastshallow.kernels import objects, units

PACKAGE = Path(units.__file__).parent.parent
COURSE = """
import json, sys
import fastshallow as fs
X, Y = fs.datasets.planar_flower()
fs.train(X, Y, 4, epochs=2, seed=2).predict(X)
from fastshallow.kernels.machine import processor
print(json.dumps({"compiled": "fastshallow.kernels.building" in sys.modules, "processor": processor()}))
"""
TRAIN = """
import numpy as np
import fastshallow as fs
random = np.random.default_rng(0)
X = random.standard_normal((30, 200)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[:, random.integers(3, size=200)]
options = {"optimizer": "adam", "batch_size": 50, "dropout": 0.1, "l2": 0.1, "seed": 1}
net = fs.train(X, Y, 40, "relu", "softmax", 2, 0.01, "he", **options)
net.predict(X)
fs.cost_and_gradients(X[:, :2], Y[:, :2], net.parameters, "relu", "softmax")
"""
TRAIN += COURSE


def run(*command, folder=None, **environment):
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("FASTSHALLOW", "NUMBA_CPU"))}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env=settings | {name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=folder,  # from which Python imports first
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def named(small):
    """The units that are compiled in advance, without compiling them."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "addresses", lambda unit: made.update({unit.name: unit}) or {"train": 0})
        for work in prepared.units(small):
            work()
    return made


def test_the_command_fills_the_cache(tmp_path):
    """With what is not there: most of it other tests have compiled, or will use."""
    names, shared, folder = sorted(named(small=True)), objects.folder(), tmp_path / "cache"
    folder.mkdir()
    for name in names[4:]:
        if (shared / f"{name}.o").exists():
            shutil.copy(shared / f"{name}.o", folder)
    before = len(list(folder.iterdir()))
    report = run("-m", "fastshallow", "compile", "--set", "small", "--json", FASTSHALLOW_CACHE_DIR=folder)
    assert sorted(path.stem for path in folder.glob("*.o")) == names
    assert report["folder"] == str(folder) and report["compiled"] == len(names) - before >= 4
    assert report["files"] == len(names)
    assert report["bytes"] == sum(path.stat().st_size for path in folder.glob("*.o"))
    assert not run("-c", TRAIN, FASTSHALLOW_CACHE_DIR=folder)["compiled"]
    again = run("-m", "fastshallow", "compile", "--set", "small", "--json", FASTSHALLOW_CACHE_DIR=folder)
    assert again["compiled"] == 0 and again["files"] == report["files"]


def test_all_units_are_named():
    """Every kind of unit is among all, and the small set is a part of it."""
    assert named(small=True).keys() < named(small=False).keys()
    assert {unit.kind for unit in named(small=False).values()} == set(units.ENTRIES)


@pytest.mark.skipif(not HOST.get("avx2"), reason="needs a processor that can be taken for two others")
def test_a_package_brings_code_for_a_kind_of_processor(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "fastshallow", ignore=shutil.ignore_patterns("__pycache__", "objects"))
    there = {"PYTHONPATH": tmp_path, "FASTSHALLOW_CACHE_DIR": tmp_path / "fastshallow" / "objects"}
    made = run("-c", COURSE, folder=tmp_path, **there, **AVX2)
    assert made["compiled"] and made["processor"] == list(AVX2.values())
    code = "from fastshallow.kernels import objects; objects.write_processor(); print(1)"
    run("-c", code, folder=tmp_path, **there, **AVX2)
    there["FASTSHALLOW_CACHE_DIR"] = tmp_path / "empty"
    served = run("-c", COURSE, folder=tmp_path, **there)
    assert served == {"compiled": False, "processor": list(AVX2.values())}
    assert not (tmp_path / "empty").exists()
    code = "import json; from fastshallow.kernels.machine import processor; print(json.dumps(processor()))"
    assert run("-c", code, folder=tmp_path, **there, **SSE2) == list(SSE2.values())  # who asks for another one gets it
    (tmp_path / "fastshallow" / "objects" / "processor").write_text("z99\n+avx2,+no-such-feature\n")
    assert run("-c", code, folder=tmp_path, **there)[0] not in ("z99", AVX2["NUMBA_CPU_NAME"])  # not for this processor
