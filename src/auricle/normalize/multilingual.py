"""The default for all languages: case, punctuation and layout go; letters, marks and numbers stay.

What it does, in this order. Nothing is transliterated, no mark is removed, no text is dropped
because it stands in brackets.

1. NFC; full-width, half-width, presentation and ligature forms become the plain letters.
2. Characters that are not seen go (soft hyphen, joiners, direction marks, Arabic tatweel); the
   Malayalam chillu letters of before Unicode 5.1 become today's first.
3. Lower case, with the dotted and dotless i of Turkish and Azerbaijani.
4. Digits of all scripts become 0 to 9; marks that group thousands go, by the language's custom.
5. Apostrophes between letters become ', other punctuation and symbols a space, except what
   belongs to a number (%, currency, sign, decimal mark) or a word (Catalan l·l, Hebrew gershayim).
6. Numbers in words become digits in the languages of ``numbers``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from auricle.normalize import numbers

VERSION = "1"

# Decompositions that are another shape of the same letter. "super", "sub", "fraction", "circle" and
# "square" carry meaning; plain "compat" would tear Thai and Lao AM and is taken for ligatures only.
_SHAPES = ("<wide>", "<narrow>", "<initial>", "<medial>", "<final>", "<isolated>", "<font>", "<noBreak>")
_LIGATURES = range(0xFB00, 0xFB18)  # Latin and Armenian
_CHILLU = {"ണ്\u200d": "ൺ", "ന്\u200d": "ൻ", "ര്\u200d": "ർ", "ല്\u200d": "ൽ", "ള്\u200d": "ൾ", "ക്\u200d": "ൿ"}
_APOSTROPHES = "'’‘ʼ`´′＇"
_COMMA_DECIMAL = frozenset(
    "af az be bg bs ca cs da de el es et eu fi fr gl hr hu hy id is it ka kk ky lt lv mk mn nb nl nn no "
    "pl pt ro ru sk sl sq sr sv tg tk tr tt uk uz vi".split()
)
_WORD = r"[^\W\d_]"
# What stands before is looked back for from the sign on: twice as fast as a pattern that begins with it.
_INNER = re.compile(rf"[{_APOSTROPHES}](?<=[\w\u0300-\u036f].)(?={_WORD})")
_OTHER = re.compile(r"[^\w\s]|_")
_UNIT = re.compile(r"\s(?:(?<=\d\s)(?=[%‰°€£¥₹$])|(?<=[€£¥₹$]\s)(?=\d))")
_ASCII = re.compile(r"['`\d]")
_DIGIT = re.compile(r"\d")
_HEBREW = re.compile(r"[\"״](?<=[\u05d0-\u05ea].)(?=[\u05d0-\u05ea])")
# Private use: what a kept sign is while the others go.
_POINT, _APOSTROPHE, _DOT, _GERSHAYIM = map(chr, range(0xE000, 0xE004))
_KEPT = {_POINT: ".", _APOSTROPHE: "'", _DOT: "·", _GERSHAYIM: "״"}


class Multilingual:
    """The normaliser for a language, or for none in particular."""

    def __init__(self, language: str | None) -> None:
        self._language = language
        comma = language in _COMMA_DECIMAL
        group, point = ("[.’']", ",") if comma else ("[,’']", ".")
        self._groups = re.compile(rf"(?<![\d.,])(\d{{1,3}})((?:{group}\d{{3}})+)(?!\d)")
        self._spaces = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
        self._point = re.compile(rf"(?<=\d)[{point}٫](?=\d)")

    def __call__(self, text: str) -> str:
        """The text as it is compared. Spaces may be several."""
        if not text.isascii():
            text = "".join(map(_digit, _visible(_plain(text))))
        text = self._numerals(self._lower(text))
        text = _unpunctuated(_guarded(text))
        return numbers.to_digits(text, self._language)

    def _lower(self, text: str) -> str:
        if self._language in ("tr", "az"):
            text = text.replace("İ", "i").replace("I", "ı")
        lower = text.lower()
        return lower if lower.isascii() else unicodedata.normalize("NFC", lower)

    def _numerals(self, text: str) -> str:
        if not _DIGIT.search(text):
            return text
        text = self._spaces.sub("", text)
        text = self._groups.sub(lambda found: "".join(filter(str.isdigit, found[0])), text)
        return self._point.sub(_POINT, text)


def _plain(text: str) -> str:
    for old, new in _CHILLU.items():
        text = text.replace(old, new)
    return unicodedata.normalize("NFC", "".join(map(_shape, unicodedata.normalize("NFC", text))))


@lru_cache(4096)
def _shape(sign: str) -> str:
    """A character without what only its place or its width made of it."""
    if unicodedata.decomposition(sign).startswith(_SHAPES) or ord(sign) in _LIGATURES:
        return unicodedata.normalize("NFKC", sign)
    return sign


def _visible(text: str) -> str:
    return "".join(sign for sign in text if sign != "ـ" and unicodedata.category(sign) not in ("Cf", "Co"))


def _digit(sign: str) -> str:
    return str(unicodedata.decimal(sign)) if sign >= "\x80" and sign.isdecimal() else sign


def _guarded(text: str) -> str:
    """The signs inside words as private characters, which ``_unpunctuated`` gives back."""
    if text.isascii():
        return _UNIT.sub("", _INNER.sub(_APOSTROPHE, text)) if _ASCII.search(text) else text
    text = _UNIT.sub("", _INNER.sub(_APOSTROPHE, text))
    return re.sub(r"(?<=l)[·•](?=l)", _DOT, _HEBREW.sub(_GERSHAYIM, text))


class _Signs(dict[int, str]):
    """For ``str.translate``: punctuation, symbols and control characters are spaces; learnt as met."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        kept = sign in _KEPT or unicodedata.category(sign)[0] not in "PSZC"
        return self.setdefault(code, sign if kept else " ")


_SIGNS = _Signs()


def _unpunctuated(text: str) -> str:
    if _DIGIT.search(text):
        plain = _OTHER.sub(lambda found: found[0] if _stays(text, found.start()) else " ", text)
    else:
        plain = text.translate(_SIGNS)  # without a digit no sign belongs to a number
    if plain.isascii():
        return plain
    for guard, sign in _KEPT.items():
        plain = plain.replace(guard, sign)
    return plain


def _stays(text: str, at: int) -> bool:
    """Whether what is no letter, digit or space is part of a word or a number."""
    sign = text[at]
    kind = unicodedata.category(sign)
    if kind[0] == "M" or sign in _KEPT:
        return True
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if kind == "Sc" or sign in "%‰°":
        return before.isdigit() or after.isdigit()
    return sign in "+-−" and after.isdigit() and not before.strip()
