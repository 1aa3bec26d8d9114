"""The pages of the docs, and the README, are true: their Python runs, and their links lead somewhere."""

import ast
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import fastshallow

ROOT = Path(__file__).parent.parent
DOCS = Path(fastshallow.__file__).parent / "docs"
PAGES = sorted(DOCS.glob("*.md"))
README = ROOT / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_IMAGES = "image_shape"  # of a network for images, which the README doesn't train


def missing(code):
    """The modules that a block imports and that are not installed."""
    names = [
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(code))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
    return {name.split(".")[0] for name in names if find_spec(name.split(".")[0]) is None}


def run(page, names, leave_out=None):
    """Run a page's blocks of Python one after the other; give back the modules that some of them lack."""
    text, lacking = page.read_text(encoding="utf-8"), set()
    for found in BLOCK.finditer(text):
        code = found[1]
        lacks = missing(code)
        if lacks or (leave_out and leave_out in code):
            lacking |= lacks
            continue
        line = text.count("\n", 0, found.start(1))
        exec(compile("\n" * line + code, str(page), "exec"), names)
    return lacking


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if page.stem in ("from_scikit_learn", "many"):
        pytest.importorskip("sklearn")
    lacking = run(page, {})  # a warning is an error
    if lacking:
        pytest.skip(f"all runs but what needs {', '.join(sorted(lacking))}")


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    monkeypatch.chdir(tmp_path)
    names = {"np": np, "x": np.zeros(2), "ax": pyplot.subplots()[1]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(README, names, OF_IMAGES)
    pyplot.close("all")


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link


def test_there_is_a_page_for_each_way_of_use():
    names = {page.stem for page in PAGES}
    assert names >= {"benchmark", "trainer", "learning", "from_scikit_learn", "from_pytorch"}
    text = README.read_text(encoding="utf-8")
    assert all(f"fastshallow/docs/{name}.md" in text for name in names)


def test_a_block_that_fails_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```python\na = 1\n```\n\n```python\nassert a == 2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run(page, {})
    page.write_text("```python\nimport surely_not_there\n```\n", encoding="utf-8")
    assert run(page, {}) == {"surely_not_there"}
