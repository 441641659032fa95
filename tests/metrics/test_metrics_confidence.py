"""Intervals cover the truth as often as they say, and equals are told apart no more often."""

from __future__ import annotations

import numpy as np
import pytest

from auricle.errors import ScoreError
from auricle.metrics import ErrorRate, wer_each
from auricle.metrics.confidence import FEWEST, Interval, difference, interval


def rate(errors: int, tokens: int) -> ErrorRate:
    return ErrorRate(hits=tokens - errors, substitutions=errors)


def speech(
    random: np.random.Generator, speakers: int, spread: float, *, utterances: int = 4, wer: float = 0.1
) -> tuple[list[ErrorRate], list[str]]:
    """A corpus whose speakers have rates of their own, log-normal around ``wer``."""
    rates: list[ErrorRate] = []
    names: list[str] = []
    for speaker in range(speakers):
        own = min(wer * float(np.exp(random.normal(0, spread))), 1)
        for _ in range(utterances):
            tokens = 1 + int(random.poisson(9))
            rates.append(rate(int(random.binomial(tokens, own)), tokens))
            names.append(f"speaker {speaker}")
    return rates, names


def covered(corpora: int, speakers: int, spread: float, samples: int = 400) -> float:
    """The share of corpora whose interval holds the true rate."""
    random = np.random.default_rng(7)
    rates, _ = speech(random, 40_000, spread, utterances=1)
    truth = sum(rates, ErrorRate()).rate
    assert truth is not None
    inside = 0
    for seed in range(corpora):
        found = interval(*speech(random, speakers, spread), samples=samples, seed=seed)
        inside += found is not None and found.low <= truth <= found.high
    return inside / corpora


def test_intervals_cover_the_truth() -> None:
    assert 0.93 <= covered(500, 40, 0.4) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(("speakers", "spread"), [(20, 0.3), (40, 0.4), (100, 0.5), (200, 0.8)])
def test_intervals_cover_the_truth_in_thousands_of_corpora(speakers: int, spread: float) -> None:
    assert 0.93 <= covered(3000, speakers, spread, samples=1000) <= 0.97


def test_those_alike_are_drawn_together_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """For very many clusters the counts of each kind are drawn: the same distribution, other numbers."""
    random = np.random.default_rng(3)
    rates = [rate(int(errors), 8) for errors in random.binomial(8, random.beta(2, 9, size=6000))]
    together = interval(rates, samples=4000)
    monkeypatch.setattr("auricle.metrics.confidence._MANY", 10_000)
    alone = interval(rates, samples=4000)
    assert together is not None
    assert alone is not None
    assert together.low == pytest.approx(alone.low, rel=0.01)
    assert together.high == pytest.approx(alone.high, rel=0.01)
    assert together != alone


def test_speakers_are_drawn_whole() -> None:
    """Ten utterances of one kind each from 20 speakers are 20 things, not 200."""
    rates = [rate(9 if speaker % 2 else 1, 10) for speaker in range(20) for _ in range(10)]
    names = [f"{speaker}" for speaker in range(20) for _ in range(10)]
    clustered, loose = interval(rates, names), interval(rates)
    assert clustered is not None
    assert loose is not None
    assert (clustered.by, clustered.clusters, clustered.note) == ("speaker", 20, "")
    assert (loose.by, loose.clusters) == ("utterance", 200)
    assert width(clustered) > 2.5 * width(loose)
    assert "not for others" in loose.note


def width(found: Interval) -> float:
    return found.high - found.low


def test_few_speakers_make_an_interval_by_utterance() -> None:
    rates = [rate(at % 3, 10) for at in range(40)]
    found = interval(rates, ["a"] * 20 + ["b"] * 20)
    assert found is not None
    assert found.by == "utterance"
    assert found.note


def test_an_utterance_of_an_unknown_speaker_is_a_cluster_of_its_own() -> None:
    rates = [rate(at % 3, 10) for at in range(30)]
    names = ["a" if at < 10 else None for at in range(30)]
    found = interval(rates, names)
    assert found is not None
    assert (found.by, found.clusters) == ("speaker", 21)


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [rate(1, 10)] * (FEWEST - 1),
        [rate(0, 10)] * 50,
        [rate(3, 10)] * 50,
        [ErrorRate(insertions=2)] * 50,
    ],
    ids=["nothing", "few", "no errors", "all the same", "empty references"],
)
def test_no_interval_where_nothing_can_vary(rates: list[ErrorRate]) -> None:
    assert interval(rates) is None


def test_empty_references_count_in_the_interval() -> None:
    spoken = [rate(at % 3, 10) for at in range(60)]
    found = interval(spoken + [ErrorRate(insertions=5)] * 10)
    without = interval(spoken)
    assert found is not None
    assert without is not None
    assert found.low > without.low
    assert found.high > without.high


def test_the_same_seed_gives_the_same_interval() -> None:
    rates, names = speech(np.random.default_rng(0), 30, 0.3)
    assert interval(rates, names, seed=3) == interval(rates, names, seed=3)
    assert interval(rates, names, seed=3) != interval(rates, names, seed=4)


def test_a_wider_level_is_wider() -> None:
    rates, names = speech(np.random.default_rng(0), 30, 0.3)
    narrow, wide = interval(rates, names, level=0.8), interval(rates, names, level=0.99)
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_difference_of_pairs_is_seen_where_the_rates_overlap() -> None:
    """The second is a little better on every utterance: pairing sees it, two intervals do not."""
    random = np.random.default_rng(1)
    first = [rate(int(errors), 30) for errors in random.integers(2, 25, size=80)]
    second = [rate(one.errors - int(random.random() < 0.7), 30) for one in first]
    one, other = interval(first), interval(second)
    assert one is not None
    assert other is not None
    assert one.low < other.high
    found = difference(first, second)
    assert found.value is not None
    assert found.value < 0
    assert found.interval is not None
    assert found.interval.high < 0
    assert found.p is not None
    assert found.p < 0.01


def test_no_difference_between_the_same() -> None:
    rates, names = speech(np.random.default_rng(2), 30, 0.3)
    found = difference(rates, rates, names)
    assert (found.value, found.interval, found.p) == (0, None, None)


def test_other_references_are_no_pairs() -> None:
    with pytest.raises(ScoreError, match="their texts differ"):
        difference(wer_each(["a b"], ["a"]), wer_each(["a"], ["a"]))
    with pytest.raises(ScoreError, match="2 rates and 1 speakers"):
        interval([rate(1, 2)] * 2, ["a"])


def false_alarms(corpora: int, *, samples: int) -> float:
    """How often two equals, who stumble over the same utterances, are said to differ."""
    random = np.random.default_rng(11)
    alarms = 0
    for seed in range(corpora):
        tokens = 1 + random.poisson(9, size=150)
        hard = np.minimum(0.12 * np.exp(random.normal(0, 0.5, size=150)), 1)
        one, other = random.binomial(tokens, hard), random.binomial(tokens, hard)
        first = [rate(*map(int, pair)) for pair in zip(one, tokens, strict=True)]
        second = [rate(*map(int, pair)) for pair in zip(other, tokens, strict=True)]
        p = difference(first, second, samples=samples, seed=seed).p
        alarms += p is not None and p < 0.05
    return alarms / corpora


def test_the_paired_bootstrap_does_not_cry_wolf() -> None:
    assert 0.03 <= false_alarms(300, samples=400) <= 0.07


@pytest.mark.slow
def test_the_paired_bootstrap_does_not_cry_wolf_in_thousands_of_corpora() -> None:
    assert 0.04 <= false_alarms(4000, samples=1000) <= 0.06
