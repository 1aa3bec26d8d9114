"""The compiled loop on windows of the data: it goes to the end of one, and is told where the next one lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    def run(self, until: int, seconds: float) -> bool:
        """Take steps up to epoch `until`, or to the end of the window, for about so many seconds."""
        window = self._windows.at(self.epoch, int(self._run["position"]))
        if window is not self._window:
            self._window = window
            self._point("X", window.X, window.first)
            self._point("Y", window.Y, window.first)
        return super().run(until, seconds)

    def _point(self, name: str, a: NDArray[Any], first: int = 0) -> None:
        window = self._window
        if not isinstance(a, np.ndarray):  # but the outline of all the data
            a, first = (window.X if name == "X" else window.Y), window.first
        super()._point(name, a, first)

    def _left(self) -> int:
        run = self._run
        batches = -(-(self._window.end - int(run["position"])) // self._size)
        chunk = int(run["chunk"])
        return batches * -(-int(run["group"]) // chunk) - int(run["start"]) // chunk
