"""Label errors: transcripts ranked by how far a model hears something else.

A model that is right most of the time disagrees with a wrong transcript more than with a right
one; the ranking is a list to look through, not a verdict.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine, load_engine
from auricle.errors import AuricleError
from auricle.metrics import cer
from auricle.normalize import Normalizer, normalizer
from auricle.options import option
from auricle.verbs.datasets.text import is_empty
from auricle.verbs.datasets.utterance import Utterance

_BATCH = 16


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """Whether to look for wrong transcripts, and with which model."""

    label_errors: int = option(0, "how many transcripts to show that a model hears otherwise; 0 is none")
    listener: str = option("tiny.en", "model that listens for --label-errors", metavar="NAME")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A transcript that may be wrong: ``rate`` is the character error rate of what was heard against it."""

    id: str
    rate: float
    text: str
    heard: str


def rank_labels(
    dataset: Iterable[Utterance],
    options: LabelOptions,
    *,
    engine: Engine | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> list[Suspect]:
    """The transcripts that differ most from what a model hears, the worst first.

    Clips longer than the model's window are left to the check of lengths. Raises ModelError.
    """
    listener = engine or load_engine(options.listener)
    worst: list[tuple[float, str, Suspect]] = []
    seconds = 0.0
    for batch in _batches(_heard(dataset, listener)):
        texts = listener.transcribe([sound for _, sound in batch], DecodeOptions())
        for (item, sound), said in zip(batch, texts, strict=True):
            seconds += sound.duration
            suspect = _compare(item, said.text, normalizer(language=item.language))
            heapq.heappush(worst, (suspect.rate, suspect.id, suspect))
            if len(worst) > options.label_errors:
                heapq.heappop(worst)
        if on_progress is not None:
            on_progress(seconds)
    return [suspect for _, _, suspect in sorted(worst, key=lambda entry: (-entry[0], entry[1]))]


def _compare(item: Utterance, heard: str, normalize: Normalizer) -> Suspect:
    text = item.text or ""
    rate = cer(normalize(text), normalize(heard)).rate
    return Suspect(item.id, rate if rate is not None else 1.0, text, heard)


def _heard(dataset: Iterable[Utterance], listener: Engine) -> Iterator[tuple[Utterance, Audio]]:
    for item in dataset:
        if item.text is None or is_empty(item.text):
            continue
        try:
            sound = item.load(listener.rate)
        except AuricleError:
            continue  # the check names it
        if sound.duration <= listener.window:
            yield item, sound


def _batches(items: Iterator[tuple[Utterance, Audio]]) -> Iterator[list[tuple[Utterance, Audio]]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
