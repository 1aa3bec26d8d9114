"""Files of ONNX from strangers: looked at before a parser makes objects of them, and only then read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ..data import files
from .extras import library

LARGEST = 2**31  # bytes, which Protocol Buffers set
REST = 2**22  # bytes of all that is no constant of the graph: nodes, names, metadata
FIELDS = 10_000
# Fields of messages by their numbers, in onnx.proto: what is large in a network is the numbers of its constants.
GRAPH, INITIALIZER, NUMBERS = 7, 5, (4, 9, 10)  # float_data, raw_data, double_data


def read_model(path: str | os.PathLike[str]) -> Any:
    """The model that a file holds; FileError if it is none, or more than a network with one hidden layer needs."""
    onnx = library("onnx", "onnx")
    size = files.regular_size(path, "ONNX file")
    if size > LARGEST:
        raise files.FileError(f"too large for ONNX: {size:,} bytes")
    with open(path, "rb") as file:
        data = file.read(size)
    _check_rest(memoryview(data))
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # whatever the parser makes of bytes that are not its own
        raise files.FileError(f"not an ONNX file, or a damaged one ({error})") from None
    if not model.HasField("graph") or not model.graph.node:
        raise files.FileError("not an ONNX file, or a damaged one (it has no graph)")
    return model


def _check_rest(data: memoryview) -> None:
    """Refuse what would take many times its own size in memory: of many small messages each becomes an object."""
    rest = count = 0
    graphs = 0
    for field, part in _fields(data):
        if field != GRAPH:
            rest += len(part)
            continue
        graphs += 1
        for inner, tensor in _fields(part):
            count += 1
            if inner != INITIALIZER:
                rest += len(tensor)
                continue
            rest += sum(len(each) for number, each in _fields(tensor) if number not in NUMBERS)
    if graphs != 1:
        raise files.FileError(f"not an ONNX file, or a damaged one (it has {graphs} graphs)")
    if rest > REST or count > FIELDS:
        raise files.FileError(
            f"more than a network with one hidden layer: {count:,} nodes and constants, {rest:,} bytes beside numbers"
        )


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message, by Protocol Buffers' wire format: their numbers, and the bytes that they take."""
    place = fields = 0
    while place < len(data):
        fields += 1
        if fields > FIELDS:
            raise files.FileError(f"not an ONNX file of one network: more than {FIELDS:,} fields in a message")
        key, start = _varint(data, place)
        kind = key & 7
        if kind == 2:
            length, start = _varint(data, start)
            end = start + length
        elif kind == 0:
            _, end = _varint(data, start)
        elif kind in (1, 5):
            end = start + (8 if kind == 1 else 4)
        else:
            end = len(data) + 1
        if end > len(data):
            raise files.FileError("not an ONNX file, or a damaged one")
        yield key >> 3, data[start:end]
        place = end


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise files.FileError("not an ONNX file, or a damaged one")
