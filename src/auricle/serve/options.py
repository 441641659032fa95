"""The options of ``serve``."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from auricle.engines import LoadOptions
from auricle.errors import OptionError
from auricle.options import option

KEY_VARIABLE = "AURICLE_API_KEY"


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """What comes in is refused beyond these."""

    max_upload: float = option(200.0, "MB an upload may have")
    max_seconds: float = option(7200.0, "seconds of sound a recording may have")
    workers: int = option(16, "requests worked on at once")
    queue: int = option(64, "requests that may wait; further ones are told to come again")
    sessions: int = option(8, "realtime sessions at once")
    timeout: float = option(600.0, "seconds a request may take, and a realtime session may be silent")
    slow: float = option(20.0, "seconds without a byte after which an upload is given up")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Everything ``serve`` can be told."""

    load: LoadOptions = field(default_factory=LoadOptions)
    host: str = option("127.0.0.1", "address to listen on; 0.0.0.0 is everybody's", metavar="ADDRESS")
    port: int = option(8000, "port to listen on; 0 takes a free one")
    alias: tuple[str, ...] = option(
        (), "other names under which clients may ask for the model, such as whisper-1", metavar="NAME"
    )
    api_key: tuple[str, ...] = option(
        (),
        f"keys of which a client must have one; better in {KEY_VARIABLE}, which no list of processes shows",
        metavar="KEY",
    )
    origin: tuple[str, ...] = option(
        (), "web sites whose pages may call, such as https://example.org", metavar="URL"
    )
    batch: int = option(8, "windows of different requests that are decoded together")
    log_text: bool = option(False, "write what was said into the log")
    limits: LimitOptions = field(default_factory=LimitOptions)


def checked(options: ServeOptions) -> ServeOptions:
    """The options with the keys of the environment. Raises OptionError for numbers that cannot be."""
    limits = options.limits
    for name in ("workers", "sessions"):
        if getattr(limits, name) < 1:
            raise OptionError(f"{name} must be at least 1.")
    for name in ("max_upload", "max_seconds", "timeout", "slow"):
        if getattr(limits, name) <= 0:
            raise OptionError(f"{name} must be above 0.")
    if limits.queue < 0 or options.batch < 1:
        raise OptionError("queue must be 0 or more and batch at least 1.")
    if not 0 <= options.port <= 65535:
        raise OptionError("a port is a number from 0 to 65535.")
    keys = tuple(key for key in (*options.api_key, *os.environ.get(KEY_VARIABLE, "").split(",")) if key)
    return replace(options, api_key=keys)
