"""The functional interface: forward, cost_and_gradients, and which backends can run them here."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data import FLOAT32, FLOAT64, by_pieces, check_parameters, check_threads, check_x, check_y, computing
from ..formulas import ACTIVATIONS, OUTPUTS, Activation, Output, Parameters, activation, naming, output_layer
from .dispatch import explain, unavailable
from .ladder import BACKENDS, COMPILED, load

ndarray = np.ndarray  # looked up once


class Backend(NamedTuple):
    """Whether a backend can run here; what it is, or why it can't."""

    available: bool
    about: str

    def __str__(self) -> str:
        return self.about if self.available else f"not available: {self.about}"


AUTO = "picks by shape, dtype and machine: see fs.explain"


@naming(hidden=ACTIVATIONS, output=OUTPUTS, backend=BACKENDS)
def forward(
    X: ArrayLike,
    p: Parameters,
    hidden: str | Activation = "tanh",
    output: str | Output = "sigmoid",
    backend: str = "auto",
    threads: int | None = None,
) -> NDArray[Any]:
    """Propagate forward: A2 = g2(W2 g1(W1 X + b1) + b2).

    Parameters
    ----------
    X : (n_x, m)
        Examples as columns. float32 is computed in float32, as are float16, bfloat16, booleans and integers of 8 or 16
        bits; everything else in float64. C- and Fortran-ordered, strided, read-only and memory-mapped arrays of float32
        and float64 are used as they are; other numbers, and those of another byte order, are converted some examples at
        a time. Tables and lists of numbers are converted as a whole; masked elements and missing values are refused.
    p : Parameters
        W1 (n_h, n_x), b1 (n_h, 1), W2 (n_y, n_h), b2 (n_y, 1).
    hidden
        {hidden}; ``fs.leaky_relu(slope)``; or an `Activation` of your own.
    output
        {output}.
    backend
        ``"auto"``, or one of {backend}.
    threads
        How many threads ``"fused"`` may use. None takes as many as there are processors to spare, where that helps. The
        answer has the same bits for any number. The other backends leave it to NumPy, or use one.

    Returns
    -------
    (n_y, m) array
        A2, in the dtype of the computation.

    Raises
    ------
    ValueError, TypeError
        For an argument of wrong shape, dtype or value, by its name.
    RuntimeError
        For a backend that can't run here.

    Notes
    -----
    Deep Learning Specialization, Course 1, Week 3: "Vectorizing across multiple examples".
    """
    X = check_x(X, stored=True)
    p = check_parameters(p, X)
    check_threads(threads)
    run = _backend(backend, X, p)
    g, loss = activation(hidden), output_layer(output)
    if X.dtype is FLOAT64 or X.dtype is FLOAT32:
        return run.forward(X, p, g, loss, threads)  # type: ignore[no-any-return]
    return by_pieces(lambda piece: run.forward(piece, p, g, loss, threads), X)


class Frozen(NamedTuple):
    """What predictions are made with, of one dtype: parameters, formulas, and what is subtracted from X (n_x, 1)."""

    p: Parameters
    hidden: Activation
    output: Output
    shift: NDArray[Any] | None = None

    def infer(
        self, X: Any, backend: str = "auto", threads: int | None = None, out: Any = None
    ) -> tuple[NDArray[Any], bool]:
        """`forward` of X (n_x, m) that `check_data` gave, minus the shift, and whether any of it is NaN.

        What `out` is given becomes it: (n_y, m) of the dtype, in C order. The kernels make no copy of X for the shift.
        """
        check_threads(threads)
        p = check_parameters(self.p, X)
        run = _backend(backend, X, p)
        if not run.__name__.endswith("fused"):
            A2 = by_pieces(lambda x: run.forward(self.shifted(x), p, self.hidden, self.output, threads), X)
        elif isinstance(X, ndarray) and (X.dtype is FLOAT64 or X.dtype is FLOAT32):
            return run.infer(X, p, self.hidden, self.output, threads, self.shift, out)  # type: ignore[no-any-return]
        else:
            options = self.hidden, self.output, threads, self.shift
            A2 = by_pieces(lambda x: run.infer(x, p, *options)[0], X)
        if out is not None:
            out[...] = A2
        return A2 if out is None else out, bool(np.isnan(A2).any())

    def shifted(self, X: NDArray[Any]) -> NDArray[Any]:
        """X minus the shift."""
        return X if self.shift is None else X - self.shift

    def answer(self, fixed: bool = True) -> tuple[Any, Any] | None:
        """The function that answers one example at once, if there is one, and what must live as long.

        The parameters are `fixed`, or may change where they are: see `fused.make_answer`.
        """
        return None if unavailable() else load("fused").make_answer(*self, fixed)


def cost_and_gradients(
    X: ArrayLike,
    Y: ArrayLike,
    p: Parameters,
    hidden: str | Activation = "tanh",
    output: str | Output = "sigmoid",
    backend: str = "auto",
    threads: int | None = None,
) -> tuple[float, Parameters]:
    """The cost J = 1/m sum L(A2, Y) and its gradients, by backpropagation.

    Parameters
    ----------
    X, p, hidden, output, backend, threads
        As for `forward`.
    Y : (n_y, m)
        What the outputs should be, as columns: labels 0 or 1 for ``"sigmoid"`` (binary cross-entropy, summed over
        outputs), one-hot for ``"softmax"`` (cross-entropy), numbers for ``"identity"`` (half the squared error) and
        those of 0 or more for ``"exp"`` (half the Poisson deviance). Of one dimension, it is one row. `one_hot` makes
        rows of labels that are words or whole numbers.

    Returns
    -------
    cost : float
        The mean over the examples of the loss, in nats for the two cross-entropies.
    gradients : Parameters
        The derivatives of the cost by W1, b1, W2 and b2, in their shapes.

    Raises
    ------
    ValueError, TypeError, RuntimeError
        As for `forward`.

    Notes
    -----
    Deep Learning Specialization, Course 1, Week 3: "Gradient descent for neural networks". All outputs have
    dZ2 = A2 - Y; then dW2 = 1/m dZ2 A1', dZ1 = W2' dZ2 * g1'(Z1), dW1 = 1/m dZ1 X'.
    """
    # All checks would cost more than a small step. What was right goes straight to the kernel, which compares shapes;
    # when it refuses them, the checks below say why. It reads NumPy's arrays itself, so they must be just that: others,
    # such as JAX's, may have the same dtype.
    # It holds for "fused", and for "auto" where that has picked it: for one shape as for all.
    if threads is not None and (type(threads) is not int or threads < 1):
        check_threads(threads)
    try:
        straight, g, loss = _straight[backend, hidden, output]
        W1, b1, W2, b2 = p
        dtype = X.dtype  # type: ignore[union-attr]
        # It takes numbers of the other byte order for its own, and whatever else it is given for an array of NumPy's.
        known = dtype is FLOAT64 or dtype is FLOAT32
        arrays = type(X) is type(Y) is type(W1) is type(b1) is type(W2) is type(b2) is ndarray
        if known and arrays and dtype is Y.dtype is W1.dtype is b1.dtype is W2.dtype is b2.dtype:  # type: ignore[union-attr]
            return straight.cost_and_gradients(X, Y, p, g, loss, threads)  # type: ignore[no-any-return]
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    X = check_x(X)
    p = check_parameters(p, X)
    Y = check_y(Y, X, p.W2.shape[0])
    g, loss = activation(hidden), output_layer(output)
    run = _backend(backend, X, p)
    if run.__name__.endswith("fused"):
        _straight[backend, hidden, output] = run, g, loss
    return run.cost_and_gradients(X, Y, p, g, loss, threads)  # type: ignore[no-any-return]


def backends() -> dict[str, Backend]:
    """All backends by name: which of them can run here, what they are, and why one can't."""
    problem = unavailable()
    listed = {}
    for name, about in (*BACKENDS.items(), ("auto", AUTO)):
        blocked = problem if name in COMPILED else None
        listed[name] = Backend(blocked is None, blocked or about)
    return listed


def named_backend(name: str) -> ModuleType:
    """The backend of that name; an error if there is none or it can't run here."""
    if not isinstance(name, str) or name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)} or auto, not {name!r}")
    problem = unavailable() if name in COMPILED else None
    if problem:
        raise RuntimeError(f"backend {name!r} can't run here: {problem}; use backend='numpy'")
    return load(name)


_ready: dict[str, ModuleType] = {}
_straight: dict[Any, tuple[ModuleType, Activation, Output]] = {}


def _backend(name: str, X: NDArray[Any], p: Parameters) -> ModuleType:
    found = _ready.get(name) if isinstance(name, str) else None
    if found is None:
        chosen = name
        if name == "auto":  # which picks the same for one shape as for all
            (n_y, n_h), (n_x, m) = p.W2.shape, X.shape
            chosen = explain(n_x, n_h, n_y, m, computing(X.dtype)).backend
        found = _ready[name] = named_backend(chosen)
    return found
