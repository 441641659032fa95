"""Gates act on every window alike, alone or among others; nothing is lost and nothing comes twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.engines.fake import FakeEngine
from auricle.segments import Window
from auricle.transcript import Dropped, Segment, Transcript, Word
from auricle.verbs.transcribe.decode import Decoded, WindowDecoder
from auricle.verbs.transcribe.options import GateOptions
from scripted import LOOP, Phrase, listener, say, window

Script = Callable[[Audio, DecodeOptions], Transcript]
PLAIN = DecodeOptions(language="en")
GATES = GateOptions(retry_beam_size=1, cut_guard=False)


def decode(
    script: Script,
    *windows: Window,
    gates: GateOptions = GATES,
    previous: str = "",
    options: DecodeOptions = PLAIN,
) -> tuple[list[Decoded], list[tuple[DecodeOptions, int]]]:
    engine = FakeEngine(script)
    return WindowDecoder(engine, options, gates).decode(list(windows), previous), engine.calls


def told(text: str, **measured: float) -> Script:
    return lambda audio, options: say(text, audio, options, **measured)


# ── temperatures ─────────────────────────────────────────────────────────────────────────────────


def test_believed_text_is_decoded_once_and_stands_in_the_recording() -> None:
    (found,), calls = decode(told("Hello there.", until=4.0), window(100.0, 5.0))
    assert calls == [(PLAIN, 1)]
    (segment,) = found.segments
    assert (segment.start, segment.end, segment.text) == (100.0, 104.0, "Hello there.")
    assert segment.compression_ratio is not None
    assert (found.text, found.dropped, found.looped, found.temperature) == ("Hello there.", [], False, 0.0)


def test_temperatures_are_tried_in_turn_and_only_the_first_has_the_text_before() -> None:
    _, calls = decode(told("Maybe.", logprob=-1.5), window(0.0, 5.0), previous="What was said.")
    assert [options.temperature for options, _ in calls] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert [options.previous for options, _ in calls] == ["What was said."] + [""] * 5
    assert {replace(options, temperature=0.0, previous="") for options, _ in calls} == {PLAIN}


def test_temperatures_can_be_chosen() -> None:
    _, calls = decode(told(LOOP), window(0.0, 25.0), gates=replace(GATES, temperatures=(0.0, 0.9)))
    assert [options.temperature for options, _ in calls] == [0.0, 0.9]
    _, calls = decode(told(LOOP), window(0.0, 25.0), gates=replace(GATES, temperatures=(0.3,)))
    assert [options.temperature for options, _ in calls] == [0.3]


def test_a_wider_beam_comes_before_sampling() -> None:
    gates = replace(GATES, retry_beam_size=5)
    _, calls = decode(told("Maybe.", logprob=-1.5), window(0.0, 5.0), gates=gates)
    asked = [(options.temperature, options.beam_size) for options, _ in calls]
    assert asked == [(0.0, 1), (0.0, 5), (0.2, 1), (0.4, 1), (0.6, 1), (0.8, 1), (1.0, 1)]
    _, calls = decode(
        told("Maybe.", logprob=-1.5), window(0.0, 5.0), gates=gates, options=replace(PLAIN, beam_size=8)
    )
    assert [options.beam_size for options, _ in calls] == [8] * 6


def test_an_engine_without_temperatures_is_asked_once() -> None:
    engine = FakeEngine(told(LOOP))
    engine.accepts = frozenset({"language"})
    (found,) = WindowDecoder(engine, PLAIN, GATES).decode([window(0.0, 25.0)])
    assert len(engine.calls) == 1
    assert found.looped


# ── each gate ────────────────────────────────────────────────────────────────────────────────────

FAILURES: dict[str, tuple[Script, GateOptions]] = {
    "loop": (told(LOOP), GATES),
    "compression": (told(LOOP), replace(GATES, loop_guard=False)),
    "too much text": (told("A text that nobody can say in so short a time as this " * 2), GATES),
    "low probability": (told("Maybe.", logprob=-1.5), GATES),
}


def until_hot(bad: Script, at: float) -> Script:
    """Fails below a temperature."""
    return lambda audio, options: (
        bad(audio, options) if options.temperature < at else say("Good text.", audio, options)
    )


@pytest.mark.parametrize("name", FAILURES)
def test_every_gate_has_a_window_decoded_again(name: str) -> None:
    bad, gates = FAILURES[name]
    (found,), calls = decode(until_hot(bad, 0.4), window(0.0, 2.0), gates=gates)
    assert found.text == "Good text."
    assert [options.temperature for options, _ in calls] == [0.0, 0.2, 0.4]
    assert found.temperature == 0.4
    assert (found.dropped, found.looped) == ([], False)


def test_silence_is_dropped_and_on_record() -> None:
    script = told("Thanks for watching!", logprob=-1.2, silence=0.9)
    (found,), calls = decode(script, window(10.0, 5.0))
    assert found.segments == []
    assert found.dropped == [Dropped(10.0, 15.0, "Thanks for watching!", "no speech")]
    assert len(calls) == 1


def test_silence_without_text_leaves_no_trace() -> None:
    (found,), _ = decode(told("", logprob=-1.2, silence=0.9), window(10.0, 5.0))
    assert (found.segments, found.dropped) == ([], [])
    (found,), _ = decode(lambda audio, options: Transcript((), audio.duration), window(10.0, 5.0))
    assert (found.segments, found.dropped) == ([], [])


def test_where_nothing_passes_the_likeliest_stands() -> None:
    chances = {0.0: -1.9, 0.2: -1.6, 0.4: -1.2, 0.6: -1.4, 0.8: -2.0, 1.0: -3.0}

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        return say(f"at {options.temperature}", audio, options, logprob=chances[options.temperature])

    (found,), _ = decode(script, window(0.0, 5.0))
    assert (found.text, found.temperature, found.dropped) == ("at 0.4", 0.4, [])


def test_a_sound_text_is_preferred_to_a_likelier_loop() -> None:
    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        text, logprob = ("a doubtful text", -1.5) if options.temperature == 0.6 else (LOOP, -0.1)
        return say(text, audio, options, logprob=logprob)

    (found,), _ = decode(script, window(0.0, 20.0))
    assert (found.text, found.looped) == ("a doubtful text", False)


def test_a_doubtful_text_is_preferred_to_one_that_nobody_can_say_in_that_time() -> None:
    much = "I am going to click on this one, and then we will see how to do what we were told. "

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        text, logprob = ("a doubtful text", -1.5) if options.temperature == 0.6 else (3 * much, -0.1)
        return say(text, audio, options, logprob=logprob)

    (found,), _ = decode(script, window(0.0, 5.0))
    assert found.text == "a doubtful text"
    (found,), _ = decode(told(3 * much, logprob=-0.1), window(0.0, 5.0))
    assert found.text == (3 * much).strip()


DOTS = "... " * 100 + "I " + "... " * 100


def test_a_loop_of_signs_is_no_text_though_two_searches_agree_on_it() -> None:
    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        return say("he won" if options.temperature == 0.2 else DOTS, audio, options)

    (found,), _ = decode(script, window(0.0, 5.0), gates=replace(GATES, retry_beam_size=5))
    assert found.text == "he won"
    (found,), _ = decode(told(DOTS), window(0.0, 5.0))
    assert (found.segments, found.dropped) == ([], [Dropped(0.0, 5.0, DOTS.strip(), "signs")])


def test_where_all_is_loops_one_is_cut_and_on_record() -> None:
    (found,), _ = decode(told("So, " + LOOP), window(10.0, 20.0))
    assert found.looped
    assert found.text == "So, you know what I mean"
    (dropped,) = found.dropped
    assert (dropped.start, dropped.end, dropped.reason) == (10.0, 30.0, "loop")
    assert dropped.text == " ".join(["you know what I mean"] * 5)


def test_without_the_guard_a_loop_stands() -> None:
    gates = replace(GATES, loop_guard=False, compression_threshold=99.0)
    (found,), calls = decode(told(LOOP), window(0.0, 20.0), gates=gates)
    assert (found.text, found.dropped, len(calls)) == (LOOP, [], 1)


# ── many windows ─────────────────────────────────────────────────────────────────────────────────

KINDS = {
    "good": told("All is well."),
    "slow": until_hot(told(LOOP), 0.6),
    "doubt": until_hot(told("Hm.", logprob=-2.0), 0.2),
    "silence": told("you", logprob=-1.5, silence=0.9),
    "loop": told(LOOP),
    "nothing": lambda audio, options: Transcript((), audio.duration),
    "half": lambda audio, options: (
        say("the first half", audio, options, until=10.0)
        if audio.duration > 15
        else say("and the second", audio, options)
    ),
}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(sorted(KINDS)), max_size=7), st.booleans(), st.sampled_from([1, 5]))
def test_a_batch_gives_what_each_window_gives_alone(kinds: list[str], cut_guard: bool, beams: int) -> None:
    windows = [window(30.0 * number, 20.0) for number in range(len(kinds))]

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        return KINDS[kinds[int(audio.start // 30)]](audio, options)

    gates = GateOptions(retry_beam_size=beams, cut_guard=cut_guard)
    together, _ = decode(script, *windows, gates=gates)
    assert together == [decode(script, one, gates=gates)[0][0] for one in windows]
    assert [found.window for found in together] == windows


def test_only_what_fails_is_decoded_again() -> None:
    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        return (until_hot(told(LOOP), 0.4) if audio.start == 30.0 else told("Fine."))(audio, options)

    _, calls = decode(script, *(window(start, 20.0) for start in (0.0, 30.0, 60.0)))
    assert [(options.temperature, size) for options, size in calls] == [(0.0, 3), (0.2, 1), (0.4, 1)]


def test_no_windows_no_calls() -> None:
    found, _ = decode(told("Fine."))
    assert found == []


# ── the second look ──────────────────────────────────────────────────────────────────────────────

LOOKING = GateOptions(retry_beam_size=1)


def lazy(phrases: list[Phrase], skipped: set[str]) -> tuple[Script, list[Audio]]:
    """Hears all but ``skipped`` in whole windows, and all of it in parts of them."""
    looks: list[Audio] = []
    listen = listener(phrases, lambda phrase, audio: phrase.text not in skipped or audio.duration < 19.0)

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        looks.append(audio)
        return listen(audio, options)

    return script, looks


def spoken(*spans: tuple[float, float]) -> list[Phrase]:
    return [Phrase(f"p{number}", start, end) for number, (start, end) in enumerate(spans)]


PHRASES = spoken((0.2, 4.0), (4.5, 9.0), (9.5, 14.0), (14.5, 19.8))


def test_speech_without_text_is_decoded_again_and_put_in_its_place() -> None:
    talk = window(0.0, 20.0, *((phrase.start, phrase.end) for phrase in PHRASES))
    for skipped in ({"p0"}, {"p1"}, {"p3"}, {"p1", "p2"}, {"p0", "p2"}):
        script, looks = lazy(PHRASES, skipped)
        (found,), _ = decode(script, talk, gates=LOOKING)
        assert found.text == "p0 p1 p2 p3"
        assert [segment.start for segment in found.segments] == sorted(s.start for s in found.segments)
        assert len(looks) == (3 if skipped == {"p0", "p2"} else 2)


def test_the_last_words_of_a_window_are_read_with_the_sentence_before_them() -> None:
    phrases = spoken((0.2, 9.0), (9.5, 17.0), (17.2, 18.2))
    talk = window(0.0, 20.0, *((phrase.start, phrase.end) for phrase in phrases))
    script, looks = lazy(phrases, {"p2"})
    (found,), _ = decode(script, talk, gates=LOOKING)
    assert found.text == "p0 p1 p2"
    assert (len(looks), looks[1].start) == (2, pytest.approx(9.4))


@pytest.mark.parametrize(
    ("again", "added"),
    [
        ("", ""),
        ("Some people here", ""),
        ("people hear and", " and"),
        ("some people here and there", " and there"),
        ("of some Peepul here, and there.", " and there."),
    ],
)
def test_a_look_at_the_last_words_adds_those_that_are_new(again: str, added: str) -> None:
    phrases = [Phrase("p0", 0.2, 9.0), Phrase("some people here", 9.5, 17.0)]
    listen = listener(phrases, lambda phrase, audio: True)

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        return listen(audio, options) if audio.duration > 19 else say(again, audio, options)

    (found,), calls = decode(script, window(0.0, 20.0, (0.2, 9.0), (9.5, 18.2)), gates=LOOKING)
    assert (found.text, len(calls)) == ("p0 some people here" + added, 2)
    assert [segment.start for segment in found.segments][:2] == [0.2, 9.5]
    assert all(segment.start >= 17.0 for segment in found.segments[2:])


def test_new_last_words_keep_their_times() -> None:
    times = {"some": 9.5, "people": 12.0, "here": 16.6, "and": 17.1, "there": 17.6}

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        known = list(times)[: 3 if audio.duration > 19 else 5]
        words = tuple(
            Word(word, times[word] - audio.start, times[word] - audio.start + 0.4) for word in known
        )
        return Transcript((Segment(words[0].start, words[-1].end, " ".join(known), words),), audio.duration)

    (found,), _ = decode(script, window(0.0, 20.0, (9.5, 18.2)), gates=LOOKING)
    assert [(word.text, round(word.start, 2)) for segment in found.segments for word in segment.words] == [
        *times.items()
    ]
    assert found.segments[1].start == pytest.approx(17.1)


def test_there_is_no_third_look() -> None:
    script: Script = lambda audio, options: (  # noqa: E731
        say("once", audio, options, until=5.0) if audio.duration > 16 else Transcript((), audio.duration)
    )
    (found,), calls = decode(script, window(0.0, 20.0), gates=LOOKING)
    assert (found.text, len(calls)) == ("once", 2)


def test_no_second_look_where_the_guard_is_off_or_little_was_skipped() -> None:
    script, looks = lazy(PHRASES, {"p1"})
    talk = window(0.0, 20.0, *((phrase.start, phrase.end) for phrase in PHRASES))
    assert decode(script, talk)[0][0].text == "p0 p2 p3"
    short = spoken((0.2, 9.0), (9.5, 10.5), (11.0, 19.8))
    script, looks = lazy(short, {"p1"})
    decode(script, window(0.0, 20.0, *((p.start, p.end) for p in short)), gates=LOOKING)
    assert len(looks) == 1


def test_a_window_without_any_text_is_not_decoded_again_as_a_whole() -> None:
    (found,), calls = decode(lambda audio, options: Transcript((), 20.0), window(0.0, 20.0), gates=LOOKING)
    assert (found.segments, len(calls)) == ([], 1)


def test_a_second_look_is_judged_and_has_no_text_before() -> None:
    seen: list[DecodeOptions] = []

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        seen.append(options)
        if audio.duration > 15:
            return say("the first half", audio, options, until=10.0)
        return say("Thanks for watching!", audio, options, logprob=-1.2, silence=0.9)

    (found,), _ = decode(script, window(0.0, 20.0), gates=LOOKING, previous="Before.")
    assert found.text == "the first half"
    assert [(item.text, item.reason) for item in found.dropped] == [("Thanks for watching!", "no speech")]
    assert found.dropped[0].start == pytest.approx(9.8)
    assert [options.previous for options in seen] == ["Before.", ""]


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[Phrase], set[str]]:
    """A window of phrases and pauses, and the phrases that a first look skips."""
    at, phrases = 0.0, []
    while at < 24 and len(phrases) < 12:
        start = at + draw(st.floats(0.1, 2.0))
        end = start + draw(st.floats(0.5, 5.0))
        phrases.append(Phrase(f"p{len(phrases)}", start, end))
        at = end
    return phrases, set(draw(st.lists(st.sampled_from([phrase.text for phrase in phrases]))))


@settings(deadline=None)
@given(talks())
def test_a_second_look_finds_what_is_long_and_says_nothing_twice(talk: tuple[list[Phrase], set[str]]) -> None:
    phrases, skipped = talk
    length = max(phrases[-1].end + 0.4, 19.5)
    whole = window(0.0, length, *((phrase.start, phrase.end) for phrase in phrases))
    script, _ = lazy(phrases, skipped)
    (found,), _ = decode(script, whole, gates=LOOKING)
    said = found.text.split()
    assert said == sorted(set(said), key=lambda text: int(text[1:]))
    for phrase in phrases:
        if phrase.text not in skipped or (phrase.end - phrase.start >= 1.6 and len(skipped) < len(phrases)):
            assert phrase.text in said or is_nearly_all(phrases, skipped, length)


def is_nearly_all(phrases: list[Phrase], skipped: set[str], length: float) -> bool:
    """A part as long as the window would only be decoded as before."""
    missing = [phrase for phrase in phrases if phrase.text in skipped]
    return missing[-1].end - missing[0].start >= 0.9 * min(length, 19.0)


def test_samples_are_drawn_for_one_window_at_a_time() -> None:
    _, calls = decode(told("Maybe.", logprob=-1.5), window(0.0, 5.0), window(5.0, 5.0))
    assert [(options.temperature, size) for options, size in calls[:3]] == [(0.0, 2), (0.2, 1), (0.2, 1)]
