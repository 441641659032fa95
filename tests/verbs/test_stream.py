"""Words come while somebody speaks, never change once they are committed, in bounded memory and work."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import auricle
from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.engines.fake import FakeEngine
from auricle.errors import OptionError
from auricle.options import build
from auricle.transcript import Segment, Transcript, Word, join_words
from auricle.vad import FRAME
from auricle.verbs.stream import (
    Committed,
    Event,
    Listener,
    Partial,
    SpeechStarted,
    StreamOptions,
    UtteranceEnded,
    ear,
)
from auricle.verbs.stream.agreement import Agreement
from scripted import LOOP
from synthetic import AmplitudeDetector, speech_track

RATE = 16_000


@pytest.fixture(autouse=True)
def _amplitude_is_speech(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real" not in request.node.name:
        monkeypatch.setattr(ear, "SpeechDetector", AmplitudeDetector)


def spoken(text: str, start: float, pace: float = 0.4) -> list[Word]:
    """Words one after the other, each ``pace`` seconds."""
    return [
        Word(word, start + at * pace, start + (at + 0.9) * pace, 0.9) for at, word in enumerate(text.split())
    ]


def perfect(words: Sequence[Word]) -> Callable[[Audio, DecodeOptions], Transcript]:
    """Hears every word that began in the audio; of one that is cut, only the first letter."""

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        end = audio.start + audio.duration
        found = [
            Word(
                word.text if word.end <= end + 0.01 else word.text[:1],
                max(word.start - audio.start, 0.0),
                min(word.end, end) - audio.start,
                0.9,
            )
            for word in words
            if audio.start <= word.start + 0.05 and word.start < end - 0.1
        ]
        segment = Segment(
            0.0, audio.duration, join_words(found), tuple(found), avg_logprob=-0.1, no_speech_prob=0.0
        )
        return Transcript((segment,) if found else (), audio.duration, "en")

    return script


def listener(engine: FakeEngine, **values: Any) -> Listener:
    return Listener(build(StreamOptions, {"language": "en", **values}), engine=engine)


def run(
    engine: FakeEngine, samples: np.ndarray, sizes: Sequence[int] = (1600,), **values: Any
) -> list[Event]:
    """All events of sound that comes in pieces of these sizes, again and again."""
    hearing, events, at = listener(engine, **values), list[Event](), 0
    for size in itertools.cycle(sizes):
        if at >= len(samples):
            break
        events += hearing.feed(samples[at : at + size])
        at += size
    return [*events, *hearing.finish()]


def committed(events: Sequence[Event]) -> str:
    return join_words(word for event in events if isinstance(event, Committed) for word in event.words)


def talk(*parts: tuple[str, float]) -> tuple[list[Word], np.ndarray]:
    """Texts with the second at which each begins: their words, and sound that is speech there."""
    words = [word for text, start in parts for word in spoken(text, start)]
    spans = [(spoken(text, start)[0].start, spoken(text, start)[-1].end) for text, start in parts]
    return words, speech_track(spans, spans[-1][1] + 2.0)


TWO = (("one day a fox came by the river.", 0.5), ("and it was cold there.", 6.0))


def test_words_come_in_order_and_utterances_hold_what_was_committed() -> None:
    words, samples = talk(*TWO)
    events = run(FakeEngine(perfect(words)), samples)
    assert committed(events) == join_words(words)
    ended = [event for event in events if isinstance(event, UtteranceEnded)]
    assert [event.text for event in ended] == [text for text, _ in TWO]
    assert [event.start for event in ended] == pytest.approx([0.5, 6.0], abs=0.05)
    assert isinstance(events[0], SpeechStarted)


def test_words_come_before_the_speaker_has_ended() -> None:
    words, samples = talk(("a long sentence that goes on and on while words of it are written down", 0.5))
    first = next(event for event in run(FakeEngine(perfect(words)), samples) if isinstance(event, Committed))
    assert first.at < 3.0


@settings(max_examples=25)
@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=6))
def test_whatever_the_pieces_the_text_is_whole_and_in_order(sizes: list[int]) -> None:
    words, samples = talk(*TWO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ear, "SpeechDetector", AmplitudeDetector)
        events = run(FakeEngine(perfect(words)), samples, [max(size, 400) for size in sizes])
    assert committed(events) == join_words(words)
    said: list[Word] = []
    for event in events:
        if isinstance(event, Committed):
            said += event.words
        elif isinstance(event, UtteranceEnded):
            assert list(event.words) == said
            said = []
    assert not said
    times = [word.start for event in events if isinstance(event, Committed) for word in event.words]
    assert times == sorted(times)


def test_a_word_that_looks_different_each_time_is_not_committed_before_its_time() -> None:
    words, samples = talk(("alpha beta gamma delta epsilon", 0.5))
    looks = itertools.count()

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        found = perfect(words)(audio, options)
        number = next(looks)
        changed = tuple(
            Word(f"guess{number}", *[word.start, word.end]) if word.text == "alpha" else word
            for word in found.words
        )
        return Transcript(
            tuple(Segment(0.0, audio.duration, join_words(changed), changed) for _ in found.segments),
            audio.duration,
        )

    events = run(FakeEngine(script), samples, agreed=0.2, margin=1.5)
    first = next(event for event in events if isinstance(event, Committed))
    assert first.words[0].text.startswith("guess")
    assert first.at - first.words[0].end >= 1.4


def test_a_loop_is_never_committed_and_the_rest_is() -> None:
    words, samples = talk(("one two three four five six seven eight", 0.5), ("nine ten eleven", 8.0))

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        if audio.start + audio.duration < 3.8 and audio.duration > 1.5:
            said = tuple(spoken(LOOP, 0.3, pace=(audio.duration - 0.5) / 40))
            return Transcript((Segment(0.0, audio.duration, LOOP, said),), audio.duration)
        return perfect(words)(audio, options)

    events = run(FakeEngine(script), samples)
    assert "you know" not in committed(events)
    assert not any("you know" in event.text for event in events if isinstance(event, Partial))
    assert committed(events).endswith("nine ten eleven")
    assert "seven eight" in committed(events)


def test_a_loop_that_builds_up_across_looks_is_not_committed() -> None:
    agreement = Agreement()
    heard: list[Word] = []
    for number in range(1, 30):
        words = spoken(" ".join(["again and"] * number), 0.0)
        heard += agreement.look(words, words[-1].end + 2.0, 1.0, 0.5)
    assert len(heard) < 8


def test_a_pause_settles_the_words_before_the_utterance_ends() -> None:
    words, samples = talk(("hello there my friend.", 0.5))
    end = words[-1].end
    events = run(FakeEngine(perfect(words)), samples, (800,), settle=0.25, end_silence=0.8)
    settled = next(event for event in events if isinstance(event, Committed) and "friend" in event.text)
    assert end + 0.2 < settled.at < end + 0.45
    assert settled.words[-1].text == "friend"  # the sentence may go on
    ended = next(event for event in events if isinstance(event, UtteranceEnded))
    assert ended.text == "hello there my friend."
    assert ended.at > settled.at


class Lingering(AmplitudeDetector):
    """Hears speech for three frames more than there is, as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        self._before = [0.0] * 3

    def feed(self, samples: np.ndarray) -> np.ndarray:
        chances = [*self._before, *super().feed(samples)]
        self._before = chances[-3:]
        return np.array([max(chances[at : at + 4]) for at in range(len(chances) - 3)])


def test_one_look_is_enough_to_hear_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two, one after the other, would make the last word late."""
    monkeypatch.setattr(ear, "SpeechDetector", Lingering)
    for length in range(70, 90):  # frames of speech: the end falls anywhere between two looks
        end = (16 + length) * FRAME / RATE
        words = [word for word in spoken("one two three four five six seven eight", 0.55) if word.end < end]
        engine = FakeEngine(perfect(words))
        hearing, ends, events = listener(engine), list[float](), list[Event]()
        samples = speech_track([(16 * FRAME / RATE, end)], end + 2.0)
        for at in range(0, len(samples), FRAME):
            before = len(engine.calls)
            events += hearing.feed(samples[at : at + FRAME])
            ends += [round(hearing.seconds - end, 3)] * (len(engine.calls) - before)
        assert len([late for late in ends if late >= 0]) == 1, ends
        assert ends[-1] < 0.3
        assert committed(events) == join_words(words)


def test_a_loud_end_is_heard_to_its_end() -> None:
    """Only what is faint is left out: a word that is cut is looked at again."""
    for length in range(70, 90):
        words, samples = talk(("one two three four five", 0.5))
        samples = np.concatenate([np.zeros(length * 40, np.float32), samples])
        moved = [replace(w, start=w.start + length / 400, end=w.end + length / 400) for w in words]
        assert committed(run(FakeEngine(perfect(moved)), samples, (FRAME,))) == join_words(words)


def test_a_sentence_that_goes_on_after_a_pause_loses_its_full_stop() -> None:
    first, second = spoken("we went home", 0.5), spoken("and slept.", 2.2)

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        stop = [Word("home.", first[-1].start, first[-1].end)]
        seen = [*first[:-1], *stop] if audio.start + audio.duration < 2.3 else [*first, *second]
        return perfect(seen)(audio, options)

    samples = speech_track([(0.5, first[-1].end), (2.2, second[-1].end)], 5.0)
    events = run(FakeEngine(script), samples, (800,), end_silence=2.0)
    assert committed(events) == "we went home and slept."


def test_silence_asks_no_model_and_keeps_no_sound() -> None:
    engine = FakeEngine()
    hearing = listener(engine)
    for _ in range(600):
        assert not list(hearing.feed(np.zeros(RATE, np.float32)))
    assert not engine.calls
    assert len(hearing._ear._samples) < RATE
    assert not list(hearing.finish())


def test_memory_and_work_do_not_grow_with_speech_that_never_pauses() -> None:
    words = spoken(
        " ".join(f"w{number}." if number % 9 == 8 else f"w{number}" for number in range(1000)), 0.2
    )
    longest = 0.0

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        nonlocal longest
        longest = max(longest, audio.duration)
        return perfect(words)(audio, options)

    engine = FakeEngine(script)
    hearing, events, most = listener(engine), list[Event](), 0
    samples = speech_track([(0.2, words[-1].end)], words[-1].end + 2)
    for at in range(0, len(samples), 8000):
        events += hearing.feed(samples[at : at + 8000])
        most = max(most, len(hearing._ear._samples))
    events += hearing.finish()
    assert committed(events) == join_words(words)
    assert longest < 16
    assert most < 16 * RATE
    assert len(engine.calls) <= len(samples) / 8000 + 5
    assert max(event.end - event.start for event in events if isinstance(event, UtteranceEnded)) < 45


def test_speech_that_nobody_can_read_does_not_pile_up() -> None:
    engine = FakeEngine(lambda audio, options: Transcript((), audio.duration))
    hearing = listener(engine)
    for _ in range(120):
        list(hearing.feed(speech_track([(0.0, 1.0)], 1.0)))
        assert len(hearing._ear._samples) < 30 * RATE
    (ended,) = [event for event in hearing.finish() if isinstance(event, UtteranceEnded)]
    assert ended.text == ""


def test_one_who_is_behind_looks_once_for_all_that_came() -> None:
    words, samples = talk(("a long sentence that goes on and on while nobody takes it away from us", 0.5))
    engine = FakeEngine(perfect(words))
    hearing = listener(engine)
    list(hearing.feed(samples[: 5 * RATE]))
    assert len(engine.calls) == 1


def test_a_seam_repeats_no_word() -> None:
    before = spoken("the quick brown fox", 0.0)
    agreement = Agreement(before)
    heard = [Word("brown", 1.3, 1.4), Word("fox", 1.4, 1.6), Word("jumps", 1.7, 2.0)]
    assert [word.text for word in agreement.look(heard, 9.0, 1.0, 0.5)] == ["jumps"]


def test_the_model_is_told_the_text_before() -> None:
    words = spoken(" ".join(f"w{number}" for number in range(120)), 0.2)
    asked: list[str] = []

    def script(audio: Audio, options: DecodeOptions) -> Transcript:
        asked.append(options.previous)
        return perfect(words)(audio, options)

    samples = speech_track([(0.2, words[-1].end)], words[-1].end + 2)
    run(FakeEngine(script), samples, (8000,), context=40)
    assert asked[0] == ""
    assert asked[-1].split()[-1].startswith("w")
    assert max(map(len, asked)) <= 40


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"step": 0.0}, "step must be at least 0.1"),
        ({"longest": 60.0}, "20 s at most"),
        ({"settle": 0.9, "end_silence": 0.5}, "settle"),
        ({"vad_threshold": 1.0}, "probability"),
        ({"context": -1}, "context"),
        ({"language": "Klingon"}, "Klingon"),
    ],
)
def test_numbers_that_cannot_be_are_refused(values: dict[str, Any], part: str) -> None:
    with pytest.raises(OptionError, match=part):
        listener(FakeEngine(), **values)


def _pieces(audio: Audio, size: int = 3200) -> Iterator[np.ndarray]:
    for at in range(0, len(audio.samples), size):
        yield audio.samples[at : at + size]


def test_real_speech(jfk: Audio) -> None:
    events = list(auricle.stream(_pieces(jfk, 8000), language="en"))
    text = committed(events).lower()
    assert "fellow americans" in text
    assert "what you can do for your country" in text
    told = [event for event in events if isinstance(event, UtteranceEnded)]
    assert join_words(word for event in told for word in event.words) == committed(events)
