"""``transcribe`` from end to end: real speech, the record, options by name, channels."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audio_files
import auricle
from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, LoadOptions, engine_for, load_engine
from auricle.engines.fake import FakeEngine
from auricle.errors import AudioError, MissingFileError, OptionError
from auricle.options import flatten
from auricle.transcript import Transcript, join_words
from auricle.vad import RATE
from auricle.verbs.transcribe import Progress, TranscribeOptions, Transcriber, transcribe
from scripted import say

SENTENCE = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURICLE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return load_engine("tiny.en")


@pytest.fixture(scope="session")
def timed(tiny: Engine) -> Transcript:
    return Transcriber(engine=tiny, words=True).transcribe(auricle.sample())


# ── from end to end ──────────────────────────────────────────────────────────────────────────────


def test_the_sample_has_its_text_and_all_of_it() -> None:
    found = transcribe(auricle.sample())
    assert plain(found.text) == SENTENCE
    assert found.duration == pytest.approx(11.0, abs=0.01)
    assert (found.language, found.channel, found.warnings, found.words) == ("en", None, (), ())
    assert found.coverage is not None
    assert found.coverage.missed == found.coverage.unvoiced == found.coverage.dropped == ()


def test_words_have_true_times_and_a_confidence(timed: Transcript, jfk: Audio) -> None:
    assert [plain(word.text) for word in timed.words] == SENTENCE.split()
    for segment in timed.segments:
        assert join_words(segment.words) == segment.text
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
    last = 0.0
    for word in timed.words:
        assert last <= word.start < word.end <= timed.duration
        assert word.end - word.start <= 2.0
        assert word.confidence is not None
        assert 0 < word.confidence <= 1
        last = word.end
    asked = [word.start for word in timed.words if plain(word.text) == "ask"]
    assert 0.2 <= timed.words[0].start <= 0.6
    assert asked == [pytest.approx(loud_after(jfk, at), abs=0.2) for at in (2.6, 7.75)]


def loud_after(audio: Audio, at: float) -> float:
    """Where it gets loud after a time that lies in a pause: 20 ms frames, a fifth of the loudest."""
    frames = audio.samples[: len(audio) // 320 * 320].reshape(-1, 320)
    energy = np.sqrt((frames**2).mean(axis=1))
    first = round(at * 50)
    return (first + int(np.argmax(energy[first:] > energy.max() / 5))) / 50


def test_the_same_twice(timed: Transcript, tiny: Engine) -> None:
    again = Transcriber(engine=tiny, words=True).transcribe(auricle.sample())
    assert replace(again, record=None) == replace(timed, record=None)
    assert timed.record is not None
    assert again.record is not None
    assert replace(again.record, created="", elapsed=0) == replace(timed.record, created="", elapsed=0)


def test_words_change_no_text_and_modes_agree_on_one_window(timed: Transcript, tiny: Engine) -> None:
    assert Transcriber(engine=tiny).transcribe(auricle.sample()).text == timed.text
    assert Transcriber(engine=tiny, mode="sequential").transcribe(auricle.sample()).text == timed.text
    assert plain(Transcriber(engine=tiny, vad=False).transcribe(auricle.sample()).text) == SENTENCE


@pytest.mark.parametrize("kind", ["path", "str", "bytes", "file", "audio", "audio at 44.1 kHz"])
def test_recordings_come_in_many_forms(kind: str, timed: Transcript, tiny: Engine, jfk: Audio) -> None:
    path = auricle.sample()
    sources: dict[str, Callable[[], Any]] = {
        "path": lambda: path,
        "str": lambda: str(path),
        "bytes": path.read_bytes,
        "file": lambda: io.BytesIO(path.read_bytes()),
        "audio": lambda: jfk,
        "audio at 44.1 kHz": lambda: jfk.resample(44_100),
    }
    found = Transcriber(engine=tiny).transcribe(sources[kind]())
    assert plain(found.text) == SENTENCE
    assert found.duration == pytest.approx(11.0, abs=0.01)


def test_silence_noise_and_a_click_have_no_text(tiny: Engine, tone: Audio) -> None:
    rng = np.random.default_rng(3)
    noise = Audio((0.1 * rng.standard_normal(5 * RATE)).astype(np.float32), RATE)
    transcriber = Transcriber(engine=tiny)
    for audio in (Audio.silence(40.0), noise, tone, Audio.silence(0.05), Audio.of(np.ones(9), RATE)):
        found = transcriber.transcribe(audio)
        assert (found.text, found.duration) == ("", pytest.approx(audio.duration))


# ── the record ───────────────────────────────────────────────────────────────────────────────────


def test_the_record_tells_the_whole_story(timed: Transcript) -> None:
    record = timed.record
    assert record is not None
    assert (record.model, record.engine) == ("tiny.en", engine_for(LoadOptions()))
    assert re.fullmatch("[0-9a-f]{64}", record.revision or "")
    assert record.compute_type
    assert record.source is not None
    data = auricle.sample().read_bytes()
    assert Path(record.source.name).name == "jfk.flac"
    assert record.source.channel == "mix"
    assert record.source.sha256 == sha256(data).hexdigest()
    assert record.source.duration == timed.duration
    assert set(record.options) == set(flatten(TranscribeOptions()))
    assert record.options["words"] is True
    assert record.versions.keys() >= {"auricle", "ctranslate2", "numpy", "av", "tokenizers"}
    assert datetime.fromisoformat(record.created).tzinfo is not None
    assert 0 < record.elapsed < 600


def test_audio_in_memory_has_a_record_too(tone: Audio) -> None:
    record = Transcriber(engine=FakeEngine(), vad=False).transcribe(tone).record
    assert record is not None
    assert record.source is not None
    assert (record.source.name, record.source.duration) == ("(audio in memory)", 2.0)


def test_the_record_makes_the_transcript_again(timed: Transcript) -> None:
    assert timed.record is not None
    again = transcribe(auricle.sample(), **timed.record.options)
    assert again.segments == timed.segments


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def fake(**options: Any) -> Transcriber:
    return Transcriber(engine=FakeEngine(languages={"en": 0.6, "de": 0.4}), **options)


@pytest.mark.parametrize(
    ("given", "code"), [("English", "en"), ("de", "de"), ("GERMAN", "de"), ("auto", None), (None, None)]
)
def test_languages_go_by_name_or_code(given: str | None, code: str | None) -> None:
    transcriber = fake(language=given)
    assert transcriber.options.decode.language == code
    assert fake(languages=["German", "en"]).options.languages == ("de", "en")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"langage": "en"}, "there is no option 'langage'. Did you mean language"),
    ({"temperture": 0.1}, "Did you mean temperature"),
    ({"language": "Klingon"}, "Klingon"),
    ({"language": "fr"}, "fake does not know the language 'fr', only: en, de"),
    ({"languages": ("fr",)}, "fake does not know the language 'fr'"),
    ({"language": "en", "languages": ("en",)}, "not both"),
    ({"mode": "batch"}, "mode cannot be 'batch'. Did you mean batched?"),
    ({"batch_size": 0}, "batch_size must be at least 1"),
    ({"batch_size": "8"}, "batch_size takes int"),
    ({"words": 1}, "words takes bool"),
    ({"temperatures": ()}, "temperatures needs at least one"),
    ({"vad_threshold": 1.5}, "vad_threshold is a probability"),
    ({"window": 1.0}, "window must be longer than 1.8 s"),
    ({"window": 60.0}, "window can be 30 s at most"),
    ({"max_word": 0.0}, "max_word must be above 0"),
    ({"max_word": 1.0}, "max_word has no meaning without word times"),
    ({"mode": "sequential", "batch_size": 4}, "batch_size has no meaning in sequential mode"),
    ({"vad": False, "vad_threshold": 0.4}, "vad_threshold has no meaning without speech detection"),
    ({"vad": False, "max_gap": 1.0}, "max_gap has no meaning without speech detection"),
    ({"temperatures": (0.0,), "best_of": 3}, "best_of has no meaning where no temperature is above 0"),
    ({"temperatures": (0.0,), "seed": 3}, "seed has no meaning"),
    ({"retry_beam_size": 1, "patience": 2.0}, "patience has no meaning without beams"),
    ({"beam_size": 0}, "beam_size must be at least 1"),
    ({"prompt": "word " * 300}, "take 300 tokens"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=lambda item: str(item)[:40])
def test_what_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=re.escape(message)):
        fake(**values)


@pytest.mark.parametrize(
    ("values", "taken"),
    [({"temperatures": (0.0, 0.4)}, "temperature"), ({"retry_beam_size": 3}, "beam_size")],
)
def test_gates_that_the_engine_cannot_honour_are_refused(values: dict[str, Any], taken: str) -> None:
    engine = FakeEngine()
    engine.accepts = engine.accepts - {taken}
    with pytest.raises(OptionError, match=f"the fake engine cannot honour {next(iter(values))}"):
        Transcriber(engine=engine, **values)
    Transcriber(engine=engine, temperatures=(0.0,), retry_beam_size=1)


def test_an_unknown_option_is_refused_before_a_model_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.verbs.transcribe.load_engine", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(OptionError, match="Did you mean beam_size"):
        transcribe(auricle.sample(), beamsize=3)
    with pytest.raises(OptionError, match="temperatures needs"):
        transcribe(auricle.sample(), temperatures=())


def test_options_reach_the_engine(tone: Audio) -> None:
    engine = FakeEngine()
    Transcriber(
        engine=engine, vad=False, language="English", beam_size=3, prompt="A.", seed=7, best_of=2, words=True
    ).transcribe(tone)
    expected = DecodeOptions(language="en", beam_size=3, prompt="A.", seed=7, best_of=2, words=True)
    assert [asked for asked, _ in engine.calls] == [expected]


def test_the_english_model_refuses_to_translate() -> None:
    with pytest.raises(OptionError, match=r"tiny\.en cannot translate"):
        transcribe(auricle.sample(), task="translate")
    with pytest.raises(OptionError, match=r"tiny\.en does not know the language 'de'"):
        transcribe(auricle.sample(), language="German")


# ── many recordings with one model ───────────────────────────────────────────────────────────────


def test_nothing_of_one_recording_is_left_in_the_next(jfk: Audio, tone: Audio) -> None:
    calls: list[str] = []

    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        calls.append(asked.previous)
        return say("Some text.", audio, asked)

    transcriber = Transcriber(engine=FakeEngine(script), mode="sequential", vad=False)
    first = transcriber.transcribe(tone)
    second = transcriber.transcribe(tone)
    assert calls == ["", ""]
    assert first.segments == second.segments


def test_segments_come_as_they_are_known_and_progress_with_them(tone: Audio) -> None:
    long = Audio(np.tile(tone.samples, 50), RATE)
    seen: list[Progress] = []
    with Transcriber(
        engine=FakeEngine(lambda audio, asked: say(f"At {audio.start:.0f}.", audio, asked)),
        vad=False,
        batch_size=1,
    ).open(long, on_progress=seen.append) as job:
        assert job.seconds == 100.0
        given_ = list(job)
    assert [segment.text for segment in given_] == ["At 0.", "At 30.", "At 60.", "At 90."]
    assert [progress.done for progress in seen] == [30.0, 60.0, 90.0, 100.0]
    assert job.transcript().segments == tuple(given_)


def test_a_transcript_is_there_only_when_all_was_heard(tone: Audio) -> None:
    with fake(vad=False).open(tone) as job, pytest.raises(RuntimeError, match="iterate"):
        job.transcript()


def test_bad_recordings_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        fake().transcribe(tmp_path / "nowhere.wav")
    (tmp_path / "text.wav").write_text("not sound")
    with pytest.raises(AudioError) as error:
        fake().transcribe(tmp_path / "text.wav")
    assert "\n" not in str(error.value)
    with pytest.raises(AudioError, match="NaN"):
        fake().transcribe(Audio.of(np.full(100, np.nan, np.float32), RATE))


# ── channels ─────────────────────────────────────────────────────────────────────────────────────


def pitches(audio: Audio, asked: DecodeOptions) -> Transcript:
    """Says which tones it hears."""
    heard = [hertz for hertz in (300, 700) if audio_files.level(audio.samples, hertz, RATE) > 0.1]
    return say(" ".join(str(hertz) for hertz in heard), audio, asked)


@pytest.fixture
def stereo(tmp_path: Path) -> Iterator[Path]:
    sides = [audio_files.tone(hertz, 3.0, RATE) for hertz in (300, 700)]
    yield audio_files.write(tmp_path / "stereo.wav", np.stack(sides), RATE)


@pytest.mark.parametrize(
    ("channel", "text"), [("mix", "300 700"), ("left", "300"), ("right", "700"), ("0", "300"), ("1", "700")]
)
def test_a_channel_can_be_chosen(stereo: Path, channel: str, text: str) -> None:
    found = Transcriber(engine=FakeEngine(pitches), vad=False, channel=channel).transcribe(stereo)
    assert (found.text, found.channel) == (text, None)
    assert found.record is not None
    assert found.record.source is not None
    assert found.record.source.channel == found.record.options["channel"] == channel


def test_each_channel_has_its_transcript(stereo: Path) -> None:
    transcriber = Transcriber(engine=FakeEngine(pitches), vad=False, channel="each")
    found = transcriber.channels(stereo)
    assert [(one.channel, one.text) for one in found] == [("0", "300"), ("1", "700")]
    assert [one.record.source.channel for one in found] == ["0", "1"]  # type: ignore[union-attr]
    with pytest.raises(OptionError, match="several transcripts"):
        transcriber.transcribe(stereo)
