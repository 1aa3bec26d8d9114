"""What this processor is to the compiler: its name, features and the width of its registers.

LLVM tells them, unless Numba's environment variables ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` say otherwise. Numba
itself is not needed.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

PACKAGED = Path(__file__).parent.parent / "objects"  # compiled code that a wheel may bring along
PROCESSOR = "processor"  # the file there that says for which it is
# Registers of 512 bits that these leave unused, if NUMBA_CPU_NAME says so.
AVX2_NAMES = ("haswell", "broadwell", "skylake", "znver1", "znver2", "znver3")


@functools.cache
def processor() -> tuple[str, str]:
    """Its name and features, as LLVM writes them: ``znver3`` and ``+avx2,-avx512f,...``.

    They are those of the code that the package brings along, if it does so and this processor can run it.
    """
    name, features = os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES")
    if name is None and features is None and (packaged := _packaged()):
        return packaged
    name = name or llvm.get_host_cpu_name()
    if features is None:
        features = "" if name == "generic" else _host_features()
    return name, features


def _packaged() -> tuple[str, str] | None:
    """The processor of the code that a wheel has brought along, if this one has all its features."""
    try:
        name, features = (PACKAGED / PROCESSOR).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    needed = {each for each in features.split(",") if each.startswith("+")}
    return (name, features) if needed <= set(_host_features().split(",")) else None


def _host_features() -> str:
    try:
        return llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM knows them on some processors only
        return ""


def cpu_features() -> list[str]:
    """What LLVM may use of this processor, as it names it: +avx2, -avx512f, ..."""
    return processor()[1].split(",")


def is_aarch64() -> bool:
    """Whether this is a 64-bit ARM, all of which have multiply-adds and 32 vector registers."""
    return bool(llvm.get_process_triple().startswith(("aarch64", "arm64")))


def has_fma() -> bool:
    """Whether a product and a sum are one instruction, rounded once."""
    return "+fma" in cpu_features() or is_aarch64()


@functools.cache
def register_bits() -> int:
    """The width of the widest vector register that may be used here: 512, 256 or 128."""
    features = cpu_features()
    if "+avx512f" in features and processor()[0] not in AVX2_NAMES:
        return 512
    return 256 if "+avx" in features else 128


def lanes(dtype: Any) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return register_bits() // int(8 * np.dtype(dtype).itemsize)


def many_registers() -> bool:
    """Whether there are 32 vector registers, as with AVX-512 and on ARM, or 16."""
    return register_bits() == 512 or is_aarch64()


def tile_rows() -> int:
    """Rows of a register tile of 3 columns: what 32 registers hold, or 16.

    ARM has 32, but 8 rows whose distance is known at run time alone take an addition each there: 3.1 instructions a
    multiply-add in one of the two products, and 1.5 in the other, where 4 rows take 1.8 in both.
    """
    return 8 if register_bits() == 512 else 4


def target_machine() -> Any:
    """A new compiler of LLVM's for this processor; an engine takes the one that it is given for its own."""
    for start in (llvm.initialize_native_target, llvm.initialize_native_asmprinter):
        start()
    triple = llvm.get_process_triple()
    name, features = processor()
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=name,
        features=features,
        opt=3,
        reloc="static" if triple.startswith(("x86_64", "i")) else "default",
        codemodel="jitdefault",
        jit=True,
    )
