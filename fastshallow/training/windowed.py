"""The compiled loop on windows of the data: it goes to the end of one, and is told where the next one lies."""

from __future__ import annotations

from typing import Any

from ..data import Window, Windows
from ..formulas import Parameters
from .compiled import Compiled
from .settings import Data, Settings
from .stepwise import Rates


class Windowed(Compiled):
    """As `Compiled`, on data that come in windows of whole batches: the bits are the same."""

    def __init__(
        self,
        windows: Windows,
        data: Data,
        p: Parameters,
        settings: Settings,
        rates: Rates,
        threads: int | None,
        state: dict[str, Any],
    ) -> None:
        self._windows = windows
        self._window: Window = windows.at(windows.epoch, windows.position)
        super().__init__(data, p, settings, rates, threads, state)

    @property
    def _shuffled(self) -> bool:
        return self._window.order is not None

    def _point(self, name: str, _: Any = None, first: int = 0) -> None:
        window = self._window
        super()._point(name, window.X if name == "X" else window.Y, window.first)

    def _left(self) -> int:
        run = self._run
        position, m, chunk = int(run["position"]), int(run["m"]), int(run["chunk"])
        self._window = window = self._windows.at(self.epoch, position)
        self._point("X")
        self._point("Y")
        if (order := window.order) is not None:  # whose place in the table of the epochs since `begun` is this one
            passed = (window.epoch - int(run["begun"])) * m + window.first
            run["orders"] = order.ctypes.data - passed * order.itemsize
        batches = -(-(window.end - position) // self._size)
        return batches * -(-int(run["group"]) // chunk) - int(run["start"]) // chunk
