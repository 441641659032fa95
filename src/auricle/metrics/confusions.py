"""Which words are taken for which, left out and put in, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from auricle.metrics.align import edits
from auricle.metrics.tokens import words

T = TypeVar("T", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Confusions:
    """The most frequent errors with their counts, most frequent first (then by alphabet).

    ``substitutions`` are (reference, hypothesis, count); the others (word, count).
    """

    substitutions: tuple[tuple[str, str, int], ...] = ()
    deletions: tuple[tuple[str, int], ...] = ()
    insertions: tuple[tuple[str, int], ...] = ()

    @staticmethod
    def of(pairs: Iterable[tuple[str, str]], top: int = 10) -> Confusions:
        """The ``top`` errors of each kind in pairs of reference and hypothesis."""
        taken: Counter[tuple[str, str]] = Counter()
        left: Counter[str] = Counter()
        put: Counter[str] = Counter()
        for reference, hypothesis in pairs:
            one, other = words(reference), words(hypothesis)
            for kind, at, to in edits(one, other):
                if kind == "replace":
                    taken[one[at], other[to]] += 1
                elif kind == "delete":
                    left[one[at]] += 1
                else:
                    put[other[to]] += 1
        pairs_most = tuple((one, other, count) for (one, other), count in _most(taken, top))
        return Confusions(pairs_most, _most(left, top), _most(put, top))


def _most(counts: Counter[T], top: int) -> tuple[tuple[T, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top])
