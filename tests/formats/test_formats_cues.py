"""Captions: rules that always hold, rules that hold where they can, and how the result looks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from format_strategies import bare, ordered, said, transcripts
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import OptionError
from auricle.formats.cues import Cue, CueStyle, cues, lint, spoken, to_transcript
from auricle.formats.layout import width
from auricle.options import options_of
from auricle.transcript import Segment, Transcript, Word, join_words

styles = st.builds(
    CueStyle,
    max_line_chars=st.sampled_from([2, 7, 16, 42, 80]),
    max_lines=st.integers(1, 4),
    max_chars_per_second=st.floats(1, 40),
    min_duration=st.floats(0, 2),
    max_duration=st.floats(2, 10),
    min_gap=st.floats(0, 0.3),
)


def words(text: str, start: float = 0.0, length: float = 0.3, gap: float = 0.05) -> tuple[Word, ...]:
    return tuple(
        Word(word, start + n * (length + gap), start + n * (length + gap) + length)
        for n, word in enumerate(text.split())
    )


def segment(text: str, start: float = 0.0, speaker: str | None = None, **kwargs: float) -> Segment:
    spoken = words(text, start, **kwargs)
    return Segment(spoken[0].start, spoken[-1].end, text, spoken, speaker)


def lines(*segments: Segment, **style: float) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues(Transcript(segments), CueStyle(**style))]  # type: ignore[arg-type]


@settings(max_examples=55, deadline=None)
@given(ordered, styles, st.booleans())
def test_what_always_holds(transcript: Transcript, style: CueStyle, labelled: bool) -> None:
    found = cues(transcript, style, labelled)
    hard = {"lines", "line_length", "max_duration", "overlap"}
    assert not [problem for problem in lint(found, style) if problem.rule in hard]
    assert all(cue.start <= cue.end and cue.lines and all(cue.lines) for cue in found)
    assert all(a.start <= b.start and a.end <= b.start for a, b in pairwise(found))


@settings(max_examples=55, deadline=None)
@given(transcripts, styles)
def test_every_character_survives_in_order(transcript: Transcript, style: CueStyle) -> None:
    by_time = sorted(transcript.segments, key=lambda segment: segment.start)
    expected = "".join(bare(segment.text) for segment in by_time)
    assert "".join(bare(cue.text) for cue in cues(transcript, style)) == expected


@settings(max_examples=55, deadline=None)
@given(said())
def test_ordinary_speech_lints_clean_but_for_the_speed_of_the_speech(transcript: Transcript) -> None:
    found = cues(transcript)
    assert {problem.rule for problem in lint(found)} <= {"reading_speed"}
    assert all(cue.end <= transcript.duration + 1e-6 for cue in found)
    assert join_words(transcript.words).split() == " ".join(cue.text for cue in found).split()
    assert [word for cue in found for word in cue.words] == list(transcript.words)


@settings(max_examples=35, deadline=None)
@given(said(turns=True))
def test_speakers_are_never_merged_and_never_lost(transcript: Transcript) -> None:
    for cue in (found := cues(transcript)):
        assert {word.speaker for word in cue.words} == {cue.speaker}
    assert {cue.speaker for cue in found} == {segment.speaker for segment in transcript.segments}
    assert {problem.rule for problem in lint(found)} <= {"reading_speed"}


@settings(max_examples=35, deadline=None)
@given(said(turns=True), styles)
def test_shortest_duration_holds_wherever_there_is_room(transcript: Transcript, style: CueStyle) -> None:
    found = cues(transcript, style)
    ends = [cue.start - style.min_gap for cue in found[1:]] + [transcript.duration]
    for cue, until in zip(found, ends, strict=True):
        room = until - cue.start
        assert cue.end - cue.start >= min(style.min_duration, room, style.max_duration) - 0.0025


@settings(max_examples=35, deadline=None)
@given(said())
def test_captions_of_captions_keep_to_the_rules(transcript: Transcript) -> None:
    again = to_transcript(cues(transcript))
    assert bare(again.text) == bare(transcript.text)
    hard = {"lines", "line_length", "max_duration", "overlap"}
    assert not [problem for problem in lint(cues(again)) if problem.rule in hard]


def test_lines_break_at_clauses_and_are_balanced() -> None:
    text = "I think we should start with the budget, because nothing else can be decided."
    assert lines(segment(text)) == [
        ("I think we should start with the budget,", "because nothing else can be decided.")
    ]
    text = "the committee will look at the old harbour in the north of the town"
    assert lines(segment(text)) == [
        ("the committee will look at the old harbour", "in the north of the town")
    ]


def test_text_that_fits_one_line_stays_on_one() -> None:
    assert lines(segment("This is a sentence of forty-one characters")) == [
        ("This is a sentence of forty-one characters",)
    ]


def test_sentences_part_and_a_short_answer_joins() -> None:
    first, second = "We went to the harbour in the morning.", "There was nobody there but the old man."
    assert lines(segment(f"{first} {second}")) == [(first,), (second,)]
    assert lines(segment(f"Yes. {first}")) == [("Yes. We went to the harbour", "in the morning.")]


def test_a_title_ends_no_sentence() -> None:
    text = "In the evening we went over to see Mr. Smith who was not at home"
    assert "Mr. Smith" in " ".join(lines(segment(text))[0])
    assert not any(line.endswith("Mr.") for cue in lines(segment(text)) for line in cue)


def test_a_long_silence_ends_a_caption() -> None:
    assert lines(segment("one two", 0), segment("three four", 5)) == [("one two",), ("three four",)]


def test_a_short_caption_lasts_into_the_silence() -> None:
    only = cues(Transcript((segment("Yes.", 1.0),), duration=10))
    assert (only[0].start, only[0].end) == (1.0, 2.0)
    last = cues(Transcript((segment("Yes.", 1.0),), duration=1.5))
    assert last[0].end == 1.5
    beyond = cues(Transcript((segment("Yes.", 1.0),), duration=1.2))
    assert beyond[0].end == pytest.approx(1.3)  # its own speech is past the end


def test_a_small_gap_is_closed_to_the_shortest() -> None:
    found = cues(
        Transcript((segment("one two three four five six", 0, "A"), segment("seven eight", 2.4, "B")))
    )
    assert found[1].start - found[0].end == pytest.approx(0.08)


def test_two_who_speak_at_once_take_turns() -> None:
    both = Transcript((Segment(2, 4, "hello", speaker="A"), Segment(2, 4, "world", speaker="B")), duration=9)
    first, second = cues(both)
    assert (first.start, first.end, second.start) == (2.0, 2.84, 2.92)
    assert second.end - second.start >= 1


def test_a_word_longer_than_a_caption_may_last_is_cut_in_time() -> None:
    found = cues(Transcript((Segment(0, 60, "hello there"),)))
    assert [(cue.start, cue.end) for cue in found] == [(0.0, 7.0), (30.0, 37.0)]


def test_wide_characters_count_double_and_punctuation_begins_no_line() -> None:
    text = "今天天气很好，我们决定去公园散步，然后在湖边的小餐馆里吃午饭，那里的鱼非常新鲜。"
    found = lines(Segment(0, 9, text))
    assert all(width(line) <= 42 and line[0] not in "，。" for cue in found for line in cue)
    assert "".join("".join(cue) for cue in found) == text
    narrow = lines(Segment(0, 9, text), max_line_chars=32)  # Netflix: 16 characters
    assert max(len(line) for cue in narrow for line in cue) <= 16


def test_text_is_the_authority_over_words() -> None:
    other = Segment(0, 4, "what was said", words=words("something else"))
    only = cues(Transcript((other,)))
    assert only[0].text == "what was said"
    assert only[0].words == ()
    chinese = Segment(0, 2, "你好世界", words=(Word("你好", 0, 1), Word("世界", 1, 2)))
    assert cues(Transcript((chinese,)))[0].lines == ("你好世界",)  # not joined by the words, but by the text


def test_labels_begin_turns_and_count_in_the_width() -> None:
    turns = Transcript((segment("one two", 0), segment("yes", 3, "Anna"), segment("indeed so", 6, "Anna")))
    turns = replace(turns, segments=(*turns.segments, segment("no", 9)))
    found = cues(turns, labelled=True)
    assert [cue.text for cue in found] == ["one two", "[Anna]: yes", "indeed so", "[?]: no"]
    assert all(cue.text.find("[") < 0 for cue in cues(turns))


def test_spoken_gives_words_and_what_lies_between() -> None:
    cue = cues(Transcript((segment("a bb", 0),)))[0]
    first, second = cue.words
    assert spoken(cue) == [(None, ""), (first, "a"), (None, " "), (second, "bb"), (None, "")]


def test_empty_transcripts_have_no_captions() -> None:
    assert cues(Transcript()) == []
    assert cues(Transcript((Segment(0, 1, " \n"), Segment(1, 2, "")))) == []
    assert lint([]) == []


def test_lint_names_every_rule() -> None:
    found = [
        Cue(0.0, 0.5, ("x" * 43,)),
        Cue(0.4, 9.0, ("a", "b", "c")),
        Cue(9.04, 10.1, ("fine",)),
    ]
    problems = lint(found)
    assert [(problem.cue, problem.rule) for problem in problems] == [
        (1, "line_length"),
        (1, "reading_speed"),
        (1, "min_duration"),
        (1, "overlap"),
        (2, "lines"),
        (2, "max_duration"),
        (2, "gap"),
    ]
    assert str(problems[0]) == "caption 1 at 0.000 s: a line of 43 columns, at most 42"
    assert problems[1].message == "43 columns in 0.50 s, at most 20 a second"


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_line_chars": 1},
        {"max_lines": 0},
        {"max_chars_per_second": 0.0},
        {"min_duration": -1.0},
        {"max_duration": 0.5},
        {"min_gap": float("nan")},
        {"max_duration": float("inf")},
    ],
)
def test_a_style_that_no_caption_meets_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=rf"{next(iter(wrong))} cannot be .* Give a number from .* up\."):
        CueStyle(**wrong)  # type: ignore[arg-type]


def test_every_option_has_its_help() -> None:
    assert all(item.help for item in options_of(CueStyle))
    assert [item.default for item in options_of(CueStyle)] == [42, 2, 20.0, 1.0, 7.0, 0.08, False]
