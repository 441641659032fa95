"""Recordings through one engine, one after the other: a batch of windows reaches from one into the next.

So a thousand short files are decoded as fast as a long one. Reading and speech detection run ahead
on a thread, a few batches at most; batches are decoded on as many threads as the engine wants.

Knows: threads, batches, order, and which recording an error belongs to. Refuses to know: files, gates.
"""

from __future__ import annotations

import itertools
import math
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from auricle import blas
from auricle.errors import AuricleError
from auricle.segments import Window
from auricle.transcript import Segment
from auricle.verbs.transcribe.decode import Decoded

Item = TypeVar("Item")

VOTERS = 8  # windows that vote on the language: up to four minutes of speech
_SHORT = 10.0  # seconds of a window, on average, where several batches are under way at once
_MARK = 1 / 64  # of a batch: what word that recordings begin and end takes up of what may be ahead


class Recorded(Protocol):
    """What is put through: a Recording, which hands out its windows and takes back what they became."""

    language: str | None

    def windows(self) -> Iterator[Window]:
        """What there is to decode, in order. Raises AuricleError where reading fails."""
        ...

    def vote(self, batch: list[Window]) -> None:
        """Find the language by these windows."""
        ...

    def keep(self, decoded: Decoded) -> list[Segment]:
        """Take in what the next window became."""
        ...


@dataclass(frozen=True, slots=True)
class Step(Generic[Item]):
    """What happened to an item: it has begun, or a window became ``segments``, or it is over.

    ``elapsed`` is the seconds that the window took: those in which it was decoded, by each of several that
    were at the same moment its part, and those that were waited for it while nothing was decoded.
    """

    item: Item
    begun: bool = False
    window: Window | None = None
    segments: tuple[Segment, ...] = ()
    over: bool = False
    error: AuricleError | None = None
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Item]):
    """A window of a recording that waits, or word that a recording begins or ends."""

    item: Item
    recording: Recorded | None = None
    window: Window | None = None
    begun: bool = False
    error: AuricleError | None = None


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Item]):
    entries: Sequence[_Entry[Item]]
    decoded: Future[tuple[list[Decoded], float]]  # and the seconds it took

    def size(self) -> float:
        """What it takes up of what may be ahead: a thousand short recordings would be all marks."""
        return 1.0 if any(entry.window for entry in self.entries) else _MARK


class _Clock:
    """Seconds, shared out among those who work at the same moment; idle ones go to who begins next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now, self._shared, self._working = time.perf_counter(), 0.0, 0

    def begin(self) -> float:
        """What ``end`` is to be given."""
        with self._lock:
            before, idle = self._shared, not self._working
            after = self._moved_on()
            self._working += 1
            return before if idle else after

    def end(self, began: float) -> float:
        """The seconds of one who works no longer."""
        with self._lock:
            after = self._moved_on()
            self._working -= 1
            return after - began

    def _moved_on(self) -> float:
        now = time.perf_counter()
        self._shared += (now - self._now) / max(1, self._working)
        self._now = now
        return self._shared


class Pipeline(Generic[Item]):
    """Puts items through: ``begin`` makes a recording of one, on the thread that reads.

    ``decode`` is given windows of one language; ``at_once`` calls of it are under way at the same time.
    """

    def __init__(
        self,
        begin: Callable[[Item], Recorded],
        decode: Callable[[list[Window], str | None], list[Decoded]],
        *,
        batch_size: int,
        at_once: int = 1,
    ) -> None:
        self._begin, self._decode = begin, decode
        self._size, self._at_once = batch_size, at_once
        self._failed: list[Item] = []  # of the batch at hand and those before it

    def run(self, items: Iterable[Item]) -> Generator[Step[Item], None, None]:
        """The steps of all items in their order. What an item fails with is in its last step.

        What is no AuricleError is raised. Close the generator to end the threads early.
        """
        with (
            blas.on_one_thread(),
            ThreadPoolExecutor(self._at_once, "auricle-decoder") as pool,
            Ahead(self._given(items, pool), self._at_once + 1, _Batch.size) as ahead,
        ):
            for batch in ahead:
                yield from self._steps(batch)

    def _steps(self, batch: _Batch[Item]) -> Iterator[Step[Item]]:
        """What came of one batch. Where it could not be decoded, all its recordings fail."""
        try:
            texts, elapsed = batch.decoded.result()
        except AuricleError as error:
            yield from self._lost(batch.entries, error)
            return
        decoded = iter(texts)
        seconds = sum(entry.window.audio.duration for entry in batch.entries if entry.window)
        for entry in batch.entries:
            if entry.window is None or entry.recording is None:
                yield from self._mark(entry)
                continue
            found = next(decoded)
            if entry.item not in self._failed:
                segments = tuple(entry.recording.keep(found))
                share = elapsed * entry.window.audio.duration / seconds if seconds else 0.0
                yield Step(entry.item, window=entry.window, segments=segments, elapsed=share)

    def _mark(self, entry: _Entry[Item]) -> Iterator[Step[Item]]:
        if entry.item not in self._failed:
            yield Step(entry.item, begun=entry.begun, over=not entry.begun, error=entry.error)
        elif not entry.begun:
            self._failed.remove(entry.item)

    def _lost(self, entries: Sequence[_Entry[Item]], error: AuricleError) -> Iterator[Step[Item]]:
        for entry in entries:
            if entry.window is not None and entry.item not in self._failed:
                self._failed.append(entry.item)
                yield Step(entry.item, over=True, error=error)
            elif entry.window is None:
                yield from self._mark(entry)

    def _given(self, items: Iterable[Item], pool: Executor) -> Iterator[_Batch[Item]]:
        """Read on, and give the pool each batch of windows to decode."""
        clock = _Clock()
        seconds = self._size * _SHORT if self._at_once > 1 else math.inf
        for entries in _batches(self._entries(items), self._size, seconds):
            windows = [entry.window for entry in entries if entry.window]
            language = next((entry.recording.language for entry in entries if entry.recording), None)
            yield _Batch(entries, pool.submit(self._decoded, clock, windows, language))

    def _decoded(
        self, clock: _Clock, windows: list[Window], language: str | None
    ) -> tuple[list[Decoded], float]:
        if not windows:
            return [], 0.0
        began = clock.begin()
        try:
            found = self._decode(windows, language)
        finally:
            elapsed = clock.end(began)
        return found, elapsed

    def _entries(self, items: Iterable[Item]) -> Iterator[_Entry[Item]]:
        for item in items:
            try:
                recording = self._begin(item)
            except AuricleError as error:
                yield _Entry(item, error=error)
                continue
            yield _Entry(item, begun=True)
            failed = None
            try:
                for window in in_a_language(recording):
                    yield _Entry(item, recording, window)
            except AuricleError as error:
                failed = error
            yield _Entry(item, error=failed)


def in_a_language(recording: Recorded) -> Iterator[Window]:
    """The windows of a recording, once its language is known."""
    windows = recording.windows()
    if recording.language is None:
        held = list(itertools.islice(windows, VOTERS))
        recording.vote(held)
        windows = itertools.chain(held, windows)
    yield from windows


def _batches(
    entries: Iterable[_Entry[Item]], size: int, seconds: float = math.inf
) -> Iterator[list[_Entry[Item]]]:
    """Entries with 2, 4 … ``size`` windows of one language: the first text comes soon, the rest fast.

    Never one where there are more: engines take one alone for all there is, and prepare for that. A batch
    that has ``seconds`` of sound is full, as several of long windows take much memory. Where no window
    waits, the word that a recording begins or ends does not wait either.
    """
    now, count, sound = min(2, size), 0, 0.0
    held: list[_Entry[Item]] = []
    language: str | None = None
    for entry in entries:
        own = entry.recording.language if entry.recording else language
        if count and entry.window and own != language:
            yield held
            held, count, sound = [], 0, 0.0
        if entry.window:
            language, count, sound = own, count + 1, sound + entry.window.audio.duration
        held.append(entry)
        if not count or count == now or (count > 1 and sound >= seconds):
            yield held
            now, held, count, sound = min(2 * now, size) if count else now, [], 0, 0.0
    if held:
        yield held


class Ahead(Generic[Item]):
    """Runs an iterator on a thread of its own, until items of ``limit`` together wait or are being used.

    ``size`` says what one counts for, 1 where it is not given.
    """

    _END = object()

    def __init__(
        self, items: Iterable[Item], limit: float, size: Callable[[Item], float] = lambda _: 1.0
    ) -> None:
        self._items = iter(items)
        self._limit, self._size = limit, size
        self._out = 0.0  # how much is waiting or being used
        self._stopped = False
        self._changed = threading.Condition()
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="auricle-reader", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        self._thread.start()
        return self._take()

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _take(self) -> Iterator[Item]:
        while (item := self._queue.get()) is not self._END:
            if isinstance(item, BaseException):
                raise item
            yield item
            self._count(-self._size(item))

    def _run(self) -> None:
        try:
            while self._is_wanted():
                item = next(self._items)
                self._count(self._size(item))
                self._queue.put(item)
        except StopIteration:
            self._queue.put(self._END)
        except BaseException as error:  # noqa: BLE001 (raised again where the items are taken)
            self._queue.put(error)

    def _count(self, size: float) -> None:
        with self._changed:
            self._out += size
            self._changed.notify()

    def _is_wanted(self) -> bool:
        """Wait for room. Whether there is any use for one more item."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._out < self._limit)
            return not self._stopped
