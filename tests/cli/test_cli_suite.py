"""``auricle evaluate --suite``: several datasets, one table; one that fails does not stop the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import FAKE, Command

from auricle.errors import OptionError
from auricle.options import build
from auricle.verbs.evaluate import EvaluateOptions, Run
from auricle.verbs.evaluate.suite import load_suite, suite_names
from corpora import counted

SUITE = """
[options]
normalizer = "multilingual"

[[datasets]]
name = "short"
dataset = "talks"
max_utterances = 2

[[datasets]]
dataset = "calls/manifest.jsonl"
"""


def test_a_suite_makes_a_run_each_and_one_table(auricle: Command, here: Path) -> None:
    counted(here / "data" / "talks", 3)
    counted(here / "data" / "calls", 6)
    (here / "data" / "mine.toml").write_text(SUITE)
    found = auricle("evaluate", *FAKE, "--suite", "data/mine.toml")
    assert found.code == 0
    assert {path.name for path in (here / "runs" / "mine").iterdir()} == {"fake-short", "fake-manifest.jsonl"}
    assert Run.load(here / "runs" / "mine" / "fake-short").mark == "PARTIAL: 2 of 3 utterances"
    table = found.out.splitlines()[-5:]
    assert any("talks PARTIAL WER" in line for line in found.out.splitlines())
    assert any(line.startswith("talks: 2 utterances") for line in table)
    assert found.err.endswith("2 of 2 datasets of mine evaluated\n")


def test_a_dataset_that_fails_does_not_stop_the_rest(auricle: Command, here: Path) -> None:
    counted(here / "calls", 6)
    (here / "mine.toml").write_text(SUITE)
    found = auricle("evaluate", *FAKE, "--suite", "mine.toml", "--run", "out")
    assert found.code == 1
    assert "auricle: short: there is no dataset talks" in found.err
    assert "1 of 2 datasets of mine evaluated" in found.err
    assert Run.load(here / "out" / "fake-manifest.jsonl").state == "complete"


def test_what_a_suite_sets_is_not_overruled_in_silence(auricle: Command, here: Path) -> None:
    (here / "mine.toml").write_text(SUITE)
    found = auricle("evaluate", *FAKE, "--suite", "mine.toml", "--normalizer", "none")
    assert found.code == 1
    assert (
        "the suite mine sets normalizer to 'multilingual' for short, and 'none' is given" in found.complaint
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("datasets = 3", "a suite names one or more"),
        ("", "a suite names one or more"),
        ("[[datasets]]\nname = 'x'", "without dataset"),
        (
            "[[datasets]]\ndataset = 'x'\nsplitt = 'test'",
            "'splitt', which is nothing known. Did you mean split?",
        ),
        ("colour = 1", "'colour', which is nothing known"),
        ("[[datasets]]\ndataset = 'x'\n[[datasets]]\ndataset = 'x'", "two datasets called x"),
        ("= 1", "cannot be read as TOML"),
    ],
)
def test_what_is_no_suite_is_said(auricle: Command, here: Path, text: str, said: str) -> None:
    (here / "mine.toml").write_text(text)
    found = auricle("evaluate", *FAKE, "--suite", "mine.toml")
    assert (found.code, said in found.complaint) == (1, True), found.complaint


def test_a_name_that_is_no_suite_gets_the_nearest(auricle: Command, here: Path) -> None:
    found = auricle("evaluate", *FAKE, "--suite", "open-asr-englsh")
    assert (found.code, "Did you mean open-asr-english" in found.complaint) == (1, True)
    assert auricle("evaluate", *FAKE, "--suite", "x", "--dataset", "y").code == 2


@pytest.mark.parametrize(("name", "count"), [("open-asr-english", 8), ("open-asr-multilingual", 13)])
def test_the_suites_that_come_with_it_have_options_that_exist(name: str, count: int) -> None:
    assert suite_names() == ["open-asr-english", "open-asr-multilingual"]
    suite = load_suite(name)
    assert len(suite.members) == count
    for _, options in suite.with_options({"model": "tiny.en"}):
        assert build(EvaluateOptions, options).data.split
    with pytest.raises(OptionError):
        list(suite.with_options({"normalizer": "none"}))
