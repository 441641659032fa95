"""Gates judge structure: planted loops are found whatever they say, and ordinary speech never is."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.transcript import Segment, Transcript, Word, join, join_words
from auricle.verbs.transcribe.gates import compression_ratio, cut_loop, find_loop, judge, repeats, units
from auricle.verbs.transcribe.options import GateOptions

ORDINARY = [
    "",
    "No.",
    "No, no, no, no!",
    "It was a very, very, very long day.",
    "Ha ha ha ha ha, that is funny.",
    "Bye. Bye bye. Bye. Bye bye.",
    "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but "
    "a dream.",
    "Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace from day to day",
    "Never, never, never, never, never! Pray you, undo this button.",
    "Of the bells, bells, bells, bells, bells, bells, bells",
    "We shall fight on the beaches, we shall fight on the landing grounds, we shall fight in the fields "
    "and in the streets, we shall fight in the hills; we shall never surrender.",
    "One apple, two apples, three apples, four apples, five apples, six apples.",
    "The number is zero zero zero, four four four, one one one.",
    "Buffalo buffalo Buffalo buffalo buffalo buffalo",
    "It's what it's, and that that is is that that is not is not.",
    "Yes, we can. Yes, we can. Yes, we can.",
    "the more you learn the more you know and the more you know the more you forget and the more you forget",
    "Eins, zwei, drei, vier, fünf, sechs, sieben, acht, neun, zehn.",
    "对对对对对，好的好的好的。",
    "哈哈哈哈哈哈",
    "人之初，性本善。性相近，习相远。苟不教，性乃迁。教之道，贵以专。",
    "ครับ ๆ ขอบคุณมากครับ",
    "Да, да, да, конечно.",
    "१ २ ३ ४ ५",
]
PARAGRAPH = (
    "The proper study of recordings is slow: one listens, writes, listens again, and finds that what was "
    "written was not what had been said, for the ear hears what it expects."
)


def cut(text: str) -> tuple[str, str]:
    """Cut the loops of one segment."""
    kept, removed = cut_loop([Segment(0.0, 10.0, text)])
    return join(segment.text for segment in kept), removed


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_say_is_no_loop(text: str) -> None:
    assert find_loop(text) is None
    assert cut(text) == (text, "")
    found = Transcript((Segment(0.0, 30.0, text, avg_logprob=-0.3, no_speech_prob=0.01),))
    assert judge(found, 30.0, GateOptions()).believed


@pytest.mark.parametrize("text", [". . . ", "... ... I ", "♪ "])
def test_a_loop_of_signs_is_a_loop_once_it_is_long(text: str) -> None:
    assert repeats(text * 50)
    assert not repeats(text)
    found = Transcript((Segment(0.0, 5.0, text * 50, avg_logprob=-0.1, no_speech_prob=0.01),))
    assert not judge(found, 4.0, GateOptions()).believed


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_say_is_no_loop_of_signs(text: str) -> None:
    assert not repeats(text)


def made_of(letters: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.text(letters, min_size=1, max_size=5), max_size=12, unique=True)


phrases = made_of("abcdé").filter(bool)
around = made_of("uvwxyz")
signs = st.sampled_from(["", ",", ".", "!", "…"])


@given(around, phrases, st.integers(4, 20), around, signs, st.booleans())
def test_planted_loops_are_found_and_cut(
    before: list[str], phrase: list[str], rounds: int, after: list[str], sign: str, loud: bool
) -> None:
    if len(phrase) == 1:
        rounds *= 2
    said = [word + sign for word in phrase]
    shouted = [word.upper() for word in said] if loud else said
    text = " ".join([*before, *said, *(shouted * (rounds - 1)), *after])
    loop = find_loop(text)
    assert loop is not None
    assert (loop.first, loop.period) == (len(before), len(phrase))
    assert loop.last == len(before) + len(phrase) * rounds - 1
    left, removed = cut(text)
    assert units(left) == [word.casefold() for word in [*before, *phrase, *after]]
    assert units(removed) == [word.casefold() for word in phrase] * (rounds - 1)
    assert find_loop(left) is None


@given(around, st.integers(2, 6), st.integers(4, 9))
def test_loops_in_scripts_without_spaces(before: list[str], size: int, rounds: int) -> None:
    phrase = "谢感收看订阅"[:size]
    left, removed = cut(" ".join([*before, phrase * rounds]))
    assert left.endswith(phrase)
    assert phrase * 2 not in left
    assert removed == phrase * (rounds - 1)


@given(st.text(st.sampled_from("ab ., é你好"), max_size=200))
def test_cutting_ends_and_takes_only_rounds(text: str) -> None:
    left, removed = cut(text)
    assert find_loop(left) is None
    assert len(units(left)) + len(units(removed)) == len(units(text))
    assert set(units(left)) == set(units(text))
    assert not removed or find_loop(text) is not None


def test_two_loops_are_both_cut() -> None:
    text = "start " + "thank you " * 6 + "middle " + "so " * 20 + "end"
    left, removed = cut(text)
    assert left == "start thank you middle so end"
    assert sorted(units(removed)) == sorted(["thank", "you"] * 5 + ["so"] * 19)


@st.composite
def looped_segments(draw: st.DrawFn) -> list[Segment]:
    """A window with words and, somewhere in it, a loop that may go over several segments."""
    phrase = draw(phrases)
    rounds = draw(st.integers(8, 12))
    said = [*draw(around), *phrase * rounds, *draw(around)]
    cuts = sorted(draw(st.sets(st.integers(1, len(said) - 1), max_size=4)) | {0, len(said)})
    words = [Word(text, 0.5 * number, 0.5 * number + 0.4, 0.9) for number, text in enumerate(said)]
    return [
        Segment(words[a].start, words[b - 1].end, " ".join(said[a:b]), tuple(words[a:b]), avg_logprob=-0.2)
        for a, b in itertools.pairwise(cuts)
    ]


@given(looped_segments())
def test_a_loop_over_segments_leaves_its_first_round_with_its_words(segments: list[Segment]) -> None:
    text = join(segment.text for segment in segments)
    kept, removed = cut_loop(segments)
    left = join(segment.text for segment in kept)
    assert left == cut(text)[0]
    assert sorted(units(left) + units(removed)) == sorted(units(text))
    for segment in kept:
        assert join_words(segment.words) == segment.text != ""
        assert segment.start <= segment.words[0].start <= segment.words[-1].end <= segment.end + 1e-9
        assert segment.avg_logprob == -0.2
    starts = [segment.start for segment in kept]
    assert starts == sorted(starts)


@given(looped_segments())
def test_a_cut_segment_without_words_keeps_its_start(segments: list[Segment]) -> None:
    bare = [replace(segment, words=()) for segment in segments]
    kept, _ = cut_loop(bare)
    known = {segment.start: segment.end for segment in bare}
    for segment in kept:
        assert segment.start <= segment.end <= known[segment.start] + 1e-9


def test_case_and_signs_do_not_hide_a_loop() -> None:
    assert find_loop("Thank you. thank you, THANK YOU! Thank you?") is not None
    assert find_loop("I don't know. I don’t know. I don't know.") is None


def test_a_long_text_takes_no_time() -> None:
    text = " ".join(f"word{number}" for number in range(20_000))
    assert find_loop(text) is None


def test_compression() -> None:
    assert compression_ratio("") == 0.0
    assert compression_ratio("a") < 1
    assert 1 < compression_ratio(PARAGRAPH) < 2
    assert compression_ratio(PARAGRAPH * 3) > 2.4


# ── the verdict ──────────────────────────────────────────────────────────────────────────────────

LOOP = "you know what I mean " * 5


def verdict(
    text: str = PARAGRAPH, logprob: float = -0.3, silence: float = 0.1, speech: float = 10.0, **gates: object
) -> tuple[str, bool]:
    found = Transcript((Segment(0.0, 10.0, text, avg_logprob=logprob, no_speech_prob=silence),))
    given = judge(found, speech, GateOptions(**gates))  # type: ignore[arg-type]
    assert given.believed == (not given.reason)
    return given.reason, given.silent


def test_ordinary_text_is_believed() -> None:
    assert verdict() == ("", False)
    assert verdict(silence=0.9) == ("", False)  # sure of its words


def test_no_text_is_believed() -> None:
    assert judge(Transcript(), 10.0, GateOptions()).believed


def test_an_engine_that_measures_nothing_is_judged_by_its_text() -> None:
    assert judge(Transcript((Segment(0, 10, PARAGRAPH),)), 10.0, GateOptions()).believed
    assert judge(Transcript((Segment(0, 10, LOOP),)), 10.0, GateOptions()).reason == "loop"


def test_where_silence_is_certain_half_the_doubt_is_enough() -> None:
    """A "You" for a clatter of dishes had -0.84 and 0.94."""
    assert verdict(logprob=-0.84, silence=0.94) == ("no speech", True)
    assert verdict(logprob=-0.84, silence=0.89) == ("", False)
    assert verdict(logprob=-0.49, silence=0.99) == ("", False)
    assert verdict(logprob=-0.84, silence=0.99, no_speech_threshold=1.0) == ("", False)
    assert verdict(logprob=-0.84, silence=0.99, logprob_threshold=-float("inf")) == ("", False)


def test_unsure_and_quiet_is_silence() -> None:
    assert verdict(logprob=-1.1, silence=0.7) == ("no speech", True)
    assert verdict(LOOP, logprob=-1.1, silence=0.7) == ("no speech", True)
    assert verdict(logprob=-1.1, silence=0.5)[0] == "low probability"
    assert verdict(logprob=-1.1, silence=0.7, no_speech_threshold=0.8) == ("low probability", False)


def test_loops_and_compression() -> None:
    assert verdict(LOOP) == ("loop", False)
    assert verdict(LOOP, loop_guard=False) == ("compression", False)
    assert verdict(LOOP, loop_guard=False, compression_threshold=9.0) == ("", False)
    assert verdict(PARAGRAPH, compression_threshold=1.2) == ("compression", False)


def test_more_text_than_anybody_can_say() -> None:
    assert verdict(speech=1.0) == ("too much text for the speech", False)
    assert verdict(speech=6.0) == ("", False)
    assert verdict(speech=1.0, loop_guard=False) == ("", False)
    assert verdict("Yes.", speech=0.0) == ("", False)


def test_low_probability() -> None:
    assert verdict(logprob=-1.01) == ("low probability", False)
    assert verdict(logprob=-0.99) == ("", False)
    assert verdict(logprob=-1.01, logprob_threshold=-2.0) == ("", False)
