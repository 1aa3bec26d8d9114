"""A look at a submission's text: what it imports, names and changes that would not be its own work."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

ALWAYS = ("__future__", "typing", "collections", "itertools", "functools", "operator", "math")
ESCAPES = {
    *("eval", "exec", "compile", "open", "globals", "locals", "vars", "breakpoint", "input"),
    *("getattr", "setattr", "delattr"),
}  # of Python
DOORS = {
    *("sys", "_sys", "os", "builtins", "modules", "settrace", "setprofile", "attrgetter", "methodcaller"),
    *("tb_frame", "f_back", "f_globals", "f_locals", "gi_frame", "cr_frame"),
    *("memmap", "tofile", "fromfile", "ctypeslib", "f2py"),
}  # of modules and objects, into what a submission has no business in
PLAIN = {"__name__", "__all__", "__init__", "__call__"}


def objections(text: str, imports: Sequence[str], refused: Mapping[str, str]) -> Iterator[str]:
    """What is not allowed, each in a sentence; a text that is no Python raises SyntaxError."""
    tree = ast.parse(text)
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
            for alias in node.names:
                yield from _not_allowed(alias.name, node.lineno, imports)
        elif isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
            yield from _not_allowed("." * node.level + (node.module or ""), node.lineno, imports)
            for alias in node.names:
                yield from _no_use(alias.name, node.lineno, DOORS, refused)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield from _no_use(node.id, node.lineno, ESCAPES, {})
        elif isinstance(node, ast.Attribute):
            yield from _no_use(node.attr, node.lineno, DOORS, refused)
            if not isinstance(node.ctx, ast.Load) and _root(node) in imported:
                yield f"line {node.lineno} changes {ast.unparse(node)}: others use it too, and so does the check"


def _no_use(name: str, line: int, never: set[str], refused: Mapping[str, str]) -> Iterator[str]:
    if name in never or (name.startswith("__") and name not in PLAIN):
        yield f"line {line} uses {name}, which no exercise needs"
    elif name in refused:
        yield f"line {line} uses {name}: {refused[name]}"


def _not_allowed(module: str, line: int, imports: Sequence[str]) -> Iterator[str]:
    if module.split(".")[0] not in (*ALWAYS, *imports):
        allowed = ", ".join(dict.fromkeys((*imports, "math")))
        yield f"line {line} imports {module}: this exercise is to be solved with {allowed}"


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
