"""tsv: ``start``, ``end`` and ``text`` with tabs between, times in whole milliseconds.

The same columns as openai-whisper's, so that what reads those reads ours.
"""

from __future__ import annotations

import re

from auricle.errors import FormatError
from auricle.formats.cues import CueStyle
from auricle.formats.wire import decode, in_order, one_line, to_ms
from auricle.transcript import Segment, Transcript

LOSES = (
    "everything but start, end and text of the segments",
    "times finer than 1 ms",
    "line breaks, tabs, control characters, byte order marks and runs of space inside a segment (one space)",
)

_HEADER = "start\tend\ttext"
_ROW = re.compile(r"([0-9]{1,12})\t([0-9]{1,12})(?:\t(.*))?")


def dump(transcript: Transcript, _style: CueStyle) -> bytes:
    """A header and one row a segment; UTF-8."""
    rows = [_HEADER]
    for segment in transcript.segments:
        start = to_ms(segment.start)
        rows.append(f"{start}\t{max(start, to_ms(segment.end))}\t{one_line(segment.text)}")
    return "".join(f"{row}\n" for row in rows).encode()


def parse(data: bytes) -> Transcript:
    """Segments from rows; the header may be missing.

    Raises FormatError with the number of the first line that is no row.
    """
    segments: list[Segment] = []
    for number, line in enumerate(decode(data).split("\n"), 1):
        if line.strip() and not (number == 1 and line.lower().rstrip() == _HEADER):
            segments.append(_row(number, line))
    return Transcript(in_order(segments))


def _row(number: int, line: str) -> Segment:
    match = _ROW.fullmatch(line)
    if not match:
        raise FormatError(
            f"line {number} is not start, end and text with tabs between, times in whole milliseconds."
        )
    start, end = int(match[1]), int(match[2])
    return Segment(start / 1000, max(start, end) / 1000, one_line(match[3] or ""))
