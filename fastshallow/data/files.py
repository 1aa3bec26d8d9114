"""Files that are written whole or not at all, and read with no more trust than a stranger's deserve."""

from __future__ import annotations

import math
import os
import re
import secrets
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST = 2**53  # a count below it is exact in every number that it meets
# As `np.save` writes it. NumPy's own reader has Python parse what a stranger wrote, which warns and runs out of memory.
HEADER = re.compile(
    rb"\{'descr': '([<>|][bifU][1-9]\d{0,8})', 'fortran_order': (True|False), 'shape': \(([\d, ]{0,60})\), \} *\n"
)

# What a member may hold: the dtypes, and what its values must be.
KINDS: dict[str, tuple[str, Callable[[NDArray[Any]], Any]]] = {
    "texts": ("U", lambda a: np.frombuffer(a.tobytes(), np.uint32) <= 0x10FFFF),
    "booleans": ("b1", lambda a: True),
    "integers": ("i4 i8", lambda a: (a > -LARGEST) & (a < LARGEST)),
    "counts": ("i4 i8", lambda a: (a >= 0) & (a < LARGEST)),
    "numbers": ("f4 f8", lambda a: True),
    "finite numbers": ("f4 f8", np.isfinite),
    "positive numbers": ("f4 f8", lambda a: (a > 0.0) & (a < np.inf)),
}


class FileError(ValueError):
    """What is wrong with a file that is read, in words."""


class Member(NamedTuple):
    """What a file may hold under a name. In the shape a name stands for a size, the same one in all members."""

    kind: str  # one of KINDS
    shape: tuple[int | str, ...] = ()


class Format(NamedTuple):
    """What files of one kind hold; `others` says what to do with files of another kind, by that one's name."""

    name: str
    version: int
    members: Mapping[str, Member]
    others: Mapping[str, str]


class Stored(dict[str, NDArray[Any]]):
    """The members that a file has, by their names."""

    def __missing__(self, name: str) -> NDArray[Any]:
        raise FileError(f"damaged ({name} is missing)")


def check_writable(name: str, path: str | os.PathLike[str]) -> None:
    """Refuse a file that can't be written, before hours of training rather than after them; `name` is the argument."""
    _check_path(name, path)
    folder = Path(path).parent
    if Path(path).is_dir():
        raise ValueError(f"{path}: this is a folder; give {name} a file")
    if not folder.is_dir():
        raise ValueError(f"{path}: no such folder: {folder}")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{path}: nothing can be written into {folder}")


def check_replaceable(name: str, path: str | os.PathLike[str]) -> None:
    """The same for a file that `save` will put a new one in place of."""
    check_writable(name, path)
    _check_regular(path)


def save(path: str | os.PathLike[str], form: Format, members: Mapping[str, Any]) -> None:
    """Write arrays, numbers and texts into one .npz file: what was there stays until the new one is complete."""
    with replacing(path) as file:
        np.savez(file, format=form.name, version=form.version, **members)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file to write, which takes its place when all of it is written: what was there stays until then."""
    _check_path("path", path)
    _check_regular(path)
    final = Path(os.path.realpath(path))  # a link stays one
    temporary = final.with_name(f".fastshallow-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, final)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None  # not the temporary file's name
    finally:
        temporary.unlink(missing_ok=True)


def regular_size(path: str | os.PathLike[str], what: str = "network file") -> int:
    """The bytes of a file to read; FileError for a pipe, which would wait for ever, or /dev/zero without end."""
    about = os.stat(path)
    if not stat.S_ISREG(about.st_mode):
        raise FileError(f"not a {what}: no regular file")
    return about.st_size


def load(path: str | os.PathLike[str], form: Format) -> Stored:
    """Read what `save` wrote; FileError if the file is something else, or damaged.

    Only the members of its format are read, after all that is declared of them fits: to the format, and into the file.
    """
    what = f"{form.name.partition(' ')[2]} file"
    regular_size(path, what)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                infos = _checked(archive.infolist(), os.fstat(file.fileno()).st_size)
                begun = _read(archive, infos, {"format": Member("texts"), "version": Member("counts")})
                name = str(begun.get("format", ""))
                if name != form.name:
                    raise FileError(form.others.get(name, f"not a {what} that fastshallow wrote"))
                if (version := int(begun["version"])) > form.version:
                    raise FileError(f"written by a newer fastshallow, format {version}; this one knows {form.version}")
                return _read(archive, infos, form.members)
        except (FileError, MemoryError):
            raise
        except Exception as error:  # whatever zipfile and NumPy make of bytes that are not theirs
            raise FileError(f"not a {what}, or a damaged one ({error or type(error).__name__})") from None


def fault(form: Format, members: Mapping[str, Any]) -> str | None:
    """Say what is wrong with members of a format, if anything is."""
    arrays = {name: np.asarray(member) for name, member in members.items()}
    declared = {name: (array.dtype, array.shape) for name, array in arrays.items()}
    odd = (_odd(name, form.members[name], array) for name, array in arrays.items())
    return _misdeclared(form.members, declared) or next(filter(None, odd), None)


@contextmanager
def named(path: str | os.PathLike[str], kind: type[ValueError]) -> Iterator[None]:
    """Turn whatever odd contents lead to into an error of this kind that names the file."""
    _check_path("path", path)
    try:
        yield
    except kind:
        raise
    except FileError as error:
        raise kind(f"{os.fspath(path)}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise kind(f"{os.fspath(path)}: damaged ({text})") from None


def _check_path(name: str, path: Any) -> None:
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise TypeError(f"{name} must be the path of a file, not {path!r}")
    if not os.fspath(path) or "\0" in os.fspath(path):
        raise ValueError(f"{name} must be the path of a file, not {path!r}")


def _check_regular(path: str | os.PathLike[str]) -> None:
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise ValueError(f"{os.fspath(path)}: this is a pipe or a device; a file can't take its place")


def _checked(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """The members of an archive of so many bytes by their names, if they are as `save` writes them."""
    members = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(members) < len(infos):
        raise ValueError("two of its members have one name")
    for name, info in members.items():
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ValueError(f"its member {name!r} is compressed")
    if sum(info.file_size for info in infos) > size:
        raise ValueError("its members are larger than the file")
    return members


def _read(archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo], members: Mapping[str, Member]) -> Stored:
    """Those members that there are: first what all of them declare, then what they hold."""
    headers = {name: _header(archive, infos[name]) for name in members if name in infos}
    if wrong := _misdeclared(members, {name: header[:2] for name, header in headers.items()}):
        raise FileError(f"damaged ({wrong})")
    stored = Stored()
    for name, (dtype, shape, order, start) in headers.items():
        data = archive.read(infos[name])  # as much as the archive says, and its checksum is right
        array: NDArray[Any] = np.ndarray(shape, dtype, data, start, order=order)
        stored[name] = array.astype(dtype.newbyteorder("="), "C")
        if wrong := _odd(name, members[name], stored[name]):
            raise FileError(f"damaged ({wrong})")
    return stored


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[np.dtype[Any], tuple[int, ...], Any, int]:
    """What a member declares: its dtype, its shape and its memory order; and where its numbers begin."""
    with archive.open(info) as file:
        begin = file.read(10)
        length = int.from_bytes(begin[8:], "little")
        found = HEADER.fullmatch(file.read(length)) if begin.startswith(b"\x93NUMPY\x01\x00") else None
    if found is None:
        raise ValueError(f"its member {info.filename!r} begins with no header that NumPy writes")
    dtype, shape = np.dtype(found[1].decode()), tuple(map(int, found[3].replace(b",", b" ").split()))
    if 10 + length + math.prod(shape) * dtype.itemsize != info.file_size:
        raise ValueError(f"its member {info.filename!r} does not hold what its header says")
    return dtype, shape, "F" if found[2] == b"True" else "C", 10 + length


def _misdeclared(
    members: Mapping[str, Member], declared: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]
) -> str | None:
    """Say which member has another dtype or shape than it should, if one does."""
    sizes: dict[int | str, int] = {}
    for name, (dtype, shape) in declared.items():
        kind, wanted = members[name]
        right = tuple(sizes.get(size, size) for size in wanted)
        fits = len(shape) == len(right) and all(map(_fits, shape, right))
        if not fits or (dtype.kind if dtype.kind == "U" else dtype.str[1:]) not in KINDS[kind][0].split():
            return f"{name} is {dtype} of shape {shape}, not {kind} of shape ({', '.join(map(str, right))})"
        sizes |= {size: length for size, length in zip(wanted, shape, strict=True) if isinstance(size, str)}
    return None


def _fits(length: int, right: int | str) -> bool:
    return isinstance(right, str) or length == right


def _odd(name: str, member: Member, array: NDArray[Any]) -> str | None:
    """Say whether a member holds a value that it must not."""
    return None if np.all(KINDS[member.kind][1](array)) else f"{name} holds something else than {member.kind}"
