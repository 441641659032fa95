"""A folder of audio with ``metadata.csv``, ``.tsv`` or ``.jsonl``: the datasets library's audio folder.

``file_name`` is the path from the metadata file; LJSpeech's table without a header is known too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.lines import header_of, read_json_lines, read_lines, read_table
from auricle.verbs.datasets.rows import Names, Row, Source

_FILES = ("metadata.csv", "metadata.tsv", "metadata.jsonl")
_NAMES = Names(audio="file_name")
_TABLES = (".csv", ".tsv")


def finds(path: Path) -> bool:
    """A folder with a metadata file, or a .csv or .tsv itself."""
    return path.suffix in _TABLES if path.is_file() else _file(path) is not None


def open_source(path: Path) -> Source:
    """The rows of the metadata; each row says its split in ``split``, if at all."""
    file = path if path.is_file() else _file(path) or path
    if _is_ljspeech(file):
        return Source(lambda split, faults: _ljspeech(file, faults), Names())
    read = read_json_lines if file.suffix == ".jsonl" else read_table

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for where, values in read(file, faults):
            named = values.get("split")
            yield Row(values, where, file.parent, named if isinstance(named, str) else None)

    return Source(rows, _NAMES)


def _file(path: Path) -> Path | None:
    return next((path / name for name in _FILES if (path / name).is_file()), None)


def _is_ljspeech(file: Path) -> bool:
    return file.name == "metadata.csv" and (file.parent / "wavs").is_dir() and "|" in "".join(header_of(file))


def _ljspeech(file: Path, faults: Faults) -> Iterator[Row]:
    """Lines of id, text as printed, and text with numbers spelled out, with "|" between."""
    for number, line in read_lines(file, faults):
        where, cells = f"{file.name} line {number}", line.split("|")
        if len(cells) < 2:
            faults.add("broken line", where, "no text after the name")
            continue
        values = {"id": cells[0], "audio": f"wavs/{cells[0]}.wav", "text": cells[1], "normalized": cells[-1]}
        yield Row(values, where, file.parent)
