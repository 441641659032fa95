"""Hearing utterances: batches are shared, and what one becomes does not depend on the others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_files import write
from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, load_engine
from auricle.engines.fake import FakeEngine
from auricle.segments import SpeechOptions
from auricle.transcript import Segment, Span, Transcript
from auricle.verbs.datasets import AudioRef, Utterance
from auricle.verbs.evaluate.hearing import Heard, Listener, confidence
from auricle.verbs.evaluate.run import Failed
from auricle.verbs.evaluate.signal import signal_to_noise
from auricle.verbs.transcribe import TranscribeOptions, Transcriber


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The embedded model on one thread: tests share the processor."""
    return load_engine(LoadOptions(threads=1))


PLAIN = TranscribeOptions(speech=SpeechOptions(vad=False))


def utterance(folder: Path, name: str, audio: Audio, **more: object) -> Utterance:
    path = write(folder / f"{name}.wav", audio.samples, audio.rate)
    return replace(Utterance(name, AudioRef(path=path)), **more)  # type: ignore[arg-type]


def silences(folder: Path, seconds: Sequence[float], **more: object) -> list[Utterance]:
    return [utterance(folder, str(at), Audio.silence(long), **more) for at, long in enumerate(seconds)]


def hear(listener: Listener, items: Sequence[Utterance]) -> list[Heard]:
    found = [item for pool in listener.hear(items) for item in pool]
    assert all(isinstance(item, Heard) for item in found)
    return [item for item in found if isinstance(item, Heard)]


def texts(listener: Listener, items: Sequence[Utterance]) -> list[str]:
    return [item.transcript.text for item in hear(listener, items)]


def test_clips_of_different_files_share_batches(tmp_path: Path) -> None:
    engine = FakeEngine()
    items = silences(tmp_path, [1, 2, 3] * 8)
    found = hear(Listener(engine, PLAIN), items)
    assert [item.utterance.id for item in found] == [item.id for item in items]
    assert [item.transcript.text for item in found[:3]] == [
        "one second",
        "one two seconds",
        "one two three seconds",
    ]
    assert [size for _, size in engine.calls] == [8, 8, 8, 8]  # the first of them warms up


def test_real_texts_do_not_depend_on_what_else_is_heard(tmp_path: Path, jfk: Audio, engine: Engine) -> None:
    cuts = [(0, 3), (3, 8), (0, 11), (8, 11), (0, 2.2)]
    items = [utterance(tmp_path, str(at), jfk.slice(*cut)) for at, cut in enumerate(cuts)]
    alone = {
        item.id: hear(Listener(engine, TranscribeOptions()), [item])[0].transcript.text for item in items
    }
    mixed = random.Random(1).sample(items, len(items))
    found = texts(Listener(engine, TranscribeOptions(batch_size=3)), mixed)
    assert found == [alone[item.id] for item in mixed]
    transcriber = Transcriber(engine=engine)
    assert alone == {item.id: transcriber.transcribe(item.load()).text for item in items}


def test_a_long_recording_is_heard_as_transcribe_hears_it(tmp_path: Path, jfk: Audio, engine: Engine) -> None:
    samples = np.tile(np.pad(jfk.samples, (0, 8000)), 3)
    item = utterance(tmp_path, "long", Audio.of(samples, 16_000))
    (found,) = hear(Listener(engine, TranscribeOptions()), [item])
    assert found.transcript.text == Transcriber(engine=engine).transcribe(item.load()).text
    assert found.transcript.text.count("country") >= 5


def test_sequential_mode_gives_each_window_the_text_before_it(tmp_path: Path) -> None:
    engine = FakeEngine()
    listener = Listener(engine, replace(PLAIN, mode="sequential"))
    found = hear(listener, silences(tmp_path, [65, 2]))
    assert found[0].transcript.duration == 65
    assert [options.previous != "" for options, _ in engine.calls] == [False, True, True, False]


def test_the_language_is_the_dataset_s_where_the_model_knows_it(tmp_path: Path) -> None:
    engine = FakeEngine(languages={"en": 0.4, "de": 0.6})
    listener = Listener(engine, PLAIN)
    items = [
        *silences(tmp_path, [1], language="en"),
        utterance(tmp_path, "b", Audio.silence(1), language="German"),
        utterance(tmp_path, "c", Audio.silence(1), language="tw"),
        utterance(tmp_path, "d", Audio.silence(1)),
    ]
    found = hear(listener, items)
    assert [item.transcript.language for item in found] == ["en", "de", "de", "de"]
    assert listener.strangers == {"tw": 1}
    chosen = replace(PLAIN, decode=DecodeOptions(language="de"))
    assert {item.transcript.language for item in hear(Listener(engine, chosen), items)} == {"de"}


def test_shares_of_time_add_up_and_a_latency_is_that_of_the_whole_batch(tmp_path: Path) -> None:
    found = hear(Listener(FakeEngine(), PLAIN), silences(tmp_path, [1, 2, 3]))
    assert all(0 < item.elapsed <= item.latency for item in found)
    assert sum(item.elapsed for item in found) < sum(item.latency for item in found)


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"no sound here")
    bad = Utterance("bad", AudioRef(path=tmp_path / "bad.wav"))
    gone = Utterance("gone", AudioRef(path=tmp_path / "gone.wav"))
    (pool,) = Listener(FakeEngine(), PLAIN).hear([bad, *silences(tmp_path, [1]), gone])
    assert [type(item) for item in pool] == [Failed, Heard, Failed]
    assert isinstance(pool[0], Failed)
    assert "bad.wav" in pool[0].error


def test_progress_counts_utterances(tmp_path: Path) -> None:
    told: list[float] = []
    hear(
        Listener(FakeEngine(), replace(PLAIN, batch_size=2), on_progress=told.append),
        silences(tmp_path, [1, 2, 3]),
    )
    assert told == [2.0, 3.0]


def test_confidence_is_the_mean_probability_of_a_token() -> None:
    assert confidence([]) is None
    assert confidence([Segment(0, 1, "abc")]) is None
    found = confidence([Segment(0, 1, "ab", avg_logprob=-0.1), Segment(1, 2, "cd", avg_logprob=-0.3)])
    assert found == pytest.approx(np.exp(-0.2))
    assert Heard(Utterance("a", AudioRef()), Transcript(), 0, 0).confidence is None


@pytest.mark.parametrize("decibels", [0, 10, 20, 40])
def test_signal_to_noise_is_what_was_mixed(decibels: float) -> None:
    random_state = np.random.default_rng(1)
    time = np.arange(3 * 16_000) / 16_000
    speech = np.sin(2 * np.pi * 300 * time) * (time > 1)
    noise = random_state.normal(size=len(time)) * np.sqrt(0.5) * 10 ** (-decibels / 20)
    audio = Audio.of((0.02 * (speech + noise)).astype(np.float32), 16_000)
    assert signal_to_noise(audio, [Span(1.0, 3.0)]) == pytest.approx(decibels, abs=1.0)


def test_signal_to_noise_is_not_guessed() -> None:
    audio = Audio.silence(2.0)
    assert signal_to_noise(audio, []) is None
    assert signal_to_noise(audio, [Span(0.0, 2.0)]) is None
    assert signal_to_noise(audio, [Span(1.0, 2.0)]) == -20.0
