"""The scores of a run: how wrong, how fast, and what was written where nothing is said.

The orthographic and the normalised score always stand together. Everything is a sum over
utterances; a rate exists only where there are words to divide by.

Knows texts and times. Refuses to know models, files and how a score is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from auricle.metrics import ErrorRate, Hallucination, Latency, Throughput, cer_each, wer_each
from auricle.normalize import Normalizer, normalizer
from auricle.verbs.evaluate.run import Scored


@dataclass(frozen=True, slots=True)
class Texts:
    """One utterance ready to be compared: its row, and its texts after ``normalizer`` (a name)."""

    row: Scored
    normalizer: str
    reference: str
    hypothesis: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The errors of one utterance, or of many: counts that add."""

    normalized: ErrorRate = field(default_factory=ErrorRate)
    orthographic: ErrorRate = field(default_factory=ErrorRate)
    characters: ErrorRate = field(default_factory=lambda: ErrorRate(unit="characters"))
    hallucination: Hallucination = field(default_factory=Hallucination)
    throughput: Throughput = field(default_factory=Throughput)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.normalized + other.normalized,
            self.orthographic + other.orthographic,
            self.characters + other.characters,
            self.hallucination + other.hallucination,
            self.throughput + other.throughput,
        )

    def __radd__(self, other: object) -> Counts:
        return self if other == 0 else NotImplemented


def prepare(rows: Iterable[Scored], name: str) -> list[Texts]:
    """Normalise both texts of each row, by its language. Raises OptionError, MissingExtraError."""
    return [prepared(row, name) for row in rows]


def prepared(row: Scored, name: str) -> Texts:
    """One row, normalised."""
    by = _normalizer(name, row.language)
    return Texts(row, name, by(row.reference), by(row.hypothesis))


def clean(text: str, name: str, language: str | None) -> str:
    """A text after the normaliser ``name`` for a language."""
    return _normalizer(name, language)(text)


def count_each(texts: Sequence[Texts]) -> list[Counts]:
    """The counts of each utterance."""
    references, hypotheses = [item.reference for item in texts], [item.hypothesis for item in texts]
    rates = zip(
        texts,
        wer_each(references, hypotheses),
        wer_each(
            [clean(item.row.reference, "none", item.row.language) for item in texts],
            [clean(item.row.hypothesis, "none", item.row.language) for item in texts],
        ),
        cer_each(references, hypotheses),
        strict=True,
    )
    return [
        Counts(
            found,
            orthographic,
            letters,
            Hallucination.of(found, item.row.duration),
            Throughput(item.row.duration, item.row.elapsed),
        )
        for item, found, orthographic, letters in rates
    ]


def latency(rows: Iterable[Scored]) -> Latency | None:
    """Percentiles of the seconds from the beginning of an utterance's batch to its text."""
    return Latency.of(row.latency for row in rows if row.latency is not None)


@cache
def _normalizer(name: str, language: str | None) -> Normalizer:
    return normalizer(name, language)
