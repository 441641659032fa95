"""NeMo manifests: JSON lines with ``audio_filepath``, ``duration``, ``text``, and ``offset`` for parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.layouts.manifest import NAME, is_json_lines
from auricle.verbs.datasets.lines import first_object, read_json_lines
from auricle.verbs.datasets.rows import Names, Row, Source

_NAMES = Names(audio="audio_filepath", duration="duration", language="lang")
_INNER = ("manifest.json", NAME)


def finds(path: Path) -> bool:
    """A file whose first object has ``audio_filepath``, or a folder with such a manifest."""
    file = _file(path)
    return is_json_lines(file) and "audio_filepath" in first_object(file)


def open_source(path: Path) -> Source:
    """The rows; an ``offset`` makes them parts of a recording of ``duration`` seconds each."""
    file = _file(path)

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for where, values in read_json_lines(file, faults):
            yield Row(_with_times(values), where, file.parent)

    return Source(rows, _NAMES)


def _file(path: Path) -> Path:
    return next((path / name for name in _INNER if (path / name).is_file()), path)


def _with_times(values: dict[str, Any]) -> dict[str, Any]:
    offset, duration = values.get("offset"), values.get("duration")
    if isinstance(offset, int | float) and isinstance(duration, int | float) and offset >= 0:
        return {**values, "start": float(offset), "end": float(offset) + float(duration)}
    return values
