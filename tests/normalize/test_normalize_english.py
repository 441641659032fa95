"""The English normaliser taken word by word is the package's, whatever stands beside whatever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auricle.normalize.english import English

english = pytest.importorskip("whisper_normalizer.english")
PACKAGE = english.EnglishTextNormalizer()
OURS = English()

# Everything the package looks for, what looks like it, and words it leaves alone.
NUMBERS = sorted(PACKAGE.standardize_numbers.words)
PLAIN = (
    "the cat she he's don't colour behalf s th st o'clock dogs' naïve İs ΟΔΟΣ ма मैं ½ x² ① ٣ % … ' .".split()
)
RULED = [
    pattern.replace(r"\b", "") for pattern in PACKAGE.replacers
] + "hmm um uh been gone got a half".split()
WORD = st.one_of(
    st.sampled_from(PLAIN),
    st.sampled_from(NUMBERS),
    st.sampled_from(RULED),
    st.sampled_from(
        ["and", "and a half", "a", "'s", "'", "can", "won", "let", "ma", "per", "1", "5", "$2", "¢7"]
    ),
    st.from_regex(r"[$€£¢]?[0-9]{1,3}([.,][0-9]{1,3})?(s|st|th|%)?", fullmatch=True),
    st.text("abst'’.,-and19$%([<)]>… \u0301\u00a0", max_size=6),
    st.text(max_size=3),
)
WRAP = st.sampled_from(
    ["{}", "{}", "{}", "{}.", "{},", '"{}', "{}'s", "'{}", "{}...", "-{}-", "({})", "${}", "{}%"]
)
SPACE = st.sampled_from([" "] * 12 + ["  ", "\n", "\u00a0", "\t"])
TEXT = st.lists(st.tuples(WORD, WRAP, SPACE), max_size=9).map(
    lambda parts: "".join(wrap.format(word) + space for word, wrap, space in parts)
)


def same(text: str) -> None:
    assert OURS(text).split() == PACKAGE(text).split()


@settings(max_examples=100, deadline=None)
@given(TEXT)
@example("he 's been can 't")
@example("he's uh been and uh a half")
@example("x um't")
@example("won um't")
@example("five th")
@example("$2 and ¢7")
@example("a.. b a..")
@example("and a half of it")
def test_every_text_becomes_what_the_package_makes_of_it(text: str) -> None:
    same(text)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(TEXT)
def test_ten_thousand_texts(text: str) -> None:
    same(text)


def test_two_words_of_every_kind_side_by_side() -> None:
    words = [*PLAIN, *RULED[::3], *NUMBERS[::9], "and", "$2", "¢7", "5", "'s", "(", ")"]
    for first in words:
        for second in words[::2]:
            same(f"{first} {second}")
            same(f"she {first} {second} it")


def test_what_no_rule_looks_for_does_not_reach_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = English()
    ours("The brown, quick fox, and the dog's colour.")

    def never(text: str) -> str:
        raise AssertionError(text)

    monkeypatch.setattr(ours, "_package", never)
    assert (
        ours("The dog's colour. The brown, and the quick fox,")
        == "the dog is color the brown and the quick fox"
    )


def test_the_words_remembered_do_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.normalize.english._REMEMBERED", 3)
    ours = English()
    text = "a long line of words that are all new and two more"
    assert ours(text) == ours(text) == PACKAGE(text)
    assert len(ours._words) <= 3


@pytest.mark.slow
@pytest.mark.speech
def test_the_references_at_hand(speech: Path) -> None:
    texts = [
        json.loads(line).get("text") or ""
        for path in sorted(speech.glob("*/manifest.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    assert len(texts) > 1000
    for text in texts:
        same(text)
