"""Transcript → tokens: the smallest timed parts that may stand on different lines or in different captions.

Where there are word times they are used; where there are none, time is shared out by width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from auricle.formats.layout import break_cost, pieces, units, width
from auricle.formats.wire import in_order, one_line, placed
from auricle.transcript import Segment, Transcript, Word


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a part of one that may stand on another line.

    Times are seconds. ``joined``: no space before it. ``word``: the word it begins, where there
    are word times. ``closes``: the last of its segment. ``label``: it names the speaker.
    """

    text: str
    start: float
    end: float
    joined: bool
    speaker: str | None
    language: str | None
    word: Word | None = None
    closes: bool = False
    label: bool = False


def tokens(transcript: Transcript, columns: int, labelled: bool = False) -> list[Token]:
    """All of the transcript in the order of time, no token wider than ``columns``.

    With ``labelled``, every turn of a named speaker, and every one after it, begins with a token that
    names the speaker. Times never run
    backwards and never below zero.
    """
    found: list[Token] = []
    for segment in in_order(transcript.segments):
        found.extend(_of_segment(segment, segment.language or transcript.language, columns))
    if labelled:
        found = list(_with_labels(found, columns))
    return list(_forward(found))


def break_costs(found: Sequence[Token]) -> list[float]:
    """For every token, the cost of a break before it; zero for the first."""
    return [0.0, *(_cost(before, after) for before, after in pairwise(found))]


def _cost(before: Token, after: Token) -> float:
    if before.label:
        return 6.0
    cost = break_cost(before.text, after.text, after.joined, after.start - before.end, after.language)
    return min(cost, 0.8) if before.closes else cost


def _of_segment(segment: Segment, language: str | None, columns: int) -> list[Token]:
    text = one_line(segment.text)
    found = placed(text, segment.words)
    parts = list(_timed(found, columns) if found else _untimed(segment, text, columns))
    whole = [
        Token(part, start, end, joined, _speaker(word, segment), language, owner)
        for part, start, end, joined, word, owner in parts
    ]
    return [*whole[:-1], *(replace(last, closes=True) for last in whole[-1:])]


def _speaker(word: Word | None, segment: Segment) -> str | None:
    return one_line((word.speaker if word else None) or segment.speaker or "") or None


# text, start, end, joined to the one before, the word it is part of, the word it begins
_Part = tuple[str, float, float, bool, Word | None, Word | None]


def _timed(found: list[tuple[Word, str, bool]], columns: int) -> Iterator[_Part]:
    for word, text, joined in found:
        parts = pieces(text, columns)
        for number, (part, start, end) in enumerate(_spread(word.start, word.end, parts)):
            yield part, start, end, joined or number > 0, word, None if number else word


def _untimed(segment: Segment, text: str, columns: int) -> Iterator[_Part]:
    parts: list[str] = []
    joined: list[bool] = []
    for spaced in text.split():
        small = [piece for unit in units(spaced) for piece in pieces(unit, columns)]
        parts += small
        joined += [number > 0 for number in range(len(small))]
    for (part, start, end), glued in zip(_spread(segment.start, segment.end, parts), joined, strict=True):
        yield part, start, end, glued, None, None


def _spread(start: float, end: float, parts: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """Share the time out: each part gets as much of it as it has of the width."""
    total = sum(max(1, width(part)) for part in parts)
    done = 0
    for part in parts:
        begin = start + (end - start) * done / total
        done += max(1, width(part))
        yield part, begin, start + (end - start) * done / total


def _with_labels(found: Sequence[Token], columns: int) -> Iterator[Token]:
    if not any(token.speaker for token in found):
        yield from found
        return
    for number, token in enumerate(found):
        if (found[number - 1].speaker if number else None) == token.speaker:
            yield token
            continue
        for part in pieces(label(token.speaker), columns):
            yield replace(
                token, text=part, end=token.start, joined=False, word=None, closes=False, label=True
            )
        yield replace(token, joined=False)


def label(speaker: str | None) -> str:
    """What stands before the words of a speaker: ``[Anna]:``; ``[?]:`` for one without a name."""
    name = one_line(speaker or "?").replace("[", "(").replace("]", ")")
    return f"[{name}]:"


def _forward(found: Sequence[Token]) -> Iterator[Token]:
    """The same tokens, with no start before the one before and no end before its start."""
    at = 0.0
    for token in found:
        at = max(at, token.start)
        yield replace(token, start=at, end=max(at, token.end))
