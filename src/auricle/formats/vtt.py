"""vtt (WebVTT): captions for the web, https://www.w3.org/TR/webvtt1/.

Written by hand, not with pysubs2 1.8: that writes neither voices (``<v Anna>``) nor escapes (``&lt;``),
drops voices and leaves escapes when it reads, takes NOTE and STYLE blocks for the text of the caption
before them, and stops at 99 hours.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from auricle.errors import FormatError
from auricle.formats.cues import Cue, CueStyle, cues, spoken, to_transcript
from auricle.formats.wire import TIME, clock, decode, one_line, seconds, to_ms
from auricle.transcript import Transcript

LOSES = (
    "Transcript: all but the segments",
    "Segment: language, words and what the decoder measured",
    "segment boundaries (they become captions)",
    "segments without text",
    "times finer than 1 ms",
    "line breaks, control characters, byte order marks and runs of space (one space)",
    "words wider than a line (cut)",
)

_TIMING = re.compile(rf"[ \t]*{TIME}[ \t]*-->[ \t]*{TIME}(?:[ \t].*)?")
_NO_CAPTION = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]*)>")
_TAG = re.compile(r"</?(?:[cibuv]|ruby|rt|lang)?(?:[ .\t][^<>]*)?>|<[0-9:.]+>")


def dump(transcript: Transcript, style: CueStyle) -> bytes:
    """Captions with voices; UTF-8. Highlighted words carry the time at which each is spoken."""
    blocks = [_block(cue, style.highlight_words) for cue in cues(transcript, style)]
    return "\n".join(["WEBVTT\n", *blocks]).encode()


def _block(cue: Cue, highlight: bool) -> str:
    text = "".join(_timed(cue)) if highlight else _escape("\n".join(cue.lines))
    voice = f"<v {_escape(cue.speaker)}>" if cue.speaker else ""
    return f"{clock(cue.start)} --> {clock(cue.end)}\n{voice}{text}\n"


def _timed(cue: Cue) -> Iterator[str]:
    last = to_ms(cue.start)
    for word, text in spoken(cue):
        at = to_ms(word.start) if word else 0
        if last < at < to_ms(cue.end):  # the standard wants them inside, each later than the one before
            yield f"<{clock(at / 1000)}>"
            last = at
        yield _escape(text)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def read(data: bytes) -> list[Cue]:
    """The captions as they stand, mark-up taken out; one of two voices becomes two at the same time.

    Takes a missing header, a comma in times, missing hours. Raises FormatError where there is text
    but neither header nor caption.
    """
    text = decode(data)
    found: list[Cue] = []
    for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")):
        lines = block.split("\n")
        at = next((number for number, line in enumerate(lines[:2]) if _TIMING.fullmatch(line)), None)
        if at is not None and not _NO_CAPTION.match(block):
            found.extend(_cues(lines[at], lines[at + 1 :]))
    if not found and text.strip() and not text.lstrip().startswith("WEBVTT"):
        raise FormatError("line 1: neither WEBVTT nor caption times such as 00:01.000 --> 00:02.000.")
    return found


def _cues(timing: str, lines: list[str]) -> Iterator[Cue]:
    match = _TIMING.fullmatch(timing)
    assert match  # it was found by the same pattern
    start, end = seconds(*match.groups()[:4]), seconds(*match.groups()[4:])
    before, *voices = _VOICE.split("\n".join(lines))
    turns = [("", before), *zip(voices[::2], voices[1::2], strict=True)]
    for speaker, text in turns:
        plain = tuple(filter(None, map(_plain, text.split("\n"))))
        if plain or len(turns) == 1:
            yield Cue(start, max(start, end), plain, speaker=_plain(speaker) or None)


def _plain(text: str) -> str:
    return one_line(html.unescape(_TAG.sub("", text)))


def parse(data: bytes) -> Transcript:
    """One segment a caption. Raises FormatError where there is text but neither header nor caption."""
    return to_transcript(read(data))
