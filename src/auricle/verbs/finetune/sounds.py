"""Sounds as a training asks for them: read when needed, augmented and joined by the draw of their epoch.

Those that are asked for next are read on other threads meanwhile: a step on two cores waited for one
sixth of its time for one of them, while the other did nothing (docs/log.md).

Knows examples, augmentation and joins. Refuses to know tokens, models and the loop of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.audio import Audio
from auricle.augment import Augment, generator
from auricle.augment.parts import FRAME, active
from auricle.models.machine import cores
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.joining import Joins
from auricle.verbs.finetune.targets import Said

_HELD = (
    200_000_000  # bytes of sounds that stay in memory: 52 minutes at 16 kHz, or all of a few thousand words
)
_READERS = 8  # threads that read, at most: one for each core but that of the step

Index = tuple[int, int]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance of one epoch: its sound after augmentation, what is said in it, its random numbers."""

    audio: Audio
    said: tuple[Said, ...]
    random: Random
    replay: bool = False

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(one.text for one in self.said)


class Sounds:
    """The dataset that the Trainer indexes: reads, augments and joins what an index names.

    Utterances that are joined are changed by the same draw, so that they sound like one recording.
    """

    def __init__(
        self,
        items: Sequence[Example],
        augment: Augment | None = None,
        share: float = 0.0,
        rate: int = 16_000,
        joins: Joins | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._items, self._augment, self._share = items, augment, share
        self._rate, self._seed = rate, seed
        self._joins = joins or Joins(items)
        self._held: dict[int, Audio] = {}
        self._room = _HELD
        self._plan: Sequence[Index] = ()
        self._where: dict[Index, int] = {}  # the plan, turned round
        self._ahead = self._begun = 0
        self._coming: dict[int, Future[Audio]] = {}
        self._readers: ThreadPoolExecutor | None = None

    def __len__(self) -> int:
        return len(self._items)

    def follow(self, plan: Sequence[Index], ahead: int) -> None:
        """Hear in which order they will be asked for: ``ahead`` of them are read on other threads before."""
        self._plan, self._ahead, self._begun = plan, ahead, 0
        self._where = {index: number for number, index in enumerate(plan)}

    def __getitem__(self, index: Index) -> Heard:
        epoch, place = index
        item = self._items[place]
        key = f"{epoch}:{item.utterance.id}"
        random = generator(self._seed, key)
        changed = self._augment is not None and random.random() < self._share
        places = self._joins.of(epoch, place)
        self._look_ahead(index)
        parts = [self._load(one) for one in places]
        if self._augment is not None and changed:
            parts = [self._augment(part, key) for part in parts]
        texts = [self._items[one].text for one in places]
        audio, said = joined(parts, texts, self._joins.pauses(epoch, place, len(places)))
        return Heard(audio, said, random, item.replay)

    def _load(self, place: int) -> Audio:
        """A sound as it was recorded; kept for the next epoch while there is room."""
        if (found := self._held.get(place)) is not None:
            return found
        coming = self._coming.pop(place, None)
        audio = self._read(place) if coming is None else coming.result()
        if audio.samples.nbytes <= self._room:
            self._held[place] = audio
            self._room -= audio.samples.nbytes
        return audio

    def _read(self, place: int) -> Audio:
        return self._items[place].utterance.load(self._rate)

    def _look_ahead(self, index: Index) -> None:
        """Have the sounds read that the plan has next."""
        at = self._where.get(index)
        if at is None:
            return
        if self._readers is None:
            self._readers = ThreadPoolExecutor(max(1, min(_READERS, cores() - 1)), "auricle-reader")
        first, last = max(at + 1, self._begun), at + 1 + self._ahead
        for epoch, place in self._plan[first:last]:
            for one in self._joins.of(epoch, place):
                if one not in self._held and one not in self._coming:
                    self._coming[one] = self._readers.submit(self._read, one)
        self._begun = max(self._begun, last)


def joined(
    parts: Sequence[Audio], texts: Sequence[str], pauses: Sequence[float]
) -> tuple[Audio, tuple[Said, ...]]:
    """Sounds after one another with silence between them, and when each text is said."""
    rate = parts[0].rate
    samples: list[Any] = []
    said: list[Said] = []
    length = 0
    for part, text, pause in zip(parts, texts, (*pauses, 0.0), strict=True):
        begin = length / rate
        said.append(Said(text, begin, begin + speech_end(part)))
        samples += [part.samples, np.zeros(int(pause * rate), np.float32)]
        length += len(part.samples) + len(samples[-1])
    return Audio(np.concatenate(samples), rate), tuple(said)


def speech_end(audio: Audio) -> float:
    """Where the last loud frame ends, in seconds: the time that a target ends with."""
    loud = np.flatnonzero(active(audio))
    return min(audio.duration, (int(loud[-1]) / audio.rate + FRAME)) if len(loud) else audio.duration
