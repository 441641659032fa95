"""What can be told of transcripts without hearing anything: style, format, alphabet, markup.

Knows text. Refuses to know where it comes from.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auricle.metrics.tokens import words

# Sounds of hesitation as transcribers write them, by language: "er" and "um" are words in others.
_FILLERS = {
    "": "uh uhm umm uhh erm hmm mhm äh ähm euh",
    "en": "um uh uhm umm uhh er erm hmm hm mm mhm",
    "de": "äh ähm öh öhm hm hmm mhm",
    "fr": "euh heu hum ben",
    "es": "eh ehm em mmm",
    "zh": "嗯 呃",
    "ja": "えっと えーと あのー",
    "ko": "음 어",
}
_DIGITS = frozenset("zero oh one two three four five six seven eight nine".split())  # read out, often twice
# What nobody says: tags, notes in brackets, entities, addresses.
MARKUP = re.compile(
    r"<[^<>\s][^<>]{0,38}>|\[[^\[\]]{1,40}\]|\{[^{}]{1,40}\}|&(?:amp|lt|gt|quot|nbsp|#\d+);|https?://\S+"
    r"|\((?:laugh\w*|noise|music|applause|inaudible|unintelligible|crosstalk|cough\w*)\)",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^\W+|\W+$")


def markup(text: str) -> str:
    """The first piece of a text that nobody says: a tag, an entity, a note in brackets; or ""."""
    found = MARKUP.search(text)
    return found[0] if found else ""


def is_empty(text: str | None) -> bool:
    """Whether there is nothing in it that could be said."""
    return not any(sign.isalnum() for sign in text or "")


def same_text(text: str) -> str:
    """What two texts share that are read alike: no case, no punctuation, single spaces."""
    kept = (
        sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " " for sign in text.casefold()
    )
    return " ".join("".join(kept).split())


@dataclass(frozen=True, slots=True)
class Style:
    """A guess at how people speak, and what it stands on. Rates are counts in a thousand words."""

    guess: str
    fillers: float
    repetitions: float
    evidence: tuple[str, ...]


class Texts:
    """Adds up transcripts: alphabet, format, style and the growth of the vocabulary."""

    def __init__(self) -> None:
        self.letters: Counter[str] = Counter()
        self.growth: list[tuple[int, int]] = []
        self.count = self.words = 0
        self._seen: set[str] = set()
        self._upper = self._lower = self._mixed = self._marks = self._digits = 0
        self._fillers: Counter[str] = Counter()
        self._repeated: Counter[str] = Counter()
        self._next = 1

    def add(self, text: str, language: str | None = None) -> int:
        """Count one transcript in; how many words it has."""
        said = words(text)
        self.count += 1
        self.letters.update(unicodedata.normalize("NFC", text.replace("\n", " ")))
        cased = [sign for sign in text if sign.upper() != sign.lower()]
        upper = sum(sign.isupper() for sign in cased)
        self._upper += bool(cased) and upper == len(cased)
        self._lower += bool(cased) and not upper
        self._mixed += 0 < upper < len(cased)
        self._marks += any(unicodedata.category(sign) in _STOPS for sign in text)
        self._digits += any(sign.isdigit() for sign in text)
        fillers = _FILLERS.get((language or "").split("-")[0], _FILLERS[""]).split()
        self._words([_EDGES.sub("", word).casefold() for word in said], fillers)
        return len(said)

    def _words(self, said: list[str], fillers: list[str]) -> None:
        before = ""
        for word in filter(None, said):
            self.words += 1
            self._seen.add(word)
            if word in fillers:
                self._fillers[word] += 1
            elif word == before and not word.isdigit() and word not in _DIGITS:
                self._repeated[word] += 1
            before = word
            if self.words >= self._next:
                self.growth.append((self.words, len(self._seen)))
                self._next = int(self._next * 1.5) + 1

    @property
    def vocabulary(self) -> int:
        """Different words."""
        return len(self._seen)

    @property
    def shares(self) -> dict[str, float]:
        """The share of transcripts in capitals, in small letters, in both, with punctuation, with digits."""
        counts = {
            "upper case": self._upper,
            "lower case": self._lower,
            "mixed case": self._mixed,
            "punctuation": self._marks,
            "numerals": self._digits,
        }
        return {name: count / max(self.count, 1) for name, count in counts.items()}

    @property
    def style(self) -> Style:
        """Spontaneous from 10 fillers and repetitions in a thousand words, narrated below 2."""
        thousand = max(self.words, 1) / 1000
        fillers, repeated = (sum(part.values()) for part in (self._fillers, self._repeated))
        rate = (fillers + repeated) / thousand
        guess = "spontaneous" if rate >= 10 else "narrated" if rate < 2 else "prepared or cleaned up"
        named = [f"{word} ×{count}" for word, count in (self._fillers + self._repeated).most_common(5)]
        few = () if self.words >= 500 else ("fewer than 500 words: do not rely on it",)
        return Style(guess, fillers / thousand, repeated / thousand, (*named, *few))


_STOPS = frozenset({"Po", "Pd", "Ps", "Pe", "Pi", "Pf"})


def missing_letters(text: str, alphabet: frozenset[str]) -> str:
    """The characters of a text that an alphabet lacks, whatever their case; spaces are not asked for."""
    return "".join(sorted({sign for sign in text if not _known(sign, alphabet)}))


def _known(sign: str, alphabet: frozenset[str]) -> bool:
    return sign.isspace() or bool({sign, sign.upper(), sign.lower()} & alphabet)


def most(counts: Counter[str], count: int = 5) -> str:
    """ "a 12, b 7" for the most frequent."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.most_common(count))


def joined(names: Iterable[str], most: int = 3) -> str:
    """A few names with commas, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
