"""What options of the command take: types for argparse, each with one error that says what is allowed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any


def one_of(names: Iterable[str], default: str) -> str:
    """Say what may be chosen."""
    *others, last = names
    return f"{', '.join(others)} or {last} (default: {default})"


def _checked(convert: Callable[[str], Any], fits: Callable[[Any], bool], what: str) -> Callable[[str], Any]:
    """A type for argparse: `convert` the text, and refuse what isn't `what`."""

    def parse(text: str) -> Any:
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
        return value

    return parse


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("-")))


whole = _checked(int, lambda n: n >= 1, "a whole number, 1 or more")
seed = _checked(int, lambda n: 0 <= n < 2**32, "a whole number from 0 to 4294967295")
positive = _checked(float, lambda x: 0 < x < float("inf"), "a number above 0")
not_negative = _checked(float, lambda x: 0 <= x < float("inf"), "a number, 0 or more")
dropout = _checked(float, lambda x: 0 <= x < 1, "a number from 0 to 1, 1 excluded")
fraction = _checked(float, lambda x: 0 < x < 1, "a number between 0 and 1")
shape = _checked(_sizes, lambda s: len(s) == 3 and min(s) >= 1, "a shape such as 30-64-1: n_x-n_h-n_y")
