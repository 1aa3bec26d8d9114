"""Networks in the format of safetensors: arrays as tensors, all else in the file's metadata."""

from __future__ import annotations

import os

import numpy as np

from ..data import files
from ..formulas import ACTIVATIONS
from ..training import NETWORK, Network, NetworkFileError, members_of, of_members, problem_of
from .extras import library
from .parts import hidden_name
from .texts import read_texts, texts_of

HEADER = 2**24  # bytes: names of many features and classes take less


def to_safetensors(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network; see `Network.to_safetensors`."""
    save = library("safetensors.numpy", "safetensors").save
    hidden_name(network, "fs.from_safetensors", ACTIVATIONS)
    members = members_of(network)
    problem = files.fault(NETWORK, members) or problem_of(network)
    if problem:
        raise ValueError(f"this network can't be saved: {problem}")
    arrays = {name: np.asarray(member) for name, member in members.items()}
    tensors = {name: np.array(a, order="C") for name, a in arrays.items() if a.ndim and a.dtype.kind in "fi"}
    about = {"format": NETWORK.name, "version": str(NETWORK.version)}
    about |= texts_of({name: a for name, a in arrays.items() if name not in tensors})
    with files.replacing(path) as file:
        file.write(save(tensors, about))  # which takes arrays in Fortran order for C: `tensors` has none


def from_safetensors(path: str | os.PathLike[str]) -> Network:
    """Read a network that `Network.to_safetensors` wrote.

    Raises
    ------
    NetworkFileError
        A ValueError: the file holds something else, or is damaged. Little memory is taken to find that out.
    """
    library("safetensors", "safetensors")
    with files.named(path, NetworkFileError):
        network = of_members(_stored(path), None)
        if problem := problem_of(network):
            raise files.FileError(f"damaged ({problem})")
    return network


def _stored(path: str | os.PathLike[str]) -> files.Stored:
    what = "not a network in the format of safetensors that fastshallow wrote"
    size = files.regular_size(path)
    with open(path, "rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if not 2 <= header <= size - 8:
        raise files.FileError(
            f"not a file of safetensors, or a damaged one (of {size} bytes its header takes {header})"
        )
    if header > HEADER:
        raise files.FileError(f"{what}: its header takes {header:,} bytes")
    stored = files.Stored()
    try:
        with library("safetensors", "safetensors").safe_open(path, framework="numpy") as tensors:
            about = dict(tensors.metadata() or {})
            if about.pop("format", None) != NETWORK.name:
                raise files.FileError(what)
            version = about.pop("version", "")
            if version != str(NETWORK.version):
                raise files.FileError(f"of format {version[:20]!r}; this fastshallow knows {NETWORK.version}")
            names = set(tensors.keys())
            if odd := names - set(NETWORK.members):
                raise files.FileError(f"{what}: it has a tensor {min(odd)[:50]!r}")
            for name in names:
                if (dtype := tensors.get_slice(name).get_dtype()) not in ("F32", "F64", "I64", "I32"):
                    raise files.FileError(f"damaged (its tensor {name} is of {dtype})")
                stored[name] = np.array(tensors.get_tensor(name))
    except (files.FileError, MemoryError):
        raise
    except Exception as error:  # whatever the library makes of bytes that are not its own
        raise files.FileError(f"not a file of safetensors, or a damaged one ({error})") from None
    read_texts(about, stored)
    if wrong := files.fault(NETWORK, stored):
        raise files.FileError(f"damaged ({wrong})")
    return stored
