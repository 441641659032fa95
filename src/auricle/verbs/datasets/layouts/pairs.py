"""A folder of recordings with a .txt of the same name beside each, subfolders included."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from auricle.errors import DatasetError
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.rows import Row, Source
from auricle.verbs.datasets.utterance import AudioRef

SOUNDS = frozenset(
    ".wav .flac .mp3 .m4a .ogg .opus .aac .aiff .aif .wma .webm .mp4 .mka .mkv .mov .amr .caf .w64".split()
)
_LOOK = 2000  # files looked at to tell a folder


def finds(path: Path) -> bool:
    """A folder in which some recording has its text beside it."""
    return path.is_dir() and any(
        item.suffix.lower() in SOUNDS and item.with_suffix(".txt").is_file()
        for item in islice(path.rglob("*"), _LOOK)
    )


def open_source(path: Path) -> Source:
    """The rows, in the order of their names; recordings without text and texts without recording are told."""
    return Source(lambda split, faults: _rows(path, faults))


def _rows(path: Path, faults: Faults) -> Iterator[Row]:
    files = sorted(item for item in path.rglob("*") if item.suffix.lower() in SOUNDS | {".txt"})
    sounds = [file for file in files if file.suffix.lower() in SOUNDS]
    heard = {file.with_suffix("") for file in sounds}
    for file in sounds:
        name = file.relative_to(path).as_posix()
        try:
            text = _text(file.with_suffix(".txt"))
        except UnicodeDecodeError as error:
            faults.add("encoding", f"{name} with its .txt", f"not UTF-8 at byte {error.start}")
            continue
        yield Row({"id": name, "audio": AudioRef(path=file, name=name), "text": text}, name, path)
    for file in files:
        if file.suffix.lower() == ".txt" and file.with_suffix("") not in heard:
            faults.add("no audio", file.relative_to(path).as_posix(), "a transcript without audio")


def _text(file: Path) -> str | None:
    """The text in one line; None where there is no file. Raises UnicodeDecodeError."""
    try:
        return " ".join(file.read_bytes().decode("utf-8-sig").split())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatasetError(f"cannot read {file}: {error.strerror or error}.") from error
