"""How many of the words that matter were heard: rare words, and the keywords one asks for.

A word is recalled where the alignment has it as a hit. Rare words are those the dataset lists for
an utterance (``rare_words``), or else the words that its references hold only once.

Knows aligned texts. Refuses to know models and files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.errors import OptionError
from auricle.metrics import align, words
from auricle.verbs.evaluate.scoring import Texts, clean

LISTED, ONCE = "the dataset's rare_words", "words that the references hold once"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Recall:
    """``heard`` of ``said``; ``false`` are those written where they were not said."""

    word: str
    said: int
    heard: int
    false: int = 0

    @property
    def rate(self) -> float | None:
        """The share that was heard; None where it was never said."""
        return self.heard / self.said if self.said else None


@dataclass(frozen=True, slots=True)
class RareWords:
    """The recall of all rare words together; ``missed`` are those that were not heard, with counts."""

    source: str
    said: int
    heard: int
    missed: tuple[tuple[str, int], ...]

    @property
    def rate(self) -> float | None:
        """The share that was heard; None where there are none."""
        return self.heard / self.said if self.said else None


def rare_words(texts: Sequence[Texts]) -> RareWords:
    """The recall of rare words over a run."""
    listed = any(item.row.columns.get("rare_words") for item in texts)
    often = Counter(word for item in texts for word in words(item.reference))
    said, heard = Counter[str](), Counter[str]()
    for item in texts:
        tokens, hits = _hits(item)
        rare = _listed(item) if listed else {word for word in tokens if often[word] == 1}
        for word, hit in zip(tokens, hits, strict=True):
            if word in rare:
                said[word] += 1
                heard[word] += hit
    missed = sorted(((word, said[word] - heard[word]) for word in said), key=lambda one: (-one[1], one[0]))
    lost = tuple(one for one in missed if one[1])
    return RareWords(LISTED if listed else ONCE, said.total(), heard.total(), lost[:_SHOWN])


def keywords(texts: Sequence[Texts], wanted: Sequence[str], normalizer: str) -> list[Recall]:
    """The recall of each keyword or phrase, the worst first. Raises OptionError for one without letters."""
    found = [_keyword(texts, phrase, normalizer) for phrase in wanted]
    return sorted(found, key=lambda item: (item.rate is None, item.rate, item.word))


def _keyword(texts: Iterable[Texts], phrase: str, normalizer: str) -> Recall:
    said = heard = written = 0
    for item in texts:
        wanted = words(clean(phrase, normalizer, item.row.language))
        if not wanted:
            raise OptionError(f"the keyword {phrase!r} has no words after normalising. Leave it out.")
        tokens, hits = _hits(item)
        places = _places(tokens, wanted)
        said += len(places)
        heard += sum(all(hits[at : at + len(wanted)]) for at in places)
        written += len(_places(words(item.hypothesis), wanted))
    return Recall(phrase, said, heard, max(written - heard, 0))


def _places(tokens: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where a phrase begins in a text."""
    size = len(wanted)
    return [at for at in range(len(tokens) - size + 1) if list(tokens[at : at + size]) == list(wanted)]


def _hits(item: Texts) -> tuple[list[str], list[bool]]:
    """The reference words of an utterance, and whether each was heard."""
    tokens = words(item.reference)
    hits = [False] * len(tokens)
    for step in align(tokens, words(item.hypothesis)):
        if step.kind == "hit" and step.reference is not None:
            hits[step.reference] = True
    return tokens, hits


def _listed(item: Texts) -> set[str]:
    """What the dataset lists for this utterance, normalised word by word."""
    listed = item.row.columns.get("rare_words") or ()
    names = listed.split() if isinstance(listed, str) else map(str, listed)
    return {word for name in names for word in words(clean(name, item.normalizer, item.row.language))}
