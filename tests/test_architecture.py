"""The house has wings, one on top of the other: each is entered by its door, and imports nothing from above."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fastshallow"
FLOORS = [
    ["formulas", "kernels"],
    ["data"],
    ["backends"],
    ["training", "measuring"],
    ["estimators", "plot"],
    ["interchange", "dask"],
    ["exercises"],
    ["command"],
]
FLOOR = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}
NO_DOOR = {
    "kernels",
    *(f"backends.{name}" for name in ("fused", "jit", "layout", "native", "team")),
}  # they import LLVM
CALLS_UP = {("training", "exports.py")}  # methods of a network that leave it for another library, when called
LEARNERS = {"stub.py", "solution.py"}  # what a learner writes, who imports the package as everybody does
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE and path.name not in LEARNERS)


def imported(path):
    """What a file imports from the package, as names below it: ("data", "sparse", "Columns")."""
    package = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + tuple(
                (node.module or "").split(".") if node.module else ()
            )
            yield from ((*base, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] != "fastshallow", "imports within the package are relative"
        elif isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "fastshallow" for alias in node.names)


def test_every_file_is_in_a_wing():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__"}
    assert {path.relative_to(PACKAGE).parts[0] for path in FILES} == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_and_through_doors(path):
    wing = path.relative_to(PACKAGE).parts[0]
    for name in imported(path):
        if name[0] == wing or name[0].startswith("__"):
            continue  # the wing's own, or the package's version
        if path.relative_to(PACKAGE).parts not in CALLS_UP:
            assert FLOOR[name[0]] < FLOOR[wing], f"{wing} must not import {name[0]}"
        by_module = len(name) > 2 and name[0] not in NO_DOOR and ".".join(name[:2]) not in NO_DOOR
        assert not by_module, f"take {name[-1]} from the door of {name[0]}, not from {'.'.join(name[:-1])}"


@pytest.mark.parametrize("wing", FLOOR)
def test_no_circles_within_a_wing(wing):
    graph = {}
    for path in FILES:
        module = path.relative_to(PACKAGE).with_suffix("").parts
        if module[0] == wing and module[-1] != "__init__":
            names = {name[:length] for name in imported(path) for length in range(2, len(name) + 1)}
            graph[module] = {name for name in names if (PACKAGE.joinpath(*name).with_suffix(".py")).exists()}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_doors_hand_on_what_they_name():
    code = "import importlib\n" + "".join(
        f"door = importlib.import_module('fastshallow.{wing}')\n"
        "assert all(hasattr(door, name) for name in getattr(door, '__all__', ()))\n"
        for wing in FLOOR
    )
    run(code)


def test_the_files_are_small():
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path


def run(code):
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


SLOW = "{'numba', 'llvmlite', 'rich', 'scipy', 'sklearn', 'matplotlib', 'pyarrow', 'pandas', 'dask'}"


def test_importing_brings_nothing_slow():
    run(f"import sys, fastshallow; assert not {SLOW} & set(sys.modules), {SLOW} & set(sys.modules)")


def test_nor_do_help_and_the_reference():
    run(
        "import sys, fastshallow as fs\n"
        "from fastshallow.command.cli import main\n"
        "try: main(['train', '--help'])\nexcept SystemExit: pass\n"
        "X, Y = fs.datasets.planar_flower()\n"
        "fs.train(X, Y, 4, epochs=2, backend='numpy').predict(X, backend='numpy')\n"
        f"assert not {SLOW} & set(sys.modules)"
    )
