"""auricle compare, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Command

from auricle.verbs.evaluate import Scored
from runs import write_run


def rows(wrong: int) -> list[Scored]:
    """Forty utterances of ten words, of which every fourth has ``wrong`` wrong ones."""
    words = [f"w{at}" for at in range(10)]
    spoilt = ["x"] * wrong + words[wrong:]
    return [
        Scored(str(at), " ".join(words), " ".join(spoilt if at % 4 else words), speaker=f"s{at % 10}")
        for at in range(40)
    ]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "a", rows(3))
    write_run(tmp_path / "b", rows(3))
    write_run(tmp_path / "good", rows(1))
    write_run(tmp_path / "else", rows(1), fingerprint="beef")
    return tmp_path


@pytest.mark.usefixtures("runs")
def test_no_difference_is_said_plainly(auricle: Command) -> None:
    done = auricle("compare", "a", "b")
    assert done.code == 0
    assert "b against a: no difference shown" in done.out
    assert "a  22.50 %" in done.out


@pytest.mark.usefixtures("runs")
def test_three_runs_are_corrected(auricle: Command) -> None:
    done = auricle("compare", "a", "b", "good")
    assert "good against a: " in done.out
    assert "corrected for 3 comparisons" in done.out
    assert "66.7 % fewer errors" in done.out


@pytest.mark.usefixtures("runs")
def test_rates_in_json(auricle: Command) -> None:
    found = json.loads(auricle("compare", "a", "good", "--json").out)
    assert found["contenders"][0]["normalized"]["rate"] == 0.225
    assert found["pairs"][0]["difference"]["value"] == pytest.approx(-0.15)
    assert set(found["pairs"][0]["p"]) == {"bootstrap", "matched_pairs"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("a", "else"), "different data"),
        (("a",), "two runs or more"),
        (("a", "a"), "is given twice"),
        (("a", "none"), "there is no run in none"),
        (("a", "b", "--alpha", "2"), "alpha is a probability"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_bad_input_is_one_line(auricle: Command, arguments: tuple[str, ...], complaint: str) -> None:
    done = auricle("compare", *arguments)
    assert done.code == 1
    assert done.out == ""
    assert complaint in done.complaint


def test_wrong_usage(auricle: Command) -> None:
    assert auricle("compare").code == 2
