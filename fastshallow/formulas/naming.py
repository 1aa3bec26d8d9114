"""Docstrings that name what is registered, whatever that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def naming(**registered: Iterable[str]) -> Callable[[Function], Function]:
    """Put names into a function's docstring: ``{hidden}`` becomes those that are given as `hidden`."""

    def fill(function: Function) -> Function:
        for placeholder, names in registered.items():
            listed = ", ".join(f'``"{name}"``' for name in names)
            function.__doc__ = function.__doc__ and function.__doc__.replace(f"{{{placeholder}}}", listed)
        return function

    return fill
