"""Object code that is kept and loaded without Numba: files of what LLVM made, by a key of all it depends on.

A file is a checksum and an object file. It is written whole or not at all, and many processes may do so at once: they
write the same. What is loaded runs, so a folder or file that somebody else than its user or root can write is refused.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import secrets
import stat
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from .machine import PACKAGED, PROCESSOR, processor, target_machine

MAGIC = b"fastshallow object 1\n"


def enabled() -> bool:
    """Whether compiled code is kept on disk: always, unless ``FASTSHALLOW_CACHE=0``."""
    return os.environ.get("FASTSHALLOW_CACHE", "1") != "0"


def folder() -> Path:
    """Where compiled code is kept: ``FASTSHALLOW_CACHE_DIR``, or the user's folder for caches."""
    given = os.environ.get("FASTSHALLOW_CACHE_DIR")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "fastshallow"


def key(*parts: object) -> str:
    """A name for what is compiled from these parts, with these sources and compilers, for this processor."""
    text = "\n".join(map(str, (_sources(), *processor(), *parts)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@functools.cache
def _sources() -> str:
    from importlib.metadata import version

    here = Path(__file__).parent
    state = hashlib.sha256(f"{version('numba')} {llvmlite.__version__}".encode())
    for file in sorted(here.rglob("*.py")):
        state.update(file.read_bytes())
    return state.hexdigest()


def find(name: str) -> bytes | None:
    """The object code of that name, if it is kept and whole."""
    if not enabled():
        return None
    for path in (folder() / f"{name}.o", PACKAGED / f"{name}.o"):
        with contextlib.suppress(OSError):
            if path.parent == PACKAGED or _trusted(path):
                found = path.read_bytes()
                code = found[len(MAGIC) + 32 :]
                if found[: len(MAGIC) + 32] == MAGIC + hashlib.sha256(code).digest():
                    return code
    return None


def keep(name: str, code: bytes) -> None:
    """Write object code under that name, where the folder can be written."""
    if not enabled():
        return
    path = folder() / f"{name}.o"
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            temporary.write_bytes(MAGIC + hashlib.sha256(code).digest() + code)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_processor() -> None:
    """Note in the folder for which processor its code is: so much is needed of a wheel that brings the code along."""
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / PROCESSOR).write_text("\n".join(processor()) + "\n", encoding="utf-8")


def _trusted(path: Path) -> bool:
    """Whether nobody but the user and root can write the file and its folder; who can is warned of once."""
    if os.name != "posix" or os.environ.get("FASTSHALLOW_CACHE_TRUST") == "1":
        return True
    for each in (path.parent, path):
        about = each.stat()
        if about.st_uid not in (0, os.geteuid()) or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            _warn(str(each))
            return False
    return True


@functools.cache
def _warn(path: str) -> None:
    warnings.warn(
        f"compiled code in {path} is not used, because others than you and root can write there: make it yours "
        "alone (chmod go-w), name another FASTSHALLOW_CACHE_DIR, or set FASTSHALLOW_CACHE_TRUST=1 to use it anyway",
        RuntimeWarning,
        stacklevel=2,
    )


_engine: Any = None
_lock = threading.Lock()


def load(code: bytes, symbols: tuple[str, ...]) -> list[int]:
    """The addresses of functions in object code, which stays in memory."""
    global _engine
    with _lock:
        if _engine is None:
            machine = target_machine()
            module = llvm.parse_assembly("")
            module.triple = machine.triple
            _engine = llvm.create_mcjit_compiler(module, machine)
        _engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        _engine.finalize_object()
        return [_engine.get_function_address(symbol) for symbol in symbols]
