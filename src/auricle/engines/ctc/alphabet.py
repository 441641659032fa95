"""What the outputs of a CTC model stand for: letters or pieces of words, the blank, the space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.engines.whisper import spaceless


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The text of each output; a space at its front begins a new word, "" writes nothing.

    ``blank`` is the output that means "no new letter".
    """

    texts: tuple[str, ...]
    blank: int

    @staticmethod
    def of(
        tokens: Sequence[str], blank: int, *, delimiter: str = "|", special: Iterable[str] = ()
    ) -> Alphabet:
        """From the tokens of a vocabulary in the order of their ids.

        ``delimiter`` stands between words; "▁" is the space of SentencePiece; ``special`` tokens
        write nothing.
        """
        silent = set(special) | {tokens[blank]}
        texts = ("" if token in silent else _written(token, delimiter) for token in tokens)
        return Alphabet(tuple(texts), blank)

    def text(self, ids: Iterable[int]) -> str:
        """What a sequence of outputs says, single spaces between its words."""
        return " ".join("".join(self.texts[index] for index in ids).split())

    def words(self, ids: Sequence[int]) -> list[Piece]:
        """The words of a sequence of outputs, each with the places of its outputs in ``ids``.

        A character of a script without spaces is a word of its own, joined to the one before.
        """
        found: list[Piece] = []
        fresh = True
        for place, index in enumerate(ids):
            text = self.texts[index]
            if text.startswith(" "):
                fresh, text = True, text[1:]
            if not text:
                continue
            if fresh:
                found.append(Piece(text, [place], joined=False))
            elif spaceless(text[0]) or spaceless(found[-1].text[-1]):
                found.append(Piece(text, [place], joined=True))
            else:
                found[-1].text += text
                found[-1].places.append(place)
            fresh = text.endswith(" ")
        return found


@dataclass(slots=True)
class Piece:
    """A word and where its outputs stand; ``joined`` where no space is before it."""

    text: str
    places: list[int]
    joined: bool


def _written(token: str, delimiter: str) -> str:
    return " " if token == delimiter else token.replace("▁", " ")
