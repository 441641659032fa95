"""Noise at a signal-to-noise ratio that holds where somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auricle.audio import Audio
from auricle.augment.parts import NOMINAL, QUIET, Drawn, Samples, Sounds, active, draw, fitted, power
from auricle.errors import OptionError, nearest

COLOURS = ("pink", "white")
_LOWEST = 20.0  # Hz; under it pink noise is as loud as there


@dataclass(frozen=True, slots=True)
class Noise:
    """``sounds`` over the speech, ``snr`` decibels under it.

    ``sounds`` are files, of which one is drawn and begun anywhere, or "white" or "pink" for noise
    that is generated. Both powers are measured where somebody speaks, so pauses of the speech do
    not make the noise louder or quieter; a sound shorter than the speech is repeated. Speech that
    is silent gets the noise that ordinary speech (-26 dB of full scale) would get.

    Raises OptionError for a colour that is not known, and for a sound that is silent.
    """

    snr: Drawn = 10.0
    sounds: Sounds | str = "pink"

    def __post_init__(self) -> None:
        if isinstance(self.sounds, str) and self.sounds not in COLOURS:
            raise OptionError(f"there is no noise {self.sounds!r}. {nearest(self.sounds, COLOURS)}")

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """Speech and noise together."""
        snr = draw(self.snr, random)
        noise = self._noise(len(audio), audio.rate, random)
        speaking = active(audio)
        where = speaking if speaking.any() else np.ones(len(audio), bool)
        speech = power(audio.samples[where])
        level = speech if speech > QUIET else NOMINAL
        heard = power(noise[where]) or power(noise)
        scale = np.sqrt(level / heard / 10 ** (snr / 10)) if heard else 0.0
        return fitted(audio.samples + noise * np.float32(scale), audio)

    def _noise(self, size: int, rate: int, random: np.random.Generator) -> Samples:
        if isinstance(self.sounds, str):
            return coloured(self.sounds, size, rate, random)
        sound = self.sounds.draw(rate, random).samples
        if not power(sound):
            raise OptionError("a sound that is to be noise is silent. Leave it out.")
        first = int(random.integers(len(sound)))
        return np.resize(np.roll(sound, -first), size)


def coloured(colour: str, size: int, rate: int, random: np.random.Generator) -> Samples:
    """Gaussian noise of power 1: "white", or "pink" with 3 dB less an octave above 20 Hz."""
    white = random.standard_normal(size)
    if colour == "white" or not size:
        return white.astype(np.float32)
    spectrum = np.fft.rfft(white)
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / rate), _LOWEST))
    noise = np.fft.irfft(spectrum, size)
    pink: Samples = (noise / np.sqrt(np.square(noise).mean())).astype(np.float32)
    return pink
