"""Whisper's token language: prompts in, tokens out, tokens to segments and words.

Shared by every engine that runs a Whisper checkpoint. Knows: the special tokens, how timestamps
stand between texts, how tokens make words. Refuses to know: weights, audio, gates.

Sources: Radford et al. 2022, §2.3; the published multitask format (openai/whisper).
"""

from __future__ import annotations

import functools
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from auricle.errors import ModelError
from auricle.models import LANGUAGES
from auricle.models.whisper_tokens import added_languages, size
from auricle.transcript import Word

TIME_STEP = 0.02  # seconds between two timestamp tokens, and between two encoder frames
MAX_TOKENS = 448  # length of the decoder's memory
_ENGLISH_END = 50256  # the id of "<|endoftext|>" in English models
PROMPT_LIMIT = MAX_TOKENS // 2 - 1  # tokens that may stand before the transcript


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens of one segment with its times in seconds."""

    start: float
    end: float
    tokens: tuple[int, ...]


class WhisperTokens:
    """The tokenizer of one checkpoint and the ids that have a meaning."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        tokenizer.encode_special_tokens = True  # what is typed is text; times, not special everywhere, go
        self.end = self._id("<|endoftext|>")
        self.start = self._id("<|startoftranscript|>")
        self.previous = self._id("<|startofprev|>")
        self.no_timestamps = self._id("<|notimestamps|>")
        self.first_timestamp = self.no_timestamps + 1
        self.size = size(tokenizer)
        self._added = added_languages(tokenizer)

    @classmethod
    def load(cls, folder: Path) -> WhisperTokens:
        """Read tokenizer.json of a checkpoint folder. Raises ModelError."""
        file = folder / "tokenizer.json"
        try:
            return cls(Tokenizer.from_file(str(file)))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(f"{file} is not a Whisper tokenizer: {error}") from error

    def encode(self, text: str) -> list[int]:
        """Tokens of plain text: "<|endoftext|>" in a prompt is those characters, and no end."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [token for token in ids if token < self.end]

    def count(self, text: str) -> int:
        """How many tokens ``text`` takes in a prompt."""
        return len(self.encode(" " + text.strip())) if text.strip() else 0

    def decode(self, tokens: Iterable[int]) -> str:
        """Text of ``tokens``, special and timestamp tokens left out."""
        text: str = self._tokenizer.decode([token for token in tokens if token < self.end])
        return text

    def language_token(self, language: str) -> int:
        """Id of a language code's token: by position, for some tokenizers spell codes differently."""
        if language in self._added:
            return self._added[language]
        return self.start + 1 + list(LANGUAGES).index(language)

    def task_token(self, task: str) -> int:
        """Id of the token for transcribe or translate."""
        return self._id(f"<|{task}|>")

    def context(self, hotwords: str, prompt: str, previous: str) -> list[int]:
        """What stands before the transcript: hotwords, prompt, then as much of ``previous`` as fits.

        Hotwords and prompt are whole in every window; only the end of ``previous`` is kept.
        """
        fixed = [token for text in (hotwords, prompt) if text for token in self.encode(" " + text.strip())]
        room = PROMPT_LIMIT - len(fixed)
        earlier = self.encode(" " + previous.strip())[-room:] if previous and room > 0 else []
        body = fixed + earlier
        return [self.previous, *body] if body else []

    def pieces(self, tokens: Sequence[int], duration: float) -> tuple[list[Piece], float]:
        """Cut generated tokens at their timestamps.

        Returns the pieces and up to where, in seconds, they account for a window of ``duration``:
        a last piece whose end was left open is not finished, and the window should be taken up
        again at its start, unless it is the only one.
        """
        body = [token for token in tokens if token != self.end]
        pieces: list[Piece] = []
        start, text = 0.0, []
        for token in body:
            if token < self.first_timestamp:
                text.append(token)
                continue
            time = min((token - self.first_timestamp) * TIME_STEP, duration)
            if text:
                pieces.append(Piece(start, max(time, start), tuple(text)))
                text = []
            start = time
        if text:
            pieces.append(Piece(start, duration, tuple(text)))
        return pieces, self._accounted(body, pieces, duration)

    def _accounted(self, body: Sequence[int], pieces: Sequence[Piece], duration: float) -> float:
        """Whisper's own rule: two timestamps at the end mean that more follows after the last."""
        stamps = [token >= self.first_timestamp for token in body[-2:]]
        if stamps == [True, True] and pieces:
            return pieces[-1].end
        return duration

    def split_words(self, tokens: Sequence[int]) -> list[tuple[str, list[int]]]:
        """Cut tokens into words of whole characters: a word starts at a space.

        Text without spaces (Chinese, Japanese, Thai …) is cut at every character that stands
        alone in the tokens. Punctuation goes with the word before it, opening brackets and
        quotes with the word after.
        """
        units = self._whole_characters(tokens)
        words: list[tuple[str, list[int]]] = []
        for text, ids in units:
            if words and _continues(words[-1][0], text):
                words[-1] = (words[-1][0] + text, words[-1][1] + ids)
            else:
                words.append((text, list(ids)))
        return words

    def _whole_characters(self, tokens: Sequence[int]) -> list[tuple[str, list[int]]]:
        """Group tokens until they decode to whole characters (a character may take several)."""
        units: list[tuple[str, list[int]]] = []
        held: list[int] = []
        for token in tokens:
            if held and (len(held) == 4 or self._is_whole([token])):  # what is held can never be whole
                units.append((self.decode(held), held))
                held = []
            held = [*held, token]
            if self._is_whole(held):
                units.append((self.decode(held), held))
                held = []
        if held:
            units.append((self.decode(held), held))
        return units

    def _is_whole(self, tokens: Sequence[int]) -> bool:
        text = self.decode(tokens)
        return bool(text) and "\ufffd" not in text

    def is_multilingual(self) -> bool:
        """Whether the checkpoint knows more than English: those have one token more before the end."""
        return self.end != _ENGLISH_END

    def languages(self) -> tuple[str, ...]:
        """The codes of the languages that this tokenizer has tokens for, those that were added last."""
        count = self._id("<|translate|>") - self.start - 1
        return (*tuple(LANGUAGES)[:count], *self._added)

    def language_of(self, token: str) -> str:
        """The language code of a language's token, as text."""
        index = self._id(token)
        own = {added: code for code, added in self._added.items()}
        return own[index] if index in own else tuple(LANGUAGES)[index - self.start - 1]

    @functools.lru_cache(maxsize=256)  # noqa: B019 (one tokenizer lives as long as its engine)
    def _id(self, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise ModelError(f"the tokenizer has no {token}: this is not a Whisper checkpoint.")
        return found


_OPENING = "\"'“¿([{-"
_CLOSING = "\"'.。,，!！?？:：”)]}、…%-"
_SCRIPTS_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x9FFF),  # kana, ideographs
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def _continues(word: str, text: str) -> bool:
    """Whether ``text`` belongs to ``word``, which stands before it."""
    bare = word.strip()
    if text.startswith(" "):
        return bool(bare) and all(sign in _OPENING for sign in bare) and not _closing_only(text)
    if _closing_only(text) or not bare:
        return True
    if all(sign in string.punctuation for sign in bare):
        return True
    return not (spaceless(text[0]) or spaceless(bare[-1]))


def _closing_only(text: str) -> bool:
    return not text.startswith(" ") and all(sign in _CLOSING for sign in text)


def spaceless(sign: str) -> bool:
    """Whether a character belongs to a script that puts no spaces between words."""
    return any(first <= ord(sign) <= last for first, last in _SCRIPTS_WITHOUT_SPACES)


def timed_words(
    words: Sequence[tuple[str, list[int]]],
    times: Sequence[float],
    probabilities: Sequence[float],
    offset: float = 0.0,
) -> list[Word]:
    """Words with times: ``times`` has the second at which each token starts, and one more for the end.

    A word's confidence is the geometric mean of its tokens' probabilities.
    """
    result: list[Word] = []
    at = 0
    for text, ids in words:
        after = at + len(ids)
        chances = probabilities[at:after]
        product = functools.reduce(lambda total, chance: total * max(chance, 1e-10), chances, 1.0)
        confidence = product ** (1 / len(chances)) if chances else None
        joined = not text.startswith(" ")
        word = Word(text.strip(), times[at] + offset, times[after] + offset, confidence, joined=joined)
        if word.text:
            result.append(word)
        at = after
    return result
