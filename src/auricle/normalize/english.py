"""Whisper's English normaliser, word by word where words do not look at each other.

The package runs some seventy patterns over every text. Most words are touched by none of them, or by
some that see only that word; what becomes of those is remembered. Two numbers, a currency sign, an
apostrophe before "been" and the like look at their neighbours: such words go through the package
together with one word on either side that does not. The result is the package's, to the letter
(tests/normalize/test_normalize_english.py).

Knows what the package looks at. What it makes of it, only the package knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from auricle.errors import missing_extra

_REMEMBERED = 200_000  # words
_SIGNS = ".%$¢€£"  # what the package keeps for numbers
_NUMERIC = re.compile(rf"[\d{_SIGNS[1:]}]|\.\.|^\.")
_APOSTROPHE = re.compile(r"[\"“]?([a-z]+)'[a-z]*[^\w\s']*")
_PARTICIPLES = ("been", "gone", "done", "got")
_PERFECT = re.compile(rf"'[ds] (?:{'|'.join(_PARTICIPLES)})")  # "has been" or "is been"


# What a word sees, from nothing to everything. An enum's members take six times as long to compare.
_ALONE = 0  # no other word, and no other word sees it
_NUMBER = 1  # only numbers: "one", "and", "dollars"
_BESIDE = 2  # perhaps a neighbour, or it leaves nothing between its neighbours
_WHOLE = 3  # perhaps the whole text: brackets, "and a half"


class _Word(NamedTuple):
    kind: int
    made: str


class English:
    """What the package's EnglishTextNormalizer does. Raises MissingExtraError without the package."""

    def __init__(self) -> None:
        try:
            from whisper_normalizer.basic import remove_symbols_and_diacritics
            from whisper_normalizer.english import EnglishTextNormalizer
        except ModuleNotFoundError as error:
            raise missing_extra("the normaliser whisper-english", "eval") from error
        package = EnglishTextNormalizer()
        self._package: Callable[[str], str] = package
        self._plain: Callable[..., str] = remove_symbols_and_diacritics
        self._numbers = frozenset(package.standardize_numbers.words)
        self._words: dict[str, _Word] = {}

    def __call__(self, text: str) -> str:
        """The text as it is compared. Spaces may be several."""
        words = text.strip().split(" ")
        found = [self._words.get(word) or self._learn(word) for word in words]
        reach = max([word.kind for word in found])
        if reach == _WHOLE:
            return self._package(text)
        if reach < _BESIDE and not (reach and _adjacent(found)) and not _perfect(text):
            return " ".join([word.made for word in found])
        return " ".join(self._parts(words, found))

    def _learn(self, word: str) -> _Word:
        if len(self._words) >= _REMEMBERED:
            self._words.clear()
        return self._words.setdefault(word, self._look(word))

    def _look(self, word: str) -> _Word:
        lower = word.lower()
        plain = self._plain(lower, keep=_SIGNS)
        if lower.split() != [lower] or any(sign in lower for sign in "<[(") or "half" in plain:
            return _Word(_WHOLE, "")
        made = self._package(word).split()
        near = (
            not made
            or any(sign in part for sign in _SIGNS for part in made)
            or _NUMERIC.search(plain) is not None
            or plain.count(".") != lower.count(".")
            or not self._holds(lower)
        )
        number = any(part in self._numbers or not part.isalpha() for part in made)
        return _Word(_BESIDE if near else _NUMBER if number else _ALONE, " ".join(made))

    def _holds(self, lower: str) -> bool:
        """Whether an apostrophe stays in its word: one that begins a word goes to the word before."""
        if "'" not in lower:
            return True
        found = _APOSTROPHE.fullmatch(lower)
        return found is not None and bool(self._package(found[1]).strip())

    def _parts(self, words: Sequence[str], found: Sequence[_Word]) -> Iterator[str]:
        """What is made of each stretch: of one word alone, or of a run with its neighbours."""
        at, last = 0, len(words)
        near = [self._near(words, found, place) for place in range(last)] + [False]
        while at < last:
            if not (near[at] or near[at + 1]):
                yield found[at].made
                at += 1
                continue
            end = at + 1
            while end < last and (near[end] or near[end - 1] or near[end + 1]):
                end += 1
            yield self._package(" ".join(words[at:end]))
            at = end

    @staticmethod
    def _near(words: Sequence[str], found: Sequence[_Word], at: int) -> bool:
        kind = found[at].kind
        if kind == _NUMBER:
            around = (*found[max(at - 1, 0) : at], *found[at + 1 : at + 2])
            return any(word.kind != _ALONE for word in around)
        if kind == _ALONE and at and "'" in words[at - 1]:
            return words[at].lower().startswith(_PARTICIPLES)
        return kind == _BESIDE


def _adjacent(found: Sequence[_Word]) -> bool:
    """Whether numbers stand side by side."""
    return any(one.kind and other.kind for one, other in pairwise(found))


def _perfect(text: str) -> bool:
    return "'" in text and _PERFECT.search(text.lower()) is not None
