"""Scores of when words were said: the errors of their starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auricle.metrics.timing import StartErrors, start_errors
from auricle.normalize import Normalizer
from auricle.verbs.score.turns import Spoken


@dataclass(frozen=True, slots=True)
class TimeScore:
    """Word starts of all recordings; ``starts`` is None where no word matched."""

    recordings: int
    words: int
    normalizer: str
    normalizer_version: str
    language: str | None
    starts: StartErrors | None


def score_words(
    references: Mapping[str, Sequence[Spoken]], hypotheses: Mapping[str, Sequence[Spoken]], clean: Normalizer
) -> TimeScore:
    """Score the words of recordings, which are the same in both. Raises MissingExtraError."""
    errors = [
        error
        for name, own in references.items()
        for error in start_errors(_timed(own), _timed(hypotheses[name]), clean)
    ]
    count = sum(map(len, references.values()))
    starts = StartErrors.of(errors, count)
    return TimeScore(len(references), count, clean.name, clean.version, clean.language, starts)


def _timed(spoken: Sequence[Spoken]) -> list[tuple[str, float]]:
    return [(word.text, word.start) for word in spoken]
