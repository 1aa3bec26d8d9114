"""How this package compiles: one wrapper owns every Numba option, and the disk cache can't go stale.

Numba keeps a compiled function beside its source file and looks it up by signature, bytecode, closure and CPU. It
does not notice that a function called from there has changed; and a closure that holds intrinsics never is the same
again, since each process gives these an identity of its own. So `kernel` puts a digest of everything that goes into a
function, the kernels' sources, the formulas and sizes, the compilers' versions and the CPU, into its name, and looks it
up by that. Processes that write one file at once then write the same.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
from numba.core import config
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.extending import register_jitable

F = TypeVar("F", bound=Callable[..., Any])

AVX2_NAMES = ("haswell", "broadwell", "skylake", "znver1", "znver2", "znver3")  # if NUMBA_CPU_NAME says so


# A function that only compiled code calls needs no entry of its own.
CALLED = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
INLINED = {"forceinline": True, **CALLED}


def inline(function: F) -> F:
    """Let compiled code call `function`, always inlined: a call would move vectors through memory."""
    return register_jitable(**INLINED)(function)  # type: ignore[no-any-return]


def helper(function: F) -> F:
    """Let compiled code call `function`, which moves no vectors to or fro: a call keeps the code short."""
    return register_jitable(**CALLED)(function)  # type: ignore[no-any-return]


class _Cache(FunctionCache):
    def _index_key(self, sig: Any, codegen: Any) -> tuple[str]:
        return (self._py_func.__qualname__,)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # of a damaged file, whatever unpickling makes of it
            self.flush()
            return None


def kernel(function: Callable[..., Any], signature: Any, *closure: object) -> Any:
    """Compile `function` for one signature; `closure` says what it closes over: digests of formulas, sizes."""
    cpu = cpu_target.target_context.codegen().magic_tuple()
    text = "\n".join(map(str, (_sources(), signature, cpu, *closure)))
    function.__qualname__ = f"{function.__name__}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    made = numba.njit(nogil=True, error_model="numpy")(function)
    if cache_enabled():
        # Where no folder can be written there is no cache.
        with suppress(RuntimeError):
            made._cache = _Cache(function)
    with _one_piece(function.__qualname__):
        made.compile(signature)
    made.disable_compile()
    return made


@contextmanager
def _one_piece(name: str) -> Iterator[None]:
    """Let LLVM see only the function of that name, with all that it calls, and not also each of these by itself.

    Numba gives every compiled function a library with all functions that it calls in turn, and has each library
    optimized and made machine code: an inner loop as often as its calls are deep (measured: two thirds of the time).
    """

    class Library(JITCodeLibrary):
        def _optimize_final_module(self) -> None:
            if self.name == name:
                super()._optimize_final_module()

        def _finalize_final_module(self) -> None:
            if self.name == name:
                super()._finalize_final_module()
            self._finalized = True

    context = cpu_target.target_context
    rtsys.initialize(context)  # whose library is one of its own
    codegen = context.codegen()

    def set_env(env_name: str, env: Any) -> None:
        if codegen._engine.is_symbol_defined(env_name):
            type(codegen).set_env(codegen, env_name, env)

    with global_compiler_lock:
        codegen._library_class, codegen.set_env = Library, set_env
        try:
            yield
        finally:
            del codegen._library_class, codegen.set_env


def number_type(dtype: Any) -> Any:
    """Numba's type for float32 or float64."""
    return numba.float32 if np.dtype(dtype) == np.float32 else numba.float64


def cache_enabled() -> bool:
    """Whether compiled code is kept on disk: always, unless ``FASTSHALLOW_CACHE=0``."""
    return os.environ.get("FASTSHALLOW_CACHE", "1") != "0"


@functools.cache
def _sources() -> str:
    package = Path(__file__).parent.parent
    files = sorted([*package.glob("kernels/*.py"), package / "backends/fused.py", package / "backends/loops.py"])
    versions = f"{numba.__version__} {llvmlite.__version__} {np.__version__}"
    return versions + "".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)


def cpu_features() -> list[str]:
    """What LLVM may use of this processor, as it names it: +avx2, -avx512f, ..."""
    return cpu_target.target_context.codegen().magic_tuple()[2].split(",")  # type: ignore[no-any-return]


def has_fma() -> bool:
    """Whether a product and a sum are one instruction, rounded once."""
    return "+fma" in cpu_features()


@functools.cache
def register_bits() -> int:
    """The width of the widest vector register that Numba may use here: 512, 256 or 128."""
    features = cpu_features()
    if "+avx512f" in features and config.CPU_NAME not in AVX2_NAMES:
        return 512
    return 256 if "+avx" in features else 128


def lanes(dtype: Any) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return register_bits() // int(8 * np.dtype(dtype).itemsize)
