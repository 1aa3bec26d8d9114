"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_writable(name: str, path: str | os.PathLike[str]) -> None:
    """Refuse a file that can't be written, before hours of training rather than after them; `name` is the argument."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name} must be the path of a file, not {path!r}")
    folder = Path(path).parent
    if Path(path).is_dir():
        raise ValueError(f"{path}: this is a folder; give {name} a file")
    if not folder.is_dir():
        raise ValueError(f"{path}: no such folder: {folder}")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{path}: nothing can be written into {folder}")


def save(path: str | os.PathLike[str], members: dict[str, Any]) -> None:
    """Write arrays, numbers and texts into one .npz file: what was there stays until the new one is complete."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            np.savez(file, **members)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read what `save` wrote; ValueError if the file is something else, or damaged."""
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                damaged = archive.testzip()
            if damaged:
                raise ValueError(f"its member {damaged} is damaged")
            file.seek(0)
            with np.load(file, allow_pickle=False) as members:
                return dict(members)
        except MemoryError:
            raise
        except Exception as error:  # whatever zipfile and NumPy make of bytes that are not theirs
            raise ValueError(str(error)) from None


def text(stored: dict[str, NDArray[Any]], name: str) -> str:
    """A text among the members of a file; an empty one if it is missing or no text."""
    value = stored.get(name)
    return str(value) if value is not None and value.ndim == 0 and value.dtype.kind == "U" else ""
