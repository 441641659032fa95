"""Word times that can be true: inside detected speech, in order, no longer than a word can be.

Cross-attention cuts a window into words without gaps, so every pause is given to the word before
it or to the word after it. Speech detection knows where the pauses are, the decoder's timestamps
know where a segment begins; here they correct the attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auricle.segments import clip
from auricle.transcript import Segment, Span, Word

# Attention reaches a word after its first sound: starts come late by a median of 0.05 s on
# picovoice and 0.10 s on diar_ami (tests/verbs/test_proofs.py).
_LATE = 0.06
_SLACK = 0.06  # seconds by which detected speech may begin late or end early
_SHORTEST = 0.02  # seconds of a word
_SYLLABLE = 0.06  # seconds of speech that a piece must have to hold the beginning of a word
_SIGNS = ".,;:!?…。,、！？；："


def time_words(segment: Segment, speech: Sequence[Span], longest: float, duration: float) -> Segment:
    """``segment`` with its words inside ``speech``, monotonic, at most ``longest`` seconds each.

    The segment's own times are put around its words. ``duration`` is where the window ends.
    """
    if not segment.words:
        return segment
    placed = [_place(word, segment, speech) for word in segment.words]
    words = tuple(_in_order(placed, longest, duration))
    return replace(segment, words=words, start=words[0].start, end=words[-1].end)


def _place(word: Word, segment: Segment, speech: Sequence[Span]) -> Word:
    """Move a word out of the pauses it was given."""
    start, end = word.start, max(word.end, word.start + _SHORTEST)
    opens = word is segment.words[0]
    if opens and start < segment.start < end:
        start = segment.start
    pieces = clip(speech, start, end)
    if not pieces:
        start, end = _nearest(start, end, speech)
        return replace(word, start=start, end=end)
    piece = _piece(pieces, opens=opens, closes=word.text[-1] in _SIGNS)
    return replace(word, start=_opening(start, piece), end=piece.end)


def _piece(pieces: Sequence[Span], *, opens: bool, closes: bool) -> Span:
    """Which of the pieces of speech between two attention jumps is the word.

    A pause before the first word of a segment is given to that word, a pause after a clause to
    its last word; inside a clause the next word is heard at its end.
    """
    if closes and not opens:
        return pieces[0]
    longest = max(pieces, key=lambda piece: piece.duration)
    if closes:
        return longest
    least = _SYLLABLE if opens else 4 * _SYLLABLE
    return next((piece for piece in reversed(pieces) if piece.duration >= least), longest)


def _opening(start: float, piece: Span) -> float:
    """Where a word begins in a piece of speech: a little before where attention reached it."""
    return max(start - _LATE, piece.start - _SLACK) if piece.start > start else start - _LATE


def _nearest(start: float, end: float, speech: Sequence[Span]) -> tuple[float, float]:
    """The place in speech that is closest to a word in silence."""
    if not speech:
        return start, end
    middle = (start + end) / 2
    span = min(speech, key=lambda item: max(item.start - middle, middle - item.end))
    length = min(end - start, span.duration)
    return (span.start, span.start + length) if span.start >= middle else (span.end - length, span.end)


def _in_order(words: Sequence[Word], longest: float, duration: float) -> list[Word]:
    """Starts never go back, no word overlaps the next, is longer than it may be or ends too late."""
    floor, started = 0.0, []
    for word in words:
        start = min(max(word.start, floor), max(duration - _SHORTEST, 0.0))
        started.append(replace(word, start=start, end=min(max(word.end, start + _SHORTEST), start + longest)))
        floor = start
    ends = [after.start for after in started[1:]] + [duration]
    return [
        replace(word, end=max(word.start, min(word.end, end)))
        for word, end in zip(started, ends, strict=True)
    ]
