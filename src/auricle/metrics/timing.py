"""How far words are from where they were spoken: errors of their starts against references."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from auricle.metrics.align import align
from auricle.metrics.tokens import words

Timed = tuple[str, float]  # a word as written, and its start in seconds


@dataclass(frozen=True, slots=True)
class StartErrors:
    """Statistics of hypothesis start − reference start, in seconds, over the words that match.

    Percentiles are of the distance, by nearest rank; ``within`` are shares of the matched words
    that are no farther away than that many milliseconds. ``reference`` is how many words there
    were to match: what was not recognised has no time and is in no statistic.
    """

    reference: int
    matched: int
    mean: float
    mean_distance: float
    p50: float
    p90: float
    p95: float
    worst: float
    within_50: float
    within_100: float
    within_200: float

    @staticmethod
    def of(errors: Sequence[float], reference: int) -> StartErrors | None:
        """The statistics of signed errors; None of none."""
        if not errors:
            return None
        far = sorted(abs(error) for error in errors)
        count = len(far)
        p50, p90, p95 = (far[math.ceil(count * share / 100) - 1] for share in (50, 90, 95))
        near = [sum(one <= limit + 1e-9 for one in far) / count for limit in (0.05, 0.1, 0.2)]
        mean = sum(errors) / count
        return StartErrors(reference, count, mean, sum(far) / count, p50, p90, p95, far[-1], *near)


def start_errors(
    reference: Sequence[Timed], hypothesis: Sequence[Timed], clean: Callable[[str], str]
) -> list[float]:
    """The signed errors of the words that both have, aligned by their text after ``clean``.

    Of a word that becomes several ("twenty-two"), the first carries the start.
    """
    ours, theirs = _tokens(reference, clean), _tokens(hypothesis, clean)
    steps = align([text for text, _ in ours], [text for text, _ in theirs])
    errors = []
    for kind, at, to in steps:
        if kind == "hit" and at is not None and to is not None:
            one, other = ours[at][1], theirs[to][1]
            if one is not None and other is not None:
                errors.append(other - one)
    return errors


def _tokens(timed: Sequence[Timed], clean: Callable[[str], str]) -> list[tuple[str, float | None]]:
    found: list[tuple[str, float | None]] = []
    for text, start in timed:
        for place, token in enumerate(words(clean(text))):
            found.append((token, start if place == 0 else None))
    return found
