"""SpecAugment: bands and stretches of a spectrogram hidden while a model is trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.errors import OptionError


@dataclass(frozen=True, slots=True)
class SpecAugment:
    """Masks over features [bands, frames] (Park et al. 2019; no time warping, which gives little).

    ``bands`` masks of up to ``width`` bands, ``times`` masks of up to ``length`` frames, none longer than
    ``share`` of the frames. What is hidden gets the mean of the whole, which tells nothing.
    Raises OptionError for a number below 0 or a share above 1.
    """

    bands: int = 2
    width: int = 27
    times: int = 2
    length: int = 100
    share: float = 0.2

    def __post_init__(self) -> None:
        if min(self.bands, self.width, self.times, self.length, self.share) < 0 or self.share > 1:
            raise OptionError("SpecAugment takes numbers of 0 or more, and a share of at most 1.")

    def __call__(self, features: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
        """A masked copy, [bands, frames] as before."""
        hidden = features.copy()
        count, frames = features.shape
        filler = features.mean() if features.size else np.float32(0)
        for _ in range(self.bands):
            first, last = _stretch(min(self.width, count), count, random)
            hidden[first:last] = filler
        for _ in range(self.times):
            first, last = _stretch(min(self.length, int(self.share * frames)), frames, random)
            hidden[:, first:last] = filler
        return hidden


def _stretch(longest: int, size: int, random: np.random.Generator) -> tuple[int, int]:
    """A stretch of 0 to ``longest``, anywhere in ``size``."""
    length = int(random.integers(longest + 1))
    first = int(random.integers(size - length + 1))
    return first, first + length
