"""Utterances to texts: short ones share batches, and what one becomes does not depend on the others.

What is timed is speech detection, features, decoding and gates: from samples in memory to text.
Reading files, loading the model and scoring are not. The first batch is decoded once before the
clock starts.

Knows engines and utterances. Refuses to know references and scores.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from auricle.engines import Engine
from auricle.errors import AuricleError, OptionError
from auricle.models import language_code
from auricle.segments import Window
from auricle.transcript import Segment, Transcript
from auricle.vad import RATE
from auricle.verbs.evaluate.run import Failed
from auricle.verbs.evaluate.signal import signal_to_noise
from auricle.verbs.transcribe import TranscribeOptions
from auricle.verbs.transcribe.decode import Decoded, WindowDecoder
from auricle.verbs.transcribe.recording import Recording

if TYPE_CHECKING:
    from auricle.verbs.datasets import Utterance

TIMED = "speech detection, features and decoding, from samples in memory to text"
POOL = 8  # batches that are put together from utterances at hand: enough to find windows of one length


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance and its transcript. Times are seconds, ``snr`` decibels; see ``Scored``."""

    utterance: Utterance
    transcript: Transcript
    elapsed: float
    latency: float
    speech: float | None = None
    snr: float | None = None

    @property
    def confidence(self) -> float | None:
        """Mean probability of a token: e to the mean log-probability; None where none was measured."""
        return confidence(self.transcript.segments)


def confidence(segments: Iterable[Segment]) -> float | None:
    """Mean probability of a token over segments, each as heavy as its text is long."""
    weighed = [(len(item.text), item.avg_logprob) for item in segments if item.avg_logprob is not None]
    weight = sum(length for length, _ in weighed)
    if not weight:
        return None
    return math.exp(sum(length * chance for length, chance in weighed) / weight)


@dataclass(slots=True)
class _Clip:
    """An utterance on its way: the windows it has, what they became, and the seconds spent on it."""

    utterance: Utterance
    recording: Recording
    windows: list[Window]
    snr: float | None
    elapsed: float = 0.0
    latency: float = 0.0
    decoded: list[Decoded] = field(default_factory=list)

    def spend(self, seconds: float) -> None:
        """Time that was spent on this utterance alone."""
        self.elapsed += seconds
        self.latency += seconds


class Listener:
    """Hears utterances with one engine; ``strangers`` counts those in a language it does not know."""

    def __init__(
        self,
        engine: Engine,
        options: TranscribeOptions,
        *,
        on_progress: Callable[[float], None] | None = None,
        dataset_language: bool = True,
    ) -> None:
        self.strangers: Counter[str] = Counter()
        self._engine = engine
        self._options = options
        self._on_progress = on_progress  # is told how many utterances of the pool are done, as a number
        self._dataset_language = dataset_language
        self._warm = False

    def hear(self, utterances: Iterable[Utterance]) -> Iterator[list[Heard | Failed]]:
        """What each utterance became, in their order, pool by pool."""
        from auricle.verbs.datasets import in_order

        pool: list[_Clip | Failed] = []
        size = POOL * self._options.batch_size
        with in_order():
            for utterance in utterances:
                pool.append(self._open(utterance))
                if sum(len(clip.windows) if isinstance(clip, _Clip) else 0 for clip in pool) >= size:
                    yield self._pool(pool)
                    pool = []
        if pool:
            yield self._pool(pool)

    def _open(self, utterance: Utterance) -> _Clip | Failed:
        try:
            audio = utterance.load().resample(RATE)
            if not len(audio):
                return Failed(utterance.id, "it has no sound in it")
        except AuricleError as error:
            return Failed(utterance.id, str(error))
        audio = replace(audio, start=0.0)
        began = time.perf_counter()
        recording = Recording(self._engine, self._for(utterance), [audio])
        windows = list(recording.windows())
        elapsed = time.perf_counter() - began
        speech = [span for window in windows for span in window.speech]
        snr = signal_to_noise(audio, speech) if self._options.speech.vad else None
        clip = _Clip(utterance, recording, windows, snr)
        clip.spend(elapsed)
        return clip

    def _for(self, utterance: Utterance) -> TranscribeOptions:
        """The options for an utterance: in the language the dataset states, where the model knows it."""
        decode = self._options.decode
        stated = utterance.language if self._dataset_language and decode.language is None else None
        if stated is None or "language" not in self._engine.accepts:
            return self._options
        known = self._engine.info.languages
        try:
            code = language_code(stated, known) if known else stated
        except OptionError:
            self.strangers[stated] += 1
            return self._options
        return replace(self._options, decode=replace(decode, language=code))

    def _pool(self, pool: Sequence[_Clip | Failed]) -> list[Heard | Failed]:
        clips = [clip for clip in pool if isinstance(clip, _Clip)]
        if self._options.mode == "sequential":
            for clip in clips:
                self._alone(clip)
        else:
            self._together(clips)
        return [item if isinstance(item, Failed) else self._heard(item) for item in pool]

    def _together(self, clips: Sequence[_Clip]) -> None:
        """Decode the windows of all, those of about one length and one language in one batch."""
        for clip in clips:
            self._find_language(clip)
        work = [(clip, window) for clip in clips for window in clip.windows]
        done = 0
        for batch in _batches(work, self._options.batch_size):
            self._batch(batch)
            done += len(batch)
            if self._on_progress:
                self._on_progress(len(clips) * done / len(work))

    def _find_language(self, clip: _Clip) -> None:
        if clip.recording.language is None:
            began = time.perf_counter()
            clip.recording.vote(clip.windows[:8])
            clip.spend(time.perf_counter() - began)

    def _batch(self, batch: Sequence[tuple[_Clip, Window]]) -> None:
        decode = replace(self._options.decode, language=batch[0][0].recording.language)
        decoder = WindowDecoder(self._engine, decode, self._options.gates)
        windows = [window for _, window in batch]
        if not self._warm:
            decoder.decode(windows)
            self._warm = True
        began = time.perf_counter()
        results = decoder.decode(windows)
        elapsed = time.perf_counter() - began
        seconds = sum(window.audio.duration for window in windows)
        for (clip, window), decoded in zip(batch, results, strict=True):
            clip.decoded.append(decoded)
            clip.elapsed += elapsed * window.audio.duration / seconds
        for clip in {id(clip): clip for clip, _ in batch}.values():
            clip.latency += elapsed

    def _alone(self, clip: _Clip) -> None:
        """Decode one recording window after window, each with the text before it."""
        began = time.perf_counter()
        for window in clip.windows:
            clip.recording.hear(window)
        clip.spend(time.perf_counter() - began)

    def _heard(self, clip: _Clip) -> Heard:
        for decoded in sorted(clip.decoded, key=lambda item: item.window.start):
            clip.recording.keep(decoded)
        transcript = clip.recording.transcript()
        vad = self._options.speech.vad
        speech = transcript.coverage.speech if vad and transcript.coverage else None
        return Heard(clip.utterance, transcript, clip.elapsed, clip.latency, speech, clip.snr)


def _batches(work: Sequence[tuple[_Clip, Window]], size: int) -> Iterator[list[tuple[_Clip, Window]]]:
    """Batches of one language each, windows of about one length together."""

    def language(item: tuple[_Clip, Window]) -> str:
        return item[0].recording.language or ""

    ordered = sorted(work, key=lambda item: (language(item), item[1].audio.duration))
    for _, group in groupby(ordered, key=language):
        alike = list(group)
        for at in range(0, len(alike), size):
            yield alike[at : at + size]
