"""How far training is, for who waits: a progress bar, or lines of text; and a clock while kernels are compiled."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

from .loop import Progress

LONG, TICK = 0.3, 0.1  # seconds after which who waits is told why, and between two looks at the clock
OFTEN, RARER = 1.0, 1.1  # a line each second, and later each time that a tenth more has passed
FORMAT = "{n}/{total} |{bar}| {elapsed}<{remaining}{postfix}"  # what is too long for a terminal loses its end


class Clock:
    """Calls `show` from another thread with the seconds that a block takes, again and again, once that is long."""

    def __init__(self, show: Callable[[float], None]) -> None:
        self._show, self._over = show, threading.Event()

    def __enter__(self) -> None:
        self._begin = perf_counter()
        self._thread = threading.Thread(target=self._tick, name="fastshallow clock", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Return when `show` will not be called again."""
        self._over.set()
        self._thread.join()

    def _tick(self) -> None:
        pause = LONG
        while not self._over.wait(pause):
            self._show(perf_counter() - self._begin)
            pause = TICK


class Bar:
    """A progress bar, in a terminal or a notebook."""

    every = 0.1  # seconds between two calls of `show`

    def __init__(self, count: int) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise ImportError('progress=True needs tqdm: pip install "fastshallow[progress]"') from None
        self._bar = tqdm(total=count, bar_format=FORMAT, dynamic_ncols=True)
        self._begun = False

    def show(self, progress: Progress) -> None:
        """Show how far training is; a callback."""
        if not self._begun:
            self._bar.reset()  # its time is that of training
            self._begun = True
        costs = f"cost {progress.cost:.4g}"
        if progress.validation_cost == progress.validation_cost:
            costs += f", validation {progress.validation_cost:.4g}"
        self._bar.set_postfix_str(costs, refresh=False)
        self._bar.update(progress.epoch - self._bar.n)

    def wait(self, seconds: float) -> None:
        """Show that training has not begun yet."""
        self._bar.set_postfix_str(f"compiling {seconds:.1f} s")

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


class Lines:
    """A line of text now and then, to stdout."""

    every = OFTEN

    def __init__(self, what: str = "epoch") -> None:
        self._what, self._next, self._waited = what, 0.0, False
        self._kept: Progress | None = None  # that has not been printed

    def show(self, progress: Progress) -> None:
        """Print how far training is, or keep it for the end; a callback."""
        self._kept = progress
        if progress.seconds >= self._next:
            self._next = max(progress.seconds + OFTEN, progress.seconds * RARER)
            self.close()

    def wait(self, seconds: float) -> None:
        """Say once that training has not begun yet."""
        if not self._waited:
            print("compiling ...", flush=True)
        self._waited = True

    def close(self) -> None:
        """Print what has been kept."""
        if self._kept is not None:
            print(line(self._kept, self._what), flush=True)
        self._kept = None


def line(progress: Progress, what: str = "epoch") -> str:
    """How far training is, as text."""
    epochs = f"{progress.epochs:,}"
    parts = [f"{what} {progress.epoch:>{len(epochs)},} of {epochs}", f"cost {progress.cost:.6f}"]
    if progress.validation_cost == progress.validation_cost:
        parts.append(f"validation {progress.validation_cost:.6f} ({progress.validation_score:.4f})")
    if progress.learning_rate == progress.learning_rate:
        parts.append(f"rate {progress.learning_rate:.4g}")
    return "  ".join([*parts, f"{progress.seconds:.1f} s"])


def display(progress: bool, verbose: bool, count: int, what: str) -> Any:
    """What shows how far training is, of so many epochs or networks: a bar, lines where none can be shown, or None."""
    possible = (sys.stderr.isatty() or "ipykernel" in sys.modules) and importlib.util.find_spec("tqdm") is not None
    if possible if verbose else progress:
        return Bar(count)
    return Lines(what) if verbose else None
