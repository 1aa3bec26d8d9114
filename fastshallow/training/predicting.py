"""Predictions of one example at once: what a network keeps for them, and a function that is nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..backends import Frozen
from ..data import Blocks, Columns, Windows

DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
Answer = Callable[[Any, Any], Any]


def _none(x: Any, out: Any) -> int:
    return 0


class Answers(dict[Any, Answer]):
    """The functions that answer one example, (x, out) -> A2 or 0, by the dtype of x; made when they are asked for."""

    def __init__(self, frozen: Callable[[Any], Frozen]) -> None:
        super().__init__()
        self._frozen, self._kept = frozen, list[Any]()

    def __missing__(self, dtype: Any) -> Answer:
        if dtype not in DTYPES:
            return _none
        answer, kept = self._frozen(dtype).answer() or (_none, None)  # another backend, or several threads
        self._kept.append(kept)
        return self.setdefault(dtype, answer)


class Predictor:
    """A network's predictions as a function, of arrays of one dtype: ``predict(x)``.

    ``predict(x)`` of one example (n_x,) gives (n_y,), a float if n_y is 1; of X (n_x, m) it gives (n_y, m). These are
    the probabilities of `Network.predict_proba`, or the numbers of `Network.predict`, to the bit. ``predict(x, out)``
    writes them to `out`, of their shape and dtype, in C order, apart from x.

    All else is refused: another dtype, which it does not convert; another shape; NaN; what is no array of NumPy's.
    Several threads may call it. It takes the network as it was when it predicted first.
    """

    __slots__ = ("_answer", "_answers", "_network", "dtype")

    def __init__(self, network: Any, dtype: DTypeLike | None = None) -> None:
        try:
            self.dtype = DTYPES[DTYPES.index(np.dtype(network.parameters.W1.dtype if dtype is None else dtype))]
        except (TypeError, ValueError):
            raise ValueError(f"dtype must be float32 or float64, not {dtype!r}") from None
        self._network, self._answers = network, network._answers  # which keep what an answer is computed with
        self._answer = self._answers[self.dtype]

    def __call__(self, x: NDArray[Any], out: NDArray[Any] | None = None) -> Any:
        """Predict from one example (n_x,), or from X (n_x, m)."""
        answer = self._answer(x, out)
        return answer if type(answer) is not int else self._other(x, out)

    def __reduce__(self) -> tuple[Any, ...]:
        return Predictor, (self._network, self.dtype.name)

    def __repr__(self) -> str:
        (n_h, n_x), n_y = self._network.parameters.W1.shape, len(self._network.parameters.W2)
        return f"Predictor({n_x}-{n_h}-{n_y}, {self.dtype})"

    def _other(self, x: Any, out: Any) -> Any:
        """Of more than one example, or of what is wrong."""
        n_x = self._network.parameters.W1.shape[1]
        if not isinstance(x, np.ndarray):
            raise TypeError(f"x must be an array of NumPy's, not {type(x).__name__}")
        if x.dtype != self.dtype:
            raise TypeError(
                f"x must be {self.dtype}, not {x.dtype}: convert it with x.astype({str(self.dtype)!r}), or make the "
                "predictor with another dtype"
            )
        if x.ndim not in (1, 2) or len(x) != n_x or not x.size:
            hint = "; an example is a column: did you mean x.T?" if x.ndim == 2 and x.shape[1] == n_x else ""
            raise ValueError(f"x must have the shape ({n_x},) or ({n_x}, m), but its shape is {x.shape}{hint}")
        if x.ndim == 2:
            return self._network._forward(x, "auto", None, out)
        n_y = len(self._network.parameters.W2)
        if out is not None:
            check_out(out, x, (n_y,), self.dtype)
        A2 = self._network._forward(x[:, None], "auto", None, None)[:, 0]
        if out is not None:
            out[...] = A2
            return out
        return A2 if n_y > 1 else float(A2[0])


def of_blocks(network: Any, blocks: Blocks, backend: str, threads: int | None, out: Any, allow_nan: bool) -> Any:
    """A2 (n_y, m) of a network for blocks, which a thread reads meanwhile."""
    n_x, known = network.parameters.W1.shape[1], network.features.names if network.features is not None else ()
    if out is not None:
        raise TypeError("out must be None for fs.Blocks: how many examples there are shows at their end")
    if blocks.n_x != n_x or (known and blocks.names not in ((), known)):
        hint = f": features={list(known)}" if known and blocks.names else ""
        raise ValueError(f"X must have the {n_x} features of the network in their order, not {blocks.described}{hint}")
    with closing(Windows(blocks, 1, None)) as windows:
        parts = [network._forward(window.X, backend, threads, None, allow_nan, window.first) for window in windows]
    if not parts:
        raise ValueError("X must not be empty, but the blocks hold no examples")
    return np.concatenate(parts, axis=1)


def check_out(out: Any, X: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Refuse what predictions of this shape and dtype cannot be written to, or not without X being changed."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an array of NumPy's, not {type(out).__name__}")
    if out.dtype != dtype:
        raise TypeError(f"out must be {dtype}, which the predictions are, not {out.dtype}")
    if out.shape != shape:
        raise ValueError(f"out must have the shape {shape} of the predictions, but its shape is {out.shape}")
    if not out.flags.writeable:
        raise ValueError("out must be writeable, but it is read-only")
    if not out.flags.carray:
        raise ValueError("out must be in C order and aligned, but it is not")
    if np.shares_memory(out, X.values if isinstance(X, Columns) else X):
        raise ValueError("out must not share memory with X")
