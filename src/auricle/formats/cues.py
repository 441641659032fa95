"""Transcript → captions that can be read: how long, how wide, how fast, and where they break.

The numbers are those of the Netflix Timed Text Style Guide (general requirements, and the timing
guidelines), which most of the trade follows. ``cues`` makes captions, ``lint`` says which of the
rules a caption breaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from auricle.errors import OptionError
from auricle.formats.layout import PAUSE, Ruler, break_lines, ends_sentence, width
from auricle.formats.tokens import Token, break_costs, tokens
from auricle.formats.wire import in_order, one_line, unwrap
from auricle.options import option
from auricle.transcript import Segment, Transcript, Word


@dataclass(frozen=True, slots=True)
class CueStyle:
    """What a caption may look like. Widths count an East Asian wide character as two.

    Raises OptionError for a style that no caption can meet.
    """

    max_line_chars: int = option(42, "longest line, in columns: a wide (Chinese, Japanese) character is two")
    max_lines: int = option(2, "most lines in one caption")
    max_chars_per_second: float = option(20.0, "fastest reading speed, in columns a second")
    # Netflix: at least 5/6 s. We ask for a full second, and give less where there is no room.
    min_duration: float = option(1.0, "shortest caption, in seconds, where there is room")
    max_duration: float = option(7.0, "longest caption, in seconds")
    min_gap: float = option(
        0.08, "shortest pause between two captions, in seconds: two frames at 25 a second"
    )
    highlight_words: bool = option(False, "light up each word as it is spoken (vtt and ass)")

    def __post_init__(self) -> None:
        _at_least(2, "max_line_chars", self.max_line_chars)
        _at_least(1, "max_lines", self.max_lines)
        _at_least(1, "max_chars_per_second", self.max_chars_per_second)
        _at_least(0, "min_duration", self.min_duration)
        _at_least(0, "min_gap", self.min_gap)
        _at_least(max(0.1, self.min_duration), "max_duration", self.max_duration)


def _at_least(least: float, name: str, value: float) -> None:
    if not least <= value < float("inf"):
        raise OptionError(f"{name} cannot be {value}. Give a number from {least} up.")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: from ``start`` to ``end`` in seconds, its lines, and the words with times in it."""

    start: float
    end: float
    lines: tuple[str, ...]
    words: tuple[Word, ...] = ()
    speaker: str | None = None

    @property
    def text(self) -> str:
        """The text on one line."""
        return unwrap(self.lines)


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that a caption breaks: which caption (from 1), when it starts (s), which rule, by how much."""

    cue: int
    time: float
    rule: str
    message: str

    def __str__(self) -> str:
        return f"caption {self.cue} at {self.time:.3f} s: {self.message}"


def cues(transcript: Transcript, style: CueStyle | None = None, labelled: bool = False) -> list[Cue]:
    """Cut a transcript into captions.

    Lines, line count, longest duration and order always hold; captions never overlap. The shortest
    duration, the gap and the reading speed hold as far as the silence around the speech allows. No
    caption has two speakers, and none lasts past the end of the recording unless its text does.
    ``labelled`` begins every turn with ``[speaker]:``.
    """
    style = style or CueStyle()
    found = tokens(transcript, style.max_line_chars, labelled)
    cutter = _Cutter(found, style, transcript.duration)
    return cutter.timed(cutter.cuts())


def to_transcript(found: Sequence[Cue]) -> Transcript:
    """A transcript with one segment for each caption."""
    return Transcript(in_order(Segment(cue.start, cue.end, cue.text, speaker=cue.speaker) for cue in found))


class _Cutter:
    """Chooses where captions end, by the cheapest way through all the places where they could."""

    def __init__(self, found: Sequence[Token], style: CueStyle, duration: float) -> None:
        self.tokens = found
        self.style = style
        self.limit = duration if duration > 0 else float("inf")
        self.costs = break_costs(found)
        self.ruler = Ruler([width(token.text) for token in found], [token.joined for token in found])
        # A silence that has room for the shortest caption always ends one; so does another speaker.
        pause = style.min_duration + style.min_gap
        self.forced = [True] + [
            before.speaker != after.speaker or after.start - before.end >= max(pause, 2 * PAUSE)
            for before, after in pairwise(found)
        ]

    def cuts(self) -> list[tuple[int, int]]:
        """First and last (excluded) token of every caption."""
        count = len(self.tokens)
        best = [0.0] + [float("inf")] * count
        came_from = [0] * (count + 1)
        for first in range(count):
            for last, cost in self._reach(first):
                if best[first] + cost < best[last]:
                    best[last], came_from[last] = best[first] + cost, first
        return _path(came_from)

    def _reach(self, first: int) -> list[tuple[int, float]]:
        """Every place where a caption that begins at ``first`` may end, and what that costs."""
        found: list[tuple[int, float]] = []
        lines, line, inside, end = 1, first, 0.0, 0.0
        for last in range(first + 1, len(self.tokens) + 1):
            if self.ruler(line, last) > self.style.max_line_chars:
                lines, line = lines + 1, last - 1
            end = max(end, self.tokens[last - 1].end)
            if last > first + 1 and not self._fits(first, lines, end):
                break
            found.append((last, inside + self._cost(first, last, end)))
            if last < len(self.tokens) and self.forced[last]:
                break
            inside += self._inside(last)
        return found

    def _fits(self, first: int, lines: int, end: float) -> bool:
        return lines <= self.style.max_lines and end - self.tokens[first].start <= self.style.max_duration

    def _inside(self, last: int) -> float:
        """What it costs not to end where a sentence does, or where there is a silence."""
        if last == len(self.tokens):
            return 0.0
        before, after = self.tokens[last - 1], self.tokens[last]
        silence = after.start - before.end >= 2 * PAUSE
        return (1.2 if before.closes or ends_sentence(before.text) else 0.0) + (3.0 if silence else 0.0)

    def _cost(self, first: int, last: int, end: float) -> float:
        """What a caption of these tokens costs: 1 each, so that few is better, and its faults."""
        style, columns = self.style, self.ruler(first, last)
        start = self.tokens[first].start
        shown = min(max(end, start + style.min_duration), self._room(last)) - start
        cost = 1.0 + (self.costs[last] if last < len(self.tokens) and not self.forced[last] else 0.0)
        if shown < style.min_duration - 0.001:
            cost += 20 + 20 * (style.min_duration - shown)
        if columns > style.max_chars_per_second * shown > 0:
            cost += min(6.0, 6 * (columns / (style.max_chars_per_second * shown) - 1))
        if columns < style.max_line_chars / 2:
            cost += 2 - 4 * columns / style.max_line_chars  # a flash of one word costs 2
        return cost

    def _room(self, last: int) -> float:
        """When a caption that ends before token ``last`` has to be gone."""
        if last == len(self.tokens):
            return max(self.limit, self.tokens[-1].end)
        return self.tokens[last].start - self.style.min_gap

    def timed(self, cuts: Sequence[tuple[int, int]]) -> list[Cue]:
        """The captions, on whole milliseconds, each shown as long as it should and can be."""
        starts = self._starts(cuts)
        found: list[Cue] = []
        for number, (first, last) in enumerate(cuts):
            following = starts[number + 1] if number + 1 < len(cuts) else None
            part = self.tokens[first:last]
            found.append(
                Cue(
                    start=starts[number] / 1000,
                    end=self._end(starts[number], following, first, last) / 1000,
                    lines=self._lines(first, last),
                    words=tuple(token.word for token in part if token.word),
                    speaker=part[0].speaker,
                )
            )
        return found

    def _starts(self, cuts: Sequence[tuple[int, int]]) -> list[int]:
        """When captions appear (ms): as they are spoken; one that talks over another waits its turn."""
        starts: list[int] = []
        shortest = _ms(self.style.min_duration + self.style.min_gap)
        before = 0.0  # when the speech of the caption before ends
        for first, last in cuts:
            start, end = self.tokens[first].start, self.tokens[last - 1].end
            at = _ms(start)
            if starts and start < before:
                at = max(at, min(starts[-1] + shortest, _ms(end) - shortest))
            starts.append(max(at, starts[-1]) if starts else at)
            before = max(token.end for token in self.tokens[first:last])
        return starts

    def _end(self, start: int, following: int | None, first: int, last: int) -> int:
        """When a caption goes (ms)."""
        style = self.style
        spoken = _ms(max(token.end for token in self.tokens[first:last]))
        reading = _ms(self.ruler(first, last) / style.max_chars_per_second + 0.001)
        end = max(spoken, start + _ms(style.min_duration), start + reading)
        if following is None:
            room = max(spoken, _ms(min(self.limit, end / 1000)))
        else:
            # Where there is no room for the gap, the gap gives way: half of the time each.
            room = following - min(_ms(style.min_gap), (following - start) // 2)
            end = room if room - end < _FLASH else end
        return max(start, min(end, room, start + _ms(style.max_duration)))

    def _lines(self, first: int, last: int) -> tuple[str, ...]:
        at = break_lines(self.ruler, self.costs, first, last, self.style.max_line_chars)
        return tuple(self._line(begin, end) for begin, end in pairwise(at))

    def _line(self, first: int, last: int) -> str:
        rest = self.tokens[first + 1 : last]
        return self.tokens[first].text + "".join(("" if t.joined else " ") + t.text for t in rest)


_FLASH = 500
"""Netflix closes gaps under half a second (3 to 11 frames) to the shortest gap; in milliseconds."""


def _ms(seconds: float) -> int:
    """Whole milliseconds, rounded down so that nothing lands past the end of the recording."""
    return max(0, int(seconds * 1000 + 0.001))


def _path(came_from: Sequence[int]) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    last = len(came_from) - 1
    while last > 0:
        cuts.append((came_from[last], last))
        last = came_from[last]
    return cuts[::-1]


def lint(found: Sequence[Cue], style: CueStyle | None = None) -> list[Problem]:
    """Every rule that every caption breaks, in the order of the captions.

    Rules: lines, line_length, reading_speed, min_duration, max_duration, overlap, gap. Times may be
    off by 1 ms, which is how finely files keep them.
    """
    style = style or CueStyle()
    problems: list[Problem] = []
    for number, cue in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        faults = _faults_of_text(cue, style) + _faults_of_time(cue, following, style)
        problems += [Problem(number + 1, cue.start, rule, message) for rule, message in faults]
    return problems


def _faults_of_text(cue: Cue, style: CueStyle) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if len(cue.lines) > style.max_lines:
        faults.append(("lines", f"{len(cue.lines)} lines, at most {style.max_lines}"))
    for line in cue.lines:
        if width(line) > style.max_line_chars:
            faults.append(("line_length", f"a line of {width(line)} columns, at most {style.max_line_chars}"))
    columns, allowed = width(cue.text), style.max_chars_per_second
    if columns > allowed * (cue.end - cue.start + _TOLERANCE):
        speed = f"{columns} columns in {cue.end - cue.start:.2f} s"
        faults.append(("reading_speed", f"{speed}, at most {allowed:g} a second"))
    return faults


def _faults_of_time(cue: Cue, following: Cue | None, style: CueStyle) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    shown = cue.end - cue.start
    if shown < style.min_duration - _TOLERANCE:
        faults.append(("min_duration", f"{shown:.2f} s, at least {style.min_duration:g} s"))
    if shown > style.max_duration + _TOLERANCE:
        faults.append(("max_duration", f"{shown:.2f} s, at most {style.max_duration:g} s"))
    gap = following.start - cue.end if following else style.min_gap
    if gap < -_TOLERANCE:
        faults.append(("overlap", f"{-gap:.2f} s over the next caption"))
    elif gap < style.min_gap - _TOLERANCE:
        faults.append(("gap", f"{gap:.3f} s before the next caption, at least {style.min_gap:g} s"))
    return faults


_TOLERANCE = 0.0011


def spoken(cue: Cue) -> list[tuple[Word | None, str]]:
    """The text of a caption, its lines with line ends between, in parts: a word with its times, or none."""
    text, at = "\n".join(cue.lines), 0
    parts: list[tuple[Word | None, str]] = []
    for word in cue.words:
        spelled = one_line(word.text)
        begin = text.find(spelled, at)
        if begin < 0 or text[at:begin].strip():
            continue  # a word that was cut to fit a line
        parts += [(None, text[at:begin]), (word, spelled)]
        at = begin + len(spelled)
    return [*parts, (None, text[at:])]
