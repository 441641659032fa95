"""txt: the text and nothing else, one segment a line.

Reads any text: a line is a segment, without times.
"""

from __future__ import annotations

from auricle.formats.cues import CueStyle
from auricle.formats.wire import decode, one_line
from auricle.transcript import Segment, Transcript

LOSES = (
    "everything but the text",
    "segments without text",
    "line breaks, control characters, byte order marks and runs of space inside a segment (one space)",
)


def dump(transcript: Transcript, _style: CueStyle) -> bytes:
    """One line for every segment that has text; UTF-8."""
    lines = filter(None, (one_line(segment.text) for segment in transcript.segments))
    return "".join(f"{line}\n" for line in lines).encode()


def parse(data: bytes) -> Transcript:
    """One segment for every line that is not blank, all times zero. Raises FormatError."""
    lines = filter(None, map(one_line, decode(data).split("\n")))
    return Transcript(tuple(Segment(0.0, 0.0, line) for line in lines))
