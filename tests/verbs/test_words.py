"""Word times that can be true, whatever the attention says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.transcript import Segment, Span, Word
from auricle.verbs.transcribe.words import time_words

LENGTH = 30.0
EPS = 1e-6
moments = st.floats(0.0, LENGTH, allow_nan=False)


@st.composite
def speech_spans(draw: st.DrawFn) -> list[Span]:
    edges = sorted(draw(st.lists(moments, max_size=12, unique=True)))
    return [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if b > a]


@st.composite
def attended(draw: st.DrawFn) -> Segment:
    """Words as attention gives them: without gaps, some of no length, some of many seconds."""
    edges = sorted(draw(st.lists(moments, min_size=2, max_size=14)))
    texts = draw(st.lists(st.sampled_from(["a", "so,", "word", "end.", "你", "?"]), min_size=len(edges) - 1))
    words = [
        Word(text, a, b, 0.5, joined=text == "你")
        for text, a, b in zip(texts, edges, edges[1:], strict=False)
    ]
    start, end = sorted(draw(st.tuples(moments, moments)))
    return Segment(start, end, " ".join(word.text for word in words), tuple(words))


def anything() -> st.SearchStrategy[Segment]:
    """Words in no order at all."""
    word = st.builds(Word, st.sampled_from(["a", "b.", "…"]), st.floats(-5, 50), st.floats(-5, 50))
    return st.lists(word, min_size=1, max_size=8).map(lambda words: Segment(0.0, 30.0, "x", tuple(words)))


def check(found: Segment, given_: Segment, longest: float, duration: float) -> None:
    assert [replace(word, start=0, end=0) for word in found.words] == [
        replace(word, start=0, end=0) for word in given_.words
    ]
    last = 0.0
    for word in found.words:
        assert last - EPS <= word.start <= word.end + EPS
        assert word.end <= duration + EPS
        assert word.end - word.start <= longest + EPS
        last = word.end
    starts = [word.start for word in found.words]
    assert starts == sorted(starts)
    assert found.text == given_.text
    assert (found.start, found.end) == (found.words[0].start, found.words[-1].end)


@given(attended() | anything(), speech_spans(), st.floats(0.1, 5.0), st.floats(0.05, LENGTH))
def test_monotonic_inside_the_file_and_short(
    segment: Segment, speech: list[Span], longest: float, duration: float
) -> None:
    check(time_words(segment, speech, longest, duration), segment, longest, duration)


@given(attended(), speech_spans().filter(bool))
def test_no_word_stands_outside_of_all_speech(segment: Segment, speech: list[Span]) -> None:
    found = time_words(segment, speech, 2.0, LENGTH)
    for word in found.words:
        assert word.start >= speech[0].start - 0.15
        assert word.end <= speech[-1].end + 0.15


def timed(
    *words: tuple[str, float, float], speech: list[Span], start: float = 0.0
) -> list[tuple[float, float]]:
    segment = Segment(start, 10.0, "x", tuple(Word(*word) for word in words))
    found = time_words(segment, speech, 2.0, 10.0)
    return [(round(word.start, 2), round(word.end, 2)) for word in found.words]


def test_a_segment_without_words_stays_as_it_is() -> None:
    segment = Segment(1.0, 2.0, "text")
    assert time_words(segment, [Span(0, 5)], 2.0, 10.0) is segment


def test_a_pause_before_the_first_word_is_taken_from_it() -> None:
    (first, _) = timed(("And", 0.0, 3.5), ("so", 3.5, 3.8), speech=[Span(3.0, 5.0)])
    assert first[0] == pytest.approx(3.0, abs=0.1)
    assert first[1] <= 3.5


def test_a_pause_after_a_clause_is_taken_from_its_last_word() -> None:
    (_, last, after) = timed(
        ("fellow", 1.0, 1.5),
        ("Americans,", 1.5, 4.9),
        ("ask", 4.9, 5.2),
        speech=[Span(0.5, 2.2), Span(4.1, 6)],
    )
    assert last == (pytest.approx(1.5, abs=0.1), pytest.approx(2.2, abs=0.1))
    assert after[0] == pytest.approx(4.85, abs=0.1)


def test_a_pause_inside_a_clause_is_taken_from_the_word_after_it() -> None:
    (_, word, _) = timed(
        ("can", 1.0, 1.5), ("do", 1.5, 4.8), ("for", 4.8, 5.2), speech=[Span(0.5, 1.8), Span(4.2, 6.0)]
    )
    assert word[0] == pytest.approx(4.2, abs=0.1)


def test_a_word_in_silence_goes_to_the_nearest_speech() -> None:
    assert timed(("um", 3.0, 3.2), speech=[Span(0.0, 1.0), Span(3.4, 5.0)])[0][0] == pytest.approx(
        3.4, abs=0.1
    )
    assert timed(("um", 1.2, 1.4), speech=[Span(0.0, 1.0), Span(3.4, 5.0)])[0][1] == pytest.approx(
        1.0, abs=0.1
    )


def test_the_decoders_timestamp_corrects_the_first_word() -> None:
    (first,) = timed(("So", 0.0, 3.0), speech=[Span(0.0, 5.0)], start=2.6)
    assert first[0] == pytest.approx(2.6, abs=0.1)


def test_a_word_of_many_seconds_is_cut() -> None:
    (word,) = timed(("well", 1.0, 9.0), speech=[Span(1.0, 9.0)])
    assert word[1] - word[0] == pytest.approx(2.0)


def test_without_detected_speech_the_attention_stands() -> None:
    found = timed(("a", 1.0, 1.5), ("b", 1.5, 2.0), speech=[])
    assert found == [(1.0, 1.5), (1.5, 2.0)]
