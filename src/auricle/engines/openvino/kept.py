"""Compiled graphs on disk: the next start needs neither the checkpoint's weights nor a compiler.

Knows: names, whether a file is whole, how much may lie there. Refuses to know: what a graph computes.

A file is the bytes that OpenVINO exported and a seal: their number and their CRC-32, for OpenVINO believes
whatever it is given. It is mapped into memory, so weights that need not be laid out anew are never copied,
and processes share them.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import struct
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from auricle.errors import OutputError
from auricle.storage import cache_dir, write_atomic, write_whole

MOST = 4 << 30  # bytes of all graphs; those that were used least lately go first
_SPARE = 1 << 30  # bytes that stay free on the disk
_STALE = 3600.0  # seconds after which what a process began to write is nobody's
_SEAL = struct.Struct("<8sQI")
_MAGIC = b"auricle1"


def folder() -> Path:
    """Where graphs are kept."""
    return cache_dir() / "openvino"


def fingerprint(files: Iterable[Path]) -> str:
    """A hash of the contents of files, which are read only where they have changed since the last time.

    Raises OSError.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(_hash(file).encode())
    return digest.hexdigest()


def _hash(file: Path) -> str:
    where, state = str(file.resolve()), file.stat()
    seen = [where, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
    note = folder() / "seen" / f"{hashlib.sha256(where.encode()).hexdigest()[:32]}.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        found = json.loads(note.read_text("utf-8"))
        if found["seen"] == seen:
            return str(found["sha256"])
    with file.open("rb") as opened:
        result = hashlib.file_digest(opened, "sha256").hexdigest()
    with suppress(OutputError):
        write_atomic(note, json.dumps({"seen": seen, "sha256": result}).encode())
    return result


def name(*parts: object) -> str:
    """The name of a graph that depends on ``parts``."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:40]


def find(name: str) -> Any:
    """The bytes kept under ``name``, mapped into memory, as an array; None where they are not all there."""
    path = folder() / f"{name}.graph"
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    size = len(data) - _SEAL.size
    if size <= 0 or data[size:] != _sealed(memoryview(data)[:size]):
        return None
    with suppress(OSError):
        os.utime(path)
    return np.frombuffer(data, np.uint8, size)


def keep(name: str, data: memoryview) -> bool:
    """Put ``data`` under ``name`` where there is room, and say whether it is there now."""
    path = folder() / f"{name}.graph"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if len(data) > MOST or shutil.disk_usage(path.parent).free < len(data) + _SPARE:
            return False
        with write_whole(path) as file:
            file.write(data)
            file.write(_sealed(data))
    except (OSError, OutputError):  # read only, full, or another process has it open (Windows)
        return False
    _tidy()
    return True


def _sealed(data: memoryview) -> bytes:
    return _SEAL.pack(_MAGIC, len(data), zlib.crc32(data))


def _tidy() -> None:
    """Remove what a killed process left, and what was used least lately until the rest is within bounds."""
    found = []
    for part in folder().glob(".*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()
    for path in folder().glob("*.graph"):
        with suppress(OSError):
            state = path.stat()
            found.append((state.st_mtime_ns, state.st_size, path))
    left = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if left <= MOST:
            break
        with suppress(OSError):
            path.unlink()
            left -= size
