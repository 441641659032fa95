"""Numbers in words to digits, in the languages that text2num knows.

"One" and its like stay words: in most of these languages they are the article too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from auricle.errors import missing_extra

LANGUAGES = frozenset({"da", "de", "en", "es", "fr", "it", "nl", "pt"})


def knows(language: str | None) -> bool:
    """Whether numbers in words of this language become digits."""
    return language in LANGUAGES


def to_digits(text: str, language: str | None) -> str:
    """The text with numbers above one in digits: "vingt-deux" is "22". Raises MissingExtraError."""
    if language is None or language not in LANGUAGES:
        return text
    return _alpha2digit()(text, language, 1.0)


@cache
def _alpha2digit() -> Callable[[str, str, float], str]:
    try:
        from text_to_num import alpha2digit
    except ModuleNotFoundError as error:
        raise missing_extra("numbers in words", "eval") from error
    made: Callable[[str, str, float], str] = alpha2digit
    return made
