"""One recording from its first block to its transcript, in memory that does not grow with it."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from auricle.audio import Audio
from auricle.engines import DetectsLanguage, Engine, Parallel
from auricle.errors import AuricleError
from auricle.segments import Window, total, windows
from auricle.transcript import Segment, Span, Transcript
from auricle.verbs.transcribe.audit import audit
from auricle.verbs.transcribe.decode import Decoded, WindowDecoder
from auricle.verbs.transcribe.options import TranscribeOptions
from auricle.verbs.transcribe.words import time_words

Item = TypeVar("Item")

VOTERS = 8  # windows that vote on the language: up to four minutes of speech
_RESET_TEMPERATURE = 0.5  # text decoded above it is no prompt for the next window


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` seconds of the recording are written down; ``segments`` are the newest."""

    done: float
    segments: tuple[Segment, ...]


class Recording:
    """Transcribes one recording: iterate to get segments in order, then ask for ``transcript()``.

    Or decode elsewhere, with the windows of other recordings: take ``windows()``, let ``vote``
    find the language, give what was decoded to ``keep`` in order of time.
    """

    def __init__(
        self,
        engine: Engine,
        options: TranscribeOptions,
        blocks: Iterable[Audio],
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._engine = engine
        self._options = options
        self._heard = _Counted(blocks)
        self._on_progress = on_progress
        self._results: list[Segment] = []
        self._dropped: list[Any] = []
        self._speech: list[Span] = []
        self.language = options.decode.language or _only(engine.info.languages)
        self._chance: float | None = None
        self._previous = ""

    def __iter__(self) -> Iterator[Segment]:
        """Decode, and yield each segment as soon as all before it are known."""
        if self._options.mode == "sequential":
            with _Ahead(self.windows(), 3) as ahead:
                for batch in self._batches(ahead, 1):
                    yield from self.decode(batch)
            return
        at_once = self._engine.parallel if isinstance(self._engine, Parallel) else 1
        with (
            ThreadPoolExecutor(at_once, "auricle-decoder") as pool,
            _Ahead(self._given(pool), at_once + 1) as ahead,
        ):
            for decoded in ahead:
                yield from self._keep_all(decoded.result())

    def _given(self, pool: Executor) -> Iterator[Future[list[Decoded]]]:
        """Read on, and give the pool each batch of windows to decode."""
        for batch in self._batches(self.windows(), self._options.batch_size):
            yield pool.submit(self._decode, batch)

    def _batches(self, windows: Iterator[Window], size: int) -> Iterator[list[Window]]:
        """Batches of windows, once the language is known."""
        held: list[Window] = []
        if self.language is None:
            held = list(itertools.islice(windows, VOTERS))
            self.vote(held)
        yield from _batches(itertools.chain(held, windows), size)

    def windows(self) -> Iterator[Window]:
        """What there is to decode, in order."""
        speech = self._options.speech
        return windows(self._heard, replace(speech, window=min(speech.window, self._engine.window)))

    def transcript(self) -> Transcript:
        """The whole transcript of what was iterated over."""
        segments = tuple(self._results)
        return Transcript(
            segments=segments,
            duration=self._heard.seconds,
            language=self.language,
            language_probability=self._chance,
            coverage=audit(self._speech, segments, self._dropped),
        )

    def decode(self, batch: list[Window]) -> Iterator[Segment]:
        """Decode the next windows and keep what they became."""
        previous = self._previous if self._options.mode == "sequential" else ""
        yield from self._keep_all(self._decode(batch, previous))

    def _decode(self, batch: list[Window], previous: str = "") -> list[Decoded]:
        decode = replace(self._options.decode, language=self.language)
        return WindowDecoder(self._engine, decode, self._options.gates).decode(batch, previous)

    def _keep_all(self, batch: Iterable[Decoded]) -> Iterator[Segment]:
        for decoded in batch:
            segments = self.keep(decoded)
            yield from segments
            if self._on_progress:
                self._on_progress(Progress(decoded.window.end, tuple(segments)))

    def keep(self, decoded: Decoded) -> list[Segment]:
        """Take in what a window, the next in order of time, became: its segments with times that can be."""
        self._speech += decoded.window.speech
        self._dropped += decoded.dropped
        believed = not decoded.looped and decoded.temperature <= _RESET_TEMPERATURE
        self._previous = decoded.text if believed else ""
        end = decoded.window.end
        segments = [
            time_words(
                replace(segment, end=min(segment.end, end)),
                decoded.window.speech,
                self._options.max_word,
                end,
            )
            for segment in decoded.segments
        ]
        self._results += segments
        return segments

    def vote(self, batch: list[Window]) -> None:
        """Find the language by the votes of all windows at hand, each as heavy as its speech."""
        if not batch or not isinstance(self._engine, DetectsLanguage):
            return
        allowed = self._options.languages
        votes: dict[str, float] = {}
        for window, chances in zip(
            batch, self._engine.detect_language([w.audio for w in batch]), strict=True
        ):
            for code, chance in chances.items():
                if not allowed or code in allowed:
                    votes[code] = votes.get(code, 0.0) + chance * max(total(window.speech), 0.1)
        if votes:
            self.language = max(votes, key=lambda code: votes[code])
            self._chance = votes[self.language] / sum(votes.values())


def _only(languages: tuple[str, ...]) -> str | None:
    """The language of a model that knows one."""
    return languages[0] if len(languages) == 1 else None


class _Counted:
    """Blocks, with the seconds that have gone by."""

    def __init__(self, blocks: Iterable[Audio]) -> None:
        self._blocks = blocks
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Audio]:
        for block in self._blocks:
            self.seconds += block.duration
            yield block


class _Ahead(Generic[Item]):
    """Runs an iterator on a thread of its own: at most ``limit`` items, with the one that is being used."""

    _END = object()

    def __init__(self, items: Iterable[Item], limit: int) -> None:
        self._items = iter(items)
        self._room = threading.Semaphore(limit)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="auricle-reader", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        self._thread.start()
        return self._take()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _take(self) -> Iterator[Item]:
        while (item := self._queue.get()) is not self._END:
            if isinstance(item, BaseException):
                raise item
            yield item
            self._room.release()

    def _run(self) -> None:
        try:
            while self._is_wanted():
                self._queue.put(next(self._items))
        except StopIteration:
            self._queue.put(self._END)
        except BaseException as error:  # noqa: BLE001 (raised again where the items are taken)
            self._queue.put(error)

    def _is_wanted(self) -> bool:
        """Wait for room. Whether there is any use for one more item."""
        while not self._stop.is_set():
            if self._room.acquire(timeout=0.1):
                return True
        return False


def _batches(items: Iterable[Window], size: int) -> Iterator[list[Window]]:
    """Batches of 1, 2, 4 … ``size`` windows: the first text comes soon, the rest fast.

    Where ``items`` raises, the windows before it are given first.
    """
    now, held = 1, list[Window]()
    try:
        for item in items:
            held.append(item)
            if len(held) == now:
                yield held
                now, held = min(2 * now, size), []
    except AuricleError:
        if held:
            yield held
        raise
    if held:
        yield held
