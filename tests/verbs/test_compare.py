"""Comparing runs: equals are called equals, other data is refused, many questions cost more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from auricle.errors import FormatError, MissingFileError, OptionError, ScoreError
from auricle.verbs.compare import NO_DIFFERENCE, compare
from auricle.verbs.evaluate import Scored
from runs import write_run


def rows(rate: float, seed: int, count: int = 160) -> Iterator[Scored]:
    """Utterances of 16 speakers in which a share of the words is wrong."""
    texts, errors = random.Random(1), random.Random(seed)
    for at in range(count):
        words = [f"w{texts.randrange(40)}" for _ in range(12)]
        found = ["x" if errors.random() < rate else word for word in words]
        yield Scored(str(at), " ".join(words), " ".join(found), speaker=f"s{at % 16}", duration=3.0)


@pytest.fixture
def equals(tmp_path: Path) -> tuple[Path, Path]:
    return write_run(tmp_path / "a", rows(0.2, 2)), write_run(tmp_path / "b", rows(0.2, 3))


def test_equals_show_no_difference(equals: tuple[Path, Path]) -> None:
    found = compare(*equals)
    (pair,) = found.pairs
    assert pair.verdict == NO_DIFFERENCE
    assert pair.difference.interval is not None
    assert pair.difference.interval.low < 0 < pair.difference.interval.high
    assert (found.utterances, found.speakers, found.mark) == (160, 16, "")
    assert pair.fewer + pair.more + pair.same == 160


def test_the_better_one_is_named_whatever_the_order(tmp_path: Path, equals: tuple[Path, Path]) -> None:
    better = write_run(tmp_path / "better", rows(0.08, 4), options={"beam_size": 5})
    there, back = compare(equals[0], better).pairs[0], compare(better, equals[0]).pairs[0]
    assert there.verdict == back.verdict == "better is better than a"
    assert there.difference.value == pytest.approx(-(back.difference.value or 0))
    assert "beam_size=None, not 5" in there.unlike
    assert there.relative is not None
    assert -0.7 < there.relative < -0.4


def test_relative_is_of_the_first(tmp_path: Path) -> None:
    """From 126 to 14 errors are 89 % fewer, not 112."""
    reference = " ".join(["a"] * 200)
    one, other = " ".join(["x"] * 126 + ["a"] * 74), " ".join(["x"] * 14 + ["a"] * 186)
    first = write_run(tmp_path / "a", [Scored("1", reference, one)])
    second = write_run(tmp_path / "b", [Scored("1", reference, other)])
    pair = compare(first, second).pairs[0]
    assert pair.relative == pytest.approx(-112 / 126)
    assert pair.verdict == NO_DIFFERENCE  # one utterance shows nothing
    assert pair.p == (None, None)
    assert "too few" in pair.matched.note


def test_more_runs_cost_more(tmp_path: Path, equals: tuple[Path, Path]) -> None:
    third = write_run(tmp_path / "c", rows(0.17, 5))
    alone, together = compare(equals[0], third).pairs[0], compare(*equals, third)
    assert len(together.pairs) == 3
    pair = next(pair for pair in together.pairs if (pair.first, pair.second) == ("a", "c"))
    assert all((one or 1) <= (other or 0) for one, other in zip(alone.p, pair.p, strict=True))
    assert alone.p != pair.p


def test_both_tests_have_to_see_it(equals: tuple[Path, Path]) -> None:
    from auricle.verbs.compare import _verdict

    pair = compare(*equals).pairs[0]
    assert pair.difference.value
    assert _verdict(pair, (0.01, 0.2), 0.05) == NO_DIFFERENCE
    assert _verdict(pair, (0.2, 0.01), 0.05) == NO_DIFFERENCE
    assert _verdict(pair, (None, 0.01), 0.05) == NO_DIFFERENCE
    assert "is better than" in _verdict(pair, (0.01, 0.01), 0.05)


def test_the_same_run_under_another_name(tmp_path: Path) -> None:
    first, second = write_run(tmp_path / "a", rows(0.2, 2)), write_run(tmp_path / "b", rows(0.2, 2))
    pair = compare(first, second).pairs[0]
    assert (pair.difference.value, pair.verdict, pair.same) == (0, NO_DIFFERENCE, 160)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"fingerprint": "beef"}, "different data"),
        ({"normalizer": "none"}, "with the normaliser multilingual 1 and .* with none 1"),
        ({"normalizer_version": "2"}, "multilingual 1 and .* multilingual 2"),
    ],
)
def test_what_cannot_be_compared(
    tmp_path: Path, equals: tuple[Path, Path], changed: dict[str, str], complaint: str
) -> None:
    other = write_run(tmp_path / "other", rows(0.1, 4), **changed)
    with pytest.raises(ScoreError, match=complaint):
        compare(equals[0], other)


def test_partial_runs(tmp_path: Path, equals: tuple[Path, Path]) -> None:
    part = write_run(tmp_path / "part", rows(0.1, 4, 60), limit=60, total=160)
    with pytest.raises(ScoreError, match=r"part \(PARTIAL: 60 of 160 utterances\) lacks 100"):
        compare(equals[0], part)
    found = compare(part, equals[0], common=True)
    assert found.mark == "PARTIAL: 60 of 160 utterances"
    assert found.utterances == 60
    again = write_run(tmp_path / "again", rows(0.1, 5, 60), limit=60, total=160)
    assert compare(part, again).mark == "PARTIAL: 60 of 160 utterances"


def test_a_run_that_was_not_finished_is_partial(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", rows(0.1, 4, 60), finished=False)
    second = write_run(tmp_path / "b", rows(0.1, 5, 60), finished=False)
    assert compare(first, second).mark.startswith("PARTIAL: 60")


def test_other_references_are_other_data(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", [Scored("1", "a b", "a")])
    second = write_run(tmp_path / "b", [Scored("1", "a c", "a")])
    with pytest.raises(ScoreError, match="the reference of 1 is not the same"):
        compare(first, second)


def test_nothing_to_compare(tmp_path: Path, equals: tuple[Path, Path]) -> None:
    empty = write_run(tmp_path / "empty", [])
    with pytest.raises(ScoreError, match="no utterance in common"):
        compare(equals[0], empty, common=True)
    silent = [write_run(tmp_path / name, [Scored("1", "", "x")]) for name in ("c", "d")]
    with pytest.raises(ScoreError, match="all references are empty"):
        compare(*silent)


def test_what_is_typed_wrongly(tmp_path: Path, equals: tuple[Path, Path]) -> None:
    with pytest.raises(OptionError, match="two runs or more"):
        compare(equals[0])
    with pytest.raises(OptionError, match="is given twice"):
        compare(equals[0], equals[0])
    with pytest.raises(OptionError, match="alpha is a probability"):
        compare(*equals, alpha=1.5)
    with pytest.raises(OptionError, match="samples must be 100"):
        compare(*equals, samples=3)
    with pytest.raises(MissingFileError):
        compare(equals[0], tmp_path / "none")
    (equals[1] / "report.json").write_text("{")
    with pytest.raises(FormatError):
        compare(*equals)


def test_orthographic(tmp_path: Path) -> None:
    def written(found: str) -> list[Scored]:
        return [Scored(str(at), "Hello there", found, speaker=f"s{at}") for at in range(40)]

    first, second = (
        write_run(tmp_path / "a", written("Hello there")),
        write_run(tmp_path / "b", written("hello there")),
    )
    assert compare(first, second).pairs[0].difference.value == 0
    found = compare(first, second, orthographic=True)
    assert found.tested == "orthographic"
    assert found.pairs[0].difference.value == 0.5
    assert found.contenders[1].normalized.rate == 0


@pytest.mark.slow
def test_the_verdict_does_not_cry_wolf(tmp_path: Path) -> None:
    """Both tests must agree, so equals are told apart in less than the 5 % of either."""
    alarms = 0
    for trial in range(200):
        first = write_run(tmp_path / f"a{trial}", rows(0.2, 2 * trial + 1000))
        second = write_run(tmp_path / f"b{trial}", rows(0.2, 2 * trial + 1001))
        alarms += compare(first, second, samples=400).pairs[0].verdict != NO_DIFFERENCE
    assert alarms / 200 <= 0.06
