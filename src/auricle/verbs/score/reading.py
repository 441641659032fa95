"""Texts with ids from files: txt, kaldi, trn, stm, ctm and JSON lines.

Every line counts, also an empty one: an utterance in which nothing was said or heard. What a
format can say and we cannot score (alternatives in braces) is refused, what it marks as not to
be scored is counted in ``notes``. Knows files; what belongs to what is for ``pairing``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import FormatError, MissingFileError, nearest

FORMATS = ("txt", "kaldi", "trn", "stm", "ctm", "jsonl")
_ENDINGS = {".json": "jsonl", ".ndjson": "jsonl", ".text": "kaldi"}
_TRN = re.compile(r"^(?P<text>.*?)\s*\((?P<id>[^()\s]+)\)$")
_ALTERNATIVES = re.compile(r"(?:^|\s)\{\s.*\s/\s.*\s\}(?:\s|$)|<ALT")
_LABEL = re.compile(r"^<[^<>\s]*>$")
_IGNORED = "IGNORE_TIME_SEGMENT_IN_SCORING"


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of a file. ``number`` is the line it stands in; times are seconds.

    ``recording`` is file and channel of stm and ctm. Of a ctm a Line is one word.
    """

    id: str
    text: str
    number: int
    speaker: str | None = None
    recording: str = ""
    start: float | None = None
    end: float | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """A file, read: its lines in order, and what a person has to know of it."""

    path: str
    format: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of JSON lines that are read."""

    id: str = "id"
    text: str = "text"


def read(path: str | Path, format: str | None = None, columns: Columns | None = None) -> Texts:
    """Read a file; its ending says the format where it is not named.

    Raises MissingFileError, FormatError (with the line).
    """
    name = format or format_of(path)
    if name not in FORMATS:
        raise FormatError(f"{name} has no text. Type: --measure speakers")
    found = list(numbered(path))
    try:
        if name == "jsonl":
            return Texts(str(path), name, tuple(_json_lines(found, columns or Columns())))
        if name == "stm":
            return _stm(str(path), found)
        return Texts(str(path), name, tuple(_READERS[name](found)))
    except FormatError as error:
        raise FormatError(f"{path}, {error}") from None


def format_of(path: str | Path) -> str:
    """The format that the ending of a file name stands for. Raises FormatError."""
    suffix = Path(path).suffix.lower()
    name = _ENDINGS.get(suffix, suffix.removeprefix("."))
    if name in FORMATS or name == "rttm":
        return name
    raise FormatError(
        f"the ending of {str(path)!r} is not that of a format. Name it with --refs-format or "
        f"--hyps-format: {', '.join(FORMATS)}."
    )


def numbered(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, from 1; a line feed at the end of the file begins no other."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise MissingFileError(f"there is no file {str(path)!r}.") from error
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror or error}.") from error
    parts = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, part in enumerate(parts[:-1] if not parts[-1] else parts, 1):
        try:
            yield number, part.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise FormatError(f"{path}, line {number}: not UTF-8 ({error.reason}).") from error


def _txt(rows: list[tuple[int, str]]) -> Iterator[Line]:
    """A line is an utterance, and its number the id."""
    for number, row in rows:
        yield Line(str(number), row.strip(), number)


def _kaldi(rows: list[tuple[int, str]]) -> Iterator[Line]:
    """Kaldi's ``text``: id, space, words."""
    for number, row in rows:
        id, _, text = row.strip().partition(" ")
        if not id:
            raise FormatError(f"line {number}: it is empty, and a line begins with an id.")
        yield Line(id, text.strip(), number)


def _trn(rows: list[tuple[int, str]]) -> Iterator[Line]:
    """NIST's trn: words, then the id in parentheses; ``;;`` begins a comment."""
    for number, row in _uncommented(rows):
        found = _TRN.match(row.strip())
        if found is None:
            raise FormatError(
                f"line {number}: it does not end with an id in parentheses, as in: a word (id-1)"
            )
        yield Line(found["id"], _plain(found["text"], number), number)


def _stm(path: str, rows: list[tuple[int, str]]) -> Texts:
    """NIST's stm: file, channel, speaker, start, end, a label in angle brackets perhaps, words."""
    lines: list[Line] = []
    ignored = 0
    for number, row in _uncommented(rows):
        parts = row.split(None, 5)
        if len(parts) < 5:
            raise FormatError(f"line {number}: an stm line is: file channel speaker start end words")
        file, channel, speaker, start, end = parts[:5]
        begin, finish = _seconds(start, number), _seconds(end, number)
        if finish < begin:
            raise FormatError(f"line {number}: it ends at {end} s, before it begins at {start} s.")
        text = _unlabelled(parts[5] if len(parts) > 5 else "")
        if text.upper() == _IGNORED:
            ignored += 1
            continue
        recording = f"{file} {channel}"
        id = f"{recording} {begin:.3f}-{finish:.3f}"
        text = _plain(text, number)
        lines.append(Line(id, text, number, speaker, recording, begin, finish, finish - begin))
    notes = (f"{ignored} segments of {path} are marked as not to be scored",) if ignored else ()
    return Texts(path, "stm", tuple(lines), notes)


def _ctm(rows: list[tuple[int, str]]) -> Iterator[Line]:
    """NIST's ctm: file, channel, start, duration, word, confidence perhaps."""
    for number, row in _uncommented(rows):
        parts = row.split()
        if len(parts) not in (5, 6):
            raise FormatError(f"line {number}: a ctm line is: file channel start duration word confidence")
        file, channel, start, length, word = parts[:5]
        begin, duration = _seconds(start, number), _seconds(length, number)
        recording = f"{file} {channel}"
        text = _plain(word, number)
        yield Line(recording, text, number, None, recording, begin, begin + duration, duration)


def _json_lines(rows: list[tuple[int, str]], columns: Columns) -> Iterator[Line]:
    for number, row in rows:
        id, value = object_of(row, columns.id, number)
        text = field_of(value, columns.text, number)
        if not isinstance(text, str):
            raise FormatError(f"line {number}: {columns.text} is {text!r}, not text.")
        speaker, duration = value.get("speaker"), value.get("duration")
        seconds = float(duration) if isinstance(duration, int | float) else None
        yield Line(id, text, number, str(speaker) if speaker is not None else None, duration=seconds)


_EXAMPLE = '{"id": "1", "text": "a word"}'


def object_of(row: str, id_column: str, number: int) -> tuple[str, dict[str, Any]]:
    """The id and all fields of one of JSON lines. Raises FormatError."""
    try:
        value = json.loads(row)
    except ValueError as error:
        raise FormatError(f"line {number}: not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise FormatError(f"line {number}: not an object, as in: {_EXAMPLE}")
    id = field_of(value, id_column, number)
    if isinstance(id, bool) or not isinstance(id, str | int):
        raise FormatError(f"line {number}: {id_column} is {id!r}, and an id is text or a whole number.")
    return str(id), value


def field_of(value: dict[str, Any], name: str, number: int) -> Any:
    """A field by its name. Raises FormatError with the nearest names."""
    if name not in value:
        option = "--id-column or --text-column"
        raise FormatError(f"line {number}: no field {name!r}. {nearest(name, value)} Name it with {option}.")
    return value[name]


def _uncommented(rows: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """All lines but comments and empty ones, which in NIST's formats are no utterances."""
    return ((number, row) for number, row in rows if row.strip() and not row.lstrip().startswith(";;"))


def _plain(text: str, number: int) -> str:
    if _ALTERNATIVES.search(f" {text} "):
        raise FormatError(f"line {number}: alternatives ({text[:40]!r}) are not scored. Choose one of them.")
    return text.strip()


def _unlabelled(text: str) -> str:
    first, _, rest = text.strip().partition(" ")
    return rest.strip() if _LABEL.match(first) else text.strip()


def _seconds(text: str, number: int) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise FormatError(f"line {number}: {text!r} is no time in seconds.")
    return seconds


_READERS: dict[str, Callable[[list[tuple[int, str]]], Iterator[Line]]] = {
    "txt": _txt,
    "kaldi": _kaldi,
    "trn": _trn,
    "ctm": _ctm,
}
