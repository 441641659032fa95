"""A server on loopback and how to call it: what the tests of it share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import auricle
from auricle.engines import Engine
from auricle.engines.fake import FakeEngine
from auricle.options import build
from auricle.serve import ServeOptions, running

SPEECH = auricle.sample().read_bytes()
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """Status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error object; every one has the same four fields."""
        found: dict[str, Any] = self.json["error"]
        assert set(found) == {"message", "type", "param", "code"}
        assert found["message"]
        return found


def form(
    fields: Fields, files: Sequence[tuple[str, str, bytes]] = (("file", "talk.flac", SPEECH),)
) -> tuple[bytes, str]:
    """A multipart form and its content type. ``files`` are field, file name and bytes."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for name, filename, data in files:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def call(address: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """One request on a connection of its own."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=600)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        found = connection.getresponse()
        return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
    finally:
        connection.close()


def transcribe(
    address: str,
    *fields: tuple[str, str],
    files: Sequence[tuple[str, str, bytes]] = (("file", "talk.flac", SPEECH),),
    path: str = "transcriptions",
    model: str | None = "fake",
    **headers: str,
) -> Answer:
    """One transcription."""
    chosen = [*fields, *([("model", model)] if model else [])]
    body, kind = form(chosen, files)
    return call(address, "POST", f"/v1/audio/{path}", body, content_type=kind, **headers)


@contextmanager
def server(engine: Engine | None = None, **values: Any) -> Iterator[str]:
    """The address of a server, with the fake engine if no other."""
    with running(build(ServeOptions, {"port": 0, **values}), engine=engine or FakeEngine()) as address:
        yield address
