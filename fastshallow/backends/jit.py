"""The very source of `loops`, compiled by Numba: what a JIT alone buys.

Numba keeps a compiled function beside its source file and looks it up by signature, bytecode and closure. It does not
notice that a function called from there has changed. So a digest of everything that goes into a function is put into
its name, and it is looked up by that.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba import types
from numba.core.caching import FunctionCache
from numba.extending import overload, register_jitable

from ..formulas import Activation, Output, Parameters
from ..kernels.machine import processor
from ..kernels.objects import enabled
from .loops import make, number

_compiled: dict[tuple[str, str, Any], tuple[Any, Any]] = {}


class _Cache(FunctionCache):  # type: ignore[misc]
    def _index_key(self, sig: Any, codegen: Any) -> tuple[str]:
        return (self._py_func.__qualname__,)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # of a damaged file, whatever unpickling makes of it
            self.flush()
            return None


def kernel(function: Any, signature: Any, *closure: object, kept: bool = True) -> Any:
    """Compile `function` for one signature; `closure` says what it closes over: digests of formulas."""
    sources = [Path(__file__).with_name(name).read_bytes() for name in ("jit.py", "loops.py")]
    versions = numba.__version__, llvmlite.__version__, np.__version__
    text = "\n".join(map(str, (*sources, *versions, *processor(), signature, *closure)))
    function.__qualname__ = f"{function.__name__}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    made = numba.njit(nogil=True, error_model="numpy")(function)
    if kept and enabled():
        with suppress(RuntimeError):  # where no folder can be written there is no cache
            made._cache = _Cache(function)
    made.compile(signature)
    made.disable_compile()
    return made


@overload(number)
def _number(x):  # type: ignore[no-untyped-def]
    if isinstance(x, types.Array):
        return lambda x: x[()]
    return (lambda x: 1.0 if x else 0.0) if isinstance(x, types.Boolean) else lambda x: x


def forward(X: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None) -> Any:
    """A2 (n_y, m) of checked input."""
    A2 = np.empty((p.W2.shape[0], X.shape[1]), X.dtype)
    compiled(hidden, output, X.dtype)[0](X, *p, A2)
    return A2


def cost_and_gradients(
    X: Any, Y: Any, p: Parameters, hidden: Activation, output: Output, threads: int | None = None
) -> tuple[float, Parameters]:
    """The cost and its gradients, of checked input."""
    gradients = Parameters(*(np.zeros(array.shape, X.dtype) for array in p))
    return compiled(hidden, output, X.dtype)[1](X, Y, *p, *gradients), gradients


def compiled(hidden: Activation, output: Output, dtype: Any) -> tuple[Any, Any]:
    """The two compiled functions, made when they are first used."""
    key = (hidden.digest, output.digest, dtype)
    found = _compiled.get(key)
    if found is None:
        found = _compiled[key] = _kernels(hidden, output, dtype)
    return found


def assembly(hidden: Activation, output: Output, dtype: Any) -> str:
    """The instructions of `cost_and_gradients`, which Numba shows of what it has just compiled only."""
    (text,) = _kernels(hidden, output, dtype, kept=False)[1].inspect_asm().values()
    return str(text)


def _kernels(hidden: Activation, output: Output, dtype: Any, kept: bool = True) -> tuple[Any, Any]:
    forward, cost_and_gradients = make(
        register_jitable(hidden.value),
        register_jitable(hidden.derivative),
        register_jitable(output.value),
        register_jitable(output.loss),
        output.normalized,
        helper=register_jitable,
    )
    real = types.float32 if dtype == np.float32 else types.float64
    data = types.Array(real, 2, "A", readonly=True)
    matrix = types.Array(real, 2, "C")
    digests = hidden.digest, output.digest
    return (
        kernel(forward, types.void(data, *[matrix] * 5), *digests, kept=kept),
        kernel(cost_and_gradients, types.float64(data, data, *[matrix] * 8), *digests, kept=kept),
    )
