"""Where somebody speaks, and how a long recording is cut into windows that a model can hear.

``SpeechFinder`` turns speech probabilities into spans; ``Windower`` collects samples and spans
into windows of at most 30 s, cut at pauses. Both are streaming: memory does not grow with the
recording. Times are seconds from the start of the recording.

Knows nothing of models that read speech, nor of text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from auricle.audio import Audio
from auricle.options import option
from auricle.transcript import Span
from auricle.vad import FRAME, RATE, SpeechDetector

Floats = npt.NDArray[np.float32]
_FRAME_SECONDS = FRAME / RATE


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """What counts as speech, and where windows may be cut."""

    vad: bool = option(True, "listen for speech first, so that silence and noise never reach the model")
    vad_threshold: float = option(0.5, "probability from which a sound counts as speech")
    min_silence: float = option(0.1, "seconds of silence that end a span of speech")
    min_speech: float = option(0.1, "seconds a span of speech lasts at least")
    max_gap: float = option(3.0, "seconds of silence that always end a window")
    pad: float = option(0.4, "seconds kept around speech")
    window: float = option(30.0, "seconds a window lasts at most")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a recording for a model to hear: its audio, and where in it somebody speaks."""

    audio: Audio
    speech: tuple[Span, ...]

    @property
    def start(self) -> float:
        """Seconds into the recording."""
        return self.audio.start

    @property
    def end(self) -> float:
        """Seconds into the recording."""
        return self.audio.start + self.audio.duration

    def part(self, start: float, end: float) -> Window:
        """The window between two times of the recording."""
        audio = self.audio.slice(start - self.start, end - self.start)
        return Window(audio, clip(self.speech, start, end))


def clip(spans: Iterable[Span], start: float, end: float) -> tuple[Span, ...]:
    """The parts of ``spans`` between two times."""
    cut = (Span(max(span.start, start), min(span.end, end)) for span in spans)
    return tuple(span for span in cut if span.end > span.start)


def total(spans: Iterable[Span]) -> float:
    """Seconds in ``spans``, which do not overlap."""
    return sum(span.end - span.start for span in spans)


def subtract(spans: Iterable[Span], covers: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of ``spans`` outside ``covers``."""
    cover = Cover(covers)
    return tuple(left for span in spans for left in cover.outside(span))


class Cover:
    """Spans, in any order and over one another, sorted once for many questions."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans, key=lambda span: span.start)
        self._ends = list(accumulate((span.end for span in self._spans), max))  # of all so far

    def outside(self, span: Span) -> list[Span]:
        """What is left of a span."""
        left: list[Span] = []
        at = span.start
        for place in range(bisect_right(self._ends, at), len(self._spans)):
            own = self._spans[place]
            if own.start >= span.end:
                break
            if own.start > at:
                left.append(Span(at, own.start))
            at = max(at, own.end)
        if at < span.end:
            left.append(Span(at, span.end))
        return left


class SpeechFinder:
    """Speech probabilities in, spans of frames out, with hysteresis.

    A span opens at ``threshold`` and closes after ``min_silence`` below ``threshold − 0.15``. One
    that reaches ``longest`` frames is cut in its last third, where it is least like speech, and
    goes on from there.
    """

    def __init__(self, options: SpeechOptions, longest: int) -> None:
        self._onset = options.vad_threshold
        self._offset = max(options.vad_threshold - 0.15, 0.01)
        self._patience = max(1, round(options.min_silence / _FRAME_SECONDS))
        self._shortest = max(1, round(options.min_speech / _FRAME_SECONDS))
        self._longest = longest
        self._quiet = 0
        self._continued = False
        self._chances: list[float] = []  # of the open span
        self.position = 0  # frames seen
        self.opened: int | None = None  # the frame at which a span that is still open began

    def feed(self, probabilities: Floats) -> list[tuple[int, int]]:
        """Spans (first frame, frame after the last) that these probabilities closed."""
        return [span for probability in probabilities.tolist() for span in self.step(probability)]

    def step(self, probability: float) -> list[tuple[int, int]]:
        """The span that one more frame closed, if any."""
        closed: list[tuple[int, int]] = []
        self._step(probability, closed)
        self.position += 1
        return closed

    @property
    def heard(self) -> int:
        """The frame after the last one of speech, while a span is open."""
        return self.position - self._quiet

    def finish(self) -> list[tuple[int, int]]:
        """The span that the end of the recording closes, if any."""
        closed: list[tuple[int, int]] = []
        if self.opened is not None:
            self._close(self.position - self._quiet, closed)
        return closed

    def _step(self, probability: float, closed: list[tuple[int, int]]) -> None:
        if self.opened is None:
            if probability >= self._onset:
                self.opened, self._quiet, self._continued = self.position, 0, False
                self._chances = [probability]
            return
        self._chances.append(probability)
        self._quiet = 0 if probability >= self._offset else self._quiet + 1
        if self._quiet >= self._patience:
            self._close(self.position + 1 - self._quiet, closed)
        elif len(self._chances) >= self._longest:
            self._cut(closed)

    def _close(self, end: int, closed: list[tuple[int, int]]) -> None:
        if self.opened is not None and (self._continued or end - self.opened >= self._shortest):
            closed.append((self.opened, end))
        self.opened, self._quiet, self._chances = None, 0, []

    def _cut(self, closed: list[tuple[int, int]]) -> None:
        assert self.opened is not None
        voiced = len(self._chances) - self._quiet  # the last frame that is speech stays behind the cut
        first = max(min(self._longest * 2 // 3, voiced - 2), 0)
        place = first + int(np.argmin(self._chances[first : max(voiced - 1, 1)])) + 1
        closed.append((self.opened, self.opened + place))
        self.opened, self._continued = self.opened + place, True
        self._chances = self._chances[place:]


class Windower:
    """Blocks of a recording in, windows out.

    A window holds whole spans of speech as long as they fit; where the next does not fit, the
    window ends at the longest pause of its second half, and the rest begins the next one.
    Speech without any pause is cut where it is least like speech. Between windows nothing is
    kept but the samples not yet given away: at most two windows' worth.
    """

    def __init__(self, options: SpeechOptions, rate: int = RATE) -> None:
        if rate != RATE:
            raise ValueError(f"the speech detector hears {RATE} Hz, not {rate} Hz")
        self._options = options
        self._detector = SpeechDetector()
        self._samples = np.zeros(0, np.float32)
        self._first = 0  # number of the first sample kept
        self._spans: list[tuple[int, int]] = []  # closed spans not yet given away, in frames
        self._limit = int((options.window - 2 * options.pad) / _FRAME_SECONDS)
        self._finder = SpeechFinder(options, self._limit)
        self._taken = 0.0  # second up to which windows were given away

    def feed(self, samples: Floats) -> Iterator[Window]:
        """Take the next samples (16 kHz) and yield the windows that they completed."""
        self._samples = np.concatenate([self._samples, samples])
        yield from self._hear(self._detector.feed(samples))
        self._forget()

    def finish(self) -> Iterator[Window]:
        """Yield what is left at the end of the recording."""
        yield from self._hear(self._detector.finish())
        self._spans += self._finder.finish()
        yield from self._complete(final=True)

    @property
    def seconds(self) -> float:
        """Seconds of audio heard."""
        return (self._first + len(self._samples)) / RATE

    def _hear(self, probabilities: Floats) -> Iterator[Window]:
        """Frame by frame, so that what is decided does not depend on the size of the blocks."""
        for probability in probabilities.tolist():
            self._spans += self._finder.step(probability)
            if self._spans:
                yield from self._complete(final=False)

    def _complete(self, *, final: bool) -> Iterator[Window]:
        while True:
            count = self._fitting()
            if count == len(self._spans) and not (final or self._is_over()):
                return
            if count == 0:
                return
            yield self._take(self._best_cut(count))

    def _fitting(self) -> int:
        """How many of the spans fit into one window."""
        for index, (start, end) in enumerate(self._spans):
            if end - self._spans[0][0] > self._limit:
                return index
            if index and start - self._spans[index - 1][1] > self._gap_frames:
                return index
        return len(self._spans)

    def _following(self, count: int) -> int | None:
        """The frame at which speech goes on after the first ``count`` spans, if it does."""
        return self._spans[count][0] if count < len(self._spans) else self._finder.opened

    def _is_over(self) -> bool:
        """Whether nothing that comes can join the spans at hand."""
        if not self._spans:
            return False
        opened = self._finder.opened
        now = self._finder.position if opened is None else opened
        full = opened is not None and self._finder.heard - self._spans[0][0] > self._limit
        return full or now - self._spans[-1][1] > self._gap_frames

    def _best_cut(self, count: int) -> int:
        """Spans for this window: all that fit, or those up to the longest pause of its second half."""
        after, half = self._following(count), self._spans[0][0] + self._limit // 2
        if after is None or after - self._spans[count - 1][1] > self._gap_frames:
            return count
        pauses = {
            number: following - self._spans[number - 1][1]
            for number in range(1, count + 1)
            if self._spans[number - 1][1] >= half and (following := self._following(number)) is not None
        }
        return max(pauses, key=lambda number: (pauses[number], number), default=count)

    def _take(self, count: int) -> Window:
        spans, self._spans = self._spans[:count], self._spans[count:]
        following = self._following(0)
        start = max(self._taken, spans[0][0] * _FRAME_SECONDS - self._options.pad)
        end = min(self.seconds, spans[-1][1] * _FRAME_SECONDS + self._options.pad)
        if following is not None:  # the pause before the next span is shared
            end = min(end, max(spans[-1][1], (spans[-1][1] + following) / 2) * _FRAME_SECONDS)
        self._taken = end
        speech = tuple(Span(first * _FRAME_SECONDS, min(last * _FRAME_SECONDS, end)) for first, last in spans)
        return Window(self._cut(start, end), speech)

    def _cut(self, start: float, end: float) -> Audio:
        first, last = round(start * RATE) - self._first, round(end * RATE) - self._first
        return Audio(self._samples[first:last].copy(), RATE, start)

    def _forget(self) -> None:
        """Let go of the samples that no window will ask for."""
        waiting = self._following(0)
        frame = self._finder.position if waiting is None else waiting
        keep = max(0, frame - round(self._options.pad / _FRAME_SECONDS) - 2)
        drop = keep * FRAME - self._first
        if drop > 0:
            self._samples = self._samples[drop:]
            self._first += drop

    @property
    def _gap_frames(self) -> int:
        return round(self._options.max_gap / _FRAME_SECONDS)


def windows(blocks: Iterable[Audio], options: SpeechOptions) -> Iterator[Window]:
    """The windows of a recording that comes in blocks; without ``vad``, windows of full length."""
    if not options.vad:
        yield from _plain_windows(blocks, options)
        return
    windower = Windower(options)
    for block in blocks:
        yield from windower.feed(block.samples)
    yield from windower.finish()


def _plain_windows(blocks: Iterable[Audio], options: SpeechOptions) -> Iterator[Window]:
    size = round(options.window * RATE)
    held, start = np.zeros(0, np.float32), 0
    for block in blocks:
        held = np.concatenate([held, block.samples])
        while len(held) >= size:
            yield _whole(held[:size], start)
            held, start = held[size:], start + size
    if len(held):
        yield _whole(held, start)


def _whole(samples: Floats, first: int) -> Window:
    audio = Audio(samples.copy(), RATE, first / RATE)
    return Window(audio, (Span(audio.start, audio.start + audio.duration),))
