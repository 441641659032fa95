"""A recording comes out whole, once and in order, in memory that does not grow with it."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.engines.fake import FakeEngine
from auricle.errors import AudioError
from auricle.options import build
from auricle.transcript import Transcript, Word
from auricle.verbs.transcribe import Progress, TranscribeOptions
from auricle.verbs.transcribe.recording import Recording
from scripted import LOOP, Phrase, listener, say
from synthetic import amplitude_is_speech, blocks, speech_track

RATE = 16_000


def options(**values: Any) -> TranscribeOptions:
    return build(TranscribeOptions, {"language": "en", "retry_beam_size": 1, **values})


def run(
    engine: FakeEngine,
    source: Iterable[Audio],
    on_progress: Callable[[Progress], None] | None = None,
    **values: Any,
) -> Transcript:
    recording = Recording(engine, options(**values), source, on_progress)
    with amplitude_is_speech():
        given_ = tuple(recording)
    found = recording.transcript()
    assert found.segments == given_
    return found


def talk(seconds: float, seed: int = 1) -> list[Phrase]:
    """Phrases of 0.6 to 9 s with pauses of 0.2 to 6 s between them."""
    rng = np.random.default_rng(seed)
    at, phrases = 0.5, []
    while at < seconds - 10:
        length = rng.uniform(0.6, 9.0)
        phrases.append(Phrase(f"phrase{len(phrases)}.", at, at + length))
        at += length + rng.choice([rng.uniform(0.2, 1.0), rng.uniform(0.2, 6.0)])
    return phrases


def sound_of(phrases: Sequence[Phrase], seconds: float) -> np.ndarray:
    return speech_track([(phrase.start, phrase.end) for phrase in phrases], seconds)


def numbered(audio: Audio, asked: DecodeOptions) -> Transcript:
    return say(f"Window {audio.start:.0f}.", audio, asked)


def silence(seconds: float, block: float = 10.0) -> Iterator[Audio]:
    for number in range(round(seconds / block)):
        yield Audio.silence(block, start=number * block)


# ── whole, once, in order ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["batched", "sequential"])
@pytest.mark.parametrize("vad", [True, False], ids=["vad", "no vad"])
def test_twenty_minutes_come_out_whole_once_and_in_order(mode: str, vad: bool) -> None:
    phrases = talk(1200.0)
    samples = sound_of(phrases, 1200.0)
    found = run(FakeEngine(listener(phrases)), blocks(samples, 7 * RATE), mode=mode, vad=vad)
    assert found.text == " ".join(phrase.text for phrase in phrases)
    assert found.duration == pytest.approx(1200.0)
    assert found.coverage is not None
    if vad:  # otherwise windows are cut in the middle of phrases
        for segment, phrase in zip(found.segments, phrases, strict=True):
            assert segment.start == pytest.approx(phrase.start, abs=0.5)
            assert segment.end == pytest.approx(phrase.end, abs=0.5)
        assert found.coverage.missed == found.coverage.unvoiced == ()
        assert found.coverage.speech == pytest.approx(sum(p.end - p.start for p in phrases), rel=0.02)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 9), st.sampled_from([5.0, 12.0, 30.0]))
def test_batch_size_changes_nothing(seed: int, size: int, window: float) -> None:
    phrases = talk(90.0, seed)
    samples = sound_of(phrases, 90.0)
    one = run(FakeEngine(listener(phrases), window=window), blocks(samples), batch_size=1)
    many = run(FakeEngine(listener(phrases), window=window), blocks(samples), batch_size=size)
    assert one == many


def test_silence_comes_out_as_nothing() -> None:
    engine = FakeEngine()
    found = run(engine, silence(60.0))
    assert (found.text, found.duration, engine.calls) == ("", 60.0, [])
    assert found.coverage is not None
    assert found.coverage.speech == 0.0
    assert run(FakeEngine(), []) == Transcript(language="en", coverage=found.coverage)


def test_windows_fit_the_engine() -> None:
    heard: list[float] = []

    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        heard.append(audio.duration)
        return say("x", audio, asked)

    run(FakeEngine(script, window=8.0), silence(60.0), vad=False)
    assert max(heard) == 8.0
    assert sum(heard) == pytest.approx(60.0)
    heard.clear()
    run(FakeEngine(script, window=30.0), silence(60.0), vad=False, window=5.0)
    assert max(heard) == 5.0


def test_no_segment_ends_after_its_window() -> None:
    engine = FakeEngine(lambda audio, asked: say("x", audio, asked, until=audio.duration + 3.0))
    found = run(engine, silence(60.0), vad=False)
    assert [segment.end for segment in found.segments] == [30.0, 60.0]


def test_words_are_put_inside_speech_and_kept_short() -> None:
    phrases = [Phrase("well", 2.0, 9.0)]

    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        found = say("well", audio, asked)
        word = Word("well", 0.0, audio.duration, 0.9)
        return replace(found, segments=(replace(found.segments[0], words=(word,)),))

    found = run(FakeEngine(script), blocks(sound_of(phrases, 12.0)), words=True, max_word=1.5)
    (word,) = found.words
    assert word.start == pytest.approx(2.0, abs=0.15)
    assert word.end - word.start == pytest.approx(1.5)


def test_progress_goes_up_to_the_end_and_carries_every_segment() -> None:
    phrases = talk(200.0)
    seen: list[Progress] = []
    found = run(FakeEngine(listener(phrases)), blocks(sound_of(phrases, 200.0)), seen.append, batch_size=3)
    times = [progress.done for progress in seen]
    assert times == sorted(times)
    assert phrases[-1].end <= times[-1] <= found.duration
    assert tuple(segment for progress in seen for segment in progress.segments) == found.segments


def test_segments_come_before_the_recording_has_ended() -> None:
    taken: list[float] = []

    def endless() -> Iterator[Audio]:
        for number in itertools.count():
            taken.append(number)
            yield Audio.silence(30.0, start=30.0 * number)

    recording = Recording(FakeEngine(numbered), options(vad=False, batch_size=2), endless())
    segments = iter(recording)
    assert [next(segments).text for _ in range(5)] == [f"Window {30 * number}." for number in range(5)]
    time.sleep(0.2)
    assert len(taken) < 20  # the reader is a few windows ahead, not more
    segments.close()  # type: ignore[attr-defined]


# ── batches, prompts, the text before ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 7), (3, [2, 3, 2]), (8, [2, 4, 1])])
def test_batch_sizes(size: int, sizes: list[int]) -> None:
    engine = FakeEngine(numbered)
    run(engine, silence(210.0), vad=False, batch_size=size)
    assert [number for _, number in engine.calls] == sizes


@pytest.mark.parametrize("mode", ["batched", "sequential"])
def test_prompt_and_hotwords_reach_every_window_and_every_retry(mode: str) -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        bad = audio.start == 30.0 and asked.temperature < 0.4
        return say("Fine.", audio, asked, logprob=-2.0 if bad else -0.1, until=10.0)

    engine = FakeEngine(script)
    run(engine, silence(120.0), vad=False, mode=mode, prompt="A talk.", hotwords="Quilter")
    assert len(engine.calls) >= 4
    assert {(asked.prompt, asked.hotwords) for asked, _ in engine.calls} == {("A talk.", "Quilter")}


def previous_texts(script: Callable[[Audio, DecodeOptions], Transcript], **values: Any) -> list[str]:
    engine = FakeEngine(script)
    run(engine, silence(120.0), vad=False, cut_guard=False, **values)
    return [asked.previous for asked, _ in engine.calls if asked.temperature == 0.0]


def test_sequential_mode_gives_each_window_the_text_before_it() -> None:
    assert previous_texts(numbered, mode="sequential") == ["", "Window 0.", "Window 30.", "Window 60."]
    assert previous_texts(numbered, mode="batched", batch_size=1) == [""] * 4


def test_a_loop_is_never_a_prompt() -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        return say(LOOP, audio, asked) if audio.start == 30.0 else numbered(audio, asked)

    assert previous_texts(script, mode="sequential") == ["", "Window 0.", "", "Window 60."]


@pytest.mark.parametrize(("works_at", "passed"), [(0.4, "Window 30."), (0.6, "")])
def test_text_of_a_hot_decoding_is_no_prompt(works_at: float, passed: str) -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        if audio.start == 30.0 and asked.temperature < works_at:
            return say("Hm.", audio, asked, logprob=-2.0)
        return numbered(audio, asked)

    assert previous_texts(script, mode="sequential")[2] == passed


def test_loops_and_silence_are_in_the_audit() -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        if audio.start == 30.0:
            return say(LOOP, audio, asked)
        if audio.start == 60.0:
            return say("you", audio, asked, logprob=-2.0, silence=0.9)
        return numbered(audio, asked)

    coverage = run(FakeEngine(script), silence(120.0), vad=False, cut_guard=False).coverage
    assert coverage is not None
    assert [(item.start, item.end, item.reason) for item in coverage.dropped] == [
        (30.0, 60.0, "loop"),
        (60.0, 90.0, "no speech"),
    ]
    assert [(span.start, span.end) for span in coverage.missed] == [(35.3, 60.0), (60.0, 89.7)]


# ── the language ─────────────────────────────────────────────────────────────────────────────────


class Polyglot(FakeEngine):
    """Hears another language in every window."""

    def __init__(self, chances: Callable[[Audio], dict[str, float]]) -> None:
        super().__init__(languages={"en": 1.0, "de": 0.0, "fr": 0.0})
        self._chances = chances
        self.asked = 0

    def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
        self.asked += 1
        return [self._chances(audio) for audio in batch]


JINGLE = [Phrase("jingle", 1.0, 3.0)]
GERMAN = [Phrase(f"satz{number}", 10.0 + 30 * number, 34.0 + 30 * number) for number in range(3)]


def german_with_a_jingle(audio: Audio) -> dict[str, float]:
    jingle = audio.start < 5.0
    return {"en": 0.9, "de": 0.06, "fr": 0.04} if jingle else {"en": 0.3, "de": 0.5, "fr": 0.2}


def languages(engine: FakeEngine, **values: Any) -> Transcript:
    phrases = JINGLE + GERMAN
    return run(engine, blocks(sound_of(phrases, 105.0)), **{"language": None, **values})


@pytest.mark.parametrize(
    "mode",
    ["batched", "sequential"],
)
def test_windows_vote_on_the_language_by_their_speech(mode: str) -> None:
    engine = Polyglot(german_with_a_jingle)
    found = languages(engine, mode=mode)
    assert found.language == "de"
    assert found.language_probability == pytest.approx((0.06 * 2 + 0.5 * 72) / 74, abs=0.01)
    assert {asked.language for asked, _ in engine.calls} == {"de"}
    assert engine.asked == 1


def test_only_the_languages_allowed_are_candidates() -> None:
    engine = Polyglot(german_with_a_jingle)
    found = languages(engine, languages=("fr", "en"))
    assert found.language == "en"
    assert found.language_probability == pytest.approx((0.9 * 2 + 0.3 * 72) / (0.94 * 2 + 0.5 * 72), abs=0.01)
    assert languages(Polyglot(german_with_a_jingle), languages=("fr",)).language == "fr"


def test_a_language_that_is_given_is_not_voted_on() -> None:
    engine = Polyglot(german_with_a_jingle)
    found = languages(engine, language="fr")
    assert (found.language, found.language_probability, engine.asked) == ("fr", None, 0)
    assert {asked.language for asked, _ in engine.calls} == {"fr"}


def test_without_speech_there_is_no_language() -> None:
    found = run(Polyglot(german_with_a_jingle), silence(30.0), language=None)
    assert (found.language, found.language_probability) == (None, None)


# ── the reader ───────────────────────────────────────────────────────────────────────────────────


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "auricle-reader"]


def breaking(after: int) -> Iterator[Audio]:
    yield from silence(30.0 * after, block=30.0)
    raise AudioError("broken here")


@pytest.mark.parametrize(
    "size",
    [1, 2, 8],
)
def test_a_reader_that_breaks_loses_nothing_of_what_came_before(size: int) -> None:
    recording = Recording(FakeEngine(numbered), options(vad=False, batch_size=size), breaking(4))
    seen = []
    with pytest.raises(AudioError, match="broken here"):
        for segment in recording:
            seen.append(segment.start)
    assert seen == [0.0, 30.0, 60.0, 90.0]
    assert not readers()


def test_an_engine_that_breaks_ends_the_reader() -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        raise RuntimeError("out of memory")

    recording = Recording(
        FakeEngine(script), options(vad=False), (Audio.silence(30.0) for _ in itertools.count())
    )
    with pytest.raises(RuntimeError, match="out of memory"):
        list(recording)
    assert not readers()


def test_closing_early_ends_the_reader() -> None:
    endless = (Audio.silence(30.0) for _ in itertools.count())
    segments = iter(Recording(FakeEngine(numbered), options(vad=False), endless))
    next(segments)
    assert len(readers()) == 1
    segments.close()  # type: ignore[attr-defined]
    assert not readers()


# ── memory ───────────────────────────────────────────────────────────────────────────────────────


def peak_of(minutes: int) -> int:
    samples = sound_of(talk(60.0), 60.0)

    def source() -> Iterator[Audio]:
        for number in range(minutes):
            yield Audio(samples.copy(), RATE, 60.0 * number)

    tracemalloc.start()
    recording = Recording(FakeEngine(), options(words=True), source())
    with amplitude_is_speech():
        for _ in recording:
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_an_hour_takes_hardly_more_memory_than_six_minutes() -> None:
    short, long = peak_of(6), peak_of(60)
    assert long < short + 8e6  # an hour of samples is 230 MB
