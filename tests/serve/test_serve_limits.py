"""Many clients, slow clients, clients that go, and the end of the server."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from calling import call, form, server, transcribe
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import auricle
from auricle.audio import Audio
from auricle.engines import DecodeOptions
from auricle.engines.fake import FakeEngine
from auricle.transcript import Transcript
from scripted import say

# Three seconds of somebody who has not finished: 24 kHz, 16 bits, as the realtime protocol has it.
SOUND = base64.b64encode(
    (Audio.load(auricle.sample(), rate=24_000).samples[:72_000] * 32767).astype("<i2").tobytes()
).decode()


class Slow:
    """An engine's script that takes its time until it is let go."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.done = 0

    def __call__(self, audio: Audio, options: DecodeOptions) -> Transcript:
        self.begun.set()
        self.go.wait(10)
        self.done += 1
        return say("done", audio, options)


def metric(address: str, name: str) -> float:
    page = call(address, "GET", "/metrics").body.decode()
    return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])


def until(address: str, name: str, value: float) -> None:
    for _ in range(2000):
        if metric(address, name) == value:
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} is {metric(address, name)}, not {value}")


def test_more_than_there_is_room_for_are_told_to_come_again() -> None:
    slow = Slow()
    with server(FakeEngine(slow), workers=1, queue=2) as address, ThreadPoolExecutor(8) as pool:
        taken = [pool.submit(transcribe, address) for _ in range(3)]
        until(address, "auricle_requests_here", 3)
        refused = transcribe(address)
        assert refused.status == 429
        assert refused.error["code"] == "queue_full"
        assert refused.headers["retry-after"] == "1"
        slow.go.set()
        assert [found.result().status for found in taken] == [200, 200, 200]
        until(address, "auricle_requests_here", 0)


def test_hundreds_of_small_uploads_are_answered_one_way_or_the_other() -> None:
    with server(workers=2, queue=20) as address, ThreadPoolExecutor(32) as pool:
        found = list(
            pool.map(lambda _: transcribe(address, files=[("file", "a.wav", b"x" * 50)]), range(100))
        )
        assert {answer.status for answer in found} <= {400, 429}
        assert call(address, "GET", "/health").status == 200
        until(address, "auricle_requests_here", 0)


def test_windows_of_many_clients_are_decoded_together() -> None:
    engine = FakeEngine(slow := Slow())
    with server(engine, workers=6) as address, ThreadPoolExecutor(6) as pool:
        first = pool.submit(transcribe, address)
        slow.begun.wait(10)
        others = [pool.submit(transcribe, address) for _ in range(5)]
        until(address, "auricle_windows_waiting", 5)
        slow.go.set()
        assert all(found.result().json["text"] == "done" for found in [first, *others])
    assert [size for _, size in engine.calls] == [1, 5]


def connection(address: str) -> socket.socket:
    host, _, port = urlsplit(address).netloc.partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def head(length: int, kind: str = "multipart/form-data; boundary=x") -> bytes:
    return (
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_client_that_hangs_up_frees_its_place() -> None:
    slow = Slow()
    with server(FakeEngine(slow), workers=1) as address:
        body, kind = form([("model", "fake")])
        with connection(address) as opened:
            opened.sendall(head(len(body), kind) + body)
            assert slow.begun.wait(10)
            assert metric(address, "auricle_requests_here") == 1
        until(address, "auricle_requests_here", 0)
        until(address, "auricle_abandoned_total", 1)
        slow.go.set()
        assert transcribe(address).status == 200


def test_a_client_that_hangs_up_while_it_waits_is_not_worked_for() -> None:
    engine = FakeEngine(slow := Slow())
    with server(engine, workers=1) as address, ThreadPoolExecutor(2) as pool:
        first = pool.submit(transcribe, address)
        assert slow.begun.wait(10)
        body, kind = form([("model", "fake")])
        with connection(address) as opened:
            opened.sendall(head(len(body), kind) + body)
            until(address, "auricle_requests_here", 2)
        time.sleep(0.3)
        slow.go.set()
        assert first.result().status == 200
        until(address, "auricle_requests_here", 0)
    assert len(engine.calls) == 1


def test_a_client_that_sends_too_slowly_is_given_up() -> None:
    with server(slow=0.4) as address, connection(address) as opened:
        opened.sendall(head(1000) + b"--x\r\n")
        assert b"408" in opened.recv(1000).split(b"\r\n")[0]
        until(address, "auricle_requests_here", 0)


def test_a_client_that_does_not_read_its_answers_is_given_up() -> None:
    with server(slow=0.4) as address, connection(address) as opened:
        each = len(call(address, "GET", "/openapi.json").body)
        asked = 40_000_000 // each  # more than the buffers of a connection hold
        opened.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * asked)
        time.sleep(2)
        got = 0
        with suppress(ConnectionResetError):
            while piece := opened.recv(1 << 20):
                got += len(piece)
        assert 0 < got < each * asked


def test_a_client_that_sends_for_too_long_is_given_up() -> None:
    with server(timeout=0.6) as address, connection(address) as opened:
        opened.sendall(head(1000) + b"--x\r\n")
        with suppress(OSError):
            for _ in range(50):  # never silent for long, never done
                opened.sendall(b"a")
                time.sleep(0.1)
        assert b"408" in opened.recv(1000).split(b"\r\n")[0]
        until(address, "auricle_requests_here", 0)


@pytest.mark.parametrize("begun", [b"", b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: 127."])
def test_a_request_that_never_begins_is_hung_up_on(begun: bytes) -> None:
    with server(slow=0.3) as address, connection(address) as opened:
        opened.sendall(begun)
        assert opened.recv(1000) == b""


def test_a_socket_may_be_silent_for_longer_than_the_head_of_a_request() -> None:
    with server(slow=0.3) as address, connect(address.replace("http", "ws") + "/v1/realtime") as talking:
        talking.recv()
        time.sleep(0.8)
        talking.send("{}")
        assert json.loads(talking.recv(timeout=10))["type"] == "error"


def test_a_body_without_end_is_cut_off() -> None:
    with server(max_upload=0.5) as address, connection(address) as opened:
        opened.sendall(
            b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'2d\r\n--x\r\nContent-Disposition: form-data; name="fi\r\n'
        )
        with pytest.raises(OSError):
            for _ in range(200):
                opened.sendall(b"ffff\r\n" + bytes(0xFFFF) + b"\r\n")
                if opened.recv(1 << 16, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    raise ConnectionResetError
        until(address, "auricle_requests_here", 0)


def test_a_request_that_takes_too_long_is_ended() -> None:
    slow = Slow()
    with server(FakeEngine(slow), timeout=0.5) as address:
        found = transcribe(address)
        assert found.status == 504
        assert found.error["code"] == "timeout"
        slow.go.set()


def _said(talking: ClientConnection) -> list[dict[str, Any]]:
    """All events up to the end of the connection."""
    found = []
    with suppress(ConnectionClosed):
        while True:
            found.append(json.loads(talking.recv(timeout=120)))
    return found


def test_sigterm_finishes_what_was_taken() -> None:
    command = [sys.executable, "-m", "auricle", "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process,
        ThreadPoolExecutor(8) as pool,
    ):
        assert process.stderr is not None
        found = re.search(r"on (http://\S+)", process.stderr.readline())
        assert found is not None
        address = found[1]
        with connect(address.replace("http", "ws") + "/v1/realtime") as talking:
            talking.send(json.dumps({"type": "input_audio_buffer.append", "audio": SOUND}))
            talking.recv(timeout=60)
            assert json.loads(talking.recv(timeout=60))["type"] == "input_audio_buffer.speech_started"
            taken = [pool.submit(transcribe, address, model="tiny.en") for _ in range(6)]
            until(address, "auricle_requests_here", 6)
            process.send_signal(signal.SIGTERM)
            *_, last = _said(talking)
            assert last["type"] == "conversation.item.input_audio_transcription.completed"
            assert "americans" in last["transcript"].lower()
            assert talking.close_code == 1001
        answers = [answer.result() for answer in taken]
        assert [answer.status for answer in answers] == [200] * 6
        assert all("your country" in answer.json["text"] for answer in answers)
        assert process.wait(120) == 0
        assert process.stderr.read().endswith("all that was taken is done.\n")
    with pytest.raises(ConnectionRefusedError):
        transcribe(address)
