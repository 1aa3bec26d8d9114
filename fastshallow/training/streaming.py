"""Training on data that come block by block: the steps are those of data in memory, one window after the other."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import named_backend
from ..data import Blocks, Window, Windows, computing
from ..formulas import LBFGS, Activation, Output, Parameters
from .minimizing import Minimizing
from .settings import Data, Outline, Settings
from .stepwise import Rates, Stepwise


class Streamed(Data):
    """The examples of `Blocks`, in the place of those in memory; a run takes them in order, epoch after epoch."""

    blocks: Blocks
    windows: Windows | None = None  # of the run that goes on

    @property
    def elsewhere(self) -> Streamed:
        """What makes the steps of a run."""
        return self

    @property
    def extremes(self) -> NDArray[Any]:
        """Each feature's lowest and highest number."""
        moments = self.blocks.survey.moments
        both = np.concatenate([moments.low, moments.high], axis=1)[:, : self.m]
        return both if self.blocks.units is None else (both - self.blocks.units[0]) / self.blocks.units[1]

    @property
    def sample(self) -> NDArray[Any]:
        """Two examples of the mean and the deviation of all."""
        moments = self.blocks.survey.moments
        mean, deviation = moments.mean, np.sqrt(moments.squares / moments.m)
        if self.blocks.units is not None:
            mean, deviation = (mean - self.blocks.units[0]) / self.blocks.units[1], deviation / self.blocks.units[1]
        return np.concatenate([mean - deviation, mean + deviation], axis=1)

    def batch(self, examples: slice) -> Data:
        """All examples, which are asked for window by window."""
        assert examples in (slice(None), slice(0, self.m))
        return self

    def settled(self, p: Parameters, constant: Any) -> Parameters:
        """As `Data.settled`."""
        both = self.extremes.astype(self.dtype)
        return Data(both, both).settled(p, constant)

    def orders(self, settings: Settings) -> None:
        """The windows are in order."""

    def fingerprint(self) -> str:
        """A checksum of what the first pass has shown, and of what decides the order and the sums."""
        blocks, checksum = self.blocks, self.blocks.survey.checksum
        for each in blocks.units or ():
            checksum = zlib.crc32(each.tobytes(), checksum)
        return f"{self.X.dtype}{self.X.shape} {len(self.Y)} {checksum:08x} {blocks.memory}"

    def close(self) -> None:
        """End the thread that reads."""
        if self.windows is not None:
            self.windows.close()

    def steps(
        self, data: Any, p: Parameters, settings: Settings, rates: Rates, threads: int | None, state: dict[str, Any]
    ) -> Any:
        """What takes the steps of a run: see `Stepwise`."""
        whole, epoch, position = settings.batch_size is None, int(state.get("epoch", 0)), int(state.get("position", 0))
        key = settings.key if settings.shuffle and not whole else None
        self.windows = Windows(self.blocks, 1 if whole else self.batch_size(settings), self.m, key, epoch, position)
        module = named_backend(settings.backend)
        if settings.backend == "jit":
            module.compiled(settings.hidden, settings.output, self.dtype)  # before the clock begins
        if whole:
            summed = Summed(module, self.windows, threads)
            if isinstance(settings.optimizer, LBFGS):
                return Minimizing(self, p, settings, summed, threads, state)
            return Stepwise(self, p, settings, rates, summed, state)
        if settings.backend == "fused":
            from .windowed import Windowed

            return Windowed(self.windows, self, p, settings, rates, threads, state)
        return Steps(self, p, settings, rates, module, state)


class Steps(Stepwise):
    """As `Stepwise`, with batches of a window."""

    _data: Streamed

    def _examples(self) -> Any:
        window, position = self._window, self._position
        if window.order is None:
            return super()._examples()
        return window.order[position - window.first :][: self._size]

    def _batch(self, examples: Any) -> Data:
        window = self._window
        if window.order is None:
            some: Any = slice(examples.start - window.first, examples.stop - window.first)
        else:
            some = examples - window.first
        return Data(window.X, window.Y).batch(some)

    @property
    def _window(self) -> Window:
        assert self._data.windows is not None
        return self._data.windows.at(self.epoch, self._position)


class Summed:
    """A backend for all examples at once: cost and gradients of the windows are added in their order."""

    def __init__(self, backend: Any, windows: Windows, threads: int | None) -> None:
        self._backend, self._windows, self._threads, self._pass = backend, windows, threads, windows.epoch

    def cost_and_gradients(
        self, X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output, *_: Any
    ) -> tuple[float, Parameters]:
        """The cost and its gradients, for which all data are read once."""
        position, m, dtype = 0, X.shape[1], p.W1.dtype
        total, sums = 0.0, [np.zeros(each.shape) for each in p]
        while position < m:
            window = self._windows.at(self._pass, position)
            x = window.X.astype(computing(window.X.dtype), copy=False)
            cost, gradients = self._backend.cost_and_gradients(x, window.Y, p, hidden, output, self._threads)
            n = x.shape[1]
            total += n * cost
            for each, more in zip(sums, gradients, strict=True):
                each += n * more.astype(np.float64)
            position += n
        self._pass += 1
        return total / m, Parameters(*((each / m).astype(dtype) for each in sums))


def streamed(blocks: Blocks, settings: Settings) -> Streamed:
    """What a run takes for the examples of blocks, which are read once: NaN is refused, and what can't be learnt."""
    if not blocks.n_y:
        raise ValueError("Y is missing: fs.Blocks(X, Y), or target= for a table's column")
    if settings.validation is not None:
        raise ValueError(
            f"validation must be arrays (X, Y) for fs.Blocks, not the fraction {settings.validation:g}: "
            "none of their examples are held out"
        )
    if settings.batch_size is not None:
        blocks.fitting(settings.batch_size)
    elif settings.dropout or settings.hidden.learned:
        name = "dropout" if settings.dropout else "leaky_relu(slope='learn')"
        raise ValueError(f"batch_size must be given for {name} with fs.Blocks: it needs mini-batches")
    shape, survey = blocks.shape, blocks.survey
    assert survey.labels is not None
    survey.labels.check(settings.output.name)
    X, Y = Outline(shape, blocks.dtype), Outline((blocks.n_y, shape[1]), computing(blocks.dtype))
    data = Streamed(X, Y)  # type: ignore[arg-type]
    data.blocks = blocks
    return data
