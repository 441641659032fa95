"""Every field is honoured or refused, and what is refused says why, in one shape."""

from __future__ import annotations

import io
import json
import re
import struct
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from calling import SPEECH, Answer, call, form, server, transcribe

from auricle.engines.fake import FakeEngine
from auricle.serve.form import Asked, read_form

ENGINE = FakeEngine(languages={"en": 0.7, "de": 0.3})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server(ENGINE, max_upload=1.0, max_seconds=60.0) as found:
        yield found


def asked(*fields: tuple[str, str], task: str = "transcribe") -> Asked:
    return read_form([*fields, ("model", "fake")], ("fake",), task=task)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        (("language", "en"), {"language": "en"}),
        (("prompt", "Names: Ann"), {"prompt": "Names: Ann"}),
        (("temperature", "0.4"), {"temperatures": (0.4,)}),
        (("temperature", "0"), {}),
        (("languages[]", "de"), {"languages": ("de",)}),
        (("keywords[]", "Auricle"), {"hotwords": "Auricle"}),
        (("chunking_strategy", "auto"), {}),
        (
            ("chunking_strategy", '{"type": "server_vad", "threshold": 0.4, "prefix_padding_ms": 200}'),
            {"vad_threshold": 0.4, "pad": 0.2},
        ),
    ],
)
def test_fields_become_options(field: tuple[str, str], options: dict[str, Any]) -> None:
    assert asked(field).options == {**options, "words": False}


def test_captions_have_words_and_granularities_choose() -> None:
    assert asked(("response_format", "srt")).options["words"]
    both = asked(("response_format", "verbose_json"), ("timestamp_granularities[]", "word"))
    assert (both.words, both.segments) == (True, False)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ([("response_format", "xml")], "response_format"),
        ([("response_format", "diarized_json")], "response_format"),
        ([("temperature", "2")], "temperature"),
        ([("temperature", "nan")], "temperature"),
        ([("temperature", "warm")], "temperature"),
        ([("timestamp_granularities[]", "word")], "timestamp_granularities"),
        ([("timestamp_granularities[]", "letter")], "timestamp_granularities"),
        ([("stream", "maybe")], "stream"),
        ([("stream", "true"), ("response_format", "srt")], "stream"),
        ([("include[]", "logprobs")], "include"),
        ([("known_speaker_names[]", "Ann")], "known_speaker_names"),
        ([("chunking_strategy", "never")], "chunking_strategy"),
        ([("chunking_strategy", '{"type": "server_vad", "threshold": 7}')], "chunking_strategy"),
        ([("chunking_strategy", '{"type": "server_vad", "treshold": 0.5}')], "chunking_strategy"),
        ([("chunking_strategy", "[" * 60_000)], "chunking_strategy"),
        ([("language", "en"), ("language", "de")], "language"),
        ([("language", "en"), ("languages[]", "de")], "languages"),
        ([("prompt", "x" * 5000)], "prompt"),
        ([("langauge", "en")], "langauge"),
        ([("beam_size", "5")], "beam_size"),
    ],
)
def test_fields_that_cannot_be_are_refused(address: str, fields: list[tuple[str, str]], param: str) -> None:
    found = transcribe(address, *fields)
    assert found.status == 400
    assert found.error["param"] == param


def test_what_the_model_cannot_do_is_refused(address: str) -> None:
    assert "klingon" in transcribe(address, ("language", "klingon")).error["message"].lower()
    assert transcribe(address, ("language", "fr")).status == 400
    assert transcribe(address, ("language", "en"), path="translations").error["param"] == "language"
    assert transcribe(address, path="translations").status == 200


def test_models_that_are_not_here(address: str) -> None:
    assert transcribe(address, model="small").error["code"] == "model_not_found"
    assert "--alias whisper-1" in transcribe(address, model="whisper-1").error["message"]
    assert transcribe(address, model=None).error["param"] == "model"


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "0 bytes"),
        (b"This is a letter, not a recording. " * 20, "holds text, not sound"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "cannot be read"),
        (bytes(range(256)) * 8, ""),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), ""),
    ],
)
def test_uploads_that_are_no_sound(address: str, data: bytes, part: str) -> None:
    found = transcribe(address, files=[("file", "talk.wav", data)])
    assert found.status == 400
    assert part in found.error["message"] or "upload" in found.error["message"]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/shadow",
        "C:\\boot.ini",
        "http:%2F%2Fevil.org/a.wav",
        "concat:a|b",
        "a\\0.wav",
    ],
)
def test_names_of_files_are_no_paths(address: str, name: str) -> None:
    assert transcribe(address, files=[("file", name, SPEECH)]).status == 200
    refused = transcribe(address, files=[("file", name, b"nothing " * 50)])
    assert refused.status == 400
    assert "passwd" not in refused.error["message"]
    assert "evil" not in refused.error["message"]


def test_forms_that_are_none(address: str) -> None:
    body, kind = form([("model", "fake")], [])
    assert call(address, "POST", "/v1/audio/transcriptions", body, content_type=kind).error["param"] == "file"
    text = call(address, "POST", "/v1/audio/transcriptions", b"{}", content_type="application/json")
    assert text.status == 400
    torn = call(address, "POST", "/v1/audio/transcriptions", body[:-30], content_type=kind)
    assert torn.status == 400
    assert torn.error
    bare = call(address, "POST", "/v1/audio/transcriptions", body, content_type="multipart/form-data")
    assert bare.status == 400
    two = transcribe(address, files=[("file", "a.wav", SPEECH), ("file", "b.wav", SPEECH)])
    assert two.status == 400
    other = transcribe(address, files=[("sound", "a.wav", SPEECH)])
    assert other.error["param"] == "file"
    many = transcribe(address, *[("prompt", "x")] * 60)
    assert many.status == 400


def silence(seconds: float) -> bytes:
    """A recording that is long and small: FLAC keeps silence in almost nothing."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=8000, layout="mono")
        for at in range(int(seconds)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, at * 8000
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def test_recordings_beyond_the_limit(address: str) -> None:
    long = silence(90)
    assert len(long) < 100_000
    assert transcribe(address, files=[("file", "long.flac", long)]).error["code"] == "too_long"
    assert transcribe(address, files=[("file", "short.flac", silence(30))]).status == 200


def wav(rate: int, channels: int, data: bytes) -> bytes:
    """A WAV file of 8 bits with any header."""
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels, channels, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (8, 2), (4_000_000_000, 1), (16_000, 900), (0, 1)])
def test_headers_that_blow_sound_up_are_refused_in_little_memory(
    address: str, rate: int, channels: int
) -> None:
    """A sample a second becomes 16,000: what is small must stay small."""
    before = int(metric(address, "process_resident_memory_bytes"))
    found = transcribe(
        address, files=[("file", "bomb.wav", wav(rate, channels, bytes([120, 140]) * 450_000))]
    )
    assert found.status in (400, 413)
    assert found.error["message"]
    assert int(metric(address, "process_resident_memory_bytes")) - before < 100 << 20


def test_parts_of_a_form_without_end_are_refused(address: str) -> None:
    """Heads and names that go on and on would be gathered before anybody reads them."""
    for start in (
        b"x" * 900_000,
        b"--x\r\n" + b"A" * 900_000,
        b"--x\r\nContent-Disposition: " + b"b" * 900_000,
    ):
        kind = "multipart/form-data; boundary=x"
        found = call(address, "POST", "/v1/audio/transcriptions", start, content_type=kind)
        assert found.status == 400


def test_a_header_that_lies_about_the_length_is_found_out(address: str) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(bytes([128]) * 8000 * 90)
    data = bytearray(file.getvalue())
    data[40:44] = b"\0\0\0\0"  # "no samples", but they go on to the end of the file
    found = transcribe(address, files=[("file", "liar.wav", bytes(data))])
    assert found.status in (400, 413)


def test_uploads_beyond_the_limit(address: str) -> None:
    found = transcribe(address, files=[("file", "big.wav", bytes(2_000_000))])
    assert found.status == 413
    assert found.error["code"] == "too_large"


def test_keys() -> None:
    with server(api_key=("one", "two")) as address:
        assert call(address, "GET", "/health").status == 200
        for path in ("/v1/models", "/metrics"):
            assert call(address, "GET", path).error["code"] == "invalid_api_key"
            assert call(address, "GET", path, authorization="Bearer two").status == 200
            assert call(address, "GET", path, authorization="Bearer three").status == 401
            assert call(address, "GET", path, authorization="Basic two").status == 401
        assert transcribe(address).status == 401


def test_pages_of_others_may_not_call(address: str) -> None:
    assert call(address, "GET", "/v1/models", origin="https://evil.example").error["code"] == "wrong_origin"
    assert call(address, "GET", "/v1/models", origin=address).status == 200
    assert call(address, "GET", "/v1/models", host="evil.example").error["code"] == "wrong_host"
    with server(origin=("https://good.example",)) as open_address:
        assert call(open_address, "GET", "/v1/models", origin="https://good.example").status == 200


def test_pages_that_may_call_can_read_the_answer() -> None:
    """What a browser asks for, so that --origin is worth something."""
    good = "https://good.example"
    asking = {"origin": good, "access_control_request_method": "POST"}
    with server(origin=(good,), api_key=("secret",)) as address:
        path = "/v1/audio/transcriptions"
        first = call(address, "OPTIONS", path, access_control_request_headers="authorization", **asking)
        assert (first.status, first.headers["access-control-allow-origin"]) == (204, good)
        assert first.headers["access-control-allow-headers"] == "authorization"
        assert "POST" in first.headers["access-control-allow-methods"]
        found = transcribe(address, authorization="Bearer secret", origin=good)
        assert (found.status, found.headers["access-control-allow-origin"]) == (200, good)
        refused = transcribe(address, origin=good)
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, good)
        other = call(address, "OPTIONS", path, **{**asking, "origin": "https://evil.example"})
        assert other.status == 403
        assert "access-control-allow-origin" not in other.headers
        assert "access-control-allow-origin" not in call(address, "GET", "/health").headers


def test_what_is_not_there(address: str) -> None:
    assert call(address, "GET", "/v1/engines").status == 404
    assert call(address, "GET", "/v1/audio/transcriptions").status == 405
    assert call(address, "DELETE", "/v1/models").error


def metric(address: str, name: str) -> float:
    page = call(address, "GET", "/metrics").body.decode()
    return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])


def test_state_and_description(address: str) -> None:
    transcribe(address)
    assert call(address, "GET", "/health").json == {"status": "ok", "model": "fake"}
    page = call(address, "GET", "/metrics").body.decode()
    assert 'auricle_requests_total{path="/v1/audio/transcriptions",status="200"}' in page
    assert "auricle_request_seconds_bucket" in page
    assert b"/v1/audio/transcriptions" in call(address, "GET", "/docs").body
    schema = call(address, "GET", "/openapi.json").json
    assert set(schema["paths"]) >= {"/v1/audio/transcriptions", "/v1/audio/translations", "/v1/models"}


@pytest.mark.parametrize("format", ["json", "text", "srt", "vtt", "verbose_json"])
def test_silence_is_no_text(address: str, format: str) -> None:
    found = transcribe(address, ("response_format", format), files=[("file", "a.flac", silence(20))])
    assert found.status == 200
    assert (found.json["text"] if "json" in format else found.body.strip()) in ("", b"", b"WEBVTT")


@pytest.mark.parametrize(("log_text", "shown"), [(False, False), (True, True)])
def test_the_log_has_no_text_unless_asked(
    capfd: pytest.CaptureFixture[str], log_text: bool, shown: bool
) -> None:
    with server(log_text=log_text) as address:
        found: Answer = transcribe(address)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["id"] == found.headers["x-request-id"]]
    assert (line["status"], line["path"]) == (200, "/v1/audio/transcriptions")
    assert ("text" in line) is shown
    assert line["audio_seconds"] == 11.0
