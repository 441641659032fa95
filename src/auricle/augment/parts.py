"""What all steps share: the protocol, numbers that may be ranges, levels, and sounds from files."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auricle.audio import Audio
from auricle.errors import MissingFileError, OptionError

Samples = NDArray[np.float32]
Drawn = float | tuple[float, float]  # one number, or the range it is drawn from

FRAME = 0.02  # seconds
ACTIVE = 25.0  # decibels under the loud frames at which a frame still counts as speech
QUIET = 1e-6  # power (-60 dB of full scale) under which there is nothing to call speech
NOMINAL = 10 ** (-26 / 10)  # power taken for that of speech where there is none: ITU-T P.56's usual level
_KNOWN = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac"}
_HELD = 64  # sounds kept in memory, decoded


class Step(Protocol):
    """One change of a sound. It is the same for the same sound and state of the generator."""

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The changed sound, at the same rate."""
        ...


def drawn(text: str) -> Drawn:
    """ "10" → 10.0; "5-20" → (5.0, 20.0); "-20" → -20.0. Raises ValueError."""
    low, dash, high = text[1:].partition("-")
    if not dash or low.endswith("e"):
        return float(text)
    first, last = float(text[0] + low), float(high)
    if first > last:
        raise ValueError(f"the range {text} runs backwards")
    return first, last


def draw(value: Drawn, random: np.random.Generator) -> float:
    """The number, or one of its range, all equally likely."""
    return float(random.uniform(*value)) if isinstance(value, tuple) else float(value)


def ends(value: Drawn) -> tuple[float, float]:
    """The least and the most that ``draw`` can give."""
    return value if isinstance(value, tuple) else (value, value)


def active(audio: Audio) -> NDArray[np.bool_]:
    """Where somebody speaks, one value a sample: frames of 20 ms near the level of the loud ones.

    A frame counts when it is at most 25 dB under the 95th percentile of all. Simpler than a speech
    detector and independent of any; music and noise count as speech.
    """
    size = max(round(FRAME * audio.rate), 1)
    padded = np.pad(audio.samples, (0, -len(audio.samples) % size)).reshape(-1, size)
    power = np.square(padded, dtype=np.float64).mean(axis=1)
    if not len(power):
        return np.zeros(0, bool)
    least = max(float(np.percentile(power, 95)) * 10 ** (-ACTIVE / 10), QUIET)
    return np.repeat(power >= least, size)[: len(audio.samples)]


def power(samples: Samples) -> float:
    """Mean square; 0 of nothing."""
    return float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0


def fitted(samples: Samples, audio: Audio, rate: int | None = None) -> Audio:
    """``samples`` in the place of those of ``audio``, turned down where they would pass full scale."""
    peak = float(np.abs(samples).max(initial=0.0))
    scaled = samples / peak if peak > 1.0 else samples
    return Audio(scaled.astype(np.float32), rate or audio.rate, audio.start)


@dataclass(frozen=True, slots=True)
class Sounds:
    """Sound files to draw from, in a fixed order."""

    paths: tuple[Path, ...]

    @classmethod
    def of(cls, places: Iterable[str | Path]) -> Sounds:
        """From files and folders (searched with what is below them), sorted by path.

        Raises MissingFileError where one is not there, OptionError where there is no sound.
        """
        found: list[Path] = []
        for place in map(Path, places):
            if not place.exists():
                raise MissingFileError(f"there is no {place}. Name a sound file or a folder of them.")
            inside = place.rglob("*") if place.is_dir() else (place,)
            found += [path for path in inside if path.suffix.lower() in _KNOWN or not place.is_dir()]
        if not found:
            raise OptionError(
                f"there are no sounds in {', '.join(map(str, places))}. Name a folder that has some."
            )
        return cls(tuple(sorted(set(found))))

    def draw(self, rate: int, random: np.random.Generator) -> Audio:
        """One of them, at ``rate`` Hz. Raises AudioError for a file that holds none."""
        return _load(self.paths[int(random.integers(len(self.paths)))], rate)


@functools.lru_cache(maxsize=_HELD)
def _load(path: Path, rate: int) -> Audio:
    return Audio.load(path, rate)
