"""Ctrl-C and SIGTERM: the first ends the work in order, the second ends it at once.

One that comes right after the first is the same one: ``timeout`` sends it to a command and to its group.

Until the first recording is opened, a signal raises Stopped wherever we are: a model may be
downloading. From then on (``hold``) it is raised at ``check`` only, where no file is half open and
no thread reads ahead; FFmpeg would even take the exception for an error of the file.

A model decodes for seconds, at times minutes, in a library during which Python handles no signal;
a thread of its own reads the numbers of signals as they come, so a person is heard all the same.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from dataclasses import dataclass
from types import FrameType

PATIENCE = 0.5  # seconds until a person is told that it takes a while
TWICE = 0.3  # seconds between two signals that are two


class Stopped(BaseException):
    """Somebody asked us to stop; ``code`` is the exit code: 130 for Ctrl-C, 143 for SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@dataclass
class _State:
    asked: int | None = None
    held: bool = False


_state = _State()


def install() -> None:
    """Raise Stopped in the main thread on the first signal, quit the process on the second."""
    numbers = [signal.SIGINT] if os.name == "nt" else [signal.SIGINT, signal.SIGTERM]
    for number in numbers:
        signal.signal(number, _stop)
    if os.name != "nt":
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        threading.Thread(target=_watch, args=(reader, numbers), name="auricle-signals", daemon=True).start()


def hold() -> None:
    """From now on, stop at ``check`` only."""
    _state.held = True


def check() -> None:
    """Raise Stopped where a signal has come: a place to end the work in order."""
    if _state.asked is not None:
        raise Stopped(_state.asked)


def _stop(number: int, _: FrameType | None) -> None:
    if _state.asked is not None:
        if os.name == "nt":
            _quit(number)
        return
    _state.asked = number
    if not _state.held:
        raise Stopped(number)


def _watch(reader: int, numbers: list[signal.Signals]) -> None:
    """Speak up where the first signal takes longer than ``PATIENCE``; quit at the second."""
    first: float | None = None
    while True:
        slow = first is not None and not select.select([reader], [], [], PATIENCE)[0]
        if slow:
            print(f"{_clear()}auricle: stopping … the same again quits at once.", file=sys.stderr, flush=True)
        number = os.read(reader, 1)[0]
        if number not in numbers:
            continue
        if first is None:
            first = time.monotonic()
        elif time.monotonic() - first > TWICE:
            _quit(number)


def _quit(number: int) -> None:
    if sys.stderr.isatty():
        os.write(2, b"\x1b[?25h" + _clear().encode())  # the bar hides the cursor
    os._exit(128 + number)


def _clear() -> str:
    """What takes the bar away from the line the cursor is on."""
    return "\r\x1b[2K" if sys.stderr.isatty() else ""
