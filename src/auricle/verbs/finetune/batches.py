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
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.targets import IGNORED, Target, WhisperTargets
from auricle.verbs.finetune.windows import LONGEST, window_frames

_POOL = 50  # batches that are sorted by length together
_PAUSE = (0.05, 0.3)  # seconds between utterances that are joined
_HIDDEN = SpecAugment(bands=2, width=15, times=2, length=40, share=0.1)

Index = tuple[int, int]
Random = np.random.Generator


class Order:
    """A sampler of (epoch, place): batches of about one length, in an order of their own each epoch.

    Of ``replay`` utterances so many are drawn for an epoch that they are ``share`` of it.
    """

    def __init__(
        self, train: Sequence[Example], replay: Sequence[Example], share: float, batch: int, seed: int
    ) -> None:
        self._lengths = [item.seconds for item in (*train, *replay)]
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
        """All places, the shortest clip first."""
        return sorted(range(len(self._lengths)), key=self._lengths.__getitem__)

    def __iter__(self) -> Iterator[Index]:
        random = np.random.default_rng([self._seed, self.epoch])
        places = np.concatenate([np.arange(self._train), self._drawn(random)])
        random.shuffle(places)
        pool = self._batch * _POOL
        batches: list[list[int]] = []
        for first in range(0, len(places), pool):
            alike = sorted(places[first : first + pool].tolist(), key=self._lengths.__getitem__)
            batches += [alike[at : at + self._batch] for at in range(0, len(alike), self._batch)]
        whole = [batch for batch in batches if len(batch) == self._batch]
        random.shuffle(whole)
        rest = [place for batch in batches if len(batch) < self._batch for place in batch]
        for place in (*(place for batch in whole for place in batch), *rest):
            yield self.epoch, place

    def _drawn(self, random: Random) -> Any:
        if not self._extra:
            return np.zeros(0, int)
        again = self._extra > self._replay
        return self._train + random.choice(self._replay, self._extra, replace=again)


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance of one epoch: its sound after augmentation, its text, its random numbers."""

    audio: Audio
    text: str
    random: Random


class Sounds:
    """The dataset that the Trainer indexes: reads, joins and augments what an index names."""

    def __init__(
        self,
        items: Sequence[Example],
        augment: Augment | None = None,
        share: float = 0.0,
        rate: int = 16_000,
        join: int = 1,
        *,
        seed: int = 0,
    ) -> None:
        self._items, self._augment, self._share = items, augment, share
        self._rate, self._join, self._seed = rate, join, seed
        self._kin: dict[tuple[str | None, bool], list[int]] = {}
        for place, item in enumerate(items):
            self._kin.setdefault((item.utterance.speaker, item.replay), []).append(place)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Index) -> Heard:
        epoch, place = index
        item = self._items[place]
        key = f"{epoch}:{item.utterance.id}"
        random = generator(self._seed, key)
        audio, text = item.utterance.load(self._rate), item.text
        if self._join > 1:
            audio, text = self._joined(item, audio, random)
        if self._augment is not None and random.random() < self._share:
            audio = self._augment(audio, key)
        return Heard(audio, text, random)

    def _joined(self, item: Example, audio: Audio, random: Random) -> tuple[Audio, str]:
        """The utterance and some others of its speaker, with short pauses between them."""
        kin = self._kin[item.utterance.speaker, item.replay]
        parts, texts = [audio.samples], [item.text]
        for _ in range(int(random.integers(self._join))):
            other = self._items[kin[int(random.integers(len(kin)))]]
            parts += [
                np.zeros(int(random.uniform(*_PAUSE) * self._rate), np.float32),
                other.utterance.load(self._rate).samples,
            ]
            texts.append(other.text)
        return Audio(np.concatenate(parts), self._rate), " ".join(texts)


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

    def __call__(self, batch: Sequence[Heard]) -> dict[str, Any]:
        """input_features [batch, bands, frames], decoder_input_ids, their mask and labels [batch, tokens]."""
        import torch

        longest = max(item.audio.duration for item in batch)
        frames = LONGEST if self.full else window_frames(longest, self.tail)
        mels = np.stack([self._features(item, frames) for item in batch])
        rows = [self._target(item) for item in batch]
        return {"input_features": torch.from_numpy(mels), **decoder_side(rows, self.targets.tokens.end)}

    def _features(self, item: Heard, frames: int) -> Any:
        mel = features.log_mel(item.audio.samples, self.bands, frames)
        if not self.mask:
            return mel
        own = min(frames, int(item.audio.duration * features.FRAMES_PER_SECOND))
        return np.concatenate([_HIDDEN(mel[:, :own], item.random), mel[:, own:]], axis=1)

    def _target(self, item: Heard) -> Target:
        timed = self.timestamps > 0 and item.random.random() < self.timestamps
        return self.targets(item.text, speech_end(item.audio) if timed else None)


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
