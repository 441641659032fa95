"""What a person sees: transcripts on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from auricle.errors import OutputError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_JOINERS = "\u200c\u200d\xa0"  # part of names in Persian, Hindi, French; nothing a terminal obeys


def say(text: str) -> None:
    """One line on stderr, whatever is in ``text``."""
    print(printable(text), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """``text`` on one line and without control characters; a file name may hold anything."""
    return "".join(
        letter
        if letter.isprintable() or letter in _JOINERS
        else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def emit(data: bytes) -> None:
    """Results to stdout, at once. Raises OutputError (disk full); BrokenPipeError passes."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        mute()
        raise OutputError(f"cannot write to stdout: {error.strerror or error}") from error


def mute() -> None:
    """Let stdout lead nowhere: what is left in its buffer would be a complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clock(seconds: float) -> str:
    """83.4 → "1:23"; 3723 → "1:02:03"."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class ProgressLine:
    """One line on stderr while work is done, gone when it is over; nothing at all unless ``shown``."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._bar: Bar | None = None
        self._task: Any = None
        self._total: float | None = None
        self._began = 0.0
        self._first = 0.0

    def stage(self, text: str) -> None:
        """Say what is being waited for; another program's bar (a download) may be drawn over it."""
        if self._shown:
            sys.stderr.write(f"{printable(text)} …")
            sys.stderr.flush()

    def start(self, name: str, total: float | None, done: float = 0.0) -> None:
        """Begin a recording of ``total`` seconds (None: unknown), or go on after ``done`` of them."""
        self.stop()
        if not self._shown:
            return
        self._bar = _bar()
        self._total = total
        self._first = done
        self._task = self._bar.add_task(printable(name), total=total, rest="")
        self._bar.update(self._task, completed=done)
        self._began = time.perf_counter()
        self._bar.start()

    def update(self, done: float, said: str | None = None) -> None:
        """``done`` seconds of the recording are written down; ``said`` stands in the place of the speed."""
        if self._bar is not None:
            elapsed = max(time.perf_counter() - self._began, 0.001)
            new, left = done - self._first, None if self._total is None else self._total - self._first
            rest = pace(new, left, elapsed) if said is None else f"{said}{time_left(new, left, elapsed)}"
            self._bar.update(self._task, completed=done, rest=rest)

    def stop(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        elif self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Out of the way while something else is printed to the same terminal."""
        if self._bar is not None:
            self._bar.stop()
        try:
            yield
        finally:
            if self._bar is not None:
                self._bar.start()


def pace(done: float, total: float | None, elapsed: float) -> str:
    """How fast, and how long it will take: "12.3 × real time, 0:42 left"."""
    return f"{done / elapsed:.1f} × real time{time_left(done, total, elapsed)}"


def time_left(done: float, total: float | None, elapsed: float) -> str:
    """How long it will take: ", 0:42 left"; empty where nobody can say."""
    return f", {clock(max(total - done, 0.0) * elapsed / done)} left" if total and done > 0 else ""


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
    from rich.table import Column

    # Rich would otherwise send stdout to stderr while the bar is there, and read names as markup.
    name = Column(ratio=2, no_wrap=True, overflow="ellipsis")
    rest = Column(no_wrap=True, overflow="ellipsis")
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=name),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)),
        TaskProgressColumn(),
        TextColumn("{task.fields[rest]}", markup=False, table_column=rest),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
        refresh_per_second=5,
    )
