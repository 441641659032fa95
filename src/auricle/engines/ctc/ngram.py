"""N-gram language models in ARPA files: how likely a word is after others.

Probabilities are base-10 logarithms, as in the file. A word that the model has not seen is
``<unk>``; where the file has none, it costs ``UNKNOWN``.

Source: the ARPA format of Doug Paul; Katz back-off (Katz 1987), which every toolkit writes.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from auricle.errors import FormatError, MissingFileError

BEGIN, END, UNK = "<s>", "</s>", "<unk>"
UNKNOWN = -6.0  # log10 of a word that a model without <unk> has not seen: one in a million
_BINARY = (b"mmap lm http://kheafield.com/code", b"\x1f\x8b")


class NgramModel:
    """``grams``: words with single spaces between them → (log10 probability, log10 back-off weight)."""

    def __init__(self, order: int, grams: Mapping[str, tuple[float, float]]) -> None:
        self.order = order
        self._grams = grams
        self._known: dict[str, str] = {}
        self._beginnings: set[str] | None = None

    @property
    def vocabulary(self) -> frozenset[str]:
        """All words it knows, without the marks of begin, end and unknown."""
        return frozenset(gram for gram in self._grams if " " not in gram) - {BEGIN, END, UNK}

    def word(self, word: str) -> str:
        """The word as the model spells it: as it is, in small or in capital letters, else <unk>."""
        if word not in self._known:
            spellings = (word, word.lower(), word.upper(), word.capitalize())
            self._known[word] = next((one for one in spellings if one in self._grams), UNK)
        return self._known[word]

    def begins(self, part: str) -> bool:
        """Whether some word of the model begins like this, in any case."""
        if self._beginnings is None:
            words = (word.casefold() for word in self.vocabulary)
            self._beginnings = {word[:end] for word in words for end in range(1, len(word) + 1)}
        return part.casefold() in self._beginnings

    def score(self, before: Sequence[str], word: str) -> float:
        """log10 of the probability of ``word`` after ``before``, both spelt as the model does."""
        context = list(before)[-(self.order - 1) :] if self.order > 1 else []
        penalty = 0.0
        while True:
            found = self._grams.get(" ".join([*context, word]))
            if found is not None:
                return penalty + found[0]
            if not context:
                return penalty + UNKNOWN
            penalty += self._grams.get(" ".join(context), (0.0, 0.0))[1]
            context.pop(0)

    def sentence(self, words: Sequence[str]) -> float:
        """log10 of the probability of a whole sentence, its end included."""
        history, total = [BEGIN], 0.0
        for word in [*(self.word(word) for word in words), END]:
            total += self.score(history, word)
            history.append(word)
        return total

    def perplexity(self, sentences: Sequence[Sequence[str]]) -> float:
        """10 to the mean negative log-probability of a word, ends counted as words."""
        count = sum(len(words) + 1 for words in sentences)
        total = sum(self.sentence(words) for words in sentences)
        return float(10 ** (-total / count)) if count else 1.0


def read_arpa(path: str | Path) -> NgramModel:
    """Read an ARPA file, plain or gzipped.

    Raises MissingFileError, FormatError with the line that is wrong.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise MissingFileError(
            f"there is no language model {file}. Type: auricle lm build corpus.txt -o {file}"
        )
    with file.open("rb") as stream:
        magic = stream.read(64)
    if magic.startswith(_BINARY[0]):
        raise FormatError(f"{file} is a binary file of KenLM. Give the ARPA file that it was made from.")
    opened = gzip.open if magic.startswith(_BINARY[1]) else open
    try:
        with opened(file, "rt", encoding="utf-8") as lines:
            return _parse(lines, file)
    except (UnicodeDecodeError, EOFError, OSError) as error:
        raise FormatError(f"{file} cannot be read as an ARPA file: {error}.") from error


def _parse(lines: Iterator[str], file: Path) -> NgramModel:
    counts: dict[int, int] = {}
    grams: dict[str, tuple[float, float]] = {}
    order, seen = 0, 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text == "\\data\\":
            continue
        if text.startswith("ngram "):
            length, _, count = text.removeprefix("ngram ").partition("=")
            counts[_whole(length, file, number)] = _whole(count, file, number)
        elif text.endswith("-grams:") and text.startswith("\\"):
            _check(counts, order, seen, file)
            order, seen = _whole(text[1:].split("-")[0], file, number), 0
        elif text == "\\end\\":
            _check(counts, order, seen, file)
            return NgramModel(max(counts), grams)
        elif order:
            gram, values = _gram(text, order, file, number)
            grams[gram] = values
            seen += 1
        elif counts:
            raise FormatError(f"{file}, line {number}: {text[:40]!r} does not belong in an ARPA file.")
    raise FormatError(f"{file} is no ARPA file, or it is cut short: it has no \\end\\.")


def _gram(text: str, order: int, file: Path, number: int) -> tuple[str, tuple[float, float]]:
    """One line: probability, words, and where there is one a back-off weight."""
    fields = text.split()
    try:
        values = float(fields[0]), float(fields[order + 1]) if len(fields) == order + 2 else 0.0
    except ValueError:
        fields = []
        values = 0.0, 0.0
    if len(fields) not in (order + 1, order + 2):
        raise FormatError(f"{file}, line {number}: this is no {order}-gram: {text[:60]!r}.")
    return " ".join(fields[1 : order + 1]), values


def _check(counts: Mapping[int, int], order: int, seen: int, file: Path) -> None:
    if order and counts.get(order) != seen:
        raise FormatError(
            f"{file} announces {counts.get(order, 0)} {order}-grams and has {seen}. Make or copy it again."
        )


def _whole(text: str, file: Path, number: int) -> int:
    if not text.strip().isdigit():
        raise FormatError(f"{file}, line {number}: {text.strip()[:20]!r} is not a whole number.")
    return int(text)
