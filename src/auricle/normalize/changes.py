"""What a normaliser did to texts: how many words it changed, in which way, and which.

A word is put into the first class that explains what becomes of it alone: the same, letter case
only, punctuation only (case included), removed ("uh"), rewritten ("twenty" → "20"). What becomes
of several together ("two hundred" → "200", text in brackets that goes) is counted as ``together``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from auricle.metrics.align import blocks
from auricle.metrics.tokens import words
from auricle.normalize import Normalizer, normalizer

_TOP = 10


@dataclass(frozen=True, slots=True)
class Changes:
    """Counts of words, and the most frequent rewritings as (before, after, count).

    ``together`` are the places where several words changed that alone would not, or otherwise;
    ``emptied`` the texts of which nothing was left.
    """

    words: int = 0
    same: int = 0
    case: int = 0
    punctuation: int = 0
    removed: int = 0
    rewritten: int = 0
    together: int = 0
    emptied: int = 0
    examples: tuple[tuple[str, str, int], ...] = ()


def changes(texts: Iterable[str], cleaned: Iterable[str], clean: Normalizer) -> Changes:
    """What ``clean`` changed in these texts; ``cleaned`` is what it made of each."""
    plain, judge = normalizer("none"), _judge(clean)
    seen: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    rewritings: Counter[tuple[str, str]] = Counter()
    for text, made in zip(texts, cleaned, strict=True):
        before, after = words(plain(text)), words(made)
        seen.update(before)
        kinds["emptied"] += bool(before) and not after
        alone = [part for word in before for part in judge(word)[1]]
        for one, other in blocks(alone, after) if alone != after else ():
            kinds["together"] += 1
            rewritings[" ".join(one), " ".join(other)] += 1
    for word, times in seen.items():
        kind, parts = judge(word)
        kinds[kind] += times
        if kind in ("removed", "rewritten"):
            rewritings[word, " ".join(parts)] += times
    common = sorted(rewritings.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
    return Changes(words=seen.total(), **kinds, examples=tuple((*pair, count) for pair, count in common))


def _judge(clean: Normalizer) -> Callable[[str], tuple[str, list[str]]]:
    """What becomes of one word, and the class that explains it; remembered."""
    bare = normalizer("multilingual")

    @cache
    def judge(word: str) -> tuple[str, list[str]]:
        parts = words(clean(word))
        if parts == [word]:
            return "same", parts
        if parts == [word.lower()]:
            return "case", parts
        if parts == words(bare(word)):
            return "punctuation", parts
        return ("rewritten" if parts else "removed"), parts

    return judge
