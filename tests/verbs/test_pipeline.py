"""Many recordings share one queue of windows, and none of them can tell."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_files import tone, write
from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.engines.fake import FakeEngine
from auricle.errors import AuricleError, ModelError, OptionError
from auricle.transcript import Transcript
from auricle.verbs.transcribe import Transcriber
from auricle.verbs.transcribe.pipeline import _Clock
from scripted import say


def numbered(audio: Audio, asked: DecodeOptions) -> Transcript:
    """What was heard of which recording: each is given its own level."""
    return say(f"{audio.samples[0]:.0f} at {audio.start:.0f} in {asked.language}.", audio, asked)


def recording(number: int, windows: int = 1) -> Audio:
    return Audio(Audio.silence(30.0 * windows).samples + number, 16_000)


def transcriber(engine: FakeEngine | None = None, **options: Any) -> Transcriber:
    values = {"language": "en", "vad": False, "retry_beam_size": 1, **options}
    return Transcriber(engine=engine or FakeEngine(numbered), **values)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "auricle-reader"]


# ── batches ──────────────────────────────────────────────────────────────────────────────────────


def test_short_recordings_are_decoded_together() -> None:
    engine = FakeEngine(numbered)
    found = list(transcriber(engine, batch_size=4).transcribe_all(map(recording, range(15))))
    assert [one.text for one in found] == [f"{n} at 0 in en." for n in range(15)]  # type: ignore[union-attr]
    assert [size for _, size in engine.calls] == [2, 4, 4, 4, 1]


def test_batches_of_long_windows_are_small_where_several_are_under_way() -> None:
    class Wide(FakeEngine):
        parallel = 3

    engine = Wide(numbered)
    found = list(transcriber(engine, batch_size=8).transcribe_all(map(recording, range(12))))
    assert [one.text for one in found] == [f"{n} at 0 in en." for n in range(12)]  # type: ignore[union-attr]
    assert sorted(size for _, size in engine.calls) == [1, 2, 3, 3, 3]  # 80 s are three windows of 30


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 5), max_size=12), st.integers(1, 9), st.sampled_from(["batched", "sequential"])
)
def test_what_a_recording_becomes_does_not_depend_on_the_others(
    lengths: Sequence[int], size: int, mode: str
) -> None:
    audios = [recording(number, windows) for number, windows in enumerate(lengths)]
    ours = transcriber(batch_size=size) if mode == "batched" else transcriber(mode=mode)
    found = list(ours.transcribe_all(audios))
    alone = [ours.transcribe(audio) for audio in audios]
    assert [texts(one) for one in found] == [texts(one) for one in alone]


def texts(found: Transcript | AuricleError) -> Any:
    assert isinstance(found, Transcript)
    return found.segments, found.duration, found.language, found.coverage


def test_two_languages_are_never_in_one_batch() -> None:
    class Hearing(FakeEngine):
        def detect_language(self, batch: Sequence[Audio]) -> list[dict[str, float]]:
            return [{"de": 1.0} if audio.samples[0] % 3 == 2 else {"en": 1.0} for audio in batch]

    engine = Hearing(numbered, languages={"en": 0.5, "de": 0.5})
    found = list(transcriber(engine, language=None).transcribe_all(map(recording, range(7))))
    languages = ["en", "en", "de", "en", "en", "de", "en"]
    assert [one.text for one in found] == [  # type: ignore[union-attr]
        f"{number} at 0 in {language}." for number, language in enumerate(languages)
    ]
    assert [size for _, size in engine.calls] == [2, 1, 2, 1, 1]


def test_the_reader_is_a_few_batches_ahead_and_no_more() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Audio]:
        for number in itertools.count():
            taken.append(number)
            yield recording(number)

    found = transcriber(batch_size=2).transcribe_all(endless())
    assert [next(found).text for _ in range(3)] == [f"{n} at 0 in en." for n in range(3)]  # type: ignore[union-attr]
    time.sleep(0.2)
    assert len(taken) < 20
    found.close()  # type: ignore[attr-defined]
    assert not readers()


def test_time_is_shared_out_by_length() -> None:
    def slow(audio: Audio, asked: DecodeOptions) -> Transcript:
        time.sleep(0.02)
        return numbered(audio, asked)

    began = time.perf_counter()
    found = list(transcriber(FakeEngine(slow)).transcribe_all(recording(n, 1 + n % 2) for n in range(8)))
    elapsed = time.perf_counter() - began
    spent = [one.record.elapsed for one in found]  # type: ignore[union-attr]
    assert sum(spent) <= elapsed + 0.01
    assert min(spent[1:]) > 0.0


def test_those_who_work_at_once_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("auricle.verbs.transcribe.pipeline.time.perf_counter", lambda: now[0])
    clock = _Clock()
    now[0] = 103.0  # nobody has anything to do yet
    first = clock.begin()
    now[0] = 104.0
    second = clock.begin()
    now[0] = 108.0
    assert clock.end(first) == pytest.approx(3 + 1 + 2)
    now[0] = 109.0
    assert clock.end(second) == pytest.approx(2 + 1)
    now[0] = 110.0
    third = clock.begin()
    assert clock.end(third) == pytest.approx(1)


# ── what fails ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["batched", "sequential"])
def test_a_recording_that_cannot_be_read_is_alone_in_that(mode: str, tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", tone(seconds=2.0, rate=16_000), 16_000)
    bad = tmp_path / "bad.wav"
    bad.write_text("Dear diary " * 30)
    ours = Transcriber(engine=FakeEngine(), vad=False, mode=mode)
    found = list(ours.transcribe_all([good, bad, tmp_path / "gone.wav", good]))
    first, broken, missing, last = found
    assert first.text == last.text == "one two seconds"  # type: ignore[union-attr]
    assert str(broken) == f"{bad} holds text, not sound. Name an audio or video file."
    assert "there is no file" in str(missing)
    assert not readers()


def test_an_engine_that_refuses_a_batch_costs_the_recordings_in_it() -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        if audio.samples[0] == 3:
            raise ModelError("not this one")
        return numbered(audio, asked)

    ours = transcriber(FakeEngine(script), batch_size=2)
    found = list(ours.transcribe_all(recording(number, 1 + (number in (2, 4))) for number in range(8)))
    failed = [number for number, one in enumerate(found) if isinstance(one, AuricleError)]
    assert failed == [3, 4]  # 4 begins in the batch of 3, and goes on in the next
    assert found[5].text == "5 at 0 in en."  # type: ignore[union-attr]
    assert len(found) == 8


def test_what_is_no_error_of_ours_is_raised() -> None:
    def script(audio: Audio, asked: DecodeOptions) -> Transcript:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        list(transcriber(FakeEngine(script)).transcribe_all([recording(1)]))
    assert not readers()


def test_each_channel_is_refused_where_one_transcript_is_asked_for() -> None:
    with pytest.raises(OptionError, match="several transcripts"):
        next(transcriber(channel="each").transcribe_all([recording(1)]))
