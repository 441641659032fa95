"""The values that every verb speaks: frozen, shifted whole, joined as people write."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.transcript import (
    Coverage,
    Dropped,
    Record,
    Segment,
    Source,
    Span,
    Transcript,
    Word,
    join,
    join_words,
)

WORDS = (Word("Two", 1.0, 1.4, 0.9, "A"), Word("words", 1.5, 2.0, 0.8, "A"))
SEGMENT = Segment(1.0, 2.0, "Two words", WORDS, "A", "en", -0.2, 0.1, 1.1, 0.2)
VALUES = [
    Word("a", 0, 1),
    Segment(0, 1, "a"),
    Span(0, 1),
    Dropped(0, 1, "a", "loop"),
    Coverage(1.0),
    Source("a", "", 1.0),
    Record("tiny.en", "fake"),
    Transcript(),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_frozen(value: object) -> None:
    for item in dataclasses.fields(value):  # type: ignore[arg-type]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, item.name, None)
    assert value == dataclasses.replace(value)  # type: ignore[type-var]
    assert not hasattr(value, "__dict__")


def test_shifting_moves_times_and_nothing_else() -> None:
    transcript = Transcript((SEGMENT, Segment(3.0, 4.0, "more")), 5.0, "en", 0.9, "0", warnings=("x",))
    later = transcript.shifted(10.0)
    assert [(s.start, s.end) for s in later.segments] == [(11.0, 12.0), (13.0, 14.0)]
    assert [(w.start, w.end) for w in later.words] == [(11.0, 11.4), (11.5, 12.0)]
    back = later.shifted(-10.0)
    assert later.text == transcript.text
    assert dataclasses.replace(back, segments=()) == dataclasses.replace(transcript, segments=())
    for was, now in zip(transcript.segments, back.segments, strict=True):
        assert dataclasses.replace(now, start=was.start, end=was.end, words=was.words) == was
    assert transcript.segments[0] is SEGMENT


def test_text_is_the_segments_in_one_line() -> None:
    segments = [Segment(0, 1, " One two. "), Segment(1, 2, ""), Segment(2, 3, "  "), Segment(3, 4, "Three.")]
    transcript = Transcript(tuple(segments))
    assert transcript.text == "One two. Three."
    assert Transcript().text == ""
    assert Transcript().words == ()


def test_words_are_those_of_all_segments_in_order() -> None:
    other = (Word("Next", 3.0, 3.5),)
    assert Transcript((SEGMENT, Segment(2, 3, "x"), Segment(3, 4, "Next", other))).words == WORDS + other


@given(st.lists(st.text()))
def test_join_leaves_single_spaces_between_what_is_there(texts: list[str]) -> None:
    kept = [text.strip() for text in texts if text.strip()]
    assert join(texts) == " ".join(kept)
    assert join([join(texts)]) == join(texts)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        ([("Hello,", False), ("world.", False)], "Hello, world."),
        ([("well", False), ("-known", True)], "well-known"),
        ([("你", False), ("好。", True)], "你好。"),
        ([("first", True), ("word", False)], "first word"),  # nothing to join the first to
    ],
)
def test_words_join_as_they_were_written(words: list[tuple[str, bool]], text: str) -> None:
    assert join_words(Word(word, 0, 1, joined=joined) for word, joined in words) == text


@pytest.mark.parametrize(
    ("coverage", "line"),
    [
        (Coverage(10.0), "10.0 s of speech, all of it has text"),
        (Coverage(0.0), "no speech"),
        (Coverage(10.0, missed=(Span(1, 2.5), Span(4, 5))), "10.0 s of speech, 2.5 s of it without text"),
        (
            Coverage(10.0, unvoiced=(Span(1, 2), Span(4, 6))),
            "10.0 s of speech, 3.0 s of text where no speech was detected",
        ),
        (
            Coverage(
                1.25,
                (Span(0, 1),),
                (Span(3, 4),),
                (Dropped(0, 1, "a", "no speech"), Dropped(1, 2, "b", "loop"), Dropped(2, 3, "c", "loop")),
            ),
            "1.2 s of speech, 1.0 s of it without text, 1.0 s of text where no speech was detected, "
            "3 dropped (loop, no speech)",
        ),
    ],
)
def test_the_audit_in_one_line(coverage: Coverage, line: str) -> None:
    assert coverage.summary() == line


def test_missed_seconds_add_up() -> None:
    assert Coverage(9.0, missed=(Span(1, 2), Span(5, 5.5))).missed_seconds == 1.5
    assert Coverage(9.0).missed_seconds == 0
    assert Span(1.0, 2.5).duration == 1.5
