"""JSON-lines manifests, ours: one object a line with ``audio`` (a path beside the manifest) and ``text``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.lines import read_json_lines
from auricle.verbs.datasets.rows import Row, Source

NAME = "manifest.jsonl"
_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz")


def is_json_lines(path: Path) -> bool:
    """Whether a file is called as files of JSON lines are; NeMo's end in .json."""
    return path.is_file() and path.name.endswith((*_ENDINGS, ".json"))


def finds(path: Path) -> bool:
    """A file of JSON lines, or a folder with ``manifest.jsonl`` in it."""
    return (path / NAME).is_file() if path.is_dir() else path.name.endswith(_ENDINGS)


def open_source(path: Path) -> Source:
    """The rows of a manifest; each row says its split in ``split``, if at all."""
    file = path / NAME if path.is_dir() else path

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for where, values in read_json_lines(file, faults):
            named = values.get("split")
            yield Row(values, where, file.parent, named if isinstance(named, str) else None)

    return Source(rows)
