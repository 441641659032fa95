"""Text clean-up in named, versioned steps, and a choice of utterances.

A step is pure: text in, text out. What was done stands in the story beside the manifest, each step
with its version, so that two datasets can be told apart.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from auricle.errors import OptionError, nearest
from auricle.options import option
from auricle.verbs.datasets.text import MARKUP
from auricle.verbs.datasets.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the table. ``version`` changes whenever its output does."""

    about: str
    version: int
    apply: Callable[[str], str]


_QUOTES = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-"}
)


def _no_punctuation(text: str) -> str:
    """Letters, marks, digits, and what stands between two of them (don't, 3.5)."""
    inner = re.sub(r"(?<=\w)[^\w\s](?=\w)", lambda found: f"\0{ord(found[0])}\0", text)
    kept = (
        sign
        if sign.isalnum() or sign.isspace() or sign == "\0" or unicodedata.category(sign)[0] == "M"
        else " "
        for sign in inner
    )
    return re.sub(r"\0(\d+)\0", lambda found: chr(int(found[1])), "".join(kept))


STEPS = {
    "nfc": Step("composed characters (Unicode NFC)", 1, lambda text: unicodedata.normalize("NFC", text)),
    "spaces": Step("single spaces, none at the ends", 1, lambda text: " ".join(text.split())),
    "entities": Step("&amp; and the like as characters", 1, html.unescape),
    "markup": Step("no tags, no notes in brackets", 1, lambda text: MARKUP.sub(" ", text)),
    "quotes": Step("straight quotes and hyphens", 1, lambda text: text.translate(_QUOTES)),
    "lower": Step("small letters", 1, str.lower),
    "sentence": Step(
        "small letters but for the first, for texts in capitals", 1, lambda text: _sentence(text)
    ),
    "no-punctuation": Step("no punctuation, but within words and numbers", 1, _no_punctuation),
}


def _sentence(text: str) -> str:
    return text[:1] + text[1:].lower() if text.isupper() else text


def parse_steps(names: Sequence[str]) -> list[tuple[str, Step]]:
    """The steps of these names, in this order. Raises OptionError."""
    for name in names:
        if name not in STEPS:
            raise OptionError(f"there is no step {name!r}. {nearest(name, STEPS)}")
    return [(name, STEPS[name]) for name in names]


def rewrite(items: Iterable[Utterance], steps: Sequence[tuple[str, Step]]) -> Iterator[Utterance]:
    """The utterances with their texts through all steps; the first text stays in ``text_raw``."""
    for item in items:
        text = item.text
        if text is not None:
            for _, step in steps:
                text = step.apply(text)
            text = " ".join(text.split())
        raw = {"text_raw": item.text} if text != item.text and "text_raw" not in item.columns else {}
        yield replace(item, text=text, columns={**item.columns, **raw})


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Which utterances stay."""

    min_seconds: float = option(0.0, "seconds an utterance has at least")
    max_seconds: float = option(0.0, "seconds it has at most; 0 is any number")
    min_words: int = option(0, "words its text has at least")
    only_words: str = option(
        "", "words that its text is made of, in any case, and no others", metavar="WORDS"
    )
    where: tuple[str, ...] = option(
        (), "column=value it has to have; several columns must all fit", metavar="COLUMN=VALUE"
    )
    with_text: bool = option(False, "only those with a transcript")


def choose(items: Iterable[Utterance], options: FilterOptions) -> Iterator[Utterance]:
    """The utterances that fit; a duration that is not stated is measured. Raises OptionError."""
    wanted = [_condition(text) for text in options.where]
    known = frozenset(_words(options.only_words.replace(",", " ")))
    if options.only_words and not known:
        raise OptionError('--only-words takes words, such as --only-words "yes no"')
    for item in items:
        if (
            _fits(item, options)
            and _made_of(item, known)
            and all(_value(item, name) == value for name, value in wanted)
        ):
            yield item


def _condition(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise OptionError(f"{text!r} is no condition. Type one such as --where gender=female")
    return name, value


def _value(item: Utterance, name: str) -> str:
    if name in ("language", "speaker", "id"):
        return str(getattr(item, name))
    if name not in item.columns:
        raise OptionError(
            f"{item.id} has no column {name!r}. {nearest(name, ['language', 'speaker', *item.columns])}"
        )
    return str(item.columns[name])


def _made_of(item: Utterance, known: frozenset[str]) -> bool:
    words = _words(item.text or "")
    return not known or (bool(words) and known.issuperset(words))


def _words(text: str) -> list[str]:
    return [word for word in _no_punctuation(text).casefold().split() if word]


def _fits(item: Utterance, options: FilterOptions) -> bool:
    if options.with_text and not item.text:
        return False
    if options.min_words and len((item.text or "").split()) < options.min_words:
        return False
    if not options.min_seconds and not options.max_seconds:
        return True
    seconds = item.duration if item.duration is not None else item.load().duration
    return seconds >= options.min_seconds and not 0 < options.max_seconds < seconds
