"""Named, versioned normalisers: text to what is compared, safe for every script.

    >>> from auricle.normalize import normalizer
    >>> normalizer("multilingual", "de")("Zwanzig Häuser, fünf Straßen!")
    '20 häuser 5 straßen'

``none`` is the orthographic score: only Unicode's two spellings of one letter and the layout of
spaces are made alike. ``whisper-english`` is the normaliser of the Whisper paper, with its faults
(docs/scoring.md lists them). ``multilingual`` is the default for all other languages and keeps
all combining marks. ``whisper-basic`` is the one of published multilingual tables; it breaks
words of many scripts, and says so. ``auto`` chooses by language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata

from auricle.errors import OptionError, missing_extra, nearest

NAMES = ("auto", "none", "multilingual", "whisper-english", "whisper-basic")

Rewrite = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A normaliser: call it with a text. Two scores compare only where name, version and language do.

    ``warning`` is what a person has to know before trusting its scores; empty for most.
    """

    name: str
    version: str
    language: str | None
    rewrite: Rewrite = field(repr=False, compare=False)
    warning: str = ""

    def __call__(self, text: str) -> str:
        """The text as it is compared, its words parted by single spaces."""
        return " ".join(self.rewrite(text).split())


def normalizer(name: str = "auto", language: str | None = None) -> Normalizer:
    """The normaliser of a name for a language (its code, such as "de"; None where unknown).

    Raises OptionError for an unknown name or a language it is not for, MissingExtraError.
    """
    if name not in NAMES:
        raise OptionError(f"there is no normaliser {name!r}. {nearest(name, NAMES)}")
    code = (language or "").lower().replace("_", "-").split("-")[0] or None
    if name == "auto":
        name = "whisper-english" if code == "en" else "multilingual"
    return _MAKERS[name](code)


def _none(language: str | None) -> Normalizer:
    return Normalizer("none", "1", language, _composed)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _multilingual(language: str | None) -> Normalizer:
    from auricle.normalize import multilingual, numbers

    version = multilingual.VERSION
    rewrite: Rewrite = multilingual.Multilingual(language)
    if numbers.knows(language):
        version += f"+text2num.{_version('text2num')}"
    return Normalizer("multilingual", version, language, rewrite)


def _whisper_english(language: str | None) -> Normalizer:
    if language not in (None, "en"):
        raise OptionError(
            f"whisper-english is for English, not for {language!r}. Type: --normalizer multilingual"
        )
    return Normalizer("whisper-english", f"1+{_whisper_version()}", "en", _english())


def _whisper_basic(language: str | None) -> Normalizer:
    warning = (
        "whisper-basic replaces combining marks with spaces: words of Hindi, Thai, Arabic with vowels "
        "and others are broken. Use it to compare with published figures only."
    )
    return Normalizer("whisper-basic", f"1+{_whisper_version()}", language, _basic(), warning)


_MAKERS: dict[str, Callable[[str | None], Normalizer]] = {
    "none": _none,
    "multilingual": _multilingual,
    "whisper-english": _whisper_english,
    "whisper-basic": _whisper_basic,
}


@cache
def _english() -> Rewrite:
    from auricle.normalize.english import English

    return English()


@cache
def _basic() -> Rewrite:
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
    except ModuleNotFoundError as error:
        raise missing_extra("the normaliser whisper-basic", "eval") from error
    made: Rewrite = BasicTextNormalizer()
    return made


def _whisper_version() -> str:
    try:
        return f"whisper-normalizer.{_version('whisper-normalizer')}"
    except metadata.PackageNotFoundError as error:
        raise missing_extra("the normalisers of Whisper", "eval") from error


@cache
def _version(package: str) -> str:
    return metadata.version(package)
