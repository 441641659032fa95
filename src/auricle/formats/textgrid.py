"""TextGrid (Praat): tiers of intervals, for phoneticians and forced aligners.

Segments without a speaker stand in the tier ``segments``, their words in ``words``. A speaker has a
tier of that name, and one named ``Anna - words``, as the Montreal Forced Aligner has it. Intervals
tile the whole time; those without text are silence.

Times are written to the nanosecond. Reads the long and the short text form, UTF-8 or
UTF-16; not the binary and the chronological form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auricle.errors import FormatError
from auricle.formats.cues import CueStyle
from auricle.formats.wire import decode, in_order, one_line, placed
from auricle.transcript import Segment, Transcript, Word, join_words

LOSES = (
    "Transcript: all but segments and duration",
    "Segment: language and what the decoder measured",
    "Word: confidence and speaker (the segment's stays)",
    "segments and words without text",
    "overlaps in one tier: an interval begins where the one before it ends",
    "times finer than 1 ns",
    "intervals of no length (they last 1 ms)",
    "line breaks, control characters, byte order marks and runs of space (one space)",
)

_SEGMENTS, _WORDS, _OF_SPEAKER = "segments", "words", " - words"
_IGNORED = ("phones", " - phones")  # what aligners add below the words
_LEAST = 0.001  # seconds
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class _Interval:
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class _Tier:
    name: str
    intervals: tuple[_Interval, ...]


def dump(transcript: Transcript, _style: CueStyle) -> bytes:
    """The long text form; UTF-8."""
    tiers = _tiers(in_order(transcript.segments))
    ends = [tier.intervals[-1].end for tier in tiers if tier.intervals]
    end = max([round(transcript.duration, _DIGITS), _LEAST, *ends])
    head = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_number(end)}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    body = [line for number, tier in enumerate(tiers, 1) for line in _tier_lines(number, tier, end)]
    return "".join(f"{line}\n" for line in [*head, *body]).encode()


def _tiers(segments: Sequence[Segment]) -> list[_Tier]:
    """Two tiers a speaker, in the order in which they first speak."""
    tiers: list[_Tier] = []
    for name in dict.fromkeys(one_line(segment.speaker or "") for segment in segments) or [""]:
        own = [segment for segment in segments if one_line(segment.speaker or "") == name]
        tiers.append(_tier(name or _SEGMENTS, [_Interval(s.start, s.end, s.text) for s in own]))
        words = [_Interval(word.start, word.end, word.text) for segment in own for word in segment.words]
        if words:
            tiers.append(_tier(name + _OF_SPEAKER if name else _WORDS, words))
    return tiers


def _tier(name: str, intervals: Sequence[_Interval]) -> _Tier:
    """A tier whose intervals have text, order, length, and do not overlap."""
    at = 0.0
    found: list[_Interval] = []
    for interval in intervals:
        start, end = max(at, round(interval.start, _DIGITS)), round(interval.end, _DIGITS)
        at = end if end > start else round(start + _LEAST, _DIGITS)
        found.append(_Interval(start, at, one_line(interval.text)))
    return _Tier(name, tuple(interval for interval in found if interval.text))


def _tiled(intervals: Sequence[_Interval], end: float) -> Iterator[_Interval]:
    at = 0.0
    for interval in intervals:
        if interval.start > at:
            yield _Interval(at, interval.start, "")
        yield interval
        at = interval.end
    if at < end:
        yield _Interval(at, end, "")


def _tier_lines(number: int, tier: _Tier, end: float) -> Iterator[str]:
    intervals = list(_tiled(tier.intervals, end))
    yield f"    item [{number}]:"
    yield '        class = "IntervalTier"'
    yield f"        name = {_quoted(tier.name)}"
    yield "        xmin = 0"
    yield f"        xmax = {_number(end)}"
    yield f"        intervals: size = {len(intervals)}"
    for position, interval in enumerate(intervals, 1):
        yield f"        intervals [{position}]:"
        yield f"            xmin = {_number(interval.start)}"
        yield f"            xmax = {_number(interval.end)}"
        yield f"            text = {_quoted(interval.text)}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _number(value: float) -> str:
    """No exponent, and no zeros at the end."""
    return f"{value:.{_DIGITS}f}".rstrip("0").removesuffix(".")


# Praat reads quoted texts, free-standing numbers and flags, and skips all else: so do we, and both
# forms are then the same.
_ITEM = re.compile(
    r'"((?:[^"]|"")*)"|<(exists|absent)>|(?<!\S)([-+]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,3})?)(?!\S)'
)


class _Reader:
    """Takes the items of a file one by one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next(self, group: int, what: str) -> str:
        match = _ITEM.search(self.text, self.at)
        if match is None or match[group] is None:
            line = self.text.count("\n", 0, match.start() if match else len(self.text)) + 1
            raise FormatError(f"line {line}: expected {what}. Save it in Praat as a text file and try again.")
        self.at = match.end()
        return match[group]

    def string(self, what: str) -> str:
        return self.next(1, what).replace('""', '"')

    def number(self, what: str) -> float:
        value = float(self.next(3, what))
        if not math.isfinite(value) or value < 0:
            raise FormatError(f"{what} is {value}. A time or count is a number from 0 up.")
        return value

    def tier(self) -> _Tier | None:
        """The next tier, or None for one of points."""
        kind, name = self.string("the class of a tier"), self.string("the name of a tier")
        self.number("the start of a tier")
        self.number("the end of a tier")
        count = int(self.number("the number of intervals"))
        if kind == "IntervalTier":
            return _Tier(name, tuple(self.interval() for _ in range(count)))
        for _ in range(count):
            self.number("the time of a point")
            self.string("the mark of a point")
        return None

    def interval(self) -> _Interval:
        start, end = self.number("the start of an interval"), self.number("the end of an interval")
        return _Interval(start, max(start, end), one_line(self.string("the text of an interval")))


def parse(data: bytes) -> Transcript:
    """Segments and words from interval tiers; point tiers and those named ``phones`` are left out.

    A tier not named as ours are is a speaker's. Words without segments become one segment. Raises
    FormatError with the line where something else was expected.
    """
    reader = _Reader(decode(data))
    header = reader.string("a TextGrid: ooTextFile"), reader.string("a TextGrid: its class")
    if not header[0].startswith("ooTextFile") or header[1] != "TextGrid":
        raise FormatError("line 1: not a TextGrid. Save it in Praat as a text file and try again.")
    reader.number("the start of the file")
    duration = reader.number("the end of the file")
    reader.next(2, "<exists>")
    count = int(reader.number("the number of tiers"))
    tiers = [tier for tier in (reader.tier() for _ in range(count)) if tier]
    return Transcript(in_order(_segments(tiers)), duration=duration)


def _segments(tiers: Sequence[_Tier]) -> Iterator[Segment]:
    own: dict[str | None, list[_Interval]] = {}
    words: dict[str | None, list[_Interval]] = {}
    for tier in tiers:
        if not tier.name.endswith(_IGNORED):
            speaker, table = _owner(tier.name, own, words)
            table.setdefault(speaker, []).extend(interval for interval in tier.intervals if interval.text)
    for speaker in dict.fromkeys([*own, *words]):
        yield from _with_words(speaker, own.get(speaker, []), words.get(speaker, []))


def _owner(name: str, own: _Table, words: _Table) -> tuple[str | None, _Table]:
    if name == _WORDS:
        return None, words
    if name.endswith(_OF_SPEAKER):
        return one_line(name.removesuffix(_OF_SPEAKER)) or None, words
    return None if name == _SEGMENTS else one_line(name) or None, own


_Table = dict[str | None, list[_Interval]]


def _with_words(speaker: str | None, own: list[_Interval], spoken: list[_Interval]) -> Iterator[Segment]:
    words = [Word(interval.text, interval.start, interval.end) for interval in spoken]
    if words and not own:
        yield Segment(words[0].start, words[-1].end, join_words(words), tuple(words), speaker)
        return
    at = 0
    for number, interval in enumerate(own):
        # A word belongs to the segment in which its middle lies, and to the last one when past all.
        until = own[number + 1].start if number + 1 < len(own) else math.inf
        begin = at
        while at < len(words) and (words[at].start + words[at].end) / 2 < until:
            at += 1
        yield Segment(
            interval.start, interval.end, interval.text, _joined(interval, words[begin:at]), speaker
        )


def _joined(interval: _Interval, words: list[Word]) -> tuple[Word, ...]:
    found = placed(interval.text, words)
    return tuple(replace(word, joined=joined) for word, _, joined in found) if found else tuple(words)
