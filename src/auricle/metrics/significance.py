"""Is one better than the other? Matched pairs, and the price of asking more than once.

The matched-pairs test is that of Gillick & Cox (ICASSP 1989) as NIST's sc_stats has it
("mapsswe"): both texts are cut where both are right for two words or more, so that the errors in
one piece do not touch those in another, and the differences of the pieces are tested against 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle.errors import ScoreError
from auricle.metrics.align import align
from auricle.metrics.tokens import words

FEWEST = 30  # pieces; with fewer the normal distribution does not hold
_BUFFER = 2  # words right in both that part two pieces, as in sc_stats

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """The outcome of MAPSSWE. ``mean`` is errors of the second minus errors of the first, per piece.

    ``z`` and ``p`` (two-sided, normal) are None where no piece differs or none varies.
    """

    segments: int
    mean: float
    z: float | None
    p: float | None

    @property
    def note(self) -> str:
        """What limits the test; empty where nothing does."""
        if self.segments >= FEWEST:
            return ""
        return f"{self.segments} pieces with errors are too few for the matched-pairs test"


def mapsswe(references: Sequence[str], first: Sequence[str], second: Sequence[str]) -> MatchedPairs:
    """Test the hypotheses ``first`` and ``second`` of the same references against each other.

    Raises ScoreError where the three do not have the same length.
    """
    if not len(references) == len(first) == len(second):
        raise ScoreError("the matched-pairs test needs one text of each run for each reference.")
    one, other = _segments(references, first, second)
    more = other - one
    count = len(more)
    if count < 2 or not more.any():
        return MatchedPairs(count, float(more.mean()) if count else 0.0, None, None)
    mean, deviation = float(more.mean()), float(more.std(ddof=1))
    if not deviation:
        return MatchedPairs(count, mean, None, None)
    z = mean / (deviation / math.sqrt(count))
    return MatchedPairs(count, mean, z, math.erfc(abs(z) / math.sqrt(2)))


def holm(values: Sequence[float]) -> list[float]:
    """Probabilities corrected for how many there are (Holm 1979), in the order given.

    >>> [round(value, 3) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(values)
    least = 0.0
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, (len(values) - rank) * values[at]))
        corrected[at] = least
    return corrected


def _segments(
    references: Sequence[str], first: Sequence[str], second: Sequence[str]
) -> tuple[Counts, Counts]:
    """Errors of both in each piece that has any.

    Every utterance is a row of slots: gap, word, gap, word … gap. A word's slot has 1 where it is
    wrong or missing, a gap's the words inserted there. Two right words are put between utterances.
    """
    ours: list[int] = []
    theirs: list[int] = []
    is_word: list[bool] = []
    for reference, one, other in zip(references, first, second, strict=True):
        tokens = words(reference)
        ours.extend(_slots(tokens, one))
        theirs.extend(_slots(tokens, other))
        is_word.extend([False, True] * len(tokens) + [False] + [True] * _BUFFER)
    return _sums(np.array(ours, np.int64), np.array(theirs, np.int64), np.array(is_word, bool))


def _slots(tokens: Sequence[str], hypothesis: str) -> Iterator[int]:
    slots = [0] * (2 * len(tokens) + 1 + _BUFFER)
    at = 0
    for kind, place, _ in align(tokens, words(hypothesis)):
        if place is None:
            slots[at] += 1
            continue
        slots[2 * place + 1] = int(kind != "hit")
        at = 2 * place + 2
    return iter(slots)


def _sums(ours: Counts, theirs: Counts, is_word: npt.NDArray[np.bool_]) -> tuple[Counts, Counts]:
    if not len(ours):
        return ours, theirs
    right = (ours + theirs) == 0
    starts = np.flatnonzero(np.r_[True, right[1:] != right[:-1]])  # of stretches all right or all wrong
    long = np.add.reduceat(is_word, starts, dtype=np.int64) >= _BUFFER
    parting = np.repeat(long & right[starts], np.diff(np.r_[starts, len(right)]))
    piece = np.cumsum(np.r_[True, parting[1:] & ~parting[:-1]]) - 1
    one = np.bincount(piece, weights=ours).astype(np.int64)
    other = np.bincount(piece, weights=theirs).astype(np.int64)
    wrong = (one + other) > 0
    return one[wrong], other[wrong]
