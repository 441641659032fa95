r"""ass (Advanced SubStation Alpha): captions with a look, for burning into video.

Written by hand, not with pysubs2 1.8: that clamps times at 9:59:59.99 with a warning, ignores the
``Format`` line of the events it reads, and has no escape for ``{`` and ``\N`` in text. As FFmpeg
does, we write ``\{{}`` for ``{``, so that players without ``\{`` lose the brace but not what follows,
and put an invisible word joiner (U+2060) after a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auricle.errors import FormatError
from auricle.formats.cues import Cue, CueStyle, cues, spoken, to_transcript
from auricle.formats.wire import JOINER, decode, one_line, seconds
from auricle.transcript import Transcript

LOSES = (
    "Transcript: all but the segments",
    "Segment: language, words and what the decoder measured",
    "segment boundaries (they become captions)",
    "segments without text",
    "times finer than 10 ms",
    "line breaks, control characters, byte order marks and runs of space (one space)",
    "words wider than a line (cut)",
    "commas in the names of speakers (semicolons)",
)

# White on a dark outline; 60 of 1080 lines is what television uses for two lines of 42 letters. With
# highlighted words, those not yet spoken are grey (SecondaryColour).
_HEAD = """\
[Script Info]
; Written by Auricle
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,60,&H00FFFFFF,&H00A0A0A0,&H00101010,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,60,60,60,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
_SECTION = re.compile(r"\s*\[[^\[\]]*\]\s*")
_CLOCK = re.compile(r"([0-9]{1,6}):([0-9]{1,2}):([0-9]{1,2})(?:[.,:]([0-9]{1,9}))?")
_CODES = re.compile(rf"(\\{JOINER})|\\([{{}}])|(\\[Nn])|(\\h)|(\{{[^}}]*\}})")
_DRAWING = re.compile(r"\{[^}]*\\p[1-9]")


def dump(transcript: Transcript, style: CueStyle) -> bytes:
    """Events in one style; UTF-8. Highlighted words light up by karaoke tags."""
    events = [_event(cue, style.highlight_words) for cue in cues(transcript, style)]
    return (_HEAD + "".join(events)).encode()


def _event(cue: Cue, highlight: bool) -> str:
    text = "".join(_karaoke(cue)) if highlight else _escape("\n".join(cue.lines))
    name = (cue.speaker or "").replace(",", ";")
    times = f"{_clock(_cs(cue.start))},{_clock(_cs(cue.end))}"
    return f"Dialogue: 0,{times},Default,{name},0,0,0,,{text}\n"


def _karaoke(cue: Cue) -> Iterator[str]:
    at = _cs(cue.start)
    for word, text in spoken(cue):
        if word:
            start, end = max(at, _cs(word.start)), max(at, _cs(word.end))
            wait = f"{{\\k{start - at}}}" if start > at else ""
            yield f"{wait}{{\\k{end - start}}}"
            at = max(end, start)
        yield _escape(text)


def _escape(text: str) -> str:
    return text.replace("\\", "\\" + JOINER).replace("{", "\\{{}").replace("\n", "\\N")


def _cs(seconds: float) -> int:
    """Whole hundredths of a second. Captions are on whole milliseconds; the half is rounded up."""
    return (max(0, round(seconds * 1000)) + 5) // 10


def _clock(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:02d}"


def read(data: bytes) -> list[Cue]:
    """The events as they stand, mark-up taken out; comments and drawings are left out.

    Takes any order of fields that a ``Format`` line announces, so SSA too. Raises FormatError with the
    number of the first event that cannot be read, or where there is text but no events section.
    """
    fields, inside, seen = _FIELDS, False, False
    found: list[Cue] = []
    text = decode(data)
    for number, line in enumerate(text.split("\n"), 1):
        kind, _, rest = line.strip().partition(":")
        if _SECTION.fullmatch(line):
            inside = line.strip().lower() == "[events]"
            seen = seen or inside
        elif inside and kind.lower() == "format":
            fields = [name.strip().lower() for name in rest.split(",")]
        elif inside and kind.lower() == "dialogue" and not _DRAWING.search(rest):
            found.append(_cue(number, fields, rest))
    if not seen and text.strip():
        raise FormatError("line 1: no [Events] section from here on.")
    return found


def _cue(number: int, fields: list[str], rest: str) -> Cue:
    values = dict(zip(fields, rest.lstrip().split(",", len(fields) - 1), strict=False))
    times = [_CLOCK.fullmatch(values.get(name, "").strip()) for name in ("start", "end")]
    if not times[0] or not times[1] or "text" not in values:
        raise FormatError(f"line {number} is no event: its start, end or text is missing or malformed.")
    hours = [seconds(*match.groups()) for match in times if match]
    lines = tuple(filter(None, (one_line(line) for line in _CODES.sub(_plain, values["text"]).split("\n"))))
    return Cue(hours[0], max(hours), lines, speaker=one_line(values.get("name", "")) or None)


def _plain(match: re.Match[str]) -> str:
    joiner, brace, newline, space, _override = match.groups()
    if joiner:
        return "\\"
    return brace or ("\n" if newline else " " if space else "")


def parse(data: bytes) -> Transcript:
    """One segment an event. Raises FormatError, with a line number, for what is no ASS file."""
    return to_transcript(read(data))
