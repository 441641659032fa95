"""What a window gave no text for, and how to listen to it once more.

Whisper leaves out whole passages, and likes to end a window with the last whole sentence: the
words of the next one that the window still holds ("…, and it was | natural therefore") are left
to a following window, which in batched mode begins after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from auricle.segments import Window, subtract, total
from auricle.transcript import Segment, Span
from auricle.verbs.transcribe import gates

# Speech without text is decoded again from this many seconds on. Model timestamps are off by a few
# tenths; 1.5 s is four to five words.
MIN_SKIPPED = 1.5
# At the end of a window less is enough: in 86 windows of longform what was left was 0.3 s or less,
# or 0.7 s and more, and then words were missing each time.
MIN_TAIL = 0.5
_MARGIN = 0.2  # seconds of audio taken before skipped speech


@dataclass(frozen=True, slots=True)
class Look:
    """A part of a window to decode again. Of what it says, only what follows ``after`` is new."""

    window: Window
    after: Segment | None = None

    def news(self, found: Sequence[Segment]) -> list[Segment]:
        """The segments to add."""
        if self.after is None:
            return list(found)
        said, heard = gates.units(self.after.text), [gates.units(segment.text) for segment in found]
        skip = covered(said, [unit for units in heard for unit in units])
        added: list[Segment] = []
        for segment, units in zip(found, heard, strict=True):
            if skip < len(units):
                added.append(_rest(segment, skip, self.after.end))
            skip = max(0, skip - len(units))
        return added


def covered(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many of the units ``heard`` say again what was ``said``: those nearest to it in edits."""
    costs = list(range(len(heard) + 1))
    for number, unit in enumerate(said, 1):
        above, costs[0] = costs[0], number
        for place, other in enumerate(heard, 1):
            change = above + (unit != other)
            above = costs[place]
            costs[place] = min(change, above + 1, costs[place - 1] + 1)
    return min(range(len(costs)), key=lambda place: (costs[place], -place))


def _rest(segment: Segment, skip: int, floor: float) -> Segment:
    """A segment without its first ``skip`` units, starting no sooner than ``floor`` seconds."""
    words = list(segment.words)
    left = skip
    while words and left > 0:
        left -= len(gates.units(words.pop(0).text))
    start = min(max(segment.start, words[0].start if words else floor, floor), segment.end)
    return replace(segment, start=start, text=gates.without(segment.text, skip), words=tuple(words))


def second_looks(window: Window, segments: Sequence[Segment]) -> list[Look]:
    """The parts of a window in which somebody speaks and nothing was written."""
    covered = [Span(segment.start, segment.end) for segment in segments]
    stretches = _stretches(subtract(window.speech, covered), covered)
    found = [Look(_around(window, stretch)) for stretch in stretches if _is_skipped(window, stretch)]
    tail = _tail(window, segments, stretches)
    return [*found, tail] if tail else found


def _is_skipped(window: Window, stretch: Sequence[Span]) -> bool:
    most = 0.95 * window.audio.duration  # the whole window would give the same again
    return total(stretch) >= MIN_SKIPPED and stretch[-1].end - stretch[0].start < most


def _around(window: Window, stretch: Sequence[Span]) -> Window:
    start = max(window.start, stretch[0].start - _MARGIN)
    return window.part(start, min(window.end, stretch[-1].end + _MARGIN))


def _tail(window: Window, segments: Sequence[Segment], stretches: Sequence[Sequence[Span]]) -> Look | None:
    """The last segment and the few words after it, where there are any.

    Alone, so little speech makes a model invent; with the sentence before it, it is read well.
    """
    last = max(segments, key=lambda segment: segment.end, default=None)
    if last is None or not stretches or stretches[-1][0].start < last.end:
        return None
    if not MIN_TAIL <= total(stretches[-1]) < MIN_SKIPPED:
        return None
    part = window.part(max(window.start, last.start - _MARGIN / 2), window.end)
    return Look(part, last) if part.audio.duration < 0.95 * window.audio.duration else None


def _stretches(left: Sequence[Span], covered: Sequence[Span]) -> list[list[Span]]:
    """Group neighbouring spans between which no text stands."""
    groups: list[list[Span]] = []
    for span in left:
        between = groups and any(
            groups[-1][-1].end <= cover.start < span.start or groups[-1][-1].end < cover.end <= span.start
            for cover in covered
        )
        if groups and not between:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups
