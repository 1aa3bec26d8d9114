"""What the source of ``loops``, and so of ``jit``, does to one example: counted while Python runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np

from ..backends import named_backend
from ..formulas import Parameters, activation, output_layer
from .cases import Case


class _Counting(np.ndarray):
    """An array whose numbers are counted as they are read and written."""

    read = written = 0

    def __getitem__(self, index: Any) -> Any:
        _Counting.read += 1
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        _Counting.written += 1
        super().__setitem__(index, value)


def accesses(case: Case) -> tuple[int, int]:
    """Bytes of X, Y, parameters and gradients that the source reads and writes, as often as it names them."""
    one, two = (_accesses(replace(case, m=m)) for m in (1, 2))
    size = np.dtype(case.dtype).itemsize
    read, written = (size * (first + (case.m - 1) * (second - first)) for first, second in zip(one, two, strict=True))
    return read, written


def _accesses(case: Case) -> tuple[int, int]:
    X, Y, p = case.arguments()
    counting = [each.view(_Counting) for each in (X, Y, *p)]
    _Counting.read = _Counting.written = 0
    step = named_backend("loops").cost_and_gradients  # whose gradients are like the parameters, and count too
    step(*counting[:2], Parameters(*counting[2:]), activation(case.hidden), output_layer(case.output))
    return _Counting.read, _Counting.written


def bytecodes(case: Case, backend: str) -> int:
    """How many instructions Python's interpreter runs for a step."""
    if backend == "numpy":
        return _bytecodes(case, backend)
    one, two = (_bytecodes(replace(case, m=m), backend) for m in (1, 2))
    return one + (case.m - 1) * (two - one)


def _bytecodes(case: Case, backend: str) -> int:
    X, Y, p = case.arguments()
    step = named_backend(backend).cost_and_gradients
    formulas = activation(case.hidden), output_layer(case.output)
    step(X, Y, p, *formulas)
    return _traced(lambda: step(X, Y, p, *formulas))


def _traced(function: Callable[[], object]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count
