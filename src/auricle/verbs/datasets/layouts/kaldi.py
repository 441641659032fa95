"""Kaldi data folders: ``wav.scp``, ``text``, ``utt2spk``, and ``segments`` for parts of recordings.

A wav.scp may hold commands. They are never run; the plain ones that only unpack a file ("flac -c
-d -s a.flac |") are read as that file, and any other is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.lines import read_pairs
from auricle.verbs.datasets.rows import Row, Source, resolve
from auricle.verbs.datasets.utterance import AudioRef

_UNPACK = re.compile(r"flac(?: -[cds]+)+ (\S+) \|")
_EXTRA = {"utt2spk": "speaker", "utt2lang": "language", "utt2dur": "duration_s", "utt2gender": "gender"}


def finds(path: Path) -> bool:
    """A folder with ``wav.scp``."""
    return (path / "wav.scp").is_file()


def open_source(path: Path) -> Source:
    """The utterances of ``segments``, or else one a recording."""
    return Source(lambda split, faults: _rows(path, faults))


def _rows(path: Path, faults: Faults) -> Iterator[Row]:
    recordings = {name: (where, rest) for where, name, rest in read_pairs(path / "wav.scp", faults)}
    texts = _column(path / "text", faults)
    extra = {name: _column(path / file, faults) for file, name in _EXTRA.items()}
    known = set()
    for where, utterance, recording, start, end in _segments(path, recordings, faults):
        known.add(utterance)
        if recording not in recordings:
            faults.add("missing audio", where, f"wav.scp has no recording {recording}")
            continue
        file = _path(recordings[recording][1])
        if file is None:
            faults.add("unreadable audio", recordings[recording][0], "a command or an archive, not a file")
            continue
        more: dict[str, Any] = {name: column.get(utterance) for name, column in extra.items() if column}
        audio = AudioRef(path=resolve(path, file), start=start, end=end, name=utterance)
        yield Row({"id": utterance, "audio": audio, "text": texts.get(utterance), **more}, where, path)
    for utterance in texts.keys() - known:
        faults.add("no audio", f"text of {utterance}", "a transcript without audio")


def _segments(
    path: Path, recordings: dict[str, tuple[str, str]], faults: Faults
) -> Iterator[tuple[str, str, str, float | None, float | None]]:
    """Where it stands, utterance, recording, start and end (-1 in the file: the end of the recording)."""
    if not (path / "segments").is_file():
        yield from ((where, name, name, None, None) for name, (where, _) in recordings.items())
        return
    for where, utterance, rest in read_pairs(path / "segments", faults):
        try:
            recording, start, end = rest.split()
            begins, ends = float(start), float(end)
        except ValueError:
            faults.add("broken line", where, "not an utterance, a recording and two times")
            continue
        yield where, utterance, recording, begins, None if ends < 0 else ends


def _column(path: Path, faults: Faults) -> dict[str, str]:
    return {name: rest for _, name, rest in read_pairs(path, faults)} if path.is_file() else {}


def _path(entry: str) -> str | None:
    """The file of a wav.scp entry; None for commands and archives."""
    if found := _UNPACK.fullmatch(entry):
        return found[1]
    return None if not entry or entry.endswith("|") or re.search(r"\.ark:\d+$", entry) else entry
