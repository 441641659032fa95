"""Error rates: counts that add, rates that are None where there is nothing to divide by."""

from __future__ import annotations

import dataclasses

import pytest

from auricle.errors import ScoreError
from auricle.metrics import ErrorRate, Hallucination, Latency, Throughput, cer, wer


def test_the_worked_example() -> None:
    found = wer("the cat sat on the mat", "the cat sit on the")
    assert (found.errors, found.reference) == (2, 6)
    assert (found.substitutions, found.deletions, found.insertions, found.hits) == (1, 1, 0, 4)
    assert found.rate == 2 / 6
    assert found.wacc == pytest.approx(4 / 6)
    letters = cer("the cat sat on the mat", "the cat sit on the")
    assert (letters.errors, letters.reference) == (5, 22)
    assert letters.measure == "CER"


def test_a_corpus_is_the_sum_of_its_utterances() -> None:
    references = ["a b c d", "e", ""]
    hypotheses = ["a b c d", "x", "two words"]
    total = wer(references, hypotheses)
    assert total == sum((wer(*pair) for pair in zip(references, hypotheses, strict=True)), ErrorRate())
    assert total == sum(wer(*pair) for pair in zip(references, hypotheses, strict=True))
    assert total.rate == 3 / 5  # the mean of the rates would be 0.5


def test_an_empty_reference_has_insertions_and_no_rate() -> None:
    found = wer("", "thanks for watching")
    assert (found.insertions, found.reference, found.hypothesis) == (3, 0, 3)
    assert found.rate is None
    assert found.wacc is None
    assert found.match_error_rate == 1
    assert ErrorRate().match_error_rate is None


def test_word_accuracy_can_be_negative() -> None:
    found = wer("yes", "no no no")
    assert found.rate == 3
    assert found.wacc == -2
    assert found.match_error_rate == 1


def test_words_and_characters_do_not_add() -> None:
    with pytest.raises(ScoreError, match="words and characters do not add"):
        wer("a", "a") + cer("a", "a")
    with pytest.raises(TypeError):
        wer("a", "a") + 1  # type: ignore[operator]


def test_as_many_hypotheses_as_references() -> None:
    with pytest.raises(ScoreError, match="2 references and 1 hypotheses"):
        wer(["a", "b"], ["a"])


def test_rates_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ErrorRate().hits = 1  # type: ignore[misc]


def test_hallucination_counts_clips_without_a_reference_only() -> None:
    spoken = Hallucination.of(wer("hello", "hello you"), 10)
    silent = Hallucination.of(wer("", ""), 1800)
    filled = Hallucination.of(wer("", "thanks for watching"), 1800)
    total = sum([spoken, silent, filled], Hallucination())
    assert total == Hallucination(clips=2, clips_with_text=1, tokens=3, seconds=3600)
    assert (total.rate, total.per_hour, total.tokens_per_hour) == (0.5, 1, 3)
    assert Hallucination().rate is None
    assert Hallucination().per_hour is None


def test_rtfx_is_total_over_total() -> None:
    total = sum([Throughput(10, 1), Throughput(10, 9)], Throughput())
    assert total.rtfx == 2  # the mean of the two would be 5.6
    assert total.rtf == 0.5
    assert Throughput().rtfx is None
    assert Throughput().rtf is None


def test_latency_percentiles_are_values_that_were_measured() -> None:
    found = Latency.of(range(1, 101))
    assert found == Latency(100, 50, 90, 95, 99, 100)
    assert Latency.of([0.3]) == Latency(1, 0.3, 0.3, 0.3, 0.3, 0.3)
    assert Latency.of([]) is None
