"""Recordings whose speech is known: the loudness of a frame is its probability of speech.

``AmplitudeDetector`` stands in for ``SpeechDetector``; ``track`` makes samples that are all
different, so a test can tell where in the recording any of them came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from auricle import segments
from auricle.audio import Audio
from auricle.segments import SpeechFinder, SpeechOptions, Window, windows
from auricle.transcript import Span
from auricle.vad import FRAME, RATE

FRAME_SECONDS = FRAME / RATE


class AmplitudeDetector:
    """Probability of speech in a frame: the largest amplitude in it."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)

    def feed(self, samples: np.ndarray) -> np.ndarray:
        ready = np.concatenate([self._rest, samples])
        whole = len(ready) // FRAME * FRAME
        self._rest = ready[whole:]
        return np.abs(ready[:whole].reshape(-1, FRAME)).max(axis=1, initial=0.0)

    def finish(self) -> np.ndarray:
        rest, self._rest = self._rest, np.zeros(0, np.float32)
        return np.abs(rest).max(keepdims=True) if len(rest) else rest


@contextmanager
def amplitude_is_speech() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "SpeechDetector", AmplitudeDetector)
        yield


def track(probabilities: Sequence[float], tail: int = 0) -> np.ndarray:
    """Samples with these probabilities, a frame each, and ``tail`` silent samples after them."""
    level = np.repeat(np.asarray(probabilities, np.float32), FRAME)
    ramp = np.linspace(0.0, 0.001, len(level) + tail, dtype=np.float32)
    return np.concatenate([level, np.zeros(tail, np.float32)]) * np.float32(0.999) + ramp * np.float32(0.1)


def speech_track(spans: Sequence[tuple[float, float]], seconds: float) -> np.ndarray:
    """Samples of ``seconds`` that are speech in ``spans`` (seconds)."""
    chances = np.zeros(int(seconds / FRAME_SECONDS) + 1)
    for start, end in spans:
        chances[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)] = 0.9
    return track(chances)[: round(seconds * RATE)]


def blocks(samples: np.ndarray, size: int | Sequence[int] = RATE) -> Iterator[Audio]:
    """The samples in blocks of one size, or of these sizes and then the rest."""
    at = 0
    for length in [] if isinstance(size, int) else size:
        yield Audio(samples[at : at + length], RATE, at / RATE)
        at += length
    step = size if isinstance(size, int) else max(1, len(samples))
    for first in range(at, len(samples), step):
        yield Audio(samples[first : first + step], RATE, first / RATE)


def cut(samples: np.ndarray, options: SpeechOptions, size: int | Sequence[int] = RATE) -> list[Window]:
    """The windows of a recording whose loudness is its probability of speech."""
    with amplitude_is_speech():
        return list(windows(blocks(samples, size), options))


def heard(samples: np.ndarray, options: SpeechOptions) -> list[Span]:
    """The spans of speech in a recording, all of it known beforehand."""
    finder, detector = SpeechFinder(options, 1_000_000), AmplitudeDetector()
    found = finder.feed(np.concatenate([detector.feed(samples), detector.finish()])) + finder.finish()
    end = len(samples) / RATE
    return [Span(first * FRAME_SECONDS, min(last * FRAME_SECONDS, end)) for first, last in found]
