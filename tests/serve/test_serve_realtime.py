"""The realtime protocol: what comes is heard or refused, and the session goes on."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from calling import server
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import auricle
from auricle.audio import Audio
from auricle.engines.fake import FakeEngine
from auricle.options import build
from auricle.serve import ServeOptions
from auricle.serve.batching import Stop
from auricle.serve.desk import Desk
from auricle.serve.metrics import Metrics
from auricle.serve.realtime import Session

SOUND = Audio.load(auricle.sample(), rate=24_000).samples[: 24_000 * 3]
PCM = (np.concatenate([SOUND, np.zeros(24_000, np.float32)]) * 32767).astype("<i2").tobytes()


class Talk:
    """A session without a socket."""

    def __init__(self, desk: Desk) -> None:
        self.events: list[dict[str, Any]] = []
        self.session = Session(desk, Stop(), self._send)

    async def _send(self, payload: dict[str, Any]) -> None:
        self.events.append(payload)

    def say(self, *messages: Any) -> list[dict[str, Any]]:
        """What messages bring about."""
        self.events.clear()

        async def run() -> None:
            for message in messages:
                await self.session.receive(message if isinstance(message, str) else json.dumps(message))

        asyncio.run(run())
        return self.events

    def error(self, message: Any) -> dict[str, Any]:
        (event,) = self.say(message)
        assert event["type"] == "error"
        found: dict[str, Any] = event["error"]
        return found


@pytest.fixture
def talk() -> Iterator[Talk]:
    desk = Desk(build(ServeOptions, {}), Metrics(), engine=FakeEngine(languages={"en": 0.5, "de": 0.5}))
    yield Talk(desk)
    desk.close()


def append(data: bytes = PCM) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}


def update(**settings: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"type": "transcription", "audio": {"input": settings}}}


COMMIT = {"type": "input_audio_buffer.commit"}
COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("input_audio_buffer.") for event in events]


def test_pauses_end_utterances(talk: Talk) -> None:
    events = talk.say(*(append(PCM[at : at + 9600]) for at in range(0, len(PCM), 9600)))
    assert kinds(events)[0] == "speech_started"
    assert kinds(events)[-3:] == ["speech_stopped", "committed", COMPLETED]
    items = {event["item_id"] for event in events}
    assert len(items) == 1
    assert events[-1]["transcript"] == "".join(event["delta"] for event in events if event["type"] == DELTA)
    assert 0 <= events[0]["audio_start_ms"] < events[-3]["audio_end_ms"] <= 4000


def test_the_client_may_say_itself_when_an_utterance_ends(talk: Talk) -> None:
    (updated,) = talk.say(update(turn_detection=None))
    assert updated["session"]["audio"]["input"]["turn_detection"] is None
    events = talk.say(append(), COMMIT)
    assert set(kinds(events)) <= {"committed", DELTA, COMPLETED}
    assert kinds(events)[-2:] == ["committed", COMPLETED]
    first = events[-1]["item_id"]
    events = talk.say(append(bytes(48_000)), COMMIT)
    assert kinds(events) == ["committed", COMPLETED]
    assert events[-1]["transcript"] == ""
    assert events[0]["previous_item_id"] == first


def test_sound_can_be_cleared(talk: Talk) -> None:
    events = talk.say(append(PCM[:48_000]), {"type": "input_audio_buffer.clear"}, COMMIT)
    assert kinds(events)[-2:] == ["cleared", "error"]
    assert events[-1]["error"]["code"] == "input_audio_buffer_commit_empty"


def test_an_update_keeps_what_it_does_not_name(talk: Talk) -> None:
    talk.say(update(transcription={"model": "fake", "language": "en", "prompt": "Ann"}))
    (event,) = talk.say(update(format={"type": "audio/pcmu"}))
    found = event["session"]["audio"]["input"]
    assert found["format"] == {"type": "audio/pcmu"}
    assert found["transcription"] == {"model": "fake", "language": "en", "prompt": "Ann"}


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"type": "response.create"}, "type"),
        ({"audio": ""}, "type"),
        ({"type": 7}, "type"),
        ({"type": "input_audio_buffer.append"}, "audio"),
        ({"type": "input_audio_buffer.append", "audio": "%%%"}, "audio"),
        ({"type": "session.update"}, "session"),
        ({"type": "session.update", "session": {"type": "realtime"}}, "session.type"),
        ({"type": "session.update", "session": {"tools": []}}, "session.tools"),
        (update(format={"type": "audio/mp3"}), "session.audio.input.format.type"),
        (update(format={"type": "audio/pcm", "rate": 44_100}), "session.audio.input.format.rate"),
        (update(noise_reduction={"type": "near_field"}), "session.audio.input.noise_reduction"),
        (update(turn_detection={"type": "semantic_vad"}), "session.audio.input.turn_detection.type"),
        (
            update(turn_detection={"type": "server_vad", "threshold": 3}),
            "session.audio.input.turn_detection.threshold",
        ),
        (
            update(turn_detection={"type": "server_vad", "idle_timeout_ms": 9000}),
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (update(transcription={"model": "small"}), "model"),
        (update(transcription={"delay": "low"}), "session.audio.input.transcription.delay"),
        (update(transcription={"keywords": "Ann"}), "session.audio.input.transcription.keywords"),
        (update(volume=11), "session.audio.input.volume"),
    ],
)
def test_what_cannot_be_is_refused(talk: Talk, message: dict[str, Any], param: str) -> None:
    error = talk.error({**message, "event_id": "mine"})
    assert error["param"] == param
    assert error["event_id"] == "mine"


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "null", "[" * 100_000, '{"type": "session.update", "session": 1e999}']
)
def test_frames_that_are_no_messages_are_refused(talk: Talk, text: str) -> None:
    assert talk.error(text)["message"]


def test_languages_that_are_not_known_are_refused(talk: Talk) -> None:
    assert "klingon" in talk.error(update(transcription={"language": "klingon"}))["message"]
    assert kinds(talk.say(append(), COMMIT))[-1] in (COMPLETED, "error")


def test_sockets() -> None:
    with server(api_key=("one",), sessions=1) as address:
        url = address.replace("http", "ws") + "/v1/realtime"
        with pytest.raises(InvalidStatus, match="401"), connect(url):
            pass
        headers = {"Authorization": "Bearer one"}
        with (
            pytest.raises(InvalidStatus, match="403"),
            connect(url, additional_headers={**headers, "Origin": "https://e.org"}),
        ):
            pass
        with connect(url, subprotocols=["realtime", "openai-insecure-api-key.one"]) as first:  # type: ignore[list-item]
            assert json.loads(first.recv())["type"] == "session.created"
            first.send(b"\x00\x01")  # not text
            assert json.loads(first.recv())["error"]["code"] == "invalid_json"
            with connect(url, additional_headers=headers) as second, pytest.raises(ConnectionClosed):
                second.recv()
            first.send(json.dumps(append()))
            assert json.loads(first.recv())["type"] == "input_audio_buffer.speech_started"
        assert any(_opens(url, headers) for _ in range(50))  # its place is free again


def _opens(url: str, headers: dict[str, str]) -> bool:
    with connect(url, additional_headers=headers) as opened, suppress(ConnectionClosed):
        return bool(json.loads(opened.recv())["type"] == "session.created")
    return False


def test_a_silent_socket_is_closed() -> None:
    with server(timeout=0.3) as address, connect(address.replace("http", "ws") + "/v1/realtime") as opened:
        opened.recv()
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
