"""The door: who may come in, how much at once, and what is written down about it.

An ASGI layer around the application. Before a byte of a body is read it looks at key, host,
origin and room; while the body comes it counts bytes and waits only so long for the next.
"""

from __future__ import annotations

import hmac
import json
import sys
import time
import uuid
from asyncio import timeout, wait_for
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from auricle.serve import origins
from auricle.serve.errors import ApiError
from auricle.serve.metrics import Metrics
from auricle.serve.options import ServeOptions

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset({"/health", "/docs", "/openapi.json"})  # without a key
AUDIO = frozenset({"/v1/audio/transcriptions", "/v1/audio/translations"})
KNOWN = OPEN | AUDIO | {"/v1/models", "/metrics"}  # the paths that are counted each
_DRAINED = 16 << 20  # bytes that are taken and thrown away of what is refused
_FORM = 1 << 16  # bytes of a form around its file
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_KEY_PROTOCOL = "openai-insecure-api-key."  # how a web page gives its key to a socket


class Guard:
    """Around an application: refuses, counts and logs."""

    def __init__(self, app: App, options: ServeOptions, metrics: Metrics) -> None:
        self._app, self._options, self._metrics = app, options, metrics
        self._most = round(options.limits.max_upload * 1e6)
        self._taken = 0

    @property
    def taken(self) -> int:
        """Requests with sound that are in the house."""
        return self._taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "http":
            await _Visit(self, scope, receive, send).run()
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.check(scope)
        except ApiError as error:
            await receive()
            await send({"type": "websocket.http.response.start", "status": error.status, "headers": []})
            await send({"type": "websocket.http.response.body", "body": json.dumps(error.body).encode()})
            return
        await self._app(scope, receive, send)

    def check(self, scope: Scope) -> None:
        """Raise ApiError for who may not come in."""
        headers = _headers(scope)
        self._check_host(headers)
        self._check_origin(headers)
        if scope["path"] not in OPEN and self._options.api_key and not origins.asks(scope, headers):
            self._check_key(headers)

    def _check_host(self, headers: dict[str, str]) -> None:
        """A page that had its name point to this machine sends its own name as the host."""
        if self._options.host in _LOOPBACK and _name(headers.get("host", "")) not in _LOOPBACK:
            raise ApiError(403, "this server answers as localhost only.", code="wrong_host")

    def _check_origin(self, headers: dict[str, str]) -> None:
        origin = headers.get("origin")
        if origin is None or origin in self._options.origin:
            return
        if origin.partition("://")[2] != headers.get("host"):
            raise ApiError(
                403, f"pages of {origin[:80]} may not call. Start with: --origin URL", code="wrong_origin"
            )

    def guest(self, scope: Scope) -> str | None:
        """The other site whose page calls, where it may."""
        origin = _headers(scope).get("origin")
        return origin if origin in self._options.origin else None

    def _check_key(self, headers: dict[str, str]) -> None:
        given = headers.get("authorization", "")
        key = given[7:].strip() if given[:7].lower() == "bearer " else ""
        for protocol in headers.get("sec-websocket-protocol", "").split(","):
            if protocol.strip().startswith(_KEY_PROTOCOL):
                key = protocol.strip().removeprefix(_KEY_PROTOCOL)
        known = [hmac.compare_digest(key.encode(), one.encode()) for one in self._options.api_key]
        if not any(known):
            message = (
                "this API key is not known." if key else "an API key is missing: Authorization: Bearer KEY."
            )
            raise ApiError(401, message, code="invalid_api_key")

    def enter(self) -> None:
        """Take a place for a request with sound. Raises ApiError where there is none."""
        limits = self._options.limits
        if self._taken >= limits.workers + limits.queue:
            raise ApiError(429, "all places are taken. Try again in a moment.", code="queue_full")
        self._taken += 1

    def leave(self) -> None:
        """Give the place back."""
        self._taken -= 1

    def log(self, **values: Any) -> None:
        """One line of JSON on stderr."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        sys.stderr.write(json.dumps({"time": stamp, **values}, ensure_ascii=False) + "\n")
        sys.stderr.flush()

    @property
    def limits(self) -> tuple[int, float]:
        """Bytes of a body, and seconds to wait for the next of them."""
        return self._most + _FORM, self._options.limits.slow

    @property
    def seconds(self) -> float:
        """Seconds that a whole request may take."""
        return self._options.limits.timeout


class _Visit:
    """One HTTP request."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._scope, self._receive, self._send = guard, scope, receive, send
        self._id = uuid.uuid4().hex[:16]
        self._status = 0
        self._bytes = 0
        self._whole = False
        self._guest = guard.guest(scope)
        self._last = time.perf_counter() + guard.seconds  # when the body has to be whole

    async def run(self) -> None:
        """Let it in or not, and write down what became of it."""
        began = time.perf_counter()
        audio = self._scope["path"] in AUDIO and self._scope["method"] == "POST"
        notes: dict[str, Any] = {}
        self._scope.setdefault("state", {})["notes"] = notes
        entered = False
        try:
            self._guard.check(self._scope)
            if self._guest and origins.asks(self._scope, headers := _headers(self._scope)):
                await self._answer(204, origins.answer(headers))
                return
            self._check_length()
            if audio:
                self._guard.enter()
                entered = True
            await self._guard._app(self._scope, self._read, self._write)
        except ApiError as error:
            if not self._status:
                await self._refuse(error)
        finally:
            if entered:
                self._guard.leave()
            self._record(time.perf_counter() - began, notes)

    def _check_length(self) -> None:
        length = _headers(self._scope).get("content-length", "")
        if length.isdigit() and int(length) > self._guard.limits[0]:
            raise _too_large(self._guard)

    async def _read(self) -> Message:
        """The next piece of the body, if it comes in time and is not too much."""
        most, slow = self._guard.limits
        if self._whole:
            return await self._receive()  # waits for the client to go
        left = self._last - time.perf_counter()
        try:
            message = await wait_for(self._receive(), max(min(slow, left), 0.0))
        except TimeoutError:
            whole = self._guard.seconds
            told = (
                f"nothing came for {slow:g} s." if left > slow else f"sending took longer than {whole:g} s."
            )
            raise ApiError(408, told, code="slow_client") from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > most:
            raise _too_large(self._guard)
        self._whole = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def _write(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            more = [(b"x-request-id", self._id.encode()), *origins.granted(self._guest)]
            message = {**message, "headers": [*message["headers"], *more]}
        await self._send(message)

    async def _drain(self) -> None:
        """Take a little more of the body: a client that still sends would not hear why it is refused."""
        left = _DRAINED
        with suppress(TimeoutError):
            async with timeout(1.0):
                while left > 0 and not self._whole:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self._whole = message["type"] == "http.disconnect" or not message.get("more_body", False)

    async def _refuse(self, error: ApiError) -> None:
        await self._drain()
        headers = {
            "content-type": "application/json",
            "connection": "close",  # what is left of the body is not read
            **{name.lower(): value for name, value in error.headers.items()},
        }
        await self._answer(error.status, headers, json.dumps(error.body).encode())

    async def _answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        given = {**headers, **({"content-length": str(len(body))} if body else {})}
        pairs = [(name.encode(), value.encode()) for name, value in given.items()]
        await self._write({"type": "http.response.start", "status": status, "headers": pairs})
        await self._send({"type": "http.response.body", "body": body})

    def _record(self, seconds: float, notes: dict[str, Any]) -> None:
        path = self._scope["path"] if self._scope["path"] in KNOWN else "other"
        metrics = self._guard._metrics
        metrics.add("auricle_requests_total", labels={"path": path, "status": str(self._status or 499)})
        if self._scope["path"] in AUDIO:
            metrics.took(seconds)
        if path not in ("/health", "/metrics"):
            self._guard.log(
                id=self._id,
                method=self._scope["method"],
                path=path,
                status=self._status or 499,
                seconds=round(seconds, 3),
                bytes=self._bytes,
                **notes,
            )


def _too_large(guard: Guard) -> ApiError:
    most = guard.limits[0] - _FORM
    return ApiError(413, f"an upload may have {most / 1e6:g} MB.", param="file", code="too_large")


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    """The name in "localhost:8000" or "[::1]:8000"."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
