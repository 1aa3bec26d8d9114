"""The house has floors: each file imports only from lower ones, and nothing slow before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fastshallow"
FLOORS = [
    ["formulas", "parameters", "files", "history", "orders", "dropout", "dtypes"],
    ["lbfgs", "sparse"],
    ["activations", "losses", "optimizers", "schedules", "checks"],
    ["settings"],
    ["stepwise"],
    ["minimizing"],
    ["kernels"],
    ["dispatch"],
    ["backends"],
    ["functional"],
    ["datasets", "network", "watching", "checkpoints"],
    ["loop"],
    ["arguments"],
    ["training"],
    ["console", "report", "tables"],
    ["lessons"],
    ["commands"],
    ["cli"],
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem[0] != "_")


def unit(path):
    """The file of the package, or its folder, that `path` belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """Units of the package that a file imports, wherever in it."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = parts[: -node.level] + tuple((node.module or "").split(".") if node.module else ())
            names = [base] if len(base) > 1 else [(*base, alias.name) for alias in node.names]
            yield from (name[1] for name in names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fastshallow":
            yield (node.module or "").split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("fastshallow."))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    assert unit(path) in FLOOR, "give the new file a floor"
    for name in imported(path):
        if name.startswith("__"):
            continue  # the package's version
        same_folder = name == unit(path) and path.parent != PACKAGE
        assert same_folder or FLOOR[name] < FLOOR[unit(path)], f"{unit(path)} must not import {name}"


def test_the_files_are_small():
    for path in FILES:
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path


def run(code):
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


SLOW = "{'numba', 'llvmlite', 'rich', 'scipy', 'sklearn', 'matplotlib'}"


def test_importing_brings_nothing_slow():
    run(f"import sys, fastshallow; assert not {SLOW} & set(sys.modules), {SLOW} & set(sys.modules)")


def test_nor_do_help_and_the_reference():
    run(
        "import sys, fastshallow as fs\n"
        "from fastshallow.cli import main\n"
        "try: main(['train', '--help'])\nexcept SystemExit: pass\n"
        "X, Y = fs.datasets.planar_flower()\n"
        "fs.train(X, Y, 4, epochs=2, backend='numpy').predict(X, backend='numpy')\n"
        f"assert not {SLOW} & set(sys.modules)"
    )
