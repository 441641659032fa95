"""Rows of a table to utterances: which column holds what, and what is wrong with a row.

Columns are explicit: a layout names its own, the caller may name others, and a guess only ever
stands in an error. Knows nothing of where rows come from.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auricle.errors import DatasetError
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.utterance import AudioRef, Utterance

# What others call these columns; used in the text of an error only.
_LIKELY = {
    "audio": ("audio", "audio_filepath", "path", "file", "file_name", "filename", "wav", "speech", "clip"),
    "text": ("text", "sentence", "transcription", "transcript", "normalized_text", "raw_transcription"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """Which column holds what. ``start`` and ``end`` are seconds in the audio file."""

    audio: str = "audio"
    text: str = "text"
    id: str = "id"
    language: str = "language"
    speaker: str = "speaker"
    duration: str = "duration_s"
    start: str = "start"
    end: str = "end"
    channel: str = "channel"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the dataset.

    ``where`` names it for people ("manifest.jsonl line 7"), ``base`` is the folder that paths are
    relative to (None: the audio is in the row), ``split`` the split it says it belongs to.
    """

    values: Mapping[str, Any]
    where: str
    base: Path | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """An opened layout: rows to be read again and again.

    ``rows(split, faults)`` gives the rows of a split, of all for None, and tells ``faults`` what it
    passed over. ``splits`` are those with files of their own, None where each row says its own;
    ``whole`` is whether all of them together make sense; ``streamed`` whether reading them is
    dear, so that ``counts`` (by split, "" for all) and ``columns`` are taken from what the files state.
    """

    rows: Callable[[str | None, Faults], Iterator[Row]]
    names: Names = field(default_factory=Names)
    splits: tuple[str, ...] | None = None
    whole: bool = True
    streamed: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def resolve(base: Path, name: str) -> Path:
    """A path as Kaldi and Lhotse write it: from the folder of the list, or from where one stands now."""
    beside = base / name
    return Path(name) if not beside.is_file() and Path(name).is_file() else beside


def choose_columns(names: Names, columns: Iterable[str], audio: str | None, text: str | None) -> Names:
    """The names with those the caller chose. Raises DatasetError for a column that is not there."""
    known = list(columns)
    if audio is not None and audio not in known:
        raise _no_column("audio", audio, known)
    if text is not None and text not in known:
        raise _no_column("text", text, known)
    chosen = replace(names, audio=audio or names.audio, text=text or names.text)
    if chosen.audio not in known:
        raise _no_column("audio", chosen.audio, known)
    return chosen


def check_text(names: Names, columns: Iterable[str]) -> None:
    """Raises DatasetError where there is no text column by that name but one that is likely meant."""
    known = list(columns)
    if names.text not in known and _likely("text", names.text, known):
        raise _no_column("text", names.text, known)


def _no_column(role: str, name: str, known: list[str]) -> DatasetError:
    likely = _likely(role, name, known)
    hint = f" Likely {likely}: type --{role}-column {likely}" if likely else ""
    return DatasetError(f"there is no {role} column {name!r}. Columns: {', '.join(known)}.{hint}")


def _likely(role: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    listed = [column for wanted in _LIKELY[role] for column in known if column.lower() == wanted]
    return (close or listed or [""])[0]


def utterance(row: Row, names: Names, language: str | None, faults: Faults) -> Utterance | None:
    """The utterance of a row; None, and a fault, where it has no audio."""
    values = row.values
    audio = _audio(row, names, faults)
    if audio is None:
        return None
    text = values.get(names.text)
    if text is not None and not isinstance(text, str):
        faults.add("broken line", row.where, f"{names.text} is {type(text).__name__}, not text")
        return None
    if text is None:
        faults.add("no transcript", row.where)
    rest = {name: value for name, value in values.items() if name not in _used(names)}
    if row.split is not None:
        rest.setdefault("split", row.split)
    return Utterance(
        id=_id(values.get(names.id), audio, row),
        audio=audio,
        text=text,
        language=_word(values.get(names.language)) or language,
        speaker=_word(values.get(names.speaker)),
        duration=_seconds(values.get(names.duration), audio),
        columns=rest,
    )


def _used(names: Names) -> tuple[str, ...]:
    """The columns whose values an utterance has a field for."""
    return (
        names.audio,
        names.text,
        names.id,
        names.language,
        names.speaker,
        names.duration,
        names.start,
        names.end,
        names.channel,
    )


def _audio(row: Row, names: Names, faults: Faults) -> AudioRef | None:
    try:
        audio = _reference(row, row.values.get(names.audio), names)
    except (TypeError, ValueError, OverflowError):
        faults.add("broken line", row.where, "its times or its audio are of the wrong kind")
        return None
    if audio is None:
        faults.add("no audio", row.where)
    elif audio.path is not None and not audio.path.is_file():
        faults.add("missing audio", row.where, f"there is no file {audio.path}")
        return None
    return audio


def _reference(row: Row, value: Any, names: Names) -> AudioRef | None:
    """The audio of a row: a path, the bytes of a file, or both as datasets gives them undecoded."""
    if isinstance(value, AudioRef):
        return value
    start, end = (_time(row.values.get(name)) for name in (names.start, names.end))
    channel = row.values.get(names.channel)
    part: dict[str, Any] = {"start": start, "end": end, "channel": "mix" if channel is None else channel}
    path, data = (value.get("path"), value.get("bytes")) if isinstance(value, Mapping) else (value, None)
    if isinstance(path, bytes):
        path, data = None, path
    if data is not None:
        return AudioRef(data=data, name=str(path or row.where), **part)
    if not path:
        return None
    if not isinstance(path, str):
        raise TypeError
    return AudioRef(path=(row.base or Path()) / Path(path).expanduser(), name=path, **part)


def _time(value: Any) -> float | None:
    if value is None:
        return None
    seconds = float(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError
    return seconds


def _id(value: Any, audio: AudioRef, row: Row) -> str:
    if value is not None and str(value):
        return str(value)
    if audio.start is None and audio.end is None:
        return audio.name or row.where
    return f"{audio.name or row.where}#{audio.start or 0:g}-{'' if audio.end is None else f'{audio.end:g}'}"


def _word(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _seconds(value: Any, audio: AudioRef) -> float | None:
    """The stated duration; that of the part where the row is a part of a recording."""
    if audio.end is not None:
        return audio.end - (audio.start or 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
