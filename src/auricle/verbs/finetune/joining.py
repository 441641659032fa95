"""Which utterances stand together in one: some of a speaker, with short pauses between them.

Corpora of short clips teach a model that nothing follows a sentence. What stands together is drawn anew
for each epoch, and depends on seed, epoch and utterance alone.

Knows examples and their seconds. Refuses to know sounds and models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from auricle.augment import generator
from auricle.verbs.finetune.examples import Example

_PAUSE = (0.05, 0.3)  # seconds between utterances that are joined
_ROOM = 0.75  # share of what a model hears at once that they fill at most: slower speech takes more


class Joins:
    """Up to ``most`` utterances for each place, the first of them its own; ``longest`` in seconds."""

    def __init__(
        self, items: Sequence[Example], most: int = 1, longest: float = math.inf, *, seed: int = 0
    ) -> None:
        self._items, self._most, self._seed = items, most, seed
        self._longest = _ROOM * longest
        self._kin: dict[tuple[str | None, bool], list[int]] = {}
        for place, item in enumerate(items):
            self._kin.setdefault((item.utterance.speaker, item.replay), []).append(place)

    def of(self, epoch: int, place: int) -> list[int]:
        """The places that stand together."""
        if self._most == 1:
            return [place]
        random = self._random(epoch, place)
        item = self._items[place]
        kin = self._kin[item.utterance.speaker, item.replay]
        found, seconds = [place], item.seconds
        for _ in range(int(random.integers(self._most))):
            other = kin[int(random.integers(len(kin)))]
            seconds += _PAUSE[1] + self._items[other].seconds
            if seconds > self._longest:
                break
            found.append(other)
        return found

    def seconds(self, epoch: int, place: int) -> float:
        """How long they are together, without the pauses."""
        return sum(self._items[one].seconds for one in self.of(epoch, place))

    def pauses(self, epoch: int, place: int, count: int) -> list[float]:
        """The seconds between ``count`` of them."""
        random = self._random(epoch, place, "pauses")
        return [float(pause) for pause in random.uniform(*_PAUSE, max(0, count - 1))]

    def _random(self, epoch: int, place: int, what: str = "join") -> np.random.Generator:
        return generator(self._seed, f"{what} {epoch}:{self._items[place].utterance.id}")
