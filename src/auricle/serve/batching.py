"""One engine for all: windows of different requests are decoded together, on one thread.

Requests and realtime sessions each hold a ``SharedEngine``, which is an ``Engine`` like any
other. While the engine works, what they ask for gathers; then all that ask with the same options go
together, up to ``most`` windows, realtime before files. Whoever no longer waits is left out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine
from auricle.transcript import Transcript


class Abandoned(Exception):  # noqa: N818 (nothing went wrong: nobody waits any more)
    """The client went, or its time is over (``late``)."""

    def __init__(self, *, late: bool = False) -> None:
        super().__init__("the time is over" if late else "the client went")
        self.late = late


class Stop:
    """Says when work for one request is to end: when somebody sets it, or at its deadline."""

    def __init__(self, seconds: float | None = None) -> None:
        self._set = threading.Event()
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def set(self) -> None:
        """End the work."""
        self._set.set()

    def check(self) -> None:
        """Raise Abandoned where the work is to end."""
        if self._set.is_set():
            raise Abandoned
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise Abandoned(late=True)


@dataclass(eq=False, slots=True)
class _Ask:
    """What one request waits for. Asks with equal ``options`` go together; None goes alone."""

    batch: Sequence[Audio]
    options: DecodeOptions | None
    urgent: bool
    alone: Callable[[], Any]
    done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None


class Batcher:
    """Runs an engine on a thread of its own."""

    def __init__(
        self,
        engine: Engine,
        most: int,
        on_batch: Callable[[int, float], None] = lambda windows, seconds: None,
    ) -> None:
        self.engine = engine
        self._most = most
        self._on_batch = on_batch
        self._asks: list[_Ask] = []
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="auricle-engine", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Windows that wait for the engine."""
        with self._change:
            return sum(len(ask.batch) for ask in self._asks)

    def transcribe(
        self, batch: Sequence[Audio], options: DecodeOptions, stop: Stop, *, urgent: bool
    ) -> list[Transcript]:
        """What the engine says of ``batch``. Raises what it raises, and Abandoned."""
        together = options if options.temperature == 0 else None  # samples depend on who else is there
        ask = _Ask(batch, together, urgent, lambda: self.engine.transcribe(batch, options))
        found: list[Transcript] = self._wait(ask, stop)
        return found

    def call(self, function: Callable[[], Any], stop: Stop) -> Any:
        """Run something else that belongs to the engine, alone."""
        return self._wait(_Ask((), None, False, function), stop)

    def close(self) -> None:
        """End the thread once all that was asked for is done."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join()

    def _wait(self, ask: _Ask, stop: Stop) -> Any:
        stop.check()
        with self._change:
            if self._closed:
                raise Abandoned
            self._asks.append(ask)
            self._change.notify()
        while not ask.done.wait(0.1):
            try:
                stop.check()
            except Abandoned:
                self._drop(ask)
                raise
        if ask.error is not None:
            raise ask.error
        return ask.result

    def _drop(self, ask: _Ask) -> None:
        with self._change:
            if ask in self._asks:
                self._asks.remove(ask)

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._asks and not self._closed:
                    self._change.wait()
                if not self._asks:
                    return
                chosen = self._choose()
                self._asks = [ask for ask in self._asks if ask not in chosen]
            self._serve(chosen)

    def _choose(self) -> list[_Ask]:
        """The first, realtime before files, and all that can go with it."""
        first = min(self._asks, key=lambda ask: not ask.urgent)
        chosen, windows = [first], len(first.batch)
        if first.options is None:
            return chosen
        for ask in self._asks:
            if ask is first or ask.options != first.options or windows + len(ask.batch) > self._most:
                continue
            chosen.append(ask)
            windows += len(ask.batch)
        return chosen

    def _serve(self, chosen: list[_Ask]) -> None:
        began = time.perf_counter()
        try:
            if len(chosen) == 1 or chosen[0].options is None:
                self._alone(chosen)
            else:
                self._together(chosen, chosen[0].options)
        finally:
            self._on_batch(sum(len(ask.batch) for ask in chosen), time.perf_counter() - began)
            for ask in chosen:
                ask.done.set()

    def _together(self, chosen: list[_Ask], options: DecodeOptions) -> None:
        try:
            found = self.engine.transcribe([audio for ask in chosen for audio in ask.batch], options)
        except Exception:  # noqa: BLE001 (each is asked alone, and told what is wrong with its own)
            self._alone(chosen)
            return
        at = 0
        for ask in chosen:
            ask.result = found[at : at + len(ask.batch)]
            at += len(ask.batch)

    def _alone(self, chosen: list[_Ask]) -> None:
        for ask in chosen:
            try:
                ask.result = ask.alone()
            except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
                ask.error = error


class SharedEngine:
    """The engine as one request sees it."""

    def __init__(self, batcher: Batcher, stop: Stop, *, urgent: bool = False) -> None:
        engine = batcher.engine
        self.rate, self.window = engine.rate, engine.window
        self.accepts, self.info = engine.accepts, engine.info
        self._batcher, self._stop, self._urgent = batcher, stop, urgent

    def transcribe(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """What the engine says. Raises what it raises, and Abandoned."""
        return self._batcher.transcribe(batch, options, self._stop, urgent=self._urgent)

    def __getattr__(self, name: str) -> Any:
        """What some engines can besides: the detection of languages, the counting of tokens."""
        found = getattr(self._batcher.engine, name)
        if name == "detect_language":
            return lambda batch: self._batcher.call(lambda: found(batch), self._stop)
        return found
