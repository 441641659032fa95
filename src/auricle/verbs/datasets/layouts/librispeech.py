"""LibriSpeech as downloaded: SUBSET/SPEAKER/CHAPTER/ with the FLAC files and one ``.trans.txt``.

LibriTTS, LibriLight's small sets and MLS subsets have other files and are not this layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.lines import read_lines, read_pairs
from auricle.verbs.datasets.rows import Row, Source
from auricle.verbs.datasets.utterance import AudioRef

_PLACE = "[0-9]*/[0-9]*/*.trans.txt"


def finds(path: Path) -> bool:
    """The folder LibriSpeech/, or one of its subsets."""
    return any(next(path.glob(pattern), None) is not None for pattern in (_PLACE, f"*/{_PLACE}"))


def open_source(path: Path) -> Source:
    """The rows; the subsets (train-clean-100, test-other, …) are the splits."""
    if next(path.glob(_PLACE), None) is not None:
        return Source(lambda split, faults: _subset(path, faults), splits=(path.name,))
    subsets = sorted(item.name for item in path.iterdir() if next(item.glob(_PLACE), None) is not None)

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        for name in [split] if split else subsets:
            yield from _subset(path / name, faults)

    return Source(rows, splits=tuple(subsets))


def _subset(path: Path, faults: Faults) -> Iterator[Row]:
    genders = _genders(path.parent / "SPEAKERS.TXT")
    for transcript in sorted(path.glob(_PLACE)):
        said = {name: (where, text) for where, name, text in read_pairs(transcript, faults)}
        for file in sorted(transcript.parent.glob("*.flac")):
            said.setdefault(file.stem, (file.name, ""))
        for name, (where, text) in sorted(said.items()):
            yield _row(transcript.parent, name, text, where, path.name, genders)


def _row(folder: Path, name: str, text: str, where: str, subset: str, genders: dict[str, str]) -> Row:
    speaker = folder.parent.name
    values = {
        "id": name,
        "audio": AudioRef(path=folder / f"{name}.flac", name=f"{name}.flac"),
        "text": text or None,
        "language": "en",
        "speaker": speaker,
        "chapter": folder.name,
        "gender": genders.get(speaker),
    }
    return Row(values, where, folder, subset)


def _genders(path: Path) -> dict[str, str]:
    """Speaker → "M" or "F", from a table whose comments begin with ";"."""
    if not path.is_file():
        return {}
    rows = (line.split("|") for _, line in read_lines(path, Faults()) if not line.startswith(";"))
    return {cells[0].strip(): cells[1].strip() for cells in rows if len(cells) > 1}
