"""Sound made harder, in seeded steps: for tests of robustness and for training.

    >>> from auricle import sample
    >>> from auricle.audio import Audio
    >>> augment = Augment.of("noise:10:pink", "telephone", seed=7)
    >>> clean = Audio.load(sample())
    >>> noisy = augment(clean, "utterance 1")
    >>> len(noisy) == len(clean), noisy.rate
    (True, 16000)

A step takes an Audio and a random generator and gives an Audio of the same rate. ``Augment``
makes the generator from its seed and a key (the id of the utterance), so an utterance becomes the
same whatever comes before it and on whichever worker. Numbers may be ranges: ``noise:5-20`` draws
a new one for each utterance. Nothing here clips unless it is asked to: what would pass full scale
is turned down as a whole.

Knows samples. Refuses to know datasets, models and files, but those that noises and rooms are in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auricle.audio import Audio
from auricle.augment.channel import Clipping, Codec, Gain, LeadingSilence, Library, Speed, Telephone
from auricle.augment.noise import COLOURS, Noise
from auricle.augment.parts import Drawn, Sounds, Step, drawn
from auricle.augment.room import Room
from auricle.augment.spectral import SpecAugment
from auricle.errors import OptionError, nearest

__all__ = [
    "COLOURS",
    "Augment",
    "Clipping",
    "Codec",
    "Gain",
    "LeadingSilence",
    "Library",
    "Noise",
    "Room",
    "Sometimes",
    "Sounds",
    "SpecAugment",
    "Speed",
    "Step",
    "Telephone",
    "generator",
    "step",
]


@dataclass(frozen=True, slots=True)
class Sometimes:
    """A step that is taken with the given probability."""

    step: Step
    probability: float

    def __call__(self, audio: Audio, random: np.random.Generator) -> Audio:
        """The step's sound, or the sound as it was."""
        return self.step(audio, random) if random.random() < self.probability else audio


@dataclass(frozen=True, slots=True)
class Augment:
    """Steps in order, with one seed for all of them."""

    steps: tuple[Step, ...] = ()
    seed: int = 0

    @classmethod
    def of(
        cls, *specs: str, seed: int = 0, rooms: Sounds | None = None, noises: Sounds | None = None
    ) -> Augment:
        """From specs, as ``step`` takes them. Raises OptionError."""
        return cls(tuple(step(spec, noises=noises, rooms=rooms) for spec in specs), seed)

    def __call__(self, audio: Audio, key: str = "") -> Audio:
        """The sound after all steps; the same for the same sound, seed and key."""
        random = generator(self.seed, key)
        for one in self.steps:
            audio = one(audio, random)
        return audio


def generator(seed: int, key: str) -> np.random.Generator:
    """A random generator of its own for each key, independent of all others of the seed."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, np.uint32).tolist()])


def step(spec: str, *, noises: Sounds | None = None, rooms: Sounds | None = None) -> Step:
    """A step from its name and numbers: ``noise:10``, ``speed:0.9-1.1``, ``codec:opus:8``.

    ``noise:DB`` takes the sounds of ``noises``, pink noise where there are none, or the colour
    that follows (``noise:10:white``); ``room`` takes the responses of ``rooms``, or simulates
    one. Raises OptionError for a name or number that is not known.
    """
    name, _, rest = spec.partition(":")
    if name not in _MAKERS:
        raise OptionError(f"there is no augmentation {name!r}. {nearest(name, _MAKERS)}")
    values = rest.split(":") if rest else []
    make, most, example = _MAKERS[name]
    if len(values) > most:
        raise OptionError(f"{spec!r} has too many parts. Type it like {example}.")
    try:
        return make(values, noises, rooms)
    except ValueError as error:
        if isinstance(error, OptionError):
            raise
        raise OptionError(f"{spec!r} is not an augmentation: {error}. Type it like {example}.") from None


_Make = Callable[[Sequence[str], Sounds | None, Sounds | None], Step]


def _number(values: Sequence[str], default: Drawn, at: int = 0) -> Drawn:
    return drawn(values[at]) if len(values) > at else default


def _noise(values: Sequence[str], noises: Sounds | None, rooms: Sounds | None) -> Step:
    colour = values[1] if len(values) > 1 else None
    return Noise(_number(values, 10.0), colour or noises or "pink")


def _room(values: Sequence[str], noises: Sounds | None, rooms: Sounds | None) -> Step:
    if values and rooms is not None:
        raise ValueError("recorded rooms have the reverberation they have")
    return Room(rooms, reverberation=_number(values, 0.5))


def _codec(values: Sequence[str], noises: Sounds | None, rooms: Sounds | None) -> Step:
    name = values[0] if values else "mp3"
    return Codec(name, int(values[1]) if len(values) > 1 else None)


# Name: what makes it of its parts, how many parts it takes, an example.
_MAKERS: Mapping[str, tuple[_Make, int, str]] = {
    "noise": (_noise, 2, "noise:10 or noise:10:white"),
    "room": (_room, 1, "room or room:0.6"),
    "telephone": (lambda values, _, __: Telephone(), 0, "telephone"),
    "codec": (_codec, 2, "codec:mp3:16"),
    "speed": (lambda values, _, __: Speed(_number(values, 1.1)), 1, "speed:0.9"),
    "gain": (lambda values, _, __: Gain(_number(values, -20.0)), 1, "gain:-20"),
    "clipping": (lambda values, _, __: Clipping(_number(values, 12.0)), 1, "clipping:12"),
    "silence": (lambda values, _, __: LeadingSilence(_number(values, 2.0)), 1, "silence:2"),
}
