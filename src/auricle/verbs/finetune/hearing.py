"""Hearing what the model writes now: greedy decoding by the engine that users have, real error rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from auricle.engines import DecodeOptions, Engine, Parallel
from auricle.metrics import ErrorRate, wer_each
from auricle.normalize import normalizer
from auricle.transcript import Transcript
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.learner import Learner
from auricle.verbs.transcribe.gates import compression_ratio

_BATCH = 8
_REPEATED = 2.4  # characters over those after compression, as for a window that is decoded again
_LOOP = 12  # words of which most are the same: a loop


@dataclass(frozen=True, slots=True)
class Ear:
    """What was written for some utterances, and how wrong it was after the normaliser of the language."""

    errors: ErrorRate
    as_written: ErrorRate
    texts: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    @staticmethod
    def of(value: Mapping[str, Any]) -> Ear:
        """What ``as_dict`` gave."""
        return Ear(ErrorRate(**value["errors"]), ErrorRate(**value["as_written"]), tuple(value["texts"]))

    @property
    def rate(self) -> float:
        """Word error rate, normalised; 1.0 where there was nothing to hear."""
        return self.errors.rate if self.errors.rate is not None else 1.0

    @property
    def empty(self) -> float:
        """The share of utterances for which nothing was written."""
        return sum(not text for text in self.texts) / max(1, len(self.texts))

    @property
    def looping(self) -> float:
        """The share of texts in which one word is most of many."""
        return sum(map(_loops, self.texts)) / max(1, len(self.texts))


def hear(
    learner: Learner,
    items: Sequence[Example],
    *,
    language: str | None = None,
    precision: str = "float32",
) -> Ear:
    """What the weights make of utterances, as they are now, and how wrong it is."""
    return scored(items, written(learner, items, language, precision))


def written(
    learner: Learner,
    items: Sequence[Example],
    language: str | None = None,
    precision: str = "float32",
) -> list[str]:
    """Decode utterances with the weights as they are."""
    was = learner.model.training
    learner.model.eval()
    options = DecodeOptions(language=language if learner.kind == "whisper" else None)
    try:
        with _arithmetic(learner.model, precision):
            return decoded(learner.engine(), items, options)
    finally:
        learner.model.train(was)


def decoded(
    engine: Engine,
    items: Sequence[Example],
    options: DecodeOptions,
    on_progress: Callable[[int], None] | None = None,
) -> list[str]:
    """What an engine writes for utterances, in batches of about one length, as many at once as it wants."""
    texts: dict[int, str] = {}
    order = sorted(range(len(items)), key=lambda place: items[place].seconds)
    batches = [order[first : first + _BATCH] for first in range(0, len(order), _BATCH)]

    def write(places: Sequence[int]) -> list[Transcript]:
        return engine.transcribe([items[place].utterance.load(engine.rate) for place in places], options)

    with ExitStack() as stack:
        each: Callable[..., Iterable[list[Transcript]]] = map  # on this thread, whose arithmetic was chosen
        if isinstance(engine, Parallel):
            each = stack.enter_context(ThreadPoolExecutor(engine.parallel)).map
        for places, found in zip(batches, each(write, batches), strict=True):
            texts |= zip(places, (one.text for one in found), strict=True)
            if on_progress is not None:
                on_progress(len(texts))
    return [texts[place] for place in range(len(items))]


def scored(items: Sequence[Example], texts: Sequence[str]) -> Ear:
    """The errors of texts against those of the utterances."""
    clean = [normalizer(language=item.utterance.language or "en") for item in items]
    references = [item.text for item in items]
    normalized = wer_each(
        [by(text) for by, text in zip(clean, references, strict=True)],
        [by(text) for by, text in zip(clean, texts, strict=True)],
    )
    return Ear(sum(normalized, ErrorRate()), sum(wer_each(references, texts), ErrorRate()), tuple(texts))


def _arithmetic(model: Any, precision: str) -> Any:
    import torch

    kind = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision)
    return torch.autocast(model.device.type, kind, enabled=kind is not None)


def repeats(text: str) -> bool:
    """Whether a text says the same word, or the same few words, again and again."""
    return _loops(text) or compression_ratio(text) > _REPEATED


def _loops(text: str) -> bool:
    words = text.lower().split()
    return len(words) >= _LOOP and Counter(words).most_common(1)[0][1] > len(words) / 2
