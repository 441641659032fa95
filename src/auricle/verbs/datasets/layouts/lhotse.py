"""Lhotse cuts: JSON lines, plain or gzipped, each a stretch of a recording with its supervisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.layouts.manifest import is_json_lines
from auricle.verbs.datasets.lines import first_object, read_json_lines
from auricle.verbs.datasets.rows import Row, Source, resolve
from auricle.verbs.datasets.utterance import AudioRef

_INNER = ("cuts.jsonl.gz", "cuts.jsonl")
_SAME = 0.01  # seconds by which a cut may differ from its recording and still be all of it


def finds(path: Path) -> bool:
    """A file whose first object is a cut, or a folder with ``cuts.jsonl(.gz)``."""
    file = _file(path)
    return is_json_lines(file) and {"recording", "supervisions"} <= first_object(file).keys()


def open_source(path: Path) -> Source:
    """One utterance a supervision: a cut may hold several, or none."""
    file = _file(path)

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for where, cut in read_json_lines(file, faults):
            try:
                yield from _of_cut(cut, where, file.parent)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                faults.add("broken line", where, f"not a cut of one recording ({error})")

    return Source(rows)


def _file(path: Path) -> Path:
    return next((path / name for name in _INNER if (path / name).is_file()), path)


def _of_cut(cut: Mapping[str, Any], where: str, base: Path) -> list[Row]:
    said = cut["supervisions"] or [{"id": cut["id"], "start": 0.0, "duration": cut["duration"]}]
    return [Row(_values(cut, one, base), where, base) for one in said]


def _values(cut: Mapping[str, Any], said: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """The columns of one supervision, whose times are relative to its cut."""
    start = float(cut["start"]) + max(float(said["start"]), 0.0)
    duration = min(float(said["duration"]), float(cut["duration"]))
    rest = {name: value for name, value in said.items() if name not in ("start", "duration", "channel")}
    return {
        **rest,
        "audio": _audio(cut, said, start, duration, base),
        "text": said.get("text"),
        "duration_s": duration,
    }


def _audio(
    cut: Mapping[str, Any], said: Mapping[str, Any], start: float, duration: float, base: Path
) -> AudioRef:
    recording = cut["recording"]
    (source,) = recording["sources"]
    if source["type"] != "file":
        raise ValueError(f"its audio is a {source['type']}, and only files are read")
    channel = said.get("channel", cut.get("channel", 0))
    several = len(source["channels"]) > 1
    whole = start < _SAME and duration > float(recording["duration"]) - _SAME
    return AudioRef(
        path=resolve(base, source["source"]),
        start=None if whole else start,
        end=None if whole else start + duration,
        channel=(channel[0] if isinstance(channel, list) else channel) if several else "mix",
        name=source["source"],
    )
