"""Errors by name: of all differences from the text as it is written, how many are which.

Every error of the orthographic score gets one name, the first that explains it, so that the names
add up to the score: casing only, punctuation only, both; a compound that is split or joined;
numerals; another spelling that the normaliser forgives; and what is left are words.

Knows two texts. Refuses to know sound.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from auricle.metrics import align, words
from auricle.metrics.align import blocks
from auricle.verbs.evaluate.scoring import Texts, clean

CASING, PUNCTUATION, BOTH = "casing only", "punctuation only", "casing and punctuation"
COMPOUND, NUMERAL, SPELLING, WORD = "compound split or joined", "numeral", "forgiven spelling", "other words"
NAMES = (CASING, PUNCTUATION, BOTH, COMPOUND, NUMERAL, SPELLING, WORD)
_EXAMPLES = 5

Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Named:
    """How many errors have one name, and the most frequent of them: (reference, hypothesis, count)."""

    name: str
    errors: int
    examples: tuple[tuple[str, str, int], ...]


def named_errors(texts: Iterable[Texts]) -> list[Named]:
    """The errors of a run by name, in the order of ``NAMES``."""
    counts: Counter[str] = Counter()
    seen: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in NAMES}
    for item in texts:
        language = item.row.language
        reference = words(clean(item.row.reference, "none", language))
        hypothesis = words(clean(item.row.hypothesis, "none", language))
        for name, errors, pair in name_errors(reference, hypothesis, partial(_clean, item)):
            counts[name] += errors
            seen[name][pair] += 1
    return [Named(name, counts[name], _most(seen[name])) for name in NAMES]


def _clean(item: Texts, text: str) -> str:
    return clean(text, item.normalizer, item.row.language)


def name_errors(
    reference: Sequence[str], hypothesis: Sequence[str], clean: Clean
) -> Iterator[tuple[str, int, tuple[str, str]]]:
    """The name of each stretch of errors, how many they are, and both of its texts."""
    for one, other in blocks(reference, hypothesis):
        yield from _name(list(one), list(other), clean)


def _name(one: list[str], other: list[str], clean: Clean) -> Iterator[tuple[str, int, tuple[str, str]]]:
    """A stretch as a whole where that explains it; else its ends that are alike, then what is left."""
    whole = _whole(one, other, clean)
    if whole is not None:
        yield whole, _edits((one, other)), (" ".join(one), " ".join(other))
        return
    parts = list(_parts(one, other))
    if len(parts) == 1 or sum(map(_edits, parts)) != _edits((one, other)):  # names add up to the score
        for word, heard in zip_longest(one, other, fillvalue=""):
            yield WORD, 1, (word, heard)
        return
    for left, right in parts:
        yield from _name(left, right, clean)


def _edits(stretch: tuple[Sequence[str], Sequence[str]]) -> int:
    """How many errors a stretch without hits is."""
    return max(map(len, stretch))


def _whole(one: Sequence[str], other: Sequence[str], clean: Clean) -> str | None:
    """The name of a stretch that is the same but for one thing; None where it is more."""
    if one and other and letters("".join(one)) == letters("".join(other)):
        return _form(one[0], other[0]) if len(one) == len(other) == 1 else _alike(one, other)
    made, heard = clean(" ".join(one)), clean(" ".join(other))
    if made != heard:
        return None
    digits = any(sign.isdigit() for sign in "".join([*one, *other]))
    return NUMERAL if digits else SPELLING


def _alike(one: Sequence[str], other: Sequence[str]) -> str | None:
    """Several words of the same letters: a compound, unless they pair one by one."""
    return None if list(map(letters, one)) == list(map(letters, other)) else COMPOUND


def _form(word: str, heard: str) -> str:
    """What two forms of one word differ in."""
    if word.casefold() == heard.casefold():
        return CASING
    same = [sign for sign in word if sign.isalnum()] == [sign for sign in heard if sign.isalnum()]
    return PUNCTUATION if same else BOTH


def _parts(one: list[str], other: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """A stretch cut where its words have the same letters."""
    left: list[str] = []
    right: list[str] = []
    for step in align([letters(word) for word in one], [letters(word) for word in other]):
        word = [] if step.reference is None else [one[step.reference]]
        heard = [] if step.hypothesis is None else [other[step.hypothesis]]
        if step.kind == "hit":
            if left or right:
                yield left, right
            yield word, heard
            left, right = [], []
        else:
            left, right = left + word, right + heard
    if left or right:
        yield left, right


def letters(text: str) -> str:
    """The letters, marks and digits of a text, without case."""
    return "".join(sign for sign in text.casefold() if unicodedata.category(sign)[0] in "LMN")


def _most(seen: Counter[tuple[str, str]]) -> tuple[tuple[str, str, int], ...]:
    ordered = sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:_EXAMPLES]
    return tuple((one, other, count) for (one, other), count in ordered)
