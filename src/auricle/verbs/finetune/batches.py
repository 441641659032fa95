"""What a step sees: an order that depends on seed and epoch alone, and collators that put sounds side
by side.

An index is (epoch, place), so that an utterance is augmented otherwise in every epoch and still
the same when a training that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle import features
from auricle.augment import SpecAugment
from auricle.verbs.finetune.distilling import REPLAY
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.joining import Joins
from auricle.verbs.finetune.sounds import Heard, Index, Random
from auricle.verbs.finetune.targets import IGNORED, Target, WhisperTargets
from auricle.verbs.finetune.windows import LONGEST, window_frames

_AHEAD = 2  # batches that are read while one is learnt
_POOL = 50  # batches that are sorted by length together
_HIDDEN = SpecAugment(bands=2, width=15, times=2, length=40, share=0.1)


class Order:
    """A sampler of (epoch, place): batches of about one length, in an order of their own each epoch.

    Of ``replay`` utterances so many are drawn for an epoch that they are ``share`` of it.
    """

    def __init__(
        self,
        train: Sequence[Example],
        replay: Sequence[Example],
        share: float,
        batch: int,
        seed: int,
        joins: Joins | None = None,
    ) -> None:
        items = (*train, *replay)
        self._joins, self._places = joins or Joins(items), range(len(items))
        self._train, self._replay = len(train), len(replay)
        self._extra = round(len(train) * share / (1 - share)) if replay else 0
        self._batch, self._seed = batch, seed
        self.epoch = 0
        self.tell: Callable[[Sequence[Index], int], None] | None = None  # told of an epoch as it begins

    def set_epoch(self, epoch: int) -> None:
        """The Trainer says which epoch begins."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self._train + self._extra

    def by_length(self) -> list[int]:
        """All places, the one with the shortest sound in the first epoch first."""
        return sorted(self._places, key=self._lengths(0).__getitem__)

    def __iter__(self) -> Iterator[Index]:
        random = np.random.default_rng([self._seed, self.epoch])
        places = np.concatenate([np.arange(self._train), self._drawn(random)])
        random.shuffle(places)
        lengths = self._lengths(self.epoch)
        pool = self._batch * _POOL
        batches: list[list[int]] = []
        for first in range(0, len(places), pool):
            alike = sorted(places[first : first + pool].tolist(), key=lengths.__getitem__)
            batches += [alike[at : at + self._batch] for at in range(0, len(alike), self._batch)]
        whole = [batch for batch in batches if len(batch) == self._batch]
        random.shuffle(whole)
        rest = [place for batch in batches if len(batch) < self._batch for place in batch]
        plan = [(self.epoch, place) for batch in (*whole, rest) for place in batch]
        if self.tell is not None:
            self.tell(plan, _AHEAD * self._batch)
        yield from plan

    def _lengths(self, epoch: int) -> list[float]:
        return [self._joins.seconds(epoch, place) for place in self._places]

    def _drawn(self, random: Random) -> Any:
        if not self._extra:
            return np.zeros(0, int)
        again = self._extra > self._replay
        return self._train + random.choice(self._replay, self._extra, replace=again)


@dataclass(frozen=True, slots=True)
class WhisperCollator:
    """Utterances side by side for a Whisper, with labels already in their places.

    ``decoder_input_ids`` begin with the start token and ``labels`` are what follows each of them, so
    that the model shifts nothing: no token can come twice. Everything is padded and masked.
    """

    targets: WhisperTargets
    bands: int
    tail: float
    full: bool
    timestamps: float
    mask: bool
    replay: bool = False

    def __call__(self, batch: Sequence[Heard]) -> dict[str, Any]:
        """input_features [batch, bands, frames], decoder_input_ids, their mask and labels [batch, tokens].

        With ``replay``, also which of them are replay [batch].
        """
        import torch

        longest = max(item.audio.duration for item in batch)
        frames = LONGEST if self.full else window_frames(longest, self.tail)
        mels = np.stack([self._features(item, frames) for item in batch])
        rows = [self._target(item) for item in batch]
        kept = {REPLAY: torch.tensor([item.replay for item in batch])} if self.replay else {}
        sound = {"input_features": torch.from_numpy(mels)}
        return {**sound, **decoder_side(rows, self.targets.tokens.end), **kept}

    def _features(self, item: Heard, frames: int) -> Any:
        mel = features.log_mel(item.audio.samples, self.bands, frames)
        if not self.mask:
            return mel
        own = min(frames, int(item.audio.duration * features.FRAMES_PER_SECOND))
        return np.concatenate([_HIDDEN(mel[:, :own], item.random), mel[:, own:]], axis=1)

    def _target(self, item: Heard) -> Target:
        timed = self.timestamps > 0 and item.random.random() < self.timestamps
        return self.targets.timed(item.said) if timed else self.targets(item.text)


def decoder_side(rows: Sequence[Target], pad: int) -> dict[str, Any]:
    """Targets side by side: padded with ``pad`` and masked; what pads carries no loss."""
    import torch

    longest = max(len(row.inputs) for row in rows)

    def padded(values: Sequence[int], filler: int) -> list[int]:
        return [*values, *[filler] * (longest - len(values))]

    return {
        "decoder_input_ids": torch.tensor([padded(row.inputs, pad) for row in rows]),
        "decoder_attention_mask": torch.tensor([padded([1] * len(row.inputs), 0) for row in rows]),
        "labels": torch.tensor([padded(row.labels, IGNORED) for row in rows]),
    }


@dataclass(frozen=True, slots=True)
class ModelCollator:
    """Utterances side by side for any other model, by its own feature extractor and tokenizer.

    ``encode`` gives the labels of a text: letters for CTC, tokens with the end for a decoder.
    """

    extractor: Any
    encode: Callable[[str], list[int]]
    rate: int
    mask: bool

    def __call__(self, batch: Sequence[Heard]) -> dict[str, Any]:
        """The extractor's inputs with their mask, and labels padded with −100."""
        import torch

        inputs = self.extractor(
            [item.audio.samples for item in batch],
            sampling_rate=self.rate,
            padding=True,
            return_attention_mask=True,
            return_tensors="pt",
        )
        if self.mask and "input_features" in inputs:
            hidden = [
                _HIDDEN(row.numpy().T, item.random).T
                for row, item in zip(inputs["input_features"], batch, strict=True)
            ]
            inputs["input_features"] = torch.from_numpy(np.stack(hidden))
        labels = [self.encode(item.text) for item in batch]
        longest = max(map(len, labels))
        rows = [[*row, *[IGNORED] * (longest - len(row))] for row in labels]
        return {**inputs, "labels": torch.tensor(rows)}
