"""The variables in a CTranslate2 ``model.bin``, read without CTranslate2, which does not give them back.

The format (version 6, little-endian): the version; the name and revision of a specification; a
count of variables, each with name, rank, dimensions, type, length in bytes and data; a count of
aliases, each with its own name and that of a variable. Names have a 16-bit length and end in a zero.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import ModelError

VERSION = 6
# In the order of the numbers that stand for them.
_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)

Variables = Mapping[str, NDArray[Any]]


def read_variables(path: Path, specification: str) -> Variables:
    """All variables by name, the data memory-mapped.

    Raises ModelError where the file is of another version or specification, or cut short.
    """
    try:
        reader = _Reader(np.memmap(path, np.uint8, "r"))
        return _read(reader, path, specification)
    except (OSError, ValueError, struct.error, IndexError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Download or copy it again") from error


def _read(reader: _Reader, path: Path, specification: str) -> Variables:
    version = reader.number("I")
    if version != VERSION:
        raise ModelError(f"{path} has version {version} of CTranslate2's format; {VERSION} can be read.")
    name, _ = reader.text(), reader.number("I")
    if name != specification:
        raise ModelError(f"{path} is a {name}, not a {specification}.")
    variables = dict(reader.variable() for _ in range(reader.number("I")))
    for _ in range(reader.number("I")):
        alias, target = reader.text(), reader.text()
        variables[alias] = variables[target]
    return variables


class _Reader:
    """Takes values off a file, one after the other."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data
        self._at = 0

    def number(self, code: str) -> int:
        value: int = struct.unpack(f"<{code}", self._take(struct.calcsize(f"<{code}")).tobytes())[0]
        return value

    def text(self) -> str:
        return self._take(self.number("H")).tobytes().rstrip(b"\0").decode()

    def variable(self) -> tuple[str, NDArray[Any]]:
        name = self.text()
        shape = tuple(self.number("I") for _ in range(self.number("B")))
        dtype = np.dtype(_TYPES[self.number("B")])
        data = self._take(self.number("I"))
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{name} has {len(data)} bytes, which do not fit its shape {shape}")
        return name, data.view(dtype).reshape(shape)

    def _take(self, count: int) -> NDArray[np.uint8]:
        if self._at + count > len(self._data):
            raise ValueError("it is cut short")
        self._at += count
        return self._data[self._at - count : self._at]
