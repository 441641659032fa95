"""Tensors of safetensors files, read without torch: the header checked, the data memory-mapped.

The format: 8 bytes with the length of the header (little-endian), a JSON header that gives each
tensor its type, shape and place, then the data without gaps. Nothing in such a file can run code.
numpy has no bfloat16; its bits are the upper half of a float32, so it is widened on reading.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle import heap
from auricle.errors import ModelError

_LONGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors library
# Only weights are read, so only types of floating-point numbers are.
_STORED: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}
_ITEM = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}

Array = NDArray[np.float32] | NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor lies: offsets are bytes from the start of the file."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int


class Tensors:
    """The tensors of one checkpoint, by name, over all its files."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._places: dict[str, _Place] = {}
        for file in files:
            for name, place in _places(file):
                if name in self._places:
                    raise ModelError(f"{file} repeats the tensor {name} of {self._places[name].file.name}.")
                self._places[name] = place
        self._maps = {file: np.memmap(file, np.uint8, "r") for file in files}

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that is there."""
        return self._places[name].shape

    def read(self, name: str, shape: tuple[int, ...]) -> Array:
        """A tensor as float32 or float16, as it was stored; bfloat16 becomes float32.

        Raises ModelError where it is not there, has another shape, or is not floating-point.
        """
        return _widened(self._stored(name, shape), self._places[name])

    def rows(self, name: str, shape: tuple[int, ...], numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Some rows of a tensor in float32; nothing else of its file stays in memory. Raises as ``read``."""
        stored = self._stored(name, shape)
        found = np.asarray(_widened(stored[numbers], self._places[name]), np.float32)
        heap.let_go(stored)
        return found

    def _stored(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """A tensor as it lies in its file."""
        place = self._places.get(name)
        if place is None:
            raise ModelError(f"the checkpoint lacks the tensor {name}. Save it again with save_pretrained()")
        if place.shape != shape:
            raise ModelError(f"{place.file}: {name} has the shape {place.shape}, config.json says {shape}.")
        if place.dtype not in _STORED:
            raise ModelError(f"{place.file}: {name} is {place.dtype}; only F32, F16 and BF16 can be read.")
        dtype = _STORED[place.dtype]
        end = place.begin + math.prod(place.shape) * dtype.itemsize
        return self._maps[place.file][place.begin : end].view(dtype).reshape(place.shape)


def _widened(stored: NDArray[Any], place: _Place) -> Array:
    """What is stored as bfloat16 in float32, the rest as it is."""
    if place.dtype == "BF16":
        stored = (stored.astype(np.uint32) << 16).view(np.float32)
    array: Array = np.asarray(stored)
    return array


def header(file: Path) -> bytes:
    """The JSON header of a safetensors file. Raises ModelError where the file is none, or cut short."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _LONGEST_HEADER:
                raise ModelError(f"{file} is not a safetensors file.")
            data = stream.read(length)
    except (OSError, struct.error) as error:
        raise ModelError(f"{file} cannot be read as safetensors: {error}") from error
    if len(data) != length:
        raise ModelError(f"{file} is cut short. Download or copy it again")
    return data


def _places(file: Path) -> Iterator[tuple[str, _Place]]:
    """All tensors of a file. Raises ModelError unless they fill the file without gap or overlap."""
    raw = header(file)
    expected = start = 8 + len(raw)
    entries = sorted(_entries(file, raw).items(), key=lambda item: item[1]["data_offsets"])
    for name, entry in entries:
        begin, end = entry["data_offsets"]
        shape = tuple(entry["shape"])
        length = math.prod(shape) * _ITEM.get(entry["dtype"], 0)
        if start + begin != expected or end - begin != length:
            raise ModelError(f"{file}: the place of {name} does not fit. Download or copy it again")
        expected = start + end
        yield name, _Place(file, entry["dtype"], shape, start + begin)
    if file.stat().st_size != expected:
        raise ModelError(f"{file} has {file.stat().st_size} bytes, not {expected}. Download or copy it again")


def _entries(file: Path, raw: bytes) -> Mapping[str, Any]:
    """The header's tensors, each of the right form."""
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise ModelError(f"{file} is not a safetensors file: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{file} is not a safetensors file.")
    value.pop("__metadata__", None)
    for name, entry in value.items():
        if not _well_formed(entry):
            raise ModelError(f"{file}: the header has no type, shape and place for {name}.")
    return value


def _well_formed(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return False
    shape, place = entry.get("shape"), entry.get("data_offsets")
    return _counts(shape) and isinstance(place, list) and _counts(place) and len(place) == 2


def _counts(value: Any) -> bool:
    """Whether this is a list of whole numbers, none below 0 (True is no number)."""
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
