"""Errors of word starts: only words that match have one."""

from __future__ import annotations

import pytest

from auricle.metrics.timing import StartErrors, start_errors
from auricle.normalize import normalizer

CLEAN = normalizer("whisper-english", "en")


def test_words_are_matched_by_their_normalised_text() -> None:
    reference = [("Hello,", 1.0), ("dear", 2.0), ("World!", 3.0)]
    hypothesis = [("hello", 1.1), ("old", 2.0), ("world", 2.8)]
    assert start_errors(reference, hypothesis, CLEAN) == pytest.approx([0.1, -0.2])


def test_the_first_of_several_tokens_has_the_start() -> None:
    assert start_errors([("don't", 1.0)], [("do", 1.5), ("not", 2.0)], CLEAN) == pytest.approx([0.5])
    assert start_errors([("do", 1.0), ("not", 2.0)], [("don't", 1.5)], CLEAN) == pytest.approx([0.5])


def test_nothing_matches() -> None:
    assert start_errors([("a", 1.0)], [("b", 1.0)], CLEAN) == []
    assert StartErrors.of([], 5) is None


def test_statistics() -> None:
    errors = [0.01 * at * (-1) ** at for at in range(1, 101)]  # 10 ms to 1 s, on both sides
    found = StartErrors.of(errors, 120)
    assert found is not None
    assert (found.reference, found.matched) == (120, 100)
    assert found.mean == pytest.approx(0.005)
    assert found.mean_distance == pytest.approx(0.505)
    assert (found.p50, found.p90, found.p95, found.worst) == pytest.approx((0.5, 0.9, 0.95, 1.0))
    assert (found.within_50, found.within_100, found.within_200) == (0.05, 0.1, 0.2)
