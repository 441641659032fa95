"""Matched pairs: the pieces of Gillick & Cox, the false-alarm rate they promise, and Holm's prices."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import ScoreError
from auricle.metrics.significance import FEWEST, _segments, holm, mapsswe


def pieces(reference: str, first: str, second: str) -> list[tuple[int, int]]:
    one, other = _segments([reference], [first], [second])
    return list(zip(one.tolist(), other.tolist(), strict=True))


@pytest.mark.parametrize(
    ("reference", "first", "second", "wanted"),
    [
        ("a b c d", "a b c d", "a b c d", []),
        ("a b c d e f", "x b c d e f", "a b c d e y", [(1, 0), (0, 1)]),
        ("a b c", "x b c", "a b y", [(1, 1)]),  # one right word does not part two errors
        ("a b c d", "x b c d", "a b c y", [(1, 0), (0, 1)]),  # two do
        ("a b c d e", "a b c d e", "a b x d e", [(0, 1)]),
        ("a b c d", "a b x c d", "a b c d", [(1, 0)]),  # an insertion
        ("a b c d", "a x b c d", "a b c x d", [(1, 0), (0, 1)]),
        ("a b c", "a x b c", "a b x c", [(1, 1)]),  # a gap with an insertion parts nothing
        ("", "a b", "a", [(2, 1)]),
        ("", "", "", []),
        ("a", "", "a", [(1, 0)]),
    ],
)
def test_pieces_are_parted_by_two_right_words(
    reference: str, first: str, second: str, wanted: list[tuple[int, int]]
) -> None:
    assert pieces(reference, first, second) == wanted


def test_utterances_part_pieces() -> None:
    one, other = _segments(["a", "b"], ["x", "y"], ["a", "y"])
    assert (one.tolist(), other.tolist()) == ([1, 1], [0, 1])


SENTENCE = st.lists(st.sampled_from("abcd"), max_size=10).map(" ".join)


@given(st.lists(st.tuples(SENTENCE, SENTENCE, SENTENCE), min_size=1, max_size=6))
def test_no_error_is_lost_and_the_order_only_turns_the_sign(texts: list[tuple[str, str, str]]) -> None:
    from auricle.metrics import wer

    references, first, second = ([text[at] for text in texts] for at in range(3))
    one, other = _segments(references, first, second)
    assert int(one.sum()) == wer(references, first).errors
    assert int(other.sum()) == wer(references, second).errors
    there, back = mapsswe(references, first, second), mapsswe(references, second, first)
    assert there.segments == back.segments
    assert there.mean == pytest.approx(-back.mean)
    assert there.p == pytest.approx(back.p)


def test_by_hand() -> None:
    """Three pieces with differences 1, 1 and -2 … and one of 3: mean 0.75, z from its deviation."""
    references = ["a b", "c d", "e f", "g h i"]
    first = ["a b", "c d", "x y", "g h i"]
    second = ["a x", "c x", "e f", "x y z"]
    found = mapsswe(references, first, second)
    assert (found.segments, found.mean) == (4, 0.75)
    assert found.z == pytest.approx(0.75 / (2.0615528128088303 / 2))
    assert found.p == pytest.approx(0.46684, abs=1e-4)
    assert "4 pieces" in found.note


def spoilt(words: list[str], chooser: random.Random, rate: float) -> str:
    return " ".join("wrong" if chooser.random() < rate else word for word in words)


def false_alarms(corpora: int, utterances: int = 60) -> float:
    """How often two systems of the same error rate are told apart at 5 %."""
    chooser = random.Random(5)
    alarms = 0
    for _ in range(corpora):
        texts = [[f"w{chooser.randrange(50)}" for _ in range(12)] for _ in range(utterances)]
        hard = [chooser.uniform(0.02, 0.3) for _ in texts]
        first, second = (
            [spoilt(text, chooser, rate) for text, rate in zip(texts, hard, strict=True)] for _ in range(2)
        )
        found = mapsswe([" ".join(text) for text in texts], first, second)
        assert found.segments >= FEWEST
        alarms += found.p is not None and found.p < 0.05
    return alarms / corpora


def test_equals_are_told_apart_as_often_as_promised() -> None:
    assert 0.03 <= false_alarms(400) <= 0.07


@pytest.mark.slow
def test_equals_are_told_apart_as_often_as_promised_in_thousands_of_corpora() -> None:
    assert 0.04 <= false_alarms(5000) <= 0.06


def test_a_better_system_is_seen() -> None:
    chooser = random.Random(6)
    texts = [[f"w{chooser.randrange(50)}" for _ in range(12)] for _ in range(200)]
    first = [spoilt(text, chooser, 0.2) for text in texts]
    second = [spoilt(text, chooser, 0.1) for text in texts]
    found = mapsswe([" ".join(text) for text in texts], first, second)
    assert found.p is not None
    assert found.p < 0.001
    assert found.mean < 0
    assert not found.note


def test_the_texts_have_to_match() -> None:
    with pytest.raises(ScoreError):
        mapsswe(["a"], ["a"], [])


def test_nothing_to_test() -> None:
    assert mapsswe([], [], []).p is None
    assert mapsswe(["a b"], ["a b"], ["a b"]).segments == 0
    assert mapsswe(["a", "b"], ["x", "y"], ["a", "b"]).p is None  # both pieces differ by one


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.6, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_raises_and_keeps_the_order(values: list[float]) -> None:
    found = holm(values)
    assert all(value <= corrected <= 1 for value, corrected in zip(values, found, strict=True))
    ranked = sorted(range(len(values)), key=values.__getitem__)
    assert [found[at] for at in ranked] == sorted(found)
