"""Text while somebody speaks, over a WebSocket, in the OpenAI realtime transcription protocol.

``Session`` knows the protocol: JSON in, JSON out. ``Sessions`` holds the sockets. What is heard and
when it is committed is the business of ``verbs.stream``; the model is shared with all requests,
and realtime goes before files.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from auricle.audio.pcm import PcmStream
from auricle.errors import AuricleError
from auricle.serve.batching import Abandoned, SharedEngine, Stop
from auricle.serve.desk import Desk
from auricle.serve.errors import ApiError
from auricle.serve.session_options import Wanted, describe, read_session
from auricle.verbs.stream import Committed, Event, Listener, SpeechStarted, UtteranceEnded

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

_WAITING = 32  # messages that wait for the model; then the client's are no longer read
_MOST = 16 << 20  # bytes of a message
_NEVER = 1e9  # seconds of silence that end an utterance where the client says when

Payload = dict[str, Any]
Sender = Callable[[Payload], Awaitable[None]]


class Sessions:
    """All open sockets, so many at most."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, socket: WebSocket) -> None:
        """Serve one socket to its end."""
        protocols = [name.strip() for name in socket.headers.get("sec-websocket-protocol", "").split(",")]
        await socket.accept("realtime" if "realtime" in protocols else None)
        if self._desk.talking >= self._desk.options.limits.sessions:
            await socket.close(1013, "all places are taken")
            return
        self._desk.talking += 1
        stop = Stop()
        try:
            await self._serve(socket, stop)
        finally:
            stop.set()
            self._desk.talking -= 1

    async def _serve(self, socket: WebSocket, stop: Stop) -> None:
        from starlette.websockets import WebSocketDisconnect

        async def send(payload: Payload) -> None:
            await socket.send_text(json.dumps({"event_id": _new("event"), **payload}, ensure_ascii=False))

        session = Session(self._desk, stop, send, socket.query_params.get("model"))
        waiting: asyncio.Queue[str | None] = asyncio.Queue(_WAITING)
        reader = asyncio.create_task(self._read(socket, waiting))
        try:
            await session.start()
            while (text := await waiting.get()) is not None:
                await session.receive(text)
            if self._desk.ending.is_set():
                await session.finish()
        except (Abandoned, RuntimeError, WebSocketDisconnect):  # it was closed while we wrote to it
            pass
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError, RuntimeError):
                await reader
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(1001 if self._desk.ending.is_set() else 1000)

    async def _read(self, socket: WebSocket, waiting: asyncio.Queue[str | None]) -> None:
        """Messages into the queue; None where there will be no more."""
        while (text := await self._next(socket)) is not None:
            await waiting.put(text)
        await waiting.put(None)

    async def _next(self, socket: WebSocket) -> str | None:
        """The next message; None where the client went or is silent for too long, or the server ends."""
        message = asyncio.ensure_future(socket.receive())
        ending = asyncio.ensure_future(self._desk.ending.wait())
        try:
            both = {message, ending}
            await asyncio.wait(
                both, timeout=self._desk.options.limits.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if not message.done() or message.result()["type"] == "websocket.disconnect":
                return None
            return message.result().get("text") or ""
        finally:
            message.cancel()
            ending.cancel()


class Session:
    """One conversation of one client."""

    def __init__(self, desk: Desk, stop: Stop, send: Sender, model: str | None = None) -> None:
        self._desk, self._send = desk, send
        self._engine = SharedEngine(desk.batcher, stop, urgent=True)
        self._id = _new("sess")
        self._asked_model = model
        self._wanted = Wanted(model=desk.names[0])
        self._item, self._told = _new("item"), False  # ... and whether it has text already
        self._before: str | None = None
        self._offset = 0.0  # seconds of sound before those of the listener
        self._begin()

    def _begin(self) -> None:
        """A new listener, for the next sound."""
        wanted = self._wanted
        self._listener = Listener(wanted.options(_NEVER), engine=self._engine)
        self._sound = PcmStream(wanted.rate, wanted.encoding, wav=False)
        self._given = 0

    async def start(self) -> None:
        """The first event."""
        await self._send({"type": "session.created", "session": describe(self._wanted, self._id)})
        if self._asked_model not in (None, "", *self._desk.names):
            await self._refuse(
                ApiError(404, f"the model {self._asked_model!r:.80} is not served here.", param="model"), None
            )

    async def receive(self, text: str) -> None:
        """One message of the client. What is wrong with it is told, and the session goes on."""
        identity: str | None = None
        try:
            message = _parsed(text)
            identity = message.get("event_id") if isinstance(message.get("event_id"), str) else None
            kind = message.get("type")
            handler = _HANDLERS.get(kind) if isinstance(kind, str) else None
            if handler is None:
                raise ApiError(400, f"there is no event {str(kind)[:80]!r} here.", param="type")
            await handler(self, message)
        except ApiError as error:
            await self._refuse(error, identity)
        except AuricleError as error:
            await self._refuse(ApiError(400, str(error)), identity)

    async def _refuse(self, error: ApiError, identity: str | None) -> None:
        await self._send({"type": "error", "error": {**error.body["error"], "event_id": identity}})

    async def update(self, message: Payload) -> None:
        """Change the settings; the sound so far is written down with the old ones."""
        wanted = read_session(message.get("session"), self._wanted, self._desk.names)
        Listener(wanted.options(_NEVER), engine=self._engine)  # refuses what cannot be
        await self.finish()
        self._wanted = wanted
        self._begin()
        await self._send({"type": "session.updated", "session": describe(wanted, self._id)})

    async def append(self, message: Payload) -> None:
        """More sound."""
        audio = message.get("audio")
        if not isinstance(audio, str):
            raise ApiError(400, "audio is missing: samples in base64.", param="audio")
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ApiError(400, "audio is not base64.", param="audio") from error
        samples = self._sound.feed(data)
        self._given += len(samples)
        if len(samples):
            await self._tell(self._listener.feed(samples))

    async def commit(self, message: Payload) -> None:
        """The sound so far is whole."""
        if not self._given:
            raise ApiError(400, "there is no sound to commit.", code="input_audio_buffer_commit_empty")
        await self.finish()

    async def clear(self, message: Payload) -> None:
        """Forget the sound so far."""
        self._offset += self._listener.seconds
        self._begin()
        await self._send({"type": "input_audio_buffer.cleared"})

    async def finish(self) -> None:
        """Write down what is left of the sound so far."""
        if not self._given:
            return
        if len(rest := self._sound.finish()):
            await self._tell(self._listener.feed(rest))
        said = await self._tell(self._listener.finish())
        if not self._wanted.turns and not said:  # a commit makes an item, whatever was in it
            await self._complete(UtteranceEnded(self._listener.seconds, 0.0, self._listener.seconds, ()))
        self._offset += self._listener.seconds
        self._begin()

    async def _tell(self, events: Iterator[Event]) -> bool:
        """Send events as they are made; True where an utterance ended."""
        ended = False
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            ended |= isinstance(event, UtteranceEnded)
            await self._event(event)
        return ended

    async def _event(self, event: Event) -> None:
        if isinstance(event, SpeechStarted) and self._wanted.turns:
            await self._send(
                {
                    "type": "input_audio_buffer.speech_started",
                    "audio_start_ms": self._ms(event.start),
                    "item_id": self._item,
                }
            )
        elif isinstance(event, Committed):
            text = event.text if self._told else event.text.lstrip()
            self._told = True
            await self._send({**self._content("delta"), "delta": text})
        elif isinstance(event, UtteranceEnded):
            await self._complete(event)

    async def _complete(self, event: UtteranceEnded) -> None:
        if self._wanted.turns:
            await self._send(
                {
                    "type": "input_audio_buffer.speech_stopped",
                    "audio_end_ms": self._ms(event.end),
                    "item_id": self._item,
                }
            )
        await self._send(
            {"type": "input_audio_buffer.committed", "item_id": self._item, "previous_item_id": self._before}
        )
        seconds = round(max(event.end - event.start, 0.0), 3)
        self._desk.metrics.add("auricle_audio_seconds_total", seconds)
        usage = {"type": "duration", "seconds": seconds}
        await self._send({**self._content("completed"), "transcript": event.text, "usage": usage})
        self._item, self._before, self._told = _new("item"), self._item, False

    def _content(self, kind: str) -> Payload:
        name = f"conversation.item.input_audio_transcription.{kind}"
        return {"type": name, "item_id": self._item, "content_index": 0}

    def _ms(self, seconds: float) -> int:
        return round((self._offset + seconds) * 1000)


_HANDLERS: dict[str, Callable[[Session, Payload], Awaitable[None]]] = {
    "session.update": Session.update,
    "input_audio_buffer.append": Session.append,
    "input_audio_buffer.commit": Session.commit,
    "input_audio_buffer.clear": Session.clear,
}


def _parsed(text: str) -> Payload:
    if len(text) > _MOST:
        raise ApiError(413, f"a message may have {_MOST >> 20} MiB.", code="too_large")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise ApiError(400, "a message is a JSON object, as text.", code="invalid_json")
    return message


def _new(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:20]}"
