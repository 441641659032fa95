"""Transcript ⇄ txt srt vtt tsv json ass lrc TextGrid docx: one table, pure functions.

::

    data = dumps(transcript, "srt", CueStyle(max_line_chars=37))
    transcript = loads(data, "srt")

Formats with captions (srt, vtt, ass) cut the transcript anew by the style; the others hold segments,
and the style does not concern them. ``Format.loses`` says what does not come back from each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from auricle.errors import FormatError, MissingFileError, nearest
from auricle.formats import ass, docx, lrc, plain, records, srt, textgrid, tsv, vtt
from auricle.formats.cues import Cue, CueStyle
from auricle.formats.wire import require_finite
from auricle.storage import write_atomic
from auricle.transcript import Transcript

T = TypeVar("T")

__all__ = [
    "FORMATS",
    "CueStyle",
    "Format",
    "dumps",
    "find_format",
    "format_of",
    "load",
    "load_cues",
    "loads",
    "save",
]


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table.

    ``parse`` is None where a format cannot be read. ``read`` gives the captions as they stand in a
    file, line by line; it is None for formats without captions. ``loses`` is what does not come back.
    """

    name: str
    suffix: str
    dump: Callable[[Transcript, CueStyle], bytes]
    parse: Callable[[bytes], Transcript] | None
    loses: tuple[str, ...] = ()
    read: Callable[[bytes], list[Cue]] | None = None


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("txt", ".txt", plain.dump, plain.parse, plain.LOSES),
        Format("srt", ".srt", srt.dump, srt.parse, srt.LOSES, srt.read),
        Format("vtt", ".vtt", vtt.dump, vtt.parse, vtt.LOSES, vtt.read),
        Format("tsv", ".tsv", tsv.dump, tsv.parse, tsv.LOSES),
        Format("json", ".json", records.dump, records.parse, records.LOSES),
        Format("ass", ".ass", ass.dump, ass.parse, ass.LOSES, ass.read),
        Format("lrc", ".lrc", lrc.dump, lrc.parse, lrc.LOSES),
        Format("TextGrid", ".TextGrid", textgrid.dump, textgrid.parse, textgrid.LOSES),
        Format("docx", ".docx", docx.dump, None, docx.LOSES),
    )
}


def dumps(transcript: Transcript, format: str, style: CueStyle | None = None) -> bytes:
    """The transcript as a file of this format, as bytes.

    Raises FormatError for an unknown format and for what the format cannot hold, MissingExtraError
    for docx without python-docx.
    """
    known = find_format(format)
    require_finite(transcript)
    return known.dump(transcript, style or CueStyle())


def loads(data: bytes, format: str) -> Transcript:
    """The transcript in the bytes of a file of this format. Raises FormatError."""
    known = find_format(format)
    if known.parse is None:
        readable = ", ".join(name for name, row in FORMATS.items() if row.parse)
        raise FormatError(f"{known.name} can be written but not read. Give one of: {readable}.")
    return known.parse(data)


def save(
    transcript: Transcript, path: str | Path, format: str | None = None, style: CueStyle | None = None
) -> Path:
    """Write the transcript; the format follows from the file's ending unless named.

    Raises FormatError, MissingExtraError, OutputError.
    """
    target = Path(path)
    write_atomic(target, dumps(transcript, format or format_of(target), style))
    return target


def load(path: str | Path, format: str | None = None) -> Transcript:
    """Read a transcript; the format follows from the file's ending unless named.

    Raises MissingFileError, FormatError.
    """
    name = format or format_of(path)
    return _reading(path, lambda data: loads(data, name))


def load_cues(path: str | Path, format: str | None = None) -> list[Cue]:
    """The captions of an srt, vtt or ass file as they stand, for ``cues.lint``.

    Raises MissingFileError, FormatError.
    """
    known = find_format(format or format_of(path))
    if known.read is None:
        raise FormatError(f"{known.name} has no captions. Give a file of srt, vtt or ass.")
    return _reading(path, known.read)


def format_of(path: str | Path) -> str:
    """The name of the format that the ending of a file name stands for. Raises FormatError."""
    suffix = Path(path).suffix
    if not suffix:
        raise FormatError(f"{str(path)!r} has no ending to tell its format by. Add one, such as .srt.")
    return find_format(suffix.removeprefix(".")).name


def find_format(name: str) -> Format:
    """The row of the table for a name, whatever its case. Raises FormatError."""
    for known in FORMATS.values():
        if known.name.lower() == name.lower():
            return known
    raise FormatError(f"there is no format {name!r}. {nearest(name, FORMATS)}")


def _reading(path: str | Path, read: Callable[[bytes], T]) -> T:
    try:
        return read(Path(path).read_bytes())
    except FileNotFoundError as error:
        raise MissingFileError(f"there is no file {str(path)!r}.") from error
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror or error}.") from error
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
