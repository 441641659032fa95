"""Whether confidence can be believed, and what to check by ear first.

A model that says 0.9 should be right nine times in ten. Word confidences are judged where the run
has them (``--words``), the confidence of whole utterances otherwise, by what share of their words
is right. The list ranks utterances by the errors to be expected in them.

Sources: expected calibration error, Guo et al. 2017; normalised cross entropy, Siu et al. 1997.

Knows confidences and which words were right. Refuses to know where they come from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.metrics import ErrorRate, align, words
from auricle.transcript import Word
from auricle.verbs.evaluate.scoring import Counts, Texts, clean

BINS = 10
_REVIEWED = 0.1  # the share of the audio whose checking is simulated
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Bin:
    """Words of a confidence between two bounds: how many, their mean confidence, the share right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence can be believed. ``of`` is "words" or "utterances".

    ``ece`` is the mean distance of confidence from the share right; ``brier`` the mean squared
    error; ``auc`` the probability that a right one has the higher confidence than a wrong one (0.5
    is chance); ``nce`` what confidence tells of right and wrong, over what there is to tell (1 is
    all, 0 nothing, below 0 it misleads). None where all are right or all are wrong.
    """

    of: str
    count: int
    right: float
    confidence: float
    ece: float
    brier: float
    auc: float | None
    nce: float | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """One utterance to check by ear: the errors to be expected, and those there are."""

    id: str
    expected: float
    errors: int
    seconds: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class ReviewList:
    """The utterances with the most expected errors a second first.

    Checking the first ``share`` of the audio finds ``found`` of all errors; without a ranking it
    would find ``share`` of them.
    """

    share: float
    found: float | None
    first: tuple[Review, ...]


def calibration(texts: Sequence[Texts], counts: Sequence[Counts]) -> Calibration | None:
    """Of words where there are confidences of words, else of utterances; None where there are none."""
    judged = [pair for item in texts for pair in judged_words(item)]
    if judged:
        return _calibration("words", judged)
    each = [
        (item.row.confidence, _accuracy(found.normalized))
        for item, found in zip(texts, counts, strict=True)
        if item.row.confidence is not None and found.normalized.hypothesis
    ]
    return _calibration("utterances", each) if each else None


def judged_words(item: Texts) -> list[tuple[float, float]]:
    """The confidence of each word of a hypothesis, and 1 or 0: whether it is right.

    Words are normalised one by one; one of which nothing is left ("uh") is not judged.
    """
    tokens: list[str] = []
    owners: list[int] = []
    for number, word in enumerate(item.row.words):
        parts = words(clean(word.text, item.normalizer, item.row.language))
        tokens += parts
        owners += [number] * len(parts)
    hits: dict[int, bool] = {}
    for step in align(words(item.reference), tokens):
        if step.hypothesis is not None:
            owner = owners[step.hypothesis]
            hits[owner] = hits.get(owner, True) and step.kind == "hit"
    return [
        (chance, float(right))
        for number, right in hits.items()
        if (chance := item.row.words[number].confidence) is not None
    ]


def review(texts: Sequence[Texts], counts: Sequence[Counts]) -> ReviewList | None:
    """What to check by ear, ranked without looking at the references; None without confidences."""
    rows = [_review(item, found) for item, found in zip(texts, counts, strict=True)]
    ranked = sorted(
        (row for row in rows if row is not None),
        key=lambda row: (-row.expected / max(row.seconds, 0.1), row.id),
    )
    if not ranked:
        return None
    return ReviewList(_REVIEWED, _found(ranked), tuple(ranked[:_SHOWN]))


def _review(item: Texts, found: Counts) -> Review | None:
    expected = _expected(item.row.words, item.row.confidence, found.normalized.hypothesis)
    if expected is None:
        return None
    row = item.row
    return Review(row.id, expected, found.normalized.errors, row.duration, row.confidence)


def _expected(found: Sequence[Word], confidence: float | None, count: int) -> float | None:
    """How many of the words are likely wrong: the sum of one minus the confidence of each."""
    chances = [word.confidence for word in found if word.confidence is not None]
    if chances:
        return sum(1 - chance for chance in chances)
    return None if confidence is None else (1 - confidence) * count


def _found(ranked: Sequence[Review]) -> float | None:
    """The share of all errors in the first tenth of the audio; the last utterance counts in part."""
    errors, budget = sum(row.errors for row in ranked), _REVIEWED * sum(row.seconds for row in ranked)
    if not errors:
        return None
    found = 0.0
    for row in ranked:
        part = min(1.0, budget / row.seconds) if row.seconds else 1.0
        found += part * row.errors
        budget -= row.seconds
        if budget <= 0:
            break
    return found / errors


def _accuracy(found: ErrorRate) -> float:
    """The share of the written words that is right."""
    return found.hits / found.hypothesis


def _calibration(of: str, judged: Sequence[tuple[float, float]]) -> Calibration:
    count = len(judged)
    bins = tuple(_bins(judged))
    right = sum(good for _, good in judged) / count
    return Calibration(
        of=of,
        count=count,
        right=right,
        confidence=sum(chance for chance, _ in judged) / count,
        ece=sum(one.count * abs(one.confidence - one.right) for one in bins) / count,
        brier=sum((chance - good) ** 2 for chance, good in judged) / count,
        auc=_auc(judged),
        nce=_nce(judged, right),
        bins=bins,
    )


def _bins(judged: Iterable[tuple[float, float]]) -> Iterable[Bin]:
    groups: list[list[tuple[float, float]]] = [[] for _ in range(BINS)]
    for chance, good in judged:
        groups[min(int(chance * BINS), BINS - 1)].append((chance, good))
    for at, group in enumerate(groups):
        if group:
            size = len(group)
            mean, right = sum(chance for chance, _ in group) / size, sum(good for _, good in group) / size
            yield Bin(at / BINS, (at + 1) / BINS, size, mean, right)


def _auc(judged: Sequence[tuple[float, float]]) -> float | None:
    """By ranks (Mann-Whitney), ties counting half; a utterance is right where all of it is."""
    ordered = sorted((chance, good == 1.0) for chance, good in judged)
    positives = sum(good for _, good in ordered)
    negatives = len(ordered) - positives
    if not positives or not negatives:
        return None
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += (at + 1 + end) / 2 * sum(good for _, good in ordered[at:end])
        at = end
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def _nce(judged: Sequence[tuple[float, float]], right: float) -> float | None:
    if right in (0.0, 1.0):
        return None
    least = 1e-6
    most = -len(judged) * (right * math.log(right) + (1 - right) * math.log(1 - right))
    told = 0.0
    for chance, good in judged:
        sure = min(max(chance, least), 1 - least)
        told -= good * math.log(sure) + (1 - good) * math.log(1 - sure)
    return (most - told) / most
