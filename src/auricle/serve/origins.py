"""What a browser wants to hear before a page of another site may call: the headers of CORS.

Who may is decided by the guard; here is only how it is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_REMEMBERED = "600"  # seconds for which a browser need not ask again


def asks(scope: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Whether this is a browser that asks before its page calls. It sends no key with it."""
    return scope.get("method") == "OPTIONS" and "access-control-request-method" in headers


def answer(headers: Mapping[str, str]) -> dict[str, str]:
    """What such a browser is told: with which methods and headers its page may come."""
    told = {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": headers.get("access-control-request-headers", ""),
        "access-control-max-age": _REMEMBERED,
    }
    if "access-control-request-private-network" in headers:  # from the internet to this machine
        told["access-control-allow-private-network"] = "true"
    return {name: value for name, value in told.items() if value}


def granted(origin: str | None) -> Iterator[tuple[bytes, bytes]]:
    """Headers of every answer to a page that may call: it may read it. None for all others."""
    if origin is not None:
        yield b"access-control-allow-origin", origin.encode()
        yield b"access-control-expose-headers", b"x-request-id, retry-after"
        yield b"vary", b"Origin"
