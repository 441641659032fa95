"""A file of whisper.cpp (ggml), read back: what proves that it holds what was written into it.

``to_ggml.py`` describes the format. Only float32 and float16 are read; files that whisper.cpp's
``quantize`` has made smaller hold blocks of integers.
"""

from __future__ import annotations

import math
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from auricle import features
from auricle.errors import ModelError, OutputError
from auricle.models.checkpoint import Tensors
from auricle.models.folders import read_json, weights
from auricle.models.to_ggml import MAGIC, openai_name, spoken_tokens
from auricle.models.to_huggingface import write_safetensors
from auricle.models.whisper_weights import Dimensions, is_absent_bias, places

_KINDS: dict[int, np.dtype[Any]] = {0: np.dtype("<f4"), 1: np.dtype("<f2")}
_SIZES = 11

Array = NDArray[np.float32] | NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class GgmlFile:
    """All that such a file holds. ``sizes`` are the eleven numbers of its head, the vocabulary is bytes."""

    sizes: tuple[int, ...]
    filters: NDArray[np.float32]
    vocabulary: tuple[bytes, ...]
    tensors: dict[str, Array]


def read_ggml(path: Path) -> GgmlFile:
    """Read a file to its end. Raises ModelError where it is none of these, or is cut short."""
    try:
        with path.open("rb") as file:
            return _read(file, path)
    except (OSError, struct.error, ValueError, KeyError) as error:
        raise ModelError(f"{path} is not a whole file of whisper.cpp in float16: {error}") from error


def check_ggml(path: Path, source: Path) -> GgmlFile:
    """Compare a file with the checkpoint folder it was made from. Raises ModelError for what differs.

    Head, filters, tokens and names have to be equal, and every weight equal to its float16.
    """
    found, dims = read_ggml(path), Dimensions.of(read_json(source / "config.json"))
    encoder = (dims.frames, dims.width, dims.encoder_heads, dims.encoder_layers)
    decoder = (dims.positions, dims.width, dims.decoder_heads, dims.decoder_layers)
    same = {
        "its head": found.sizes[:10] == (dims.vocabulary, *encoder, *decoder, dims.mels),
        "its mel filters": np.array_equal(found.filters, features.mel_filters(dims.mels)),
        "its vocabulary": list(found.vocabulary) == spoken_tokens(source, dims.vocabulary),
    }
    if wrong := [name for name, equal in same.items() if not equal]:
        raise ModelError(f"{path}: {wrong[0]} is not that of {source}.")
    written = dict(found.tensors)
    stored = Tensors(weights(source))
    for name, shape, full in _names(source, stored):
        value = written.pop(openai_name(name), None)
        own = stored.read(full, shape)
        if value is None or not np.array_equal(value.reshape(shape), own.astype(value.dtype)):
            raise ModelError(f"{path}: the weight {openai_name(name)} is not that of {source}.")
    if written:
        raise ModelError(f"{path} has a weight too many: {next(iter(written))}.")
    return found


def huggingface_from_ggml(file: GgmlFile, source: Path, out: Path) -> Path:
    """The weights of a file as a checkpoint folder ``out``, the files beside them taken from ``source``.

    Raises OutputError.
    """
    stored = Tensors(weights(source))
    try:
        out.mkdir(parents=True)
        for path in source.iterdir():
            if path.is_file() and path not in weights(source) and "index" not in path.name:
                shutil.copyfile(path, out / path.name)
        found = {
            f"model.{name}": file.tensors[openai_name(name)].reshape(shape).astype(np.float32)
            for name, shape, _ in _names(source, stored)
        }
        write_safetensors(out / "model.safetensors", found)
    except OSError as error:
        raise OutputError(f"cannot write {out}: {error.strerror or error}. Make room on the disk") from error
    return out


def _names(source: Path, stored: Tensors) -> list[tuple[str, tuple[int, ...], str]]:
    """Each weight: its name without "model.", its shape, and its name in the checkpoint."""
    prefix = "model." if "model.encoder.conv1.weight" in stored else ""
    return [
        (name, place.shape, f"{prefix}{name}")
        for place in places(Dimensions.of(read_json(source / "config.json")))
        for name in place.tensors
        if not is_absent_bias(name)
    ]


def _read(file: BinaryIO, path: Path) -> GgmlFile:
    if _integers(file, 1) != (MAGIC,):
        raise ModelError(f"{path} is no file of whisper.cpp. Type: auricle export MODEL -o {path} --to ggml")
    sizes = _integers(file, _SIZES)
    rows, columns = _integers(file, 2)
    filters = _values(file, (rows, columns), _KINDS[0])
    words = tuple(_exactly(file, _integers(file, 1)[0]) for _ in range(_integers(file, 1)[0]))
    tensors: dict[str, Array] = {}
    while head := file.read(12):
        dimensions, length, kind = struct.unpack("<3i", head)
        shape = _integers(file, dimensions)[::-1]
        name = _exactly(file, length).decode()
        tensors[name] = _values(file, shape, _KINDS[kind])
    return GgmlFile(sizes, filters, words, tensors)


def _integers(file: BinaryIO, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}i", file.read(4 * count))


def _values(file: BinaryIO, shape: tuple[int, ...], kind: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(_exactly(file, math.prod(shape) * kind.itemsize), kind).reshape(shape)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError(f"it ends {count - len(data)} bytes early")
    return data
