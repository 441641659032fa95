"""Rooms: speech as it sounds some way from the microphone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.audio import Audio
from auricle.augment.parts import Drawn, Samples, Sounds, draw, ends, fitted, power
from auricle.errors import OptionError

_DIRECT = 0.002  # seconds after its peak that belong to the direct sound


@dataclass(frozen=True, slots=True)
class Room:
    """The response of a room, from one of the files or simulated.

    A simulated room is a direct sound and then noise that decays by 60 dB in ``reverberation``
    seconds, ``direct`` decibels weaker in all than the direct sound (Polack 1988). The response
    begins at its direct sound, so words stay where they are; the length stays, and so does the
    loudness. Raises OptionError for a reverberation that is none.
    """

    responses: Sounds | None = None
    reverberation: Drawn = 0.5
    direct: Drawn = 0.0

    def __post_init__(self) -> None:
        if ends(self.reverberation)[0] <= 0:
            raise OptionError("a room's reverberation is above 0 seconds, such as 0.5.")

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The speech in the room."""
        response = self._response(audio.rate, random)
        wet = convolve(audio.samples, response)[: len(audio)]
        before, after = power(audio.samples), power(wet)
        scale = np.sqrt(before / after) if after else 1.0
        return fitted(wet * np.float32(scale), audio)

    def _response(self, rate: int, random: np.random.Generator) -> Samples:
        if self.responses is not None:
            recorded = self.responses.draw(rate, random).samples
            return recorded[int(np.abs(recorded).argmax()) :]
        return simulated(draw(self.reverberation, random), draw(self.direct, random), rate, random)


def simulated(reverberation: float, direct: float, rate: int, random: np.random.Generator) -> Samples:
    """A response: 1, then decaying noise whose energy is ``direct`` dB under that of the 1."""
    size = max(round(reverberation * rate), 2)
    time = np.arange(1, size) / rate
    tail = random.standard_normal(size - 1) * 10 ** (-3 * time / reverberation)
    tail[: round(_DIRECT * rate)] = 0.0
    energy = float(np.square(tail).sum()) or 1.0
    tail *= np.sqrt(10 ** (-direct / 10) / energy)
    return np.concatenate([[1.0], tail]).astype(np.float32)


def convolve(samples: Samples, response: Samples) -> Samples:
    """The full convolution, by FFT over blocks so that memory stays near that of the result."""
    block = 1 << max(int(len(response) - 1).bit_length() + 1, 15)
    taps = np.fft.rfft(response, block)
    step = block - len(response) + 1
    result: NDArray[np.float64] = np.zeros(len(samples) + len(response) - 1 + block)
    for first in range(0, len(samples), step):
        part = np.fft.irfft(np.fft.rfft(samples[first : first + step], block) * taps, block)
        result[first : first + block] += part
    return result[: max(len(samples) + len(response) - 1, 0)].astype(np.float32)
