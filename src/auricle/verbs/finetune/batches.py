"""What a step sees: an order that depends on seed and epoch alone, sounds read as they are needed,
and collators that put them side by side.

An index is (epoch, place), so that an utterance is augmented otherwise in every epoch and still
the same when a training that was killed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle import features
from auricle.audio import Audio
from auricle.augment import Augment, SpecAugment, generator
from auricle.augment.parts import FRAME, active
from auricle.verbs.finetune.distilling import REPLAY
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.joining import Joins
from auricle.verbs.finetune.targets import IGNORED, Said, Target, WhisperTargets
from auricle.verbs.finetune.windows import LONGEST, window_frames

_HELD = (
    200_000_000  # bytes of sounds that stay in memory: 52 minutes at 16 kHz, or all of a few thousand words
)
_POOL = 50  # batches that are sorted by length together
_HIDDEN = SpecAugment(bands=2, width=15, times=2, length=40, share=0.1)

Index = tuple[int, int]
Random = np.random.Generator


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
        for place in (*(place for batch in whole for place in batch), *rest):
            yield self.epoch, place

    def _lengths(self, epoch: int) -> list[float]:
        return [self._joins.seconds(epoch, place) for place in self._places]

    def _drawn(self, random: Random) -> Any:
        if not self._extra:
            return np.zeros(0, int)
        again = self._extra > self._replay
        return self._train + random.choice(self._replay, self._extra, replace=again)


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

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Index) -> Heard:
        epoch, place = index
        item = self._items[place]
        key = f"{epoch}:{item.utterance.id}"
        random = generator(self._seed, key)
        changed = self._augment is not None and random.random() < self._share
        places = self._joins.of(epoch, place)
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
        audio = self._items[place].utterance.load(self._rate)
        if audio.samples.nbytes <= self._room:
            self._held[place] = audio
            self._room -= audio.samples.nbytes
        return audio


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
