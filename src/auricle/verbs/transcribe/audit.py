"""The coverage audit: speech that got no text, text where nobody spoke, and what was dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auricle.segments import Cover, subtract, total
from auricle.transcript import Coverage, Dropped, Segment, Span

# Gaps shorter than this (seconds) are breath and rounding: times of models are off by as much.
MIN_MISSED = 1.0
MIN_UNVOICED = 1.0
_SLACK = 0.3


def audit(speech: Sequence[Span], segments: Iterable[Segment], dropped: Iterable[Dropped]) -> Coverage:
    """Hold the text against the detected speech."""
    texts = [Span(segment.start, segment.end) for segment in segments if segment.text]
    missed = _long(subtract(speech, _widened(texts, _SLACK)), MIN_MISSED)
    voiced = Cover(_widened(speech, _SLACK))
    unvoiced = [span for span in texts if total(voiced.outside(span)) >= span.duration - 0.01]
    return Coverage(
        speech=round(total(speech), 3),
        missed=missed,
        unvoiced=_long(unvoiced, MIN_UNVOICED),
        dropped=tuple(dropped),
    )


def _widened(spans: Iterable[Span], by: float) -> list[Span]:
    return [Span(max(0.0, span.start - by), span.end + by) for span in spans]


def _long(spans: Iterable[Span], least: float) -> tuple[Span, ...]:
    return tuple(Span(round(span.start, 3), round(span.end, 3)) for span in spans if span.duration >= least)
