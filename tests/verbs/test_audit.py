"""The audit against a count on a grid of twentieths of a second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.transcript import Dropped, Segment, Span
from auricle.verbs.transcribe.audit import audit

CELL = 0.05  # seconds; spans begin and end at quarters of a second, so no threshold is hit by a hair
SLACK, LEAST = 6, 20  # cells


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Spans in cells, in order, with a gap between any two."""
    edges = sorted(draw(st.sets(st.integers(0, 80), max_size=14)))
    return [(5 * start, 5 * end) for start, end in zip(edges[::2], edges[1::2], strict=False)]


def seconds(cells: list[tuple[int, int]]) -> list[tuple[float, float]]:
    return [(pytest.approx(start * CELL), pytest.approx(end * CELL)) for start, end in cells]


def near(cells: list[tuple[int, int]]) -> set[int]:
    """The cells within 0.3 s of the spans."""
    return {cell for start, end in cells for cell in range(start - SLACK, end + SLACK)}


@given(spans(), spans())
def test_by_counting(speech: list[tuple[int, int]], texts: list[tuple[int, int]]) -> None:
    heard = [Span(start * CELL, end * CELL) for start, end in speech]
    found = audit(heard, [Segment(start * CELL, end * CELL, "text") for start, end in texts], [])
    covered, missed = near(texts), []
    for start, end in speech:
        at = start
        while at < end:
            stop = at
            while stop < end and stop not in covered:
                stop += 1
            missed += [(at, stop)] if stop - at >= LEAST else []
            at = stop + 1
    assert [(span.start, span.end) for span in found.missed] == seconds(missed)
    voiced = near(speech)
    silent = [
        (start, end)
        for start, end in texts
        if end - start >= LEAST and not any(cell in voiced for cell in range(start, end))
    ]
    assert [(span.start, span.end) for span in found.unvoiced] == seconds(silent)
    assert found.speech == pytest.approx(sum(end - start for start, end in speech) * CELL)


def test_all_written_is_nothing_missed() -> None:
    found = audit([Span(1, 5), Span(7, 9)], [Segment(1.2, 4.8, "a"), Segment(6.8, 9.3, "b")], [])
    assert (found.missed, found.unvoiced, found.dropped) == ((), (), ())
    assert found.summary() == "6.0 s of speech, all of it has text"


def test_empty_segments_write_nothing_down() -> None:
    assert audit([Span(1, 5)], [Segment(1, 5, "")], []).missed == (Span(1, 5),)


def test_what_was_dropped_is_passed_on() -> None:
    dropped = [Dropped(1, 2, "thank you " * 5, "loop"), Dropped(3, 4, "you", "no speech")]
    assert audit([], [], dropped).dropped == tuple(dropped)


def test_segments_may_come_in_any_order_and_overlap() -> None:
    texts = [Segment(6, 9, "b"), Segment(1, 6.5, "a")]
    assert audit([Span(0.9, 9.1)], texts, []).missed == ()
