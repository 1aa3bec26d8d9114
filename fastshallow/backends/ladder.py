"""The ladder from loops to hardware: modules with the same two functions, `forward` and `cost_and_gradients`.

They take checked input: X and Y of one dtype, float32 or float64, and parameters of it in C order. Only `fused` makes
use of `threads`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

BACKENDS = {
    "loops": "pure Python, one scalar at a time",
    "examples": "NumPy on one example at a time",
    "numpy": "NumPy, vectorized over the examples: the reference",
    "jit": "the source of `loops`, compiled by Numba",
    "fused": "SIMD kernels, one pass over the data",
}
COMPILED = ("jit", "fused")
BY_EXAMPLE = ("loops", "examples", "jit")  # each example takes as long as the first
# How many threads the BLAS of NumPy uses: it reads them when NumPy is imported.
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_loaded: dict[str, ModuleType] = {}


def load(name: str) -> ModuleType:
    """The backend of that name; the compiled ones import Numba."""
    module = _loaded.get(name)
    if module is None:
        module = _loaded[name] = importlib.import_module(f".{name}", __package__)
    return module
