"""lrc: lyrics, a line a segment; with ``<mm:ss.xx>`` before each word where there are word times.

A line has no end, so an empty line ends it where no other follows at once. A word ends where the
next begins, the last one at the tag that closes the line. Minutes count on beyond 60.
"""

from __future__ import annotations

import re
from dataclasses import replace

from auricle.errors import FormatError
from auricle.formats.cues import CueStyle
from auricle.formats.wire import JOINER, decode, in_order, one_line, placed
from auricle.transcript import Segment, Transcript, Word

LOSES = (
    "Transcript: all but the segments",
    "Segment: speaker, language and what the decoder measured",
    "Word: end (that of the last word stays), confidence, speaker",
    "words that do not spell their segment",
    "segments without text",
    "overlaps: a segment ends where the next one begins",
    "times finer than 10 ms",
    "line breaks, control characters, byte order marks and runs of space (one space)",
)

_CLOCK = r"([0-9]{1,8}):([0-9]{1,2})(?:[.:,]([0-9]{1,3}))?"
_STAMPS = re.compile(rf"\s*((?:\[{_CLOCK}\]\s*)+)(.*)")
_STAMP = re.compile(rf"\[{_CLOCK}\]")
_WORD = re.compile(rf"<{_CLOCK}>")
_TAG = re.compile(r"\s*\[([A-Za-z#]+):(.*)\]\s*")
# Text that looks like a time gets an invisible joiner after its bracket.
_MARK = re.compile(rf"[\[<](?={JOINER}*[0-9]+:[0-9])")
_UNMARK = re.compile(rf"([\[<]){JOINER}(?={JOINER}*[0-9]+:[0-9])")


def dump(transcript: Transcript, _style: CueStyle) -> bytes:
    """One line a segment, and an empty one where silence follows; UTF-8."""
    segments = [segment for segment in in_order(transcript.segments) if one_line(segment.text)]
    lines: list[str] = []
    for number, segment in enumerate(segments):
        lines.append(f"[{_clock(segment.start)}]{_text(segment)}\n")
        end = max(segment.start, segment.end)
        if number + 1 == len(segments) or _cs(segments[number + 1].start) > _cs(end):
            lines.append(f"[{_clock(end)}]\n")
    return "".join(lines).encode()


def _text(segment: Segment) -> str:
    text = one_line(segment.text)
    found = placed(text, segment.words)
    if not found:
        return _mark(text)
    timed = [
        ("" if joined else " ") + f"<{_clock(word.start)}>{_mark(spelled)}" for word, spelled, joined in found
    ]
    return "".join(timed).lstrip() + f"<{_clock(segment.words[-1].end)}>"


def _mark(text: str) -> str:
    return _MARK.sub(rf"\g<0>{JOINER}", text)


def _cs(seconds: float) -> int:
    return max(0, round(seconds * 100))


def _clock(seconds: float) -> str:
    whole, rest = divmod(_cs(seconds), 100)
    return f"{whole // 60:02d}:{whole % 60:02d}.{rest:02d}"


def _seconds(minutes: str, secs: str, decimals: str | None) -> float:
    scale: int = 10 ** len(decimals or "")
    return ((int(minutes) * 60 + int(secs)) * scale + int(decimals or 0)) / scale


def parse(data: bytes) -> Transcript:
    """Segments from lines; one with several times is said several times; ``[offset:]`` is honoured.

    A line lasts until the next, the last one as long as its words. Raises FormatError with the number
    of the first line without a time.
    """
    offset = 0.0
    found: list[tuple[float, str]] = []
    for number, line in enumerate(decode(data).split("\n"), 1):
        if match := _STAMPS.fullmatch(line):
            found += _said(match[1], match[5])
        elif tag := _TAG.fullmatch(line):
            offset = _offset(tag[2], number) if tag[1].lower() == "offset" else offset
        elif line.strip():
            raise FormatError(f"line {number} has no time such as [01:23.45] before it.")
    return _transcript(sorted(found, key=lambda item: item[0]), offset)


def _said(stamps: str, text: str) -> list[tuple[float, str]]:
    starts = [_seconds(*stamp) for stamp in _STAMP.findall(stamps)]
    once = text if len(starts) == 1 else _WORD.sub("", text)  # a refrain has the word times of none
    return [(start, once) for start in starts]


def _offset(value: str, number: int) -> float:
    """Seconds by which everything is earlier."""
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,12}\s*", value):
        raise FormatError(f"line {number}: the offset is not a whole number of milliseconds.")
    return int(value) / 1000


def _transcript(found: list[tuple[float, str]], offset: float) -> Transcript:
    segments: list[Segment] = []
    for number, (start, text) in enumerate(found):
        plain, words = _plain(_WORD.sub("", text)), _words(text)
        end = found[number + 1][0] if number + 1 < len(found) else max([start, *(word.end for word in words)])
        if plain:
            segments.append(_earlier(Segment(start, end, plain, words), offset))
    return Transcript(tuple(segments))


def _words(text: str) -> tuple[Word, ...]:
    """The words of a line whose every word has a time."""
    lead, *parts = _WORD.split(text)
    starts = [_seconds(*stamp) for stamp in zip(parts[0::4], parts[1::4], parts[2::4], strict=True)]
    chunks = [_plain(chunk) for chunk in parts[3::4]]
    ends = [*starts[1:], *starts[-1:]]
    words = [
        Word(chunk, start, max(start, end))
        for chunk, start, end in zip(chunks, starts, ends, strict=True)
        if chunk
    ]
    found = placed(_plain(_WORD.sub("", text)), words)
    if lead.strip() or not found:
        return ()
    return tuple(replace(word, joined=joined) for word, _, joined in found)


def _earlier(segment: Segment, offset: float) -> Segment:
    if not offset:
        return segment
    words = tuple(
        replace(word, start=max(0.0, word.start - offset), end=max(0.0, word.end - offset))
        for word in segment.words
    )
    return replace(
        segment, start=max(0.0, segment.start - offset), end=max(0.0, segment.end - offset), words=words
    )


def _plain(text: str) -> str:
    return one_line(_UNMARK.sub(r"\1", text))
