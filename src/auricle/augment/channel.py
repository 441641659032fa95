"""What happens to a sound on its way: telephone, codec, level, clipping, speed, silence before it."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from auricle.audio import Audio
from auricle.audio.resample import resample
from auricle.augment.parts import Drawn, Samples, draw, ends, fitted
from auricle.augment.room import convolve
from auricle.errors import OptionError, nearest

if TYPE_CHECKING:
    from av.audio import AudioStream

BAND = (300.0, 3400.0)  # Hz: a telephone line (ITU-T G.712)
_LINE = 8000  # Hz
_TAPS = 513  # of the band's filter: 30 dB down within 60 Hz of its edges
_MU = 255.0  # of the companding law (ITU-T G.711, North America and Japan)


@dataclass(frozen=True, slots=True)
class Telephone:
    """300 to 3400 Hz at 8 kHz with 8 bits of µ-law, and back to the rate it had."""

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The sound at the other end."""
        line = resample(audio.samples, audio.rate, _LINE) if audio.rate != _LINE else audio.samples
        middle = _TAPS // 2
        band = convolve(line, _band())[middle : middle + len(line)]
        back = resample(_companded(band), _LINE, audio.rate) if audio.rate != _LINE else _companded(band)
        return fitted(_length(back, len(audio)), audio)


@functools.cache
def _band() -> Samples:
    """The filter of the band: a windowed sinc (Blackman)."""
    time = np.arange(_TAPS) - _TAPS // 2
    high, low = (2 * edge / _LINE * np.sinc(2 * edge / _LINE * time) for edge in reversed(BAND))
    taps: Samples = ((high - low) * np.blackman(_TAPS)).astype(np.float32)
    return taps


def _companded(samples: Samples) -> Samples:
    """Through 8 bits of µ-law, which is finer for quiet sound."""
    inside = np.clip(samples, -1.0, 1.0)
    sent = np.rint(np.sign(inside) * np.log1p(_MU * np.abs(inside)) / np.log1p(_MU) * 127) / 127
    heard: Samples = (np.sign(sent) * np.expm1(np.abs(sent) * np.log1p(_MU)) / _MU).astype(np.float32)
    return heard


@dataclass(frozen=True, slots=True)
class Codec:
    """Through a lossy codec at a low bit rate and back: "mp3", "opus" or "amr" (AMR narrow band).

    ``kilobits`` a second; each codec has its own when it is None. The codec's delay is taken off,
    so words stay where they are. Raises OptionError for a codec or a bit rate that is not there.
    """

    name: str = "mp3"
    kilobits: int | None = None

    def __post_init__(self) -> None:
        if self.name not in _CODECS:
            raise OptionError(f"there is no codec {self.name!r}. {nearest(self.name, _CODECS)}")
        least, most = _CODECS[self.name].range
        if self.kilobits is not None and not least <= self.kilobits <= most:
            raise OptionError(f"{self.name} takes {least} to {most} kbit/s, not {self.kilobits}.")

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The sound as it is decoded."""
        if not len(audio):
            return audio
        kind = _CODECS[self.name]
        decoded = Audio.load(encoded(audio, self.name, self.kilobits), audio.rate).samples
        late = round(kind.delay * audio.rate)
        return fitted(_length(decoded[late:], len(audio)), audio)


@dataclass(frozen=True, slots=True)
class _Kind:
    """An encoder of FFmpeg: its container, the rate and type of its samples, bit rates in kbit/s."""

    encoder: str
    container: str
    rate: int
    format: str
    usual: int
    range: tuple[int, int]
    delay: float = 0.0  # seconds that container and decoder do not take off by themselves


_CODECS = {
    "mp3": _Kind("libmp3lame", "mp3", 16_000, "fltp", 16, (8, 160)),
    "opus": _Kind("libopus", "ogg", 16_000, "flt", 8, (6, 128)),
    "amr": _Kind("libopencore_amrnb", "amr", 8000, "s16", 5, (5, 12), delay=0.005),
}


def encoded(audio: Audio, codec: str, kilobits: int | None = None) -> bytes:
    """The sound as a file of ``codec``, one of those of ``Codec``."""
    import av

    kind = _CODECS[codec]
    samples = np.clip(resample(audio.samples, audio.rate, kind.rate), -1.0, 1.0)
    data = np.rint(samples * 32767).astype(np.int16) if kind.format == "s16" else samples
    file = io.BytesIO()
    with av.open(file, "w", format=kind.container) as container:
        stream = cast("AudioStream", container.add_stream(kind.encoder, rate=kind.rate, layout="mono"))
        stream.bit_rate = 1000 * (kilobits or kind.usual)
        frame = av.AudioFrame.from_ndarray(data[None, :], format=kind.format, layout="mono")
        frame.rate, frame.pts, frame.time_base = kind.rate, 0, Fraction(1, kind.rate)
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()


def _length(samples: Samples, size: int) -> Samples:
    """Exactly ``size`` samples: cut, or followed by silence."""
    return np.pad(samples[:size], (0, max(size - len(samples), 0)))


@dataclass(frozen=True, slots=True)
class Speed:
    """Faster (above 1) or slower, the pitch with it: a tape at another speed (Ko et al. 2015).

    The length becomes that over ``factor``; of a range half percents are drawn.
    Raises OptionError for a factor that is not from 0.25 to 4.
    """

    factor: Drawn = 1.1

    def __post_init__(self) -> None:
        if ends(self.factor)[0] < 0.25 or ends(self.factor)[1] > 4:
            raise OptionError("speed is a factor from 0.25 to 4, such as 0.9.")

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The sound at the other speed, at the same rate."""
        factor = draw(self.factor, random)
        if isinstance(self.factor, tuple):
            factor = round(200 * factor) / 200  # filters of 200 phases at most: 1 ms a clip in the place of 6
        taken = round(audio.rate * factor)
        if taken == audio.rate:
            return audio
        return fitted(resample(audio.samples, taken, audio.rate), audio)


@dataclass(frozen=True, slots=True)
class Gain:
    """Louder or quieter by so many decibels, never above full scale."""

    decibels: Drawn = -20.0

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The sound at the other level."""
        return fitted(audio.samples * np.float32(10 ** (draw(self.decibels, random) / 20)), audio)


@dataclass(frozen=True, slots=True)
class Clipping:
    """Cut off ``decibels`` under its peak, as by an input turned up too far; the peak stays.

    Raises OptionError for decibels below 0.
    """

    decibels: Drawn = 12.0

    def __post_init__(self) -> None:
        if ends(self.decibels)[0] < 0:
            raise OptionError("clipping is in decibels under the peak, 0 or more, such as 12.")

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The clipped sound."""
        share = np.float32(10 ** (-draw(self.decibels, random) / 20))
        peak = np.abs(audio.samples).max(initial=0.0)
        return fitted(np.clip(audio.samples, -peak * share, peak * share) / share, audio)


@dataclass(frozen=True, slots=True)
class LeadingSilence:
    """Digital silence before the sound. Raises OptionError for seconds below 0."""

    seconds: Drawn = 2.0

    def __post_init__(self) -> None:
        if ends(self.seconds)[0] < 0:
            raise OptionError("leading silence is 0 seconds or more.")

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """Silence, then the sound."""
        before = np.zeros(round(draw(self.seconds, random) * audio.rate), np.float32)
        return Audio(np.concatenate([before, audio.samples]), audio.rate, audio.start)


@dataclass(frozen=True, slots=True)
class Library:
    """A transform of another library as a step: anything called with ``(samples=, sample_rate=)``.

    Those of audiomentations are. They draw from the generators that all of a process shares;
    these are seeded for the call and put back after it, so that a seed holds here too. Not for
    threads that run at once.
    """

    transform: Callable[..., Any]

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The transform's sound. Raises AudioError where it is none (two axes, NaN)."""
        import random as shared

        seed, before, old = int(random.integers(2**32)), shared.getstate(), np.random.get_state()
        try:
            shared.seed(seed)
            np.random.seed(seed)
            made = self.transform(samples=audio.samples.copy(), sample_rate=audio.rate)
        finally:
            shared.setstate(before)
            np.random.set_state(old)
        return fitted(Audio.of(made, audio.rate).samples, audio)
