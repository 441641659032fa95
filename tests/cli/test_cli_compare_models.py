"""auricle compare-models: words in columns, marks under what differs, a table below."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Command, record

from auricle import sample
from auricle.cli.compare_models import _lines
from auricle.metrics.speed import Throughput
from auricle.transcript import Segment, Transcript
from auricle.verbs.compare_models import Comparison, Run
from auricle.verbs.compare_models.columns import columns
from auricle.verbs.trial import Trial


def comparison(*texts: str) -> Comparison:
    runs = tuple(
        Run(
            f"model{number}",
            Trial(Transcript((Segment(0.0, 1.0, text),), 1.0), Throughput(1.0, 0.5), 0.1, None),
        )
        for number, text in enumerate(texts)
    )
    return Comparison("talk.wav", 1.0, runs, columns(texts))


def test_marks_stand_under_the_words_that_differ() -> None:
    text = "".join(_lines(comparison("The cat sat.", "THE KAT SAT NOW"), 80))
    assert text.splitlines() == [
        "model0  The cat sat. -",
        "model1  THE KAT SAT  NOW",
        "            ^^^      ^^^",
        "",
    ]


def test_lines_are_as_wide_as_the_terminal() -> None:
    words = " ".join(["country"] * 40)
    lines = "".join(_lines(comparison(words, words), 60)).splitlines()
    assert max(map(len, lines)) <= 60 and len([line for line in lines if line.startswith("model0")]) > 5


def test_wide_letters_take_two_columns() -> None:
    first, second, marks, _ = "".join(_lines(comparison("今天 yes", "今后 yes"), 80)).split("\n")[:4]
    assert first == "model0  今 天 yes" and second == "model1  今 后 yes"
    assert marks == "           ^^"


def test_two_models_on_the_sample(auricle: Command) -> None:
    result = auricle("compare-models", sample(), "--models", "fake:fake,fake", "--quiet")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("fake:fake  one two three") and lines[1].startswith("fake       one two three")
    assert any(line.split() == "model engine RTFx seconds load s memory words".split() for line in lines)
    assert lines[-1] == "0:11 of jfk.flac: 0 of 12 words differ"


def test_json_has_texts_columns_speed_and_memory(auricle: Command, here: Path) -> None:
    result = auricle("compare-models", record(here / "a.wav"), "--models", "fake:fake,fake", "--json")
    found = json.loads(result.out)
    assert [model["name"] for model in found["models"]] == ["fake:fake", "fake"]
    for model in found["models"]:
        assert model["rtfx"] > 0 and model["elapsed"] > 0 and model["record"]["engine"] == "fake"
        assert model["memory"] is None or model["memory"] > 10e6
    assert found["differences"] == 0 and all(not column["differs"] for column in found["columns"])


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--models", "tiny.en"], "compare two different models or more. Type: --models tiny.en,base.en"),
        ([], "compare two different models or more"),
        (["--models", "tiny.en,tinny"], "there is no model 'tinny'. Did you mean tiny"),
        (["--models", "fake,onyx:tiny.en"], "there is no engine 'onyx' for 'onyx:tiny.en'"),
        (["--models", "fake:fake,fake", "--language", "germann"], "Did you mean german"),
        (["--models", "fake:fake,fake", "--channel", "each"], "Choose one channel"),
    ],
)
def test_bad_input(arguments: list[str], match: str, auricle: Command) -> None:
    result = auricle("compare-models", sample(), *arguments)
    assert result.code == 1 and result.out == "" and match in result.complaint


def test_a_recording_that_is_not_there(auricle: Command, here: Path) -> None:
    result = auricle("compare-models", "talk.wav", "--models", "fake:fake,fake")
    assert result.code == 1 and "talk.wav" in result.complaint
    (here / "text.wav").write_text("not sound")
    assert "holds text, not sound" in auricle("compare-models", "text.wav", "-m", "fake:fake,fake").complaint
