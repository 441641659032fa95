"""The numbers in an ONNX file, read without ONNX."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def initializers(model: bytes) -> Iterator[tuple[str, Floats]]:
    """The named float32 weights of an ONNX file: ModelProto.graph (7), GraphProto.initializer (5)."""
    for number, graph in _fields(memoryview(model)):
        if number != 7 or isinstance(graph, int):
            continue
        for inner, tensor in _fields(graph):
            if inner == 5 and not isinstance(tensor, int):
                yield _tensor(tensor)


def _tensor(message: memoryview) -> tuple[str, Floats]:
    """TensorProto: dims (1, repeated or packed), name (8), raw_data (9)."""
    shape: list[int] = []
    name, raw = "", memoryview(b"")
    for number, value in _fields(message):
        if isinstance(value, int):
            shape += [value] if number == 1 else []
        elif number == 1:
            shape += list(_varints(value))
        elif number == 8:
            name = bytes(value).decode()
        elif number == 9:
            raw = value
    return name, np.frombuffer(raw, np.float32).reshape(shape)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a protocol buffer message: numbers for varints, views for what has a length."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        size, at = _varint(message, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _varints(message: memoryview) -> Iterator[int]:
    at = 0
    while at < len(message):
        value, at = _varint(message, at)
        yield value
