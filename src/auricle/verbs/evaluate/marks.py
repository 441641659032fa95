"""Punctuation and casing scored on their own, over the words that both texts have.

Words are aligned without case and punctuation; then the mark after each, and the case of each, is
compared. Marks of words that are not in the other text count as missed or as put in.

Knows two texts. Says nothing of texts that have no punctuation, or no case, to compare with.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.metrics import align, words
from auricle.verbs.evaluate.named import letters
from auricle.verbs.evaluate.scoring import Texts, clean


@dataclass(frozen=True, slots=True)
class Marks:
    """One mark, or all: in the references, in the hypotheses, and the same at the same place."""

    mark: str
    reference: int
    hypothesis: int
    correct: int

    @property
    def precision(self) -> float | None:
        """The share of what was written that is right."""
        return self.correct / self.hypothesis if self.hypothesis else None

    @property
    def recall(self) -> float | None:
        """The share of what is in the references that was written."""
        return self.correct / self.reference if self.reference else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where the references have none."""
        total = self.reference + self.hypothesis
        return 2 * self.correct / total if self.reference else None if not total else 0.0


@dataclass(frozen=True, slots=True)
class Written:
    """How the words that are right are written.

    ``punctuation`` begins with all marks together; it is empty where the references have none.
    ``words`` are those both texts have, ``same_case`` those of them in the same case; ``capitals``
    the words with a capital. ``capitals`` is None where the references have one case only.
    """

    punctuation: tuple[Marks, ...]
    words: int
    same_case: int
    capitals: Marks | None

    @property
    def casing(self) -> float | None:
        """The share of the words both have that are in the same case; None without case."""
        return self.same_case / self.words if self.words and self.capitals else None


def written(texts: Iterable[Texts]) -> Written:
    """Score punctuation and casing over a run."""
    tally = _Tally()
    for item in texts:
        language = item.row.language
        tally.add(
            words(clean(item.row.reference, "none", language)),
            words(clean(item.row.hypothesis, "none", language)),
        )
    return tally.result()


class _Tally:
    """Marks and cases, counted utterance by utterance."""

    def __init__(self) -> None:
        self._said: Counter[str] = Counter()
        self._heard: Counter[str] = Counter()
        self._correct: Counter[str] = Counter()
        self._words = self._same = 0
        self._capitals = [0, 0, 0]  # in the references, in the hypotheses, in both
        self._cases: set[bool] = set()  # whether letters of the references are upper case

    def add(self, reference: Sequence[str], hypothesis: Sequence[str]) -> None:
        """One utterance, as words with their marks."""
        self._cases |= {
            sign.isupper() for word in reference for sign in word if sign.isupper() or sign.islower()
        }
        for step in align([letters(word) for word in reference], [letters(word) for word in hypothesis]):
            word = None if step.reference is None else reference[step.reference]
            heard = None if step.hypothesis is None else hypothesis[step.hypothesis]
            self._marks(word, heard)
            if step.kind == "hit" and word and heard:
                self._case(word, heard)

    def _marks(self, word: str | None, heard: str | None) -> None:
        said, written = _marks_of(word), _marks_of(heard)
        self._said.update(said)
        self._heard.update(written)
        self._correct.update(said & written)

    def _case(self, word: str, heard: str) -> None:
        capital, other = _has_capital(word), _has_capital(heard)
        self._words += 1
        self._same += _cased(word) == _cased(heard)
        self._capitals[0] += capital
        self._capitals[1] += other
        self._capitals[2] += capital and other

    def result(self) -> Written:
        """What it came to."""
        kinds = sorted(self._said | self._heard, key=lambda mark: (-self._said[mark], mark))
        rows = [Marks(mark, self._said[mark], self._heard[mark], self._correct[mark]) for mark in kinds]
        every = Marks("all", self._said.total(), self._heard.total(), self._correct.total())
        return Written(
            (every, *rows) if every.reference else (),
            self._words,
            self._same,
            Marks("capitals", *self._capitals) if len(self._cases) == 2 else None,
        )


def _marks_of(word: str | None) -> Counter[str]:
    """The punctuation around a word; inside of it (don't, 3.5) is spelling."""
    if not word:
        return Counter()
    inside = [at for at, sign in enumerate(word) if unicodedata.category(sign)[0] in "LMN"]
    first, last = (inside[0], inside[-1]) if inside else (len(word), len(word))
    around = word[:first] + word[last + 1 :] if inside else word
    return Counter(_QUOTES.get(sign, sign) for sign in around if unicodedata.category(sign)[0] == "P")


_QUOTES = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "–": "-", "—": "-"}


def _has_capital(word: str) -> bool:
    return any(sign.isupper() for sign in word)


def _cased(word: str) -> str:
    return "".join(sign for sign in word if unicodedata.category(sign)[0] in "LMN")
