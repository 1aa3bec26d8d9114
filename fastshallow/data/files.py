"""Files that are written whole or not at all, and read with no more trust than a stranger's deserve."""

from __future__ import annotations

import os
import re
import secrets
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MOST_MEMBERS = 200
KINDS = "biufU"  # of NumPy's dtypes: numbers and texts, nothing that is pickled


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
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None  # not the temporary file's name
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], expected: re.Pattern[str]) -> dict[str, NDArray[Any]]:
    """Read the members of these names of what `save` wrote; ValueError if the file is something else, or damaged.

    Nothing else in the file is read, and of a member no more than its declared shape takes, which the file must hold.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would wait for ever, /dev/zero never end
        raise ValueError("no regular file")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            with zipfile.ZipFile(file) as archive:
                members = {
                    member.filename[: -len(".npy")]: member
                    for member in _checked(archive.infolist(), size)
                    if member.filename.endswith(".npy") and expected.fullmatch(member.filename[: -len(".npy")])
                }
                return {name: _read(archive, member) for name, member in members.items()}
        except MemoryError:
            raise
        except Exception as error:  # whatever zipfile and NumPy make of bytes that are not theirs
            raise ValueError(str(error) or type(error).__name__) from None


def _checked(members: list[zipfile.ZipInfo], size: int) -> list[zipfile.ZipInfo]:
    """The members of an archive of so many bytes, if they are as `save` writes them."""
    if len(members) > MOST_MEMBERS:
        raise ValueError(f"it has {len(members):,} members")
    if len({member.filename for member in members}) < len(members):
        raise ValueError("two of its members have one name")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ValueError(f"its member {member.filename!r} is compressed")
    if sum(member.file_size for member in members) > size:
        raise ValueError("its members are larger than the file")
    return members


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """An array whose header says what the member holds."""
    with archive.open(member) as file:
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        version = npy.read_magic(file)
        if version not in read_header:
            raise ValueError(f"its member {member.filename!r} has the format {version}")
        shape, fortran, dtype = read_header[version](file)
        if dtype.kind not in KINDS or dtype.hasobject or len(shape) > 2:
            raise ValueError(f"its member {member.filename!r} is {dtype} of shape {shape}")
        count = 1
        for length in shape:
            count *= length
        data = file.read()  # as much as the archive says, and its checksum is right
        if min(shape, default=0) < 0 or len(data) != count * dtype.itemsize:
            raise ValueError(f"its member {member.filename!r} does not hold what its header says")
        array = np.frombuffer(data, dtype, count) if dtype.itemsize else np.zeros(count, dtype)
        return array.reshape(shape, order="F" if fortran else "C").astype(dtype.newbyteorder("="), "C")


def text(stored: dict[str, NDArray[Any]], name: str) -> str:
    """A text among the members of a file; an empty one if it is missing or no text."""
    value = stored.get(name)
    return str(value) if value is not None and value.ndim == 0 and value.dtype.kind == "U" else ""
