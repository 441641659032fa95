"""How wide text is on a screen, where it may break, and how it breaks well.

Widths are columns: a narrow character is one, an East Asian wide one is two, a combining mark is
none. So 42 columns are 42 Latin letters or 21 Chinese characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from auricle.formats.wire import unspaced

# No line begins with these, or ends with those (Japanese kinsoku, JIS X 4051; Thai and Lao vowels
# that are written after, or before, the consonant they are spoken with).
_NOT_FIRST = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー）〕］｝〉》」』】〟～〜％ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
    ",.:;?!)]}»…‥%’”\u3000ะาำๅๆฯະາຳໆ"
)
_NOT_LAST = frozenset("（〔［｛〈《「『【〝([{«$¥￥‘“เแโใไເແໂໃໄ")
_GLUE = frozenset("\u200d\u17d2\u1039")  # zero-width joiner; Khmer and Myanmar stacked consonants

SENTENCE_ENDS = frozenset(".?!…。？！؟۔।॥։።")
CLAUSE_ENDS = frozenset(",;:–—،؛、，；：၊།")
_CLOSERS = "\"'”’»)]}）」』】》›"

PAUSE = 0.3
"""A silence, in seconds, that a listener takes as the end of a phrase."""

_TITLES = frozenset(("mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "e.g.", "i.e.", "z.b."))


@lru_cache(maxsize=65536)
def width(text: str) -> int:
    """Columns that ``text`` takes on a screen."""
    if text.isascii():
        return len(text)
    return sum(max(map(_columns, cluster)) for cluster in clusters(text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def clusters(text: str) -> list[str]:
    """Characters as a reader sees them: a letter with its marks, a joined emoji, a flag."""
    parts: list[str] = []
    for char in text:
        if parts and _continues(parts[-1], char):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def _continues(cluster: str, char: str) -> bool:
    if char in _GLUE or cluster[-1] in _GLUE or unicodedata.category(char) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f1e6" <= char <= "\U0001f1ff":  # regional indicators: two make a flag
        return len(cluster) == 1 and "\U0001f1e6" <= cluster <= "\U0001f1ff"
    # skin tones, the tags of regional flags, the vowels and finals of decomposed Hangul
    return (
        "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def units(word: str) -> list[str]:
    """``word`` in its smallest parts that may stand on different lines.

    >>> units("iPhoneが好き。")
    ['iPhone', 'が', '好', 'き。']
    """
    parts: list[str] = []
    for cluster in clusters(word):
        if parts and not _may_part(parts[-1][-1], cluster[0]):
            parts[-1] += cluster
        else:
            parts.append(cluster)
    return parts


def _may_part(before: str, after: str) -> bool:
    return (unspaced(before) or unspaced(after)) and after not in _NOT_FIRST and before not in _NOT_LAST


def pieces(word: str, columns: int) -> list[str]:
    """``word`` whole if it fits a line of ``columns``, or cut where it must be."""
    if width(word) <= columns:
        return [word]
    parts: list[str] = []
    for part in _small(word, columns):
        if parts and width(parts[-1] + part) <= columns:
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def _small(word: str, columns: int) -> Iterator[str]:
    for unit in units(word):
        yield from [unit] if width(unit) <= columns else clusters(unit)


# Conjunctions, prepositions, and what else clings to the next word (articles, pronouns, auxiliaries).
# A line breaks well before the first two, and badly after any of the three. The lists are short on
# purpose: the commonest fifty words of a language decide nearly all of its line breaks.
_WORDS = {
    "en": (
        "and but or nor so because although though while when where which who whom whose that if unless "
        "until since as than then",
        "of to in on at by for from with into about over under between through during without against before "
        "after",
        "a an the my your his her its our their this these those is are was were be been am do does did have "
        "has had will would can could should may might must not i you he she it we they very",
    ),
    "de": (
        "und aber oder denn weil dass ob wenn als während obwohl damit nachdem bevor sondern",
        "in im an am auf zu zum zur von vom mit bei für aus nach über unter",
        "der die das den dem des ein eine einen einem einer eines mein dein sein ihr unser ist sind war "
        "nicht ich du er sie es wir",
    ),
    "fr": (
        "et mais ou donc car que qui dont où quand lorsque parce puisque comme si",
        "de du des d au aux à en dans sur pour par avec sans",
        "le la les l un une mon ma mes ton ta tes son sa ses notre votre leur ce cette ces je tu il elle on "
        "nous vous ils elles ne est sont",
    ),
    "es": (
        "y e o u pero sino porque que quien cuando donde aunque mientras si como",
        "de del a al en con por para sin sobre",
        "el la los las un una unos unas mi tu su no yo se es son",
    ),
    "it": (
        "e ed o ma che chi perché quando dove mentre sebbene se come",
        "di del della dei a al alla in nel nella con per su da dal",
        "il lo la i gli le un uno una non è",
    ),
    "pt": (
        "e ou mas que quem porque quando onde embora enquanto se como",
        "de do da dos das em no na nos nas com por para sem",
        "o a os as um uma não é são",
    ),
    "nl": (
        "en maar of want omdat dat die als wanneer terwijl hoewel",
        "van in op aan met voor door bij naar uit over",
        "de het een mijn je zijn haar ons niet is",
    ),
}


@lru_cache(maxsize=64)
def _words(language: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words.split()) for words in _WORDS.get(language[:2].lower(), ("", "", "")))


def ends_sentence(text: str) -> bool:
    """True if a sentence ends with ``text``."""
    bare = text.rstrip(_CLOSERS)
    return bare[-1:] in SENTENCE_ENDS and bare.lower() not in _TITLES


def break_cost(before: str, after: str, joined: bool, pause: float, language: str | None) -> float:
    """How bad it is to break between two tokens ``pause`` seconds apart: 0 is ideal, 6 is a wound."""
    if ends_sentence(before):
        return 0.0
    if before.rstrip(_CLOSERS)[-1:] in CLAUSE_ENDS:
        return 0.6
    if joined and not (before.endswith("-") or unspaced(before[-1]) or unspaced(after[0])):
        return 6.0
    conjunctions, prepositions, clinging = _words(language or "en")
    if any(before.lower() in words for words in (conjunctions, prepositions, clinging)):
        return 3.0 if pause < PAUSE else 1.5
    if pause >= PAUSE:
        return 0.8
    return 1.0 if after.lower() in conjunctions else 1.2 if after.lower() in prepositions else 2.4


class Ruler:
    """Widths of runs of tokens, each asked for in constant time."""

    def __init__(self, widths: Sequence[int], joined: Sequence[bool]) -> None:
        self.leads = [0 if glued else 1 for glued in joined]
        self.sums = [0]
        for wide, lead in zip(widths, self.leads, strict=True):
            self.sums.append(self.sums[-1] + wide + lead)

    def __call__(self, first: int, last: int) -> int:
        """Columns of tokens ``first`` to ``last`` (excluded) on one line."""
        return self.sums[last] - self.sums[first] - self.leads[first]


def count_lines(ruler: Ruler, first: int, last: int, columns: int) -> int:
    """The fewest lines that hold the tokens."""
    lines, begin = 1, first
    for end in range(first + 1, last + 1):
        if ruler(begin, end) > columns:
            lines, begin = lines + 1, end - 1
    return lines


def break_lines(ruler: Ruler, costs: Sequence[float], first: int, last: int, columns: int) -> list[int]:
    """Where the lines of tokens ``first`` to ``last`` begin: as few as hold them, alike in length.

    ``costs[k]`` is the cost of a break before token k. Returns the boundaries, both ends included.
    """
    lines = count_lines(ruler, first, last, columns)
    mean = ruler(first, last) / lines
    # best[k]: the cheapest way to set tokens first..k in the number of lines reached so far
    best: dict[int, tuple[float, list[int]]] = {first: (0.0, [first])}
    for left in reversed(range(lines)):
        best = _one_more_line(best, ruler, costs, last, columns, mean, left == 0)
    return best[last][1]


def _one_more_line(
    best: dict[int, tuple[float, list[int]]],
    ruler: Ruler,
    costs: Sequence[float],
    last: int,
    columns: int,
    mean: float,
    final: bool,
) -> dict[int, tuple[float, list[int]]]:
    reached: dict[int, tuple[float, list[int]]] = {}
    for begin, (cost, path) in best.items():
        for end in range(begin + 1, last + 1):
            wide = ruler(begin, end)
            if wide > columns and end > begin + 1:
                break
            # 12: half a line of difference weighs about as much as a break in mid-phrase
            total = cost + 12 * ((wide - mean) / columns) ** 2 + (costs[end] if end < last else 0.0)
            if (not final or end == last) and (end not in reached or total < reached[end][0]):
                reached[end] = (total, [*path, end])
    return reached
