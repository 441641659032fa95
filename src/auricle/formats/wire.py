"""What all formats share: bytes to text, text that fits on a line, times as digits.

Knows nothing of any one format. All functions are pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from auricle.errors import FormatError
from auricle.transcript import Segment, Transcript, Word

JOINER = "\u2060"
"""Word joiner, invisible: put between the two halves of a mark-up so that it is read as text."""

# Controls and spaces where a line may break. No-break spaces (French « Oui ! ») are not among them.
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f]+")
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")  # in no UTF-8 or no XML
_MARK = "\ufeff"  # the byte order mark: at the start of a file it is no text, and elsewhere it has no use

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, then Chinese and Japanese with
# their punctuation and full-width forms. Korean is wide too, but has spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u2fdf\u3000-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff00-\uff9f\U00020000-\U0003ffff]"
)

TIME = r"(?:([0-9]{1,6}):)?([0-9]{1,4}):([0-9]{1,2})(?:[.,]([0-9]{1,9}))?"
"""Four groups: hours (may be absent), minutes, seconds, decimals (may be absent; comma or point)."""


def decode(data: bytes, strict: bool = False) -> str:
    r"""The text of a file, with ``\n`` for every line end.

    A byte order mark decides (UTF-8, UTF-16); then UTF-16 shows itself by a zero byte at the start;
    then UTF-8. What is not UTF-8 is taken as Windows-1252, or Latin-1 where that has no letter: old
    subtitles are. ``strict`` refuses those two. Raises FormatError for bytes that are no such text.
    """
    try:
        text = data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        if strict or error.encoding != "utf-8":
            raise FormatError(
                f"byte {error.start} is not {error.encoding}. Save the file as UTF-8 and try again."
            ) from error
        text = _decode_old(data)
    return text.removeprefix(_MARK).replace("\r\n", "\n").replace("\r", "\n")


def _encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if data[1:2] == b"\0" and data[:1] != b"\0":
        return "utf-16-le"
    if data[:1] == b"\0" and data[1:2] not in (b"", b"\0"):
        return "utf-16-be"
    return "utf-8"


def _decode_old(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def one_line(text: str) -> str:
    """``text`` on one line: controls, line ends and runs of space become one space; no byte order marks."""
    return _BLANK.sub(" ", _UNWRITABLE.sub("\ufffd", text.replace(_MARK, ""))).strip()


def unspaced(char: str) -> bool:
    """True for a character of a script that puts no spaces between words."""
    return _UNSPACED.match(char) is not None


def unwrap(lines: Iterable[str]) -> str:
    """The text of broken lines: joined by a space, or by nothing inside scripts without spaces."""
    text = ""
    for line in filter(None, map(one_line, lines)):
        glue = "" if not text or (unspaced(text[-1]) and unspaced(line[0])) else " "
        text += glue + line
    return text


def to_ms(seconds: float) -> int:
    """Whole milliseconds, not below zero."""
    return max(0, round(seconds * 1000))


def clock(seconds: float, point: str = ".") -> str:
    """``HH:MM:SS.mmm``; hours have as many digits as they need, at least two."""
    whole, ms = divmod(to_ms(seconds), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{ms:03d}"


def seconds(hours: str | None, minutes: str, secs: str, decimals: str | None) -> float:
    """Seconds from the groups of ``TIME``; exact to the digits that were written."""
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(secs)
    scale: int = 10 ** len(decimals or "")
    return (whole * scale + int(decimals or 0)) / scale


def in_order(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Segments by their start; files by other hands are not always sorted."""
    return tuple(sorted(segments, key=lambda segment: segment.start))


def require_finite(transcript: Transcript) -> None:
    """Raise FormatError if a time is infinite or not a number."""
    for name, value in _times(transcript):
        if not math.isfinite(value):
            raise FormatError(f"{name} is {value}, which no file can hold. Give every time in seconds.")


def _times(transcript: Transcript) -> Iterator[tuple[str, float]]:
    yield "the duration", transcript.duration
    for number, segment in enumerate(transcript.segments, 1):
        yield f"the start of segment {number}", segment.start
        yield f"the end of segment {number}", segment.end
        for word in segment.words:
            yield f"the start of a word in segment {number}", word.start
            yield f"the end of a word in segment {number}", word.end


def placed(text: str, words: Sequence[Word]) -> list[tuple[Word, str, bool]] | None:
    """Each word, its text, and whether it is joined to the one before, according to ``text``.

    ``text`` is the authority, one line of it. None where the words do not spell it.
    """
    found: list[tuple[Word, str, bool]] = []
    at = 0
    for word in words:
        spelled = one_line(word.text)
        begin = at + len(text[at:]) - len(text[at:].lstrip())
        if not spelled or not text.startswith(spelled, begin):
            return None
        found.append((word, spelled, begin == at and bool(found)))
        at = begin + len(spelled)
    return found if found and not text[at:].strip() else None
