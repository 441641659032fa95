"""What a listener reports while somebody speaks. Frozen values; times are seconds from the first sample.

``at`` is how much sound had been heard when the event was made.
"""

from __future__ import annotations

from dataclasses import dataclass

from auricle.transcript import Word, join_words


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak at ``start``."""

    at: float
    start: float


@dataclass(frozen=True, slots=True)
class Partial:
    """The words after those committed, as they look now. The next one takes their place."""

    at: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words as text."""
        return join_words(self.words)


@dataclass(frozen=True, slots=True)
class Committed:
    """The next words of the utterance; they never change. A sign may follow its word later, ``joined``."""

    at: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words as text, with the space that stands before them, if one does."""
        return ("" if self.words[0].joined else " ") + join_words(self.words)


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """All words committed since ``SpeechStarted``, together. ``start`` and ``end`` are of the speech."""

    at: float
    start: float
    end: float
    words: tuple[Word, ...]
    language: str | None = None

    @property
    def text(self) -> str:
        """The words as text; empty where speech was heard and nothing could be read."""
        return join_words(self.words)


Event = SpeechStarted | Partial | Committed | UtteranceEnded
