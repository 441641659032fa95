"""One recording from its first block to its transcript, in memory that does not grow with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from auricle import blas
from auricle.audio import Audio
from auricle.engines import DetectsLanguage, Engine, Parallel
from auricle.errors import AuricleError
from auricle.segments import Window, total, windows
from auricle.transcript import Segment, Span, Transcript
from auricle.verbs.transcribe.audit import audit
from auricle.verbs.transcribe.decode import Decoded, WindowDecoder
from auricle.verbs.transcribe.options import TranscribeOptions
from auricle.verbs.transcribe.pipeline import Ahead, Pipeline, Step, in_a_language
from auricle.verbs.transcribe.words import time_words

Item = TypeVar("Item")

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
        with closing(through(self._engine, self._options, [self], lambda one: one)) as steps:
            for step in steps:
                yield from step.segments
                self.told(step)
                if step.error is not None:
                    raise step.error

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

    def hear(self, window: Window) -> list[Segment]:
        """Decode the next window, after the text before it, and keep what it became."""
        found = decode(self._engine, self._options, [window], self.language, self._previous)
        return self.keep(found[0])

    def told(self, step: Step[Any]) -> None:
        """Tell who wants to know how far it is, once the segments of a step have been taken."""
        if self._on_progress and step.window is not None:
            self._on_progress(Progress(step.window.end, step.segments))

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


def decode(
    engine: Engine, options: TranscribeOptions, batch: list[Window], language: str | None, previous: str = ""
) -> list[Decoded]:
    """What an engine makes of windows of one language, under the gates of ``options``."""
    asked = replace(options.decode, language=language)
    return WindowDecoder(engine, asked, options.gates).decode(batch, previous)


def through(
    engine: Engine, options: TranscribeOptions, items: Iterable[Item], begin: Callable[[Item], Recording]
) -> Generator[Step[Item], None, None]:
    """Decode the recordings that ``begin`` makes of items: with all windows in one queue, or in sequence."""
    if options.mode == "sequential":
        return in_sequence(items, begin)
    pipeline = Pipeline(
        begin,
        lambda batch, language: decode(engine, options, batch, language),
        batch_size=options.batch_size,
        at_once=engine.parallel if isinstance(engine, Parallel) else 1,
    )
    return pipeline.run(items)


def in_sequence(
    items: Iterable[Item], begin: Callable[[Item], Recording]
) -> Generator[Step[Item], None, None]:
    """Decode one window after the other, each with the text before it; only reading runs ahead."""
    for item in items:
        before = time.perf_counter()
        error = None
        try:
            recording = begin(item)
            yield Step(item, begun=True)
            with blas.on_one_thread(), Ahead(in_a_language(recording), 3) as ahead:
                for window in ahead:
                    segments = tuple(recording.hear(window))
                    now = time.perf_counter()
                    yield Step(item, window=window, segments=segments, elapsed=now - before)
                    before = now
        except AuricleError as found:
            error = found
        yield Step(item, over=True, error=error)


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
