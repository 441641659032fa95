"""Text to tokens: words where a script has spaces, characters where it has none.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces between words, so
that a whole sentence would be one "word". There every character (code point, as jiwer counts)
is a token; Latin words and digits between them stay whole, as in the mixed error rate of
code-switched speech. Spaces among such characters are layout and count nowhere.
"""

from __future__ import annotations

import re

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese and its extensions
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b"  # iteration marks, Suzhou numerals
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Hiragana, Katakana
    "\u3100-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"  # rarer kana and Han
)
_CHARACTER = re.compile(f"[{_UNSPACED}]")
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_GAP = re.compile(rf"(?<=[{_UNSPACED}])\s+(?=[{_UNSPACED}])")


def words(text: str) -> list[str]:
    """The words of a text, and the characters of what is written without spaces.

    >>> words("2024年 AI が来た")
    ['2024', '年', 'AI', 'が', '来', 'た']
    """
    return _TOKEN.findall(text) if has_unspaced(text) else text.split()


def characters(text: str) -> str:
    """The characters of a text, the single space between two words among them."""
    spaced = " ".join(text.split())
    return _GAP.sub("", spaced) if has_unspaced(spaced) else spaced


def has_unspaced(text: str) -> bool:
    """Whether there is a character of a script without spaces."""
    return not text.isascii() and _CHARACTER.search(text) is not None


def unspaced(tokens: list[str]) -> int:
    """How many of the tokens are characters of a script without spaces."""
    return sum(1 for word in tokens if len(word) == 1 and _CHARACTER.match(word))
