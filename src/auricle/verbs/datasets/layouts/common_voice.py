"""Common Voice releases as downloaded: LANGUAGE/ with ``clips/`` and a .tsv for each split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from auricle.errors import DatasetError
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.lines import header_of, read_table
from auricle.verbs.datasets.rows import Names, Row, Source

_NAMES = Names(audio="path", text="sentence", speaker="client_id", language="locale")
_LENGTHS = "clip_durations.tsv"


def finds(path: Path) -> bool:
    """A folder with ``clips/`` and .tsv files, or one whose folders are such (one a language)."""
    return _is_release(path) or bool(_languages(path))


def open_source(path: Path) -> Source:
    """The rows of a language; its .tsv files are the splits, and "validated" holds most of the others.

    Raises DatasetError where a release of several languages is given and none chosen.
    """
    if not _is_release(path):
        languages = _languages(path)
        if len(languages) > 1:
            names = ", ".join(item.name for item in languages)
            raise DatasetError(f"{path} has several languages: {names}. Type: {path / languages[0].name}")
        path = languages[0]
    splits = tuple(sorted(file.stem for file in path.glob("*.tsv") if _is_split(file)))

    def rows(split: str | None, faults: Faults) -> Iterator[Row]:
        lengths = _lengths(path)
        for name in [split] if split else splits:
            for where, values in read_table(path / f"{name}.tsv", faults):
                audio = _with_ending(values["path"])
                seconds = lengths.get(audio or "")
                timed = {} if seconds is None else {"duration_s": seconds}
                yield Row({"locale": None, **values, "path": audio, **timed}, where, path / "clips", name)

    return Source(rows, _NAMES, splits, whole=len(splits) == 1)


def _is_release(path: Path) -> bool:
    return (path / "clips").is_dir() and any(_is_split(file) for file in path.glob("*.tsv"))


def _languages(path: Path) -> list[Path]:
    return sorted(item for item in path.iterdir() if _is_release(item)) if path.is_dir() else []


def _is_split(file: Path) -> bool:
    return {"path", "sentence"} <= set(header_of(file)) and file.stem != "reported"


def _with_ending(name: str | None) -> str | None:
    """The first releases left the ending of the files out."""
    return f"{name}.mp3" if name and not Path(name).suffix else name


def _lengths(path: Path) -> dict[str, float]:
    """Seconds of each clip, in releases that say so (from 2023 on)."""
    if not (path / _LENGTHS).is_file():
        return {}
    found: dict[str, float] = {}
    for _, values in read_table(path / _LENGTHS, Faults()):
        name, length = [*values.values(), None, None][:2]
        if name and length and str(length).isdigit():
            found[str(name)] = int(length) / 1000
    return found
