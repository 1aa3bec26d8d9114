"""The machine at hand: what decides speed on it, and how busy it is."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ..backends import BLAS_THREADS, functional, processors


def machine() -> dict[str, Any]:
    """What decides speed here: processor, vector width, caches, threads, versions, and where compiled code is kept."""
    from ..kernels import machine as processor  # here, since they import LLVM
    from ..kernels import objects

    return {
        "cpu": _cpu(),
        "vector_bits": processor.register_bits(),
        "float32_lanes": processor.lanes("float32"),
        "float64_lanes": processor.lanes("float64"),
        "caches": caches(),
        "cores": os.cpu_count(),
        "cores_allowed": cores(),
        "threads": processors(),
        "threading_layer": "its own: threads meet inside the kernel",
        "blas": _blas(),
        "blas_threads": {name: os.environ[name] for name in BLAS_THREADS if name in os.environ},
        "cache": objects.enabled(),
        "cache_folder": str(objects.folder()),
        "backends": {name: str(state) for name, state in functional.backends().items()},
        "system": platform.platform(),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
    }


_PACKAGES = ("fastshallow", "numpy", "numba", "llvmlite")


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def caches() -> dict[str, int]:
    """Bytes of the caches of data that a core sees, the nearest first, where the system tells them: L1, L2, L3."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found[f"L{level}"] = int(size.removesuffix("K")) * 1024
    return found


def load() -> list[float] | None:
    """How many processes wanted a core in the last 1, 5 and 15 minutes, or None where the system does not say."""
    return [round(each, 2) for each in os.getloadavg()] if hasattr(os, "getloadavg") else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        if sys.platform == "darwin":
            return subprocess.check_output(["sysctl", "-n", "machdep.cpu.brand_string"], text=True).strip()
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except (OSError, subprocess.SubprocessError):
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _blas() -> str:
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
