"""A dataset seen through a hardship: the same utterances, changed while they are read.

Nothing is written to disk, and an utterance becomes the same sound whenever it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from auricle.audio import Audio
from auricle.augment import COLOURS, Augment, Sounds, generator
from auricle.augment.noise import coloured
from auricle.verbs.datasets import AudioRef, Dataset, Utterance
from auricle.verbs.datasets.faults import Faults

GAP = 0.5  # seconds between utterances that are joined
SPAN = 10.0  # seconds of a clip without speech
LEVELS = (-50.0, -20.0)  # decibels of full scale: how loud such a clip is, drawn for each


class View(Dataset):
    """Utterances that go for a dataset. ``total`` is how many there would be without a limit."""

    def __init__(
        self,
        name: str,
        utterances: Sequence[Utterance],
        fingerprint: Callable[[], str],
        *,
        total: int | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.name = name
        self.columns = ()
        self.splits = ()
        self.faults = faults or Faults()
        self._utterances_held = utterances
        self._total = total
        self._print = fingerprint

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self._utterances_held)

    def __len__(self) -> int:
        return len(self._utterances_held) if self._total is None else self._total

    def __repr__(self) -> str:
        return f"<View {self.name}: {len(self)} utterances>"

    @property
    def fingerprint(self) -> str:
        """That of the data it was made from."""
        return self._print()


@dataclass(frozen=True, slots=True)
class Altered(AudioRef):
    """A sound after ``change``."""

    inner: AudioRef = field(default_factory=AudioRef)
    change: Augment = field(default_factory=Augment)
    key: str = ""

    def load(self, rate: int = 16000) -> Audio:
        """The changed sound. Raises what reading the sound raises."""
        return self.change(self.inner.load(rate), self.key)


@dataclass(frozen=True, slots=True)
class Joined(AudioRef):
    """Several sounds, one after the other with a pause of half a second between."""

    parts: tuple[AudioRef, ...] = ()

    def load(self, rate: int = 16000) -> Audio:
        """The long sound. Raises what reading one of them raises."""
        gap = np.zeros(round(GAP * rate), np.float32)
        pieces = [piece for part in self.parts for piece in (part.load(rate).samples, gap)]
        return Audio(np.concatenate(pieces[:-1]), rate)


@dataclass(frozen=True, slots=True)
class Noises(AudioRef):
    """Noise or silence in which nothing is said: a colour, "silence", or sounds from files."""

    colour: str = "silence"
    sounds: Sounds | None = None
    key: str = ""
    seed: int = 0

    def load(self, rate: int = 16000) -> Audio:
        """Ten seconds of it."""
        random = generator(self.seed, self.key)
        size, level = round(SPAN * rate), 10 ** (random.uniform(*LEVELS) / 20)
        if self.sounds is None and self.colour not in COLOURS:
            return Audio.silence(SPAN, rate)
        if self.sounds is None:
            noise = coloured(self.colour, size, rate, random)
        else:
            held = self.sounds.draw(rate, random).samples
            noise = np.resize(np.roll(held, -int(random.integers(len(held)))), size)
        power = float(np.sqrt(np.square(noise, dtype=np.float64).mean())) or 1.0
        return Audio(np.clip(noise * np.float32(level / power), -1.0, 1.0), rate)


def altered(utterances: Iterable[Utterance], change: Augment) -> list[Utterance]:
    """Each utterance after ``change``, which knows it by its id; its length is not known any more."""
    return [
        replace(
            item, audio=Altered(name=item.id, inner=item.audio, change=change, key=item.id), duration=None
        )
        for item in utterances
    ]


def joined(utterances: Iterable[Utterance], seconds: float) -> list[tuple[Utterance, tuple[str, ...]]]:
    """Recordings of about ``seconds`` from utterances in their order, each with the ids it is made of.

    Only utterances of one language, with a text, stand together. Where the dataset does not say how
    long they are, they are read.
    """
    groups: list[list[Utterance]] = []
    length, language = 0.0, None
    for item in utterances:
        if not item.text:
            continue
        if not groups or length >= seconds or item.language != language:
            groups.append([])
            length, language = -GAP, item.language
        groups[-1].append(item)
        length += (item.duration or item.load().duration) + GAP
    return [_one(group, number) for number, group in enumerate(groups, 1)]


def _one(group: Sequence[Utterance], number: int) -> tuple[Utterance, tuple[str, ...]]:
    name = f"long-{number:03}"
    audio = Joined(name=name, parts=tuple(item.audio for item in group))
    text = " ".join(item.text or "" for item in group)
    speakers = {item.speaker for item in group}
    speaker = next(iter(speakers)) if len(speakers) == 1 else None
    whole = Utterance(name, audio, text, group[0].language, speaker)
    return whole, tuple(item.id for item in group)


def wordless(minutes: float, noises: Sounds | None, seed: int, language: str | None) -> list[Utterance]:
    """Clips of ten seconds in which nothing is said: silence, white and pink noise, and each file."""
    files = [Sounds((path,)) for path in noises.paths] if noises else []
    kinds: list[tuple[str, Sounds | None]] = [("silence", None), *((colour, None) for colour in COLOURS)]
    kinds += [(one.paths[0].name, one) for one in files]
    count = max(round(minutes * 60 / SPAN), 1)
    found = []
    for number in range(count):
        kind, sounds = kinds[number % len(kinds)]
        name = f"{kind}-{number:03}"
        audio = Noises(name=name, colour=kind, sounds=sounds, key=name, seed=seed)
        found.append(Utterance(name, audio, "", language, duration=SPAN, columns={"noise": kind}))
    return found
