"""Texts of one recording side by side: the words that answer each other in one column.

The first text is the one the others are aligned with, by the fewest edits. Two words are the same
where they differ in case and punctuation only: a CTC model writes neither, and has not misheard.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from auricle.metrics import align, words


@dataclass(frozen=True, slots=True)
class Column:
    """One word of each text, None where a text has none there."""

    words: tuple[str | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the texts do not agree here."""
        return len({plain(word or "") for word in self.words}) > 1


def columns(texts: Sequence[str]) -> tuple[Column, ...]:
    """The aligned words of two texts or more. Raises MissingExtraError without rapidfuzz."""
    tokens = [_tokens(text) for text in texts]
    pivot = tokens[0]
    rows = [_against(pivot, other) for other in tokens[1:]]
    found: list[Column] = []
    for place in range(len(pivot) + 1):
        found += [Column((None, *extra)) for extra in zip_longest(*(row.before[place] for row in rows))]
        if place < len(pivot):
            found.append(Column((pivot[place], *(row.at[place] for row in rows))))
    return tuple(found)


@dataclass(slots=True)
class _Row:
    """A text against the first: its word at each of the first's, and its words before each."""

    at: list[str | None]
    before: list[list[str]]


def _against(pivot: Sequence[str], other: Sequence[str]) -> _Row:
    row = _Row([None] * len(pivot), [[] for _ in range(len(pivot) + 1)])
    place = 0
    for step in align([plain(word) for word in pivot], [plain(word) for word in other]):
        if step.reference is None:
            row.before[place].append(other[step.hypothesis or 0])
            continue
        place = step.reference + 1
        if step.hypothesis is not None:
            row.at[step.reference] = other[step.hypothesis]
    return row


def plain(word: str) -> str:
    """A word as it is compared: one form of Unicode, no capitals, no signs at all."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "PSZ")


def _tokens(text: str) -> list[str]:
    """The words of a text; signs that stand alone go with the word before them, the first with the next."""
    found: list[str] = []
    for word in words(text):
        if found and not (plain(word) and plain(found[-1])):
            found[-1] += f" {word}" if f"{found[-1]} {word}" in text else word
        else:
            found.append(word)
    return found
