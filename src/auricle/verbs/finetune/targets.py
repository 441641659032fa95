"""What a model is to write for an utterance: the style of a text, and its tokens.

A Whisper is shown ``start, language, task, no timestamps, text, end``, or times around the texts.
What it is told (the prompt) carries no loss, so that it stays as willing as it was to write times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auricle.engines.whisper import TIME_STEP, WhisperTokens

STYLES = ("as-is", "sentence", "lower", "upper", "spoken")
IGNORED = -100  # the label of what carries no loss, as torch has it
_PUNCTUATION = re.compile(r"[^\w\s'’]|_")


def styled(text: str, style: str) -> str:
    """A text in the style asked for, single spaces between its words.

    ``sentence`` is lower case with a capital at the front and a full stop: how Whisper itself writes,
    for corpora that write all in capitals. ``spoken`` is lower case without punctuation.
    """
    plain = " ".join(text.split())
    if style == "sentence":
        lower = plain.lower()
        stop = "" if not lower or lower[-1] in ".?!…。？！" else "."
        return lower[:1].upper() + lower[1:] + stop
    if style == "lower":
        return plain.lower()
    if style == "upper":
        return plain.upper()
    if style == "spoken":
        return " ".join(_PUNCTUATION.sub(" ", plain.lower()).split())
    return plain


@dataclass(frozen=True, slots=True)
class Target:
    """Tokens that go into a decoder, and what it is to write after each; −100: whatever it likes."""

    inputs: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the seconds of its sound between which it is said."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class WhisperTargets:
    """Targets of one checkpoint. ``prompt`` is start, and language and task where it knows several."""

    tokens: WhisperTokens
    prompt: tuple[int, ...]

    def __call__(self, text: str) -> Target:
        """The target of a text without times."""
        prompt = [*self.prompt, self.tokens.no_timestamps]
        return self._of(prompt, [*self.tokens.encode(f" {text.strip()}"), self.tokens.end])

    def timed(self, said: Sequence[Said]) -> Target:
        """The target with times around each text; the first begins at 0.00, wherever its sound does."""
        tokens = self.tokens
        written: list[int] = []
        for one in said:
            if written:
                written.append(tokens.first_timestamp + round(one.start / TIME_STEP))
            written += tokens.encode(f" {one.text.strip()}")
            written.append(tokens.first_timestamp + round(one.end / TIME_STEP))
        return self._of([*self.prompt, tokens.first_timestamp], [*written, tokens.end])

    def count(self, text: str) -> int:
        """How many places of the decoder a text takes, the prompt and the end included."""
        return len(self.tokens.encode(f" {text.strip()}")) + len(self.prompt) + 3

    def _of(self, told: Sequence[int], written: Sequence[int]) -> Target:
        whole = [*told, *written]
        labels = [IGNORED] * (len(told) - 1) + list(written)
        return Target(tuple(whole[:-1]), tuple(labels))
