"""WebDataset: tar files whose members belong together where their names agree up to the first dot.

``000017.flac``, ``000017.txt`` and ``000017.json`` are one sample: its sound, its text, and what else is
said of it. Shards are read one after the other and one sample is in memory at a time.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle.errors import DatasetError
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.layouts.pairs import SOUNDS
from auricle.verbs.datasets.rows import Row, Source

_TEXTS = (".txt", ".transcript")


def finds(path: Path) -> bool:
    """A tar file, or a folder with some in it."""
    return path.suffix == ".tar" if path.is_file() else next(path.glob("*.tar"), None) is not None


def open_source(path: Path) -> Source:
    """The rows; each says its split in its .json, if at all."""
    files = [path] if path.is_file() else sorted(path.glob("*.tar"))

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for file in files:
            for key, parts in _samples(file):
                yield from _row(file, key, parts, faults)

    return Source(rows)


def _samples(file: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each key with its members by ending. Raises DatasetError for a file that is cut short or no tar."""
    key, parts = "", dict[str, bytes]()
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                if not member.isfile():
                    continue
                folder, _, name = member.name.rpartition("/")
                stem, dot, ending = name.partition(".")
                found = f"{folder}/{stem}" if folder else stem
                if found != key and parts:
                    yield key, parts
                    parts = {}
                key, content = found, tar.extractfile(member)
                parts[f"{dot}{ending}".lower()] = content.read() if content else b""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise DatasetError(f"{file} cannot be read to its end: {error}. Copy it again.") from error
    if parts:
        yield key, parts


def _row(file: Path, key: str, parts: dict[str, bytes], faults: Faults) -> Iterator[Row]:
    where = f"{file.name} {key}"
    try:
        said: Any = json.loads(parts.get(".json", b"{}"))
        text = next((parts[name].decode("utf-8-sig") for name in _TEXTS if name in parts), None)
    except ValueError as error:  # a UnicodeDecodeError is one
        faults.add("broken line", where, str(error))
        return
    if not isinstance(said, dict):
        faults.add("broken line", where, ".json is not an object")
        return
    sound = next((ending for ending in parts if ending in SOUNDS), None)
    audio = {"bytes": parts[sound], "path": f"{key}{sound}"} if sound else None
    values = {"id": key, **said, "audio": audio}
    if "text" not in values and text is not None:
        values["text"] = " ".join(text.split())
    split = values.get("split")
    yield Row(values, where, file.parent, split if isinstance(split, str) else None)
