"""The operations of NumPy in a step, recorded one by one while it runs, to be counted and done again apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..backends import named_backend
from ..formulas import Parameters, activation, output_layer
from .cases import Case
from .findings import Counts

TRANSCENDENTAL = (np.exp, np.expm1, np.log, np.log1p, np.tanh)


class Operation(NamedTuple):
    """One call: of a ufunc or a method of it, with what it took and gave."""

    function: Callable[..., Any]
    ufunc: np.ufunc
    inputs: tuple[Any, ...]
    options: dict[str, Any]
    result: Any
    in_place: bool

    def again(self) -> Callable[[], object]:
        """Do it again, into memory of its own: nothing is allocated, and what was given does not change."""
        options = dict(self.options)
        if isinstance(self.result, np.ndarray):
            options["out"] = np.empty_like(self.result)
        return partial(self.function, *self.inputs, **options)


class Recorded(np.ndarray):
    """An array that notes in `journal` what NumPy is asked to do with it."""

    journal: list[Operation]

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] | None = None, **options: Any
    ) -> Any:
        """Do it with plain arrays, and note it."""
        plain = tuple(_plain(each) for each in inputs)
        into = {} if out is None else {"out": tuple(_plain(each) for each in out)}
        function = getattr(ufunc, method)
        result = function(*plain, **options, **into)
        Recorded.journal.append(Operation(function, ufunc, plain, options, result, out is not None))
        return result.view(Recorded) if isinstance(result, np.ndarray) else result


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Recorded) else value


def recorded(case: Case, backend: str) -> list[Operation]:
    """The operations of one step by ``numpy`` or ``examples``, in their order."""
    X, Y, p = case.arguments()
    noting = [each.view(Recorded) for each in (X, Y, *p)]
    Recorded.journal = []
    step = named_backend(backend).cost_and_gradients
    step(*noting[:2], Parameters(*noting[2:]), activation(case.hidden), output_layer(case.output))
    return Recorded.journal


def counted(operations: list[Operation]) -> Counts:
    """How many calls, new arrays and bytes they are."""
    new = [each.result.nbytes for each in operations if not each.in_place and isinstance(each.result, np.ndarray)]
    return Counts(
        calls=len(operations),
        arrays=len(new),
        array_bytes=sum(new),
        read=sum(_bytes(value) for each in operations for value in each.inputs),
        written=sum(_bytes(each.result) for each in operations),
    )


def _bytes(value: Any) -> int:
    return int(value.nbytes) if isinstance(value, np.ndarray) else 0


def replays(operations: list[Operation]) -> tuple[Callable[[], None], Callable[[], None]]:
    """The transcendental functions among them, and the others, each to be done again one after the other."""
    functions = [each.again() for each in operations if each.ufunc in TRANSCENDENTAL]
    others = [each.again() for each in operations if each.ufunc not in TRANSCENDENTAL]
    return partial(_run, functions), partial(_run, others)


def _run(calls: list[Callable[[], object]]) -> None:
    with np.errstate(all="ignore"):
        for call in calls:
            call()
