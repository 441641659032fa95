"""The official client finds here what it finds there."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openai
import pytest
from calling import server
from openai import OpenAI

import auricle
from auricle.audio import Audio
from auricle.engines import load_engine

TEXT = "ask what you can do for your country"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server(load_engine("tiny.en"), api_key=("secret",), alias=("whisper-1",)) as found:
        yield found


@pytest.fixture
def client(address: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{address}/v1", api_key="secret", max_retries=0) as found:
        yield found


@pytest.fixture
def speech_file() -> Path:
    return auricle.sample()


def test_json(client: OpenAI, speech_file: Path) -> None:
    found = client.audio.transcriptions.create(model="whisper-1", file=speech_file)
    assert TEXT in found.text
    assert found.usage is not None
    assert found.usage.type == "duration"
    assert found.usage.seconds == pytest.approx(11.0)


def test_verbose_json_with_words_and_segments(client: OpenAI, speech_file: Path) -> None:
    found = client.audio.transcriptions.create(
        model="tiny.en",
        file=speech_file,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="en",
        prompt="President Kennedy",
        temperature=0,
    )
    assert found.language == "english"
    assert found.duration == pytest.approx(11.0)
    assert found.words
    assert [word.word for word in found.words][:2] == ["And", "so"]
    starts = [word.start for word in found.words]
    assert starts == sorted(starts)
    assert found.segments
    assert " ".join(segment.text for segment in found.segments) == found.text


@pytest.mark.parametrize(("format", "begin"), [("text", "And so"), ("srt", "1\n00:00:00"), ("vtt", "WEBVTT")])
def test_text_and_captions(client: OpenAI, speech_file: Path, format: str, begin: str) -> None:
    found = client.audio.transcriptions.create(
        model="tiny.en",
        file=speech_file,
        response_format=format,  # type: ignore[call-overload]
    )
    assert str(found).startswith(begin)


def test_server_sent_events(client: OpenAI, speech_file: Path) -> None:
    with client.audio.transcriptions.create(model="tiny.en", file=speech_file, stream=True) as events:
        found = list(events)
    assert found[-1].type == "transcript.text.done"
    deltas = [event.delta for event in found if event.type == "transcript.text.delta"]
    assert len(deltas) > 1
    assert "".join(deltas) == found[-1].text


def test_models(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny.en", "whisper-1"]
    assert client.models.retrieve("tiny.en").id == "tiny.en"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o-transcribe")


def test_errors_are_those_of_the_client(address: str, client: OpenAI, speech_file: Path) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.audio.transcriptions.create(model="small", file=speech_file)
    assert missing.value.code == "model_not_found"
    with (
        pytest.warns(DeprecationWarning),  # of the client's own method
        pytest.raises(openai.BadRequestError, match="cannot translate"),
    ):
        client.audio.translations.create(model="tiny.en", file=speech_file)
    with pytest.raises(openai.BadRequestError, match="include is not supported"):
        client.audio.transcriptions.create(model="tiny.en", file=speech_file, include=["logprobs"])
    with (
        OpenAI(base_url=f"{address}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


@pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")  # the client's own use
def test_realtime(client: OpenAI) -> None:
    sound = Audio.load(auricle.sample(), rate=24_000).samples[: 24_000 * 4]
    data = (np.concatenate([sound, np.zeros(24_000, np.float32)]) * 32767).astype("<i2").tobytes()
    with client.realtime.connect(model="tiny.en", extra_query={"intent": "transcription"}) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24_000},
                        "transcription": {"model": "tiny.en", "language": "en"},
                        "turn_detection": {"type": "server_vad", "silence_duration_ms": 400},
                    }
                },
            }
        )
        assert connection.recv().type == "session.updated"
        for at in range(0, len(data), 9600):
            connection.input_audio_buffer.append(audio=base64.b64encode(data[at : at + 9600]).decode())
        kinds, deltas, whole = [], [], ""
        for event in connection:
            kinds.append(event.type)
            if event.type == "conversation.item.input_audio_transcription.delta":
                deltas.append(event.delta or "")
            if event.type == "conversation.item.input_audio_transcription.completed":
                whole = event.transcript
                break
        assert kinds[0] == "input_audio_buffer.speech_started"
        assert "input_audio_buffer.speech_stopped" in kinds
        assert "".join(deltas) == whole
        assert "americans" in whole.lower()
