"""``Audio``: mono float32 samples, their rate, and where they stand in their recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auricle.audio.resample import Samples, resample
from auricle.errors import AudioError, OptionError

if TYPE_CHECKING:
    from auricle.audio.source import Readable

LOWEST_RATE, HIGHEST_RATE = 1000, 768_000  # Hz
LOUDEST = 32.0  # times full scale; above it an array holds integers, whatever its type
_FULL_SCALE = {"int8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31}


@dataclass(frozen=True, eq=False, slots=True)
class Audio:
    """One stretch of mono sound.

    ``samples`` is a 1-D float32 array in which 1.0 is full scale, ``rate`` is in Hz and ``start``
    in seconds from the beginning of the recording it was cut from.

    Raises AudioError for samples of another shape or type, or that are NaN or infinite.
    """

    samples: Samples
    rate: int
    start: float = 0.0

    def __post_init__(self) -> None:
        check_rate(self.rate)
        if not isinstance(self.samples, np.ndarray) or self.samples.dtype != np.float32:
            kind = getattr(self.samples, "dtype", type(self.samples).__name__)
            raise AudioError(f"Audio holds float32 samples, not {kind}. Use Audio.of(array, rate).")
        if self.samples.ndim != 1:
            raise AudioError(_axes(self.samples))
        _check_finite(self.samples, self.rate)

    @classmethod
    def load(cls, path: Readable, rate: int = 16000, channel: str | int = "mix") -> Audio:
        """A whole file as mono sound at ``rate`` Hz; ``open_audio`` says what is accepted and raised.

        It takes 3.8 MB a minute at 16 kHz, and twice that while it loads.
        """
        from auricle.audio.stream import open_audio

        with open_audio(path, rate, channel) as stream:
            return stream.read()

    @classmethod
    def of(cls, array: Any, rate: int, start: float = 0.0) -> Audio:
        """Sound from samples in memory: one axis, floats in -1 to 1, or integers of 8, 16 or 32 bits.

        Raises AudioError for two axes (one cannot know which are the channels), for 64-bit or
        unsigned integers, and for floats that hold integers (a peak over 32).
        """
        values = np.asarray(array)
        if values.ndim != 1:
            raise AudioError(_axes(values))
        return cls(_to_float(values), rate, start)

    @classmethod
    def silence(cls, seconds: float, rate: int = 16000, start: float = 0.0) -> Audio:
        """Nothing, for so many seconds."""
        return cls(np.zeros(round(max(seconds, 0.0) * check_rate(rate)), np.float32), rate, start)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    def slice(self, start: float, end: float | None = None) -> Audio:
        """From ``start`` to ``end`` (seconds from the beginning of this audio), as far as it goes.

        The samples are shared, not copied.
        """
        size = len(self.samples)
        first = min(max(round(start * self.rate), 0), size)
        last = size if end is None else min(max(round(end * self.rate), first), size)
        return Audio(self.samples[first:last], self.rate, self.start + first / self.rate)

    def resample(self, rate: int) -> Audio:
        """The same sound at another rate (Hz), through an anti-alias filter."""
        if check_rate(rate) == self.rate:
            return self
        return Audio(resample(self.samples, self.rate, rate), rate, self.start)


def check_rate(rate: int) -> int:
    """The rate, if it is one. Raises OptionError."""
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer):
        raise OptionError(f"a sample rate is a whole number of Hz, not {rate!r}.")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise OptionError(f"a sample rate is {LOWEST_RATE} to {HIGHEST_RATE} Hz, not {rate}.")
    return int(rate)


def _check_finite(samples: Samples, rate: int) -> None:
    with np.errstate(all="ignore"):
        if np.isfinite(np.dot(samples, samples)):  # ten times faster than looking at each
            return
    bad = np.flatnonzero(~np.isfinite(samples))
    if len(bad):
        raise AudioError(
            f"{len(bad)} of {len(samples)} samples are NaN or infinite, the first at "
            f"{bad[0] / rate:.3f} s. Use numpy.nan_to_num(samples) to make them silent."
        )


def _axes(array: NDArray[Any]) -> str:
    """What to do with an array that has not one axis; the shorter axis is taken for the channels."""
    message = f"Audio is one channel of samples, but this array has the shape {array.shape}."
    if array.ndim != 2:
        return f"{message} Pass an array with one axis."
    axis = int(array.shape[0] > array.shape[1])
    pick = "array[:, 0]" if axis else "array[0]"
    return f"{message} Use array.mean(axis={axis}) for all channels, or {pick} for the first."


def _to_float(values: NDArray[Any]) -> Samples:
    name = values.dtype.name
    if name in _FULL_SCALE:
        return values.astype(np.float32) / np.float32(_FULL_SCALE[name])
    if values.dtype.kind != "f":
        raise AudioError(
            f"samples of type {name} have no agreed scale. Convert to int16, or floats in -1 to 1."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        samples = values.astype(np.float32)
        peak = float(np.abs(samples).max(initial=0.0))
    if LOUDEST < peak < np.inf:
        raise AudioError(
            f"samples reach {peak:.0f} where 1 is full scale. Divide by 32768 if they were 16-bit."
        )
    return samples
