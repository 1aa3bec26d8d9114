"""Sets of cases by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..backends import BACKENDS
from .cases import Case
from .implementations import PEERS


@dataclass(frozen=True)
class Set:
    """What `fastshallow bench --set` measures, and how long.

    Attributes
    ----------
    about
        One line.
    cells
        Batch sizes by shape.
    dtypes, implementations
        Of all cells.
    seconds
        The time for each implementation of a cell, in each process.
    longest
        Seconds a step of what is left out.
    processes, most
        In so many every cell is measured: more where they lie apart.
    starts
        Whether what a fresh process waits for is measured too.
    """

    about: str
    cells: dict[tuple[int, int, int], tuple[int, ...]]
    dtypes: tuple[str, ...] = ("float32",)
    implementations: tuple[str, ...] = tuple(BACKENDS)
    seconds: float = 0.1
    longest: float = 0.1
    processes: int = 8
    most: int = 32
    starts: bool = False


WIDE = {
    (2, 4, 1): (1, 64, 1024, 16384, 131072),
    (30, 64, 1): (1, 32, 256, 1024, 16384),
    (784, 128, 10): (1, 32, 1024, 16384),
    (1024, 1024, 1): (1, 32, 256, 1024),
}
SETS = {
    "quick": Set(
        "the ladder on two small networks, in under 20 s",
        {(2, 4, 1): (1, 64, 1024), (30, 64, 1): (1, 32, 1024)},
        seconds=0.03,
        longest=0.01,
        processes=3,
        most=3,
    ),
    "course": Set(
        "the course's network, from one example to the 400 of its flower and on",
        {(2, 4, 1): (1, 4, 20, 100, 400, 2000, 10000)},
        dtypes=("float64",),
        starts=True,
    ),
    "full": Set(
        "four networks, both dtypes, and what a fresh process waits for", WIDE, ("float32", "float64"), starts=True
    ),
    "peers": Set(
        "NumPy and fastshallow beside PyTorch and JAX, where they are installed",
        WIDE,
        ("float32", "float64"),
        ("numpy", "fused", *PEERS),
    ),
}


def all_cases(
    cells: dict[tuple[int, int, int], tuple[int, ...]],
    dtypes: Sequence[str],
    hidden: str = "tanh",
    output: str | None = None,
) -> list[Case]:
    """All cells; unless an output is given it is softmax for several outputs, else sigmoid."""
    return [
        Case(*shape, m, hidden, output or ("softmax" if shape[2] > 1 else "sigmoid"), dtype)
        for dtype in dtypes
        for shape, sizes in cells.items()
        for m in sizes
    ]
