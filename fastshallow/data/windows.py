"""Buffers of examples, which a thread fills from blocks while the kernels work with another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .blocks import BUFFERS, Blocks
from .dtypes import computing
from .scales import standardized


class Window(NamedTuple):
    """Examples `first`, `first` + 1, ... of an epoch, as they were read: X (n_x, k) and Y (n_y, k), in a buffer.

    `order` (k,) is the one in which these numbers are to be taken; None is their own.
    """

    epoch: int
    first: int
    X: NDArray[Any]
    Y: NDArray[Any]
    order: NDArray[np.int64] | None
    buffer: int

    @property
    def end(self) -> int:
        """The example after the last."""
        return self.first + int(self.X.shape[1])

    def holds(self, epoch: int, position: int) -> bool:
        """Whether an example of an epoch is one of these."""
        return self.epoch == epoch and self.first <= position < self.end


class Windows:
    """The data of `Blocks` epoch by epoch, from an epoch and an example of it on, in windows of whole batches.

    With a `key`, the blocks of each epoch come in random order, and each window has an order in which its examples are
    to be taken: the key, the epoch and the memory decide both. Without `m`, there is one epoch, of as many as come.

    Attributes
    ----------
    blocks, epoch, position
        As they were given.
    """

    def __init__(
        self, blocks: Blocks, batch: int, m: int | None, key: int | None = None, epoch: int = 0, position: int = 0
    ) -> None:
        self.blocks, self.epoch, self.position = blocks, epoch, position
        self._m, self._key, self._size = m, key, blocks.fitting(batch, m)
        self._skipped = position // self._size * self._size
        n_y = blocks.n_y
        self._buffers = [
            (np.empty((self._size, blocks.n_x), blocks.dtype), np.empty((self._size, n_y), computing(blocks.dtype)))
            for _ in range(BUFFERS)
        ]
        self._free: SimpleQueue[int] = SimpleQueue()
        self._ready: SimpleQueue[Window | BaseException | None] = SimpleQueue()
        for k in range(BUFFERS):
            self._free.put(k)
        self._window: Window | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="fastshallow reader", daemon=True)
        self._thread.start()

    def at(self, epoch: int, position: int) -> Window:
        """The window that holds an example of an epoch, this one or the next; the last one is then given back."""
        window = self._window
        if window is None or not window.holds(epoch, position):
            window = self._next()
            assert window is not None and window.holds(epoch, position)
        return window

    def __iter__(self) -> Iterator[Window]:
        """All windows that are left."""
        while (window := self._next()) is not None:
            yield window

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._free.put(0)
        self._thread.join()

    def _next(self) -> Window | None:
        if self._window is not None:
            window, self._window = self._window, None
            self._free.put(window.buffer)
        got = self._ready.get()
        if isinstance(got, BaseException):
            raise got
        self._window = got
        return got

    def _work(self) -> None:
        try:
            for epoch in count(self.epoch) if self._m is not None else (0,):
                for window in self._filled(epoch):
                    self._ready.put(window)
                if self._closed.is_set():
                    return
                self._skipped = 0
            self._ready.put(None)
        except BaseException as error:
            self._ready.put(error)

    def _filled(self, epoch: int) -> Iterator[Window]:
        """The windows of an epoch, each once a buffer is free."""
        first, filled, seen = self._skipped, 0, 0
        buffer = 0
        for piece in self.blocks.pieces(self._random(epoch, 0)):
            if self._closed.is_set():
                return
            k, length = max(0, first + filled - seen), len(piece.X)
            seen += length
            if self._m is not None and seen > self._m:
                raise self._changed("more than")
            while k < length:
                if not filled:
                    buffer = self._free.get()
                    if self._closed.is_set():
                        return
                n = min(length - k, self._size - filled)
                for a, rows in zip(self._buffers[buffer], (piece.X, piece.Y), strict=True):
                    if rows is not None:
                        a[filled : filled + n] = rows[k : k + n]
                k, filled = k + n, filled + n
                if filled == self._size:
                    yield self._window_of(epoch, first, filled, buffer)
                    first, filled = first + filled, 0
        if self._m is not None and seen < self._m:
            raise self._changed(f"{seen} examples, not")
        if filled:
            yield self._window_of(epoch, first, filled, buffer)

    def _random(self, epoch: int, window: int) -> np.random.Generator | None:
        """What draws the order of an epoch's blocks (0) or of the examples in a window (1, 2, ...)."""
        if self._key is None:
            return None
        return np.random.Generator(np.random.Philox(key=[self._key, epoch], counter=[0, 0, 0, window]))

    def _window_of(self, epoch: int, first: int, filled: int, buffer: int) -> Window:
        X, Y = (a[:filled].T for a in self._buffers[buffer])
        if self.blocks.units is not None:
            standardized(X, *self.blocks.units, X)
        order = None
        if random := self._random(epoch, first // self._size + 1):
            order = random.permutation(filled)
            order += first
        return Window(epoch, first, X, Y, order, buffer)

    def _changed(self, what: str) -> ValueError:
        return ValueError(
            f"source gives {what} the {self._m} of its first pass: it must give the same data each time that it begins"
        )
