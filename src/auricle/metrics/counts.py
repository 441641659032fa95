"""Error rates as counts that add, and how much was written where nothing was said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auricle.errors import ScoreError


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """The outcome of aligning hypotheses with references, in tokens.

    ``unit`` is "words" (from ``wer``) or "characters" (from ``cer``); rates of different units do
    not add. ``unspaced`` is how many reference tokens are single characters of scripts without
    spaces, which ``wer`` counts in the place of words. An ErrorRate of zeros is the start of a sum.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    unit: str = "words"
    unspaced: int = 0

    def __add__(self, other: ErrorRate) -> ErrorRate:
        """Both corpora as one. Raises ScoreError where one counts words and the other characters."""
        if not isinstance(other, ErrorRate):
            return NotImplemented
        if self.unit != other.unit:
            raise ScoreError(f"{self.unit} and {other.unit} do not add. Sum the rates of one unit only.")
        return ErrorRate(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.unit,
            self.unspaced + other.unspaced,
        )

    def __radd__(self, other: object) -> ErrorRate:
        """``sum(rates)`` begins with 0."""
        return self if other == 0 else NotImplemented

    @staticmethod
    def total(rates: Iterable[ErrorRate], unit: str = "words") -> ErrorRate:
        """The sum of many, of the ``unit`` where there are none. Raises ScoreError as + does."""
        rows = list(rates)
        units = {rate.unit for rate in rows} or {unit}
        if len(units) > 1:
            raise ScoreError("words and characters do not add. Sum the rates of one unit only.")
        return ErrorRate(
            sum(rate.hits for rate in rows),
            sum(rate.substitutions for rate in rows),
            sum(rate.deletions for rate in rows),
            sum(rate.insertions for rate in rows),
            units.pop(),
            sum(rate.unspaced for rate in rows),
        )

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def reference(self) -> int:
        """Tokens in the references: hits, substitutions and deletions."""
        return self.hits + self.substitutions + self.deletions

    @property
    def hypothesis(self) -> int:
        """Tokens in the hypotheses: hits, substitutions and insertions."""
        return self.hits + self.substitutions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors over reference tokens; None where there are none. It can be above 1."""
        return self.errors / self.reference if self.reference else None

    @property
    def wacc(self) -> float | None:
        """Word accuracy, 1 − rate: negative where there are more errors than reference tokens."""
        return None if self.rate is None else 1 - self.rate

    @property
    def match_error_rate(self) -> float | None:
        """Errors over all aligned pairs, from 0 to 1 (Morris, Maier, Green 2004); None of nothing."""
        pairs = self.hits + self.errors
        return self.errors / pairs if pairs else None

    @property
    def measure(self) -> str:
        """What ``rate`` is called: WER, CER, or mixed error rate where a script has no spaces.

        It is CER too where all tokens of ``wer`` are characters of scripts without spaces.
        """
        if self.unit == "characters" or (self.unspaced and self.unspaced == self.reference):
            return "CER"
        return "mixed error rate" if self.unspaced else "WER"

    @property
    def aloud(self) -> str:
        """What a person has to be told of the unit; empty where words are words."""
        if self.unit == "characters" or not self.unspaced:
            return ""
        counted = "characters" if self.measure == "CER" else "characters there and words elsewhere"
        return f"counted {counted}, not words: the script is written without spaces"


@dataclass(frozen=True, slots=True)
class Hallucination:
    """Text where nothing was said (silence, noise, empty references), in counts that add.

    ``clips`` without speech, how many of them got text, the tokens of it, and ``seconds`` of audio.
    """

    clips: int = 0
    clips_with_text: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: Hallucination) -> Hallucination:
        if not isinstance(other, Hallucination):
            return NotImplemented
        return Hallucination(
            self.clips + other.clips,
            self.clips_with_text + other.clips_with_text,
            self.tokens + other.tokens,
            self.seconds + other.seconds,
        )

    def __radd__(self, other: object) -> Hallucination:
        return self if other == 0 else NotImplemented

    @property
    def rate(self) -> float | None:
        """The share of the clips that got text; None where there are no such clips."""
        return self.clips_with_text / self.clips if self.clips else None

    @property
    def per_hour(self) -> float | None:
        """Clips with text per hour of audio without speech; None where the seconds are not known."""
        return self.clips_with_text * 3600 / self.seconds if self.seconds else None

    @property
    def tokens_per_hour(self) -> float | None:
        """Words (or characters) written per hour of audio without speech."""
        return self.tokens * 3600 / self.seconds if self.seconds else None

    @staticmethod
    def of(found: ErrorRate, seconds: float) -> Hallucination:
        """One clip: nothing unless its reference is empty."""
        if found.reference:
            return Hallucination()
        return Hallucination(1, int(found.insertions > 0), found.insertions, seconds)
