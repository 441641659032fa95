"""Widths, clusters, and where a line may break."""

from __future__ import annotations

import pytest
from format_strategies import texts
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.formats.layout import break_cost, clusters, ends_sentence, pieces, units, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("日本", 4),
        ("ｱ", 1),
        ("e\u0301", 1),
        ("👩‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("한국", 4),
        ("שלום", 4),
    ],
)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def test_clusters_keep_what_a_reader_sees_as_one() -> None:
    assert clusters("e\u0301x") == ["e\u0301", "x"]
    assert clusters("🇫🇷🇩🇪") == ["🇫🇷", "🇩🇪"]
    assert clusters("👩‍👧x") == ["👩‍👧", "x"]
    assert clusters("ខ្មែរ")[0] == "ខ្មែ"


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("well-known", ["well-known"]),
        ("한국어", ["한국어"]),
        ("iPhoneが好き。", ["iPhone", "が", "好", "き。"]),
        ("「はい」と", ["「は", "い」", "と"]),
        ("เมือง", ["เมื", "อ", "ง"]),
    ],
)
def test_units(word: str, parts: list[str]) -> None:
    assert units(word) == parts


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(2, 50))
def test_pieces_lose_nothing_and_fit(text: str, columns: int) -> None:
    for word in text.split():
        parts = pieces(word, columns)
        assert "".join(parts) == word
        assert all(width(part) <= columns for part in parts)
        assert len(parts) == 1 or width(word) > columns


def test_sentences_end_where_they_end() -> None:
    assert all(map(ends_sentence, ["end.", 'end."', "fin?»", "好。", "؟", "है।"]))
    assert not any(map(ends_sentence, ["Mr.", "and", "e.g.", "well,", ""]))


def test_breaks_are_ranked() -> None:
    ranked = [
        break_cost("end.", "Then", False, 0, "en"),
        break_cost("first,", "then", False, 0, "en"),
        break_cost("went", "home", False, 0.4, "en"),
        break_cost("went", "because", False, 0, "en"),
        break_cost("went", "over", False, 0, "en"),
        break_cost("went", "home", False, 0, "en"),
        break_cost("the", "home", False, 0, "en"),
        break_cost("dis", "joined", True, 0, "en"),
    ]
    assert ranked == sorted(set(ranked))
    assert break_cost("well-", "known", True, 0, None) == 2.4
    assert break_cost("der", "Hafen", False, 0, "de") == 3.0
    assert break_cost("der", "Hafen", False, 0, "en") == 2.4
