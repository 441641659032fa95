r"""srt (SubRip): numbered captions, the format every player reads.

Written by hand, not with pysubs2 1.8: that reads ``100:00:01,000`` as hour 0 and clamps later times
with a warning, takes ``<b>`` and ``{...}`` in text for mark-up, and a number at the end of a caption
for the index of the next.

SubRip has no escape for ``<b>``, ``{\an8}``, ``\N`` or ``-->``. Where text has one, an invisible word
joiner (U+2060) is put into it, so that players show it; reading takes the joiner out. (FFmpeg
hides any other ``{...}``; nothing that can be written prevents that.) SubRip has no place for a speaker
either, so a turn begins with ``[Anna]:``, which is text and counts in the width.
"""

from __future__ import annotations

import re
from itertools import pairwise

from auricle.errors import FormatError
from auricle.formats.cues import Cue, CueStyle, cues, to_transcript
from auricle.formats.wire import JOINER, TIME, clock, decode, one_line, seconds
from auricle.transcript import Transcript

LOSES = (
    "Transcript: all but the segments",
    "Segment: language, words and what the decoder measured",
    "segment boundaries (they become captions)",
    "segments without text",
    "times finer than 1 ms",
    "line breaks, control characters, byte order marks and runs of space (one space)",
    "words wider than a line (cut)",
    "square brackets in the names of speakers (round ones), and the name ?",
)

_TIMING = re.compile(rf"[ \t]*{TIME}[ \t]*--+>[ \t]*{TIME}(?:[ \t].*)?")
_TAG = re.compile(
    r"</?(?:b|i|u|s|em|strong|font|span|c|br)(?:[ .][^<>\n]*)?/?>|\{\\[^{}\n]*\}", re.IGNORECASE
)
_SPEAKER = re.compile(rf"\[(?!{JOINER})([^\[\]]+)\]:(?: |$)")

# What a reader would take for mark-up begins with one of these; the joiner goes after the first part.
# FFmpeg takes the \N of ASS for a line end in srt as well.
_BEGIN = r"<(?={0}*[/A-Za-z])|\{{(?={0}*(?:\\|[A-Za-z]:))|--(?={0}*>)|\\(?={0}*[Nnh])"
_MARKS = re.compile(_BEGIN.format(JOINER))
_UNMARKS = re.compile(_BEGIN.replace("(?=", "(?:{0})(?=").format(JOINER))
_LOOKS_NAMED = re.compile(rf"^\[(?={JOINER}*[^\[\]]+\]:(?: |$))")


def dump(transcript: Transcript, style: CueStyle) -> bytes:
    """Numbered captions; UTF-8. Raises FormatError if words should be highlighted: SubRip cannot."""
    if style.highlight_words:
        raise FormatError("srt cannot highlight words. Write vtt or ass, or leave highlight_words out.")
    labelled = any(
        segment.speaker or any(w.speaker for w in segment.words) for segment in transcript.segments
    )
    found = cues(transcript, style, labelled=labelled)
    speakers = [None, *(cue.speaker for cue in found)]
    blocks = [
        _block(number, cue, named=cue.speaker != before)
        for number, (cue, before) in enumerate(zip(found, speakers, strict=False), 1)
    ]
    return "\n".join(blocks).encode()


def _block(number: int, cue: Cue, named: bool) -> str:
    text = "\n".join(_MARKS.sub(rf"\g<0>{JOINER}", line) for line in cue.lines)
    if not named:
        text = _LOOKS_NAMED.sub(rf"\g<0>{JOINER}", text)
    return f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n{text}\n"


def read(data: bytes) -> list[Cue]:
    """The captions as they stand, mark-up taken out.

    Takes missing or wrong numbers, missing blank lines, a point for the comma, missing hours. Raises
    FormatError where there is text but no caption.
    """
    lines = decode(data).split("\n")
    at = [number for number, line in enumerate(lines) if _TIMING.fullmatch(line)]
    if not at and any(map(str.strip, lines)):
        raise FormatError("line 1: no caption times such as 00:00:01,000 --> 00:00:02,000 from here on.")
    found: list[Cue] = []
    for number, (first, following) in enumerate(pairwise([*at, len(lines)]), 1):
        last = following - 1 if _is_index(lines, first, following, number + 1) else following
        found.append(_cue(lines[first], lines[first + 1 : last], found[-1].speaker if found else None))
    return found


def _is_index(lines: list[str], first: int, following: int, expected: int) -> bool:
    """True if the line before the timing line ``following`` is the number of that caption."""
    line = lines[following - 1].strip() if following < len(lines) else ""
    if following - 1 <= first or not re.fullmatch("[0-9]{1,9}", line):
        return False
    return not lines[following - 2].strip() or int(line) == expected


def _cue(timing: str, lines: list[str], speaker: str | None) -> Cue:
    match = _TIMING.fullmatch(timing)
    assert match  # it was found by the same pattern
    start, end = seconds(*match.groups()[:4]), seconds(*match.groups()[4:])
    text = tuple(filter(None, (one_line(_TAG.sub("", line)) for line in lines)))
    if text and (named := _SPEAKER.match(text[0])):
        speaker = None if named[1] == "?" else one_line(_unmark(named[1])) or None
        text = tuple(filter(None, (text[0][named.end() :], *text[1:])))
    return Cue(start, max(start, end), tuple(map(_unmark, text)), speaker=speaker)


def _unmark(line: str) -> str:
    line = re.sub(rf"^\[{JOINER}(?={JOINER}*[^\[\]]+\]:(?: |$))", "[", line)
    return _UNMARKS.sub(lambda match: match[0].removesuffix(JOINER), line)


def parse(data: bytes) -> Transcript:
    """One segment a caption; a caption without ``[speaker]:`` has the speaker of the one before.

    Raises FormatError where there is text but no caption.
    """
    return to_transcript(read(data))
