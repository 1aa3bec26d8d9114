"""How the functions of kernels are marked, which `writing` reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def inline(function: F) -> F:
    """Write the body of `function` wherever kernels call it."""
    function.written = "inline"  # type: ignore[attr-defined]
    return function


def helper(function: F) -> F:
    """Write `function` once for all kernels of a unit that call it with arguments of the same kinds.

    If it gives a number back, its annotation says which: ``-> int``, ``-> float`` or ``-> bool``.
    """
    function.written = "helper"  # type: ignore[attr-defined]
    return function
