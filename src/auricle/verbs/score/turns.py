"""Who said what when, from files: stm, rttm, ctm, and JSON lines with segments or words.

A field ``segments`` of JSON lines holds objects with start, end, speaker and text, a field
``words`` objects with start and word (or text). A recording without any is one in which nobody
speaks. Knows files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from auricle.errors import FormatError, ScoreError
from auricle.verbs.score.reading import Columns, field_of, numbered, object_of, read

T = TypeVar("T")

_SHOWN = 3
_CHANNELS = ("0", "1", "A", "<NA>")  # what is written where there is one channel only


@dataclass(frozen=True, slots=True)
class Said:
    """Something that ``speaker`` says from ``start`` to ``end`` seconds; an rttm has no text."""

    speaker: str
    start: float
    end: float
    text: str | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word and the second it begins at."""

    text: str
    start: float


def read_turns(
    path: str | Path, format: str | None = None, columns: Columns | None = None
) -> dict[str, list[Said]]:
    """The turns of each recording in a file. Raises MissingFileError, FormatError, ScoreError."""
    readers: dict[str, Callable[[], Iterator[tuple[str, Said | None]]]] = {
        "stm": lambda: _stm(path),
        "rttm": lambda: _rttm(path),
        "jsonl": lambda: _listed(path, columns or Columns(), "segments", segment_of),
    }
    return _grouped(path, format, readers, "speakers")


def read_words(
    path: str | Path, format: str | None = None, columns: Columns | None = None
) -> dict[str, list[Spoken]]:
    """The words of each recording, in order of time. Raises MissingFileError, FormatError, ScoreError."""
    readers: dict[str, Callable[[], Iterator[tuple[str, Spoken | None]]]] = {
        "ctm": lambda: _ctm(path),
        "jsonl": lambda: _listed(path, columns or Columns(), "words", word_of),
    }
    found = _grouped(path, format, readers, "word times")
    return {name: sorted(spoken, key=lambda word: word.start) for name, spoken in found.items()}


def check_recordings(
    references: str, ones: Mapping[str, Any], hypotheses: str, others: Mapping[str, Any]
) -> None:
    """Raises ScoreError where the recordings are not the same; nobody speaking is an empty list."""
    strange = [name for name in others if name not in ones]
    lost = [name for name in ones if name not in others]
    for path, other, names in ((references, hypotheses, strange), (hypotheses, references, lost)):
        if names:
            some = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            raise ScoreError(
                f"{path} lacks {len(names)} recordings of {other} ({some}): both need the same recordings."
            )


def _grouped(
    path: str | Path,
    format: str | None,
    readers: dict[str, Callable[[], Iterator[tuple[str, T | None]]]],
    what: str,
) -> dict[str, list[T]]:
    name = format or Path(path).suffix.lower().removeprefix(".")
    if name not in readers:
        raise FormatError(f"{what} are read from {' and '.join(readers)}, and {path} is none of them.")
    grouped: dict[str, list[T]] = {}
    for recording, item in readers[name]():
        own = grouped.setdefault(recording, [])
        if item is not None:
            own.append(item)
    if not any(grouped.values()):
        raise ScoreError(f"{path} has no {what}: there is nothing to score.")
    return grouped


def _recording(file_and_channel: str) -> str:
    file, _, channel = file_and_channel.rpartition(" ")
    return file if channel in _CHANNELS else file_and_channel


def _stm(path: str | Path) -> Iterator[tuple[str, Said]]:
    for line in read(path, "stm").lines:
        yield (
            _recording(line.recording),
            Said(str(line.speaker), line.start or 0.0, line.end or 0.0, line.text),
        )


def _ctm(path: str | Path) -> Iterator[tuple[str, Spoken]]:
    for line in read(path, "ctm").lines:
        yield _recording(line.recording), Spoken(line.text, line.start or 0.0)


def _rttm(path: str | Path) -> Iterator[tuple[str, Said]]:
    """NIST's rttm: SPEAKER file channel start duration <NA> <NA> name …; other lines say other things."""
    for number, row in numbered(path):
        parts = row.split()
        if not parts or parts[0] != "SPEAKER":
            continue
        if len(parts) < 8:
            raise FormatError(
                f"{path}, line {number}: SPEAKER has a file, channel, start, duration and name."
            )
        place = f"{path}, line {number}"
        start, duration = _seconds(parts[3], place), _seconds(parts[4], place)
        yield _recording(f"{parts[1]} {parts[2]}"), Said(parts[7], start, start + duration, None)


def _listed(
    path: str | Path, columns: Columns, name: str, make: Callable[[dict[str, Any], str], T]
) -> Iterator[tuple[str, T | None]]:
    """The objects in a list field of JSON lines; None for a recording whose list is empty."""
    seen: set[str] = set()
    for number, row in numbered(path):
        place = f"{path}, line {number}"
        try:
            id, value = object_of(row, columns.id, number)
            items = field_of(value, name, number)
        except FormatError as error:
            raise FormatError(f"{path}, {error}") from None
        if id in seen:
            raise ScoreError(f"{place}: the id {id!r} is there twice. Give every recording an id of its own.")
        seen.add(id)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise FormatError(f"{place}: {name} is not a list of objects.")
        yield id, None
        for item in items:
            yield id, make(item, place)


def segment_of(item: Mapping[str, Any], place: str) -> Said:
    """A turn from an object with start, end, speaker and text. Raises FormatError, naming ``place``."""
    start, end = _seconds(item.get("start"), place), _seconds(item.get("end"), place)
    speaker, text = item.get("speaker"), item.get("text")
    if speaker is None:
        raise FormatError(f"{place}: a segment at {start:g} s has no speaker.")
    if end < start:
        raise FormatError(f"{place}: a segment ends at {end:g} s, before it begins at {start:g} s.")
    return Said(str(speaker), start, end, None if text is None else str(text))


def word_of(item: Mapping[str, Any], place: str) -> Spoken:
    """A word from an object with start and word (or text). Raises FormatError, naming ``place``."""
    text = item.get("word", item.get("text"))
    if not isinstance(text, str):
        raise FormatError(f"{place}: a word has no text: give it as word or text.")
    return Spoken(text.strip(), _seconds(item.get("start"), place))


def _seconds(value: Any, place: str) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise FormatError(f"{place}: {value!r} is no time in seconds.")
    return seconds
