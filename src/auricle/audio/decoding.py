"""Frames of a track to mono samples at the wanted rate, on the time axis of the file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from auricle.audio.clock import TOLERANCE, Clock, clock_time
from auricle.audio.frames import Frames
from auricle.audio.mix import LOUDEST, Mixer
from auricle.audio.resample import Resampler, Samples
from auricle.audio.track import HIGHEST, LOWEST, Track
from auricle.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame

MISSING = 0.25  # seconds less than stated that are no damage: encoders' padding
BATCH = 1.0  # seconds of frames mixed at once; fixed, so that results do not depend on blocks


class Decoding:
    """One pass over a track. Notes what is odd in ``warnings``, the counted ones at the end."""

    def __init__(self, track: Track, mixer: Mixer, rate: int, warnings: list[str]) -> None:
        self.track, self.mixer, self.rate, self.warnings = track, mixer, rate, warnings
        self.frames = Frames(track)
        self.clock = Clock(end=track.info.duration)
        self.tick = float(track.stream.time_base or Fraction(1, track.info.rate))  # seconds a stamp
        self.resampler = Resampler(track.info.rate, rate)
        self.batch: list[AudioFrame] = []
        self.batch_start = 0.0
        self.noted: dict[str, float] = {}  # what happened → when first, in seconds

    def run(self) -> Iterator[Samples]:
        """Samples at the wanted rate, in pieces of any size."""
        for frame, following in self._pairs():
            if self._full(frame):
                yield self._mixed()
            if frame.sample_rate != self.resampler.source:
                yield self._switch(frame.sample_rate)
            if gap := self._gap(frame, following):
                yield self._mixed()
                yield from self._silence(gap)
            self._take(frame)
        yield self._mixed(self._padding())
        yield self.resampler.flush()
        self._report()

    def _pairs(self) -> Iterator[tuple[AudioFrame, AudioFrame | None]]:
        """Each frame with the one after it."""
        before: AudioFrame | None = None
        for frame in self.frames:
            if self.frames.skipped:
                self._note("skipped")
            if not frame.samples or not LOWEST <= frame.sample_rate <= HIGHEST:
                continue
            if before is not None:
                yield before, frame
            before = frame
        if before is not None:
            yield before, None

    def _full(self, frame: AudioFrame) -> bool:
        """Whether the batch must be mixed before this frame can join it."""
        if not self.batch:
            return False
        if self.clock.position - self.batch_start >= BATCH:
            return True
        first = self.batch[0]
        if frame.format.name == first.format.name and frame.sample_rate == first.sample_rate:
            return frame.layout.name != first.layout.name
        return True

    def _take(self, frame: AudioFrame) -> None:
        if not self.batch:
            self.batch_start = self.clock.position
        self.batch.append(frame)
        self.clock.position += frame.samples / frame.sample_rate

    def _padding(self) -> int:
        """Samples at the end that MP4 says are an encoder's padding."""
        stated = self.track.info.duration or 0.0
        over = self.clock.position - stated
        padded = self.track.info.container == "mov" and self.track.exact and 0 < over < TOLERANCE
        return round(over * self.resampler.source) if padded else 0

    def _mixed(self, padding: int = 0) -> Samples:
        frames, self.batch = self.batch, []
        if frames and frames[0].layout.nb_channels != self.track.info.channels:
            self._note("channels", self.batch_start)
        samples = self.mixer.mix(frames)
        if self.mixer.bad:
            self._note("bad", self.batch_start + self.mixer.first_bad / self.resampler.source)
        if self.mixer.cancelled:
            self._note("cancelled", self.batch_start)
        return self.resampler.push(samples[: max(len(samples) - padding, 0)])

    def _switch(self, rate: int) -> Samples:
        """Go on at another rate in the middle of a file."""
        rest = [self._mixed(), self.resampler.flush()]
        self.resampler = Resampler(rate, self.rate)
        return np.concatenate(rest)

    def _gap(self, frame: AudioFrame, following: AudioFrame | None) -> float:
        """Seconds of silence that the time stamps ask for before this frame; 0 nearly always."""
        if frame.pts is None:
            return 0.0
        stamp = frame.pts * self.tick - self.track.zero
        if abs(self.clock.ahead(stamp)) <= TOLERANCE:
            return 0.0
        ahead: float | None = None
        if following is not None and following.pts is not None:
            ahead = (following.pts - frame.pts) * self.tick - frame.samples / frame.sample_rate
        gap = self.clock.gap(stamp, ahead)
        if self.clock.position or not gap:
            self._note("gaps" if gap else "stamps")
        return gap

    def _silence(self, seconds: float) -> Iterator[Samples]:
        rate = self.resampler.source
        left = round(seconds * rate)
        self.clock.position += left / rate
        while left > 0:
            yield self.resampler.push(np.zeros(min(left, rate), np.float32))
            left -= rate

    def _note(self, what: str, when: float | None = None) -> None:
        self.noted.setdefault(what, self.clock.position if when is None else when)

    def _report(self) -> None:
        """The warnings that need the whole file. Raises AudioError when it holds nothing usable."""
        mixer, total = self.mixer, self.clock.position
        if mixer.bad and mixer.bad == mixer.total:
            raise AudioError(f"all samples of {self.track.info.name} are NaN or infinite. Export it again.")
        counts = {
            "skipped": f"{self.frames.skipped} damaged packets were skipped, the first at {{}}",
            "bad": f"{mixer.bad} samples that are no sound (NaN, infinite or absurd) were made silent, "
            "the first at {}",
            "gaps": f"{self.clock.filled:.1f} s without sound were filled with silence, the first at {{}}",
            "stamps": f"{self.clock.refused} wrong time stamps were passed over, the first at {{}}",
            "channels": "the number of channels changes at {}",
            "cancelled": "the two channels cancel each other from {} on, so the first was used alone",
        }
        self.warnings += [
            text.format(clock_time(self.noted[what])) for what, text in counts.items() if what in self.noted
        ]
        if mixer.peak > LOUDEST:
            self.warnings.append(
                f"samples reach {mixer.peak:.0f} where 1 is full scale: divide the file by that"
            )
        if broken := self._broken_off(total):
            self.warnings.append(broken)

    def _broken_off(self, total: float) -> str:
        stated = self.track.info.duration
        if self.track.exact and stated and total < stated - MISSING:
            lost = f"{stated - total:.1f} s of the stated {stated:.1f} s could not be read"
            first = min(self.noted.get("skipped", total), total)
            return (
                f"the file {'is damaged' if first < total else 'breaks off'} at {clock_time(first)}: {lost}"
            )
        if self.frames.error or self.track.feed.error or self.track.cut:
            return f"the file is damaged: it breaks off at {clock_time(total)}"
        return ""
