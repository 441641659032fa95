"""Connections that never end the head of a request, or never read an answer, are closed; uvicorn does not.

The body is the guard's business, and so is everything that a request says.
"""

from __future__ import annotations

import asyncio
from typing import Any


def protocol(seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's HTTP, which waits ``seconds`` at most for the head of a request, or to see an answer read."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        """One connection."""

        _late: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._done()
            super().handle_websocket_upgrade(event)

        def pause_writing(self) -> None:
            """The other side reads nothing: what waits here is thrown away, or it would wait for ever."""
            super().pause_writing()
            self._unread = self.loop.call_later(seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._read()

        def connection_lost(self, exc: Exception | None) -> None:
            self._done()
            self._read()
            super().connection_lost(exc)

        def _watch(self) -> None:
            """Begin to wait, or stop where a request has begun."""
            if self.transport.get_protocol() is not self:
                return  # it speaks WebSocket now
            if self.cycle is not None and not self.cycle.response_complete:
                self._done()
            elif self._late is None:
                self._late = self.loop.call_later(seconds, self.transport.close)

        def _done(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _read(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

    return Patient
