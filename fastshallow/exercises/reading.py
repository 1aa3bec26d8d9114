"""A look at a submission's text: what it imports, names and changes that would not be its own work."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

ALWAYS = ("__future__", "typing", "collections", "itertools", "functools", "operator", "math")
ESCAPES = ("eval", "exec", "compile", "open", "__import__", "globals", "vars", "breakpoint", "input", "setattr")
ATTRIBUTES = ("__globals__", "__builtins__", "__subclasses__", "__code__", "__loader__", "__dict__", "modules")


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
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        line = getattr(node, "lineno", 0)
        if (isinstance(node, ast.Name) and name in ESCAPES) or name in ATTRIBUTES:
            yield f"line {line} uses {name}, which no exercise needs"
        elif name in refused:
            yield f"line {line} uses {name}: {refused[name]}"
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and _root(node) in imported:
            yield f"line {line} changes {ast.unparse(node)}: others use it too, and so does the check"


def _not_allowed(module: str, line: int, imports: Sequence[str]) -> Iterator[str]:
    if module.split(".")[0] not in (*ALWAYS, *imports):
        allowed = ", ".join(dict.fromkeys((*imports, "math")))
        yield f"line {line} imports {module}: this exercise is to be solved with {allowed}"


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
