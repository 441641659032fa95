"""auricle score, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Command


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "refs.txt").write_text("The cat sat on the mat.\n\nHello there\n")
    (tmp_path / "hyps.txt").write_text("the cat sit on the\nbye\nHello there\n")
    (tmp_path / "short.txt").write_text("the cat\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "silent.txt").write_text("\n\n\n")
    (tmp_path / "twice.trn").write_text("a (1)\nb (1)\n")
    (tmp_path / "one.trn").write_text("a (1)\n")
    return tmp_path


@pytest.mark.usefixtures("texts")
def test_percentages_for_a_person(auricle: Command) -> None:
    done = auricle("score", "refs.txt", "hyps.txt", "--language", "en")
    assert done.code == 0
    assert done.err == ""
    assert "WER normalised    37.50 %" in done.out
    assert "WER orthographic  50.00 %" in done.out
    assert "1 reference is empty: 1 got text, 1 word in all" in done.out
    assert "sat  →  sit  1" in done.out


@pytest.mark.usefixtures("texts")
def test_rates_in_json(auricle: Command) -> None:
    found = json.loads(auricle("score", "refs.txt", "hyps.txt", "--language", "en", "--json").out)
    words = found["normalized"]["words"]
    assert words["rate"] == 0.375
    assert (words["errors"], words["reference"], words["insertions"]) == (3, 8, 1)
    assert found["orthographic"]["words"]["rate"] == 0.5
    assert found["normalizer"] == "whisper-english"
    assert found["hallucination"]["rate"] == 1
    assert found["sensitivity"][0]["rate"] == 0.5
    assert "%" not in json.dumps(found)


@pytest.mark.parametrize(
    ("refs", "hyps", "complaint"),
    [
        ("refs.txt", "short.txt", "refs.txt has 3 lines and short.txt 1"),
        ("empty.txt", "empty.txt", "empty.txt has no utterances"),
        ("twice.trn", "one.trn", "twice.trn, line 2: the id '1' is there twice"),
        ("refs.txt", "none.txt", "there is no file 'none.txt'"),
        ("refs.txt", "one.trn", "refs.txt has no ids"),
    ],
)
@pytest.mark.usefixtures("texts")
def test_bad_input_is_one_line(auricle: Command, refs: str, hyps: str, complaint: str) -> None:
    done = auricle("score", refs, hyps)
    assert done.code == 1
    assert done.out == ""
    assert complaint in done.complaint


@pytest.mark.usefixtures("texts")
def test_no_rate_is_printed_where_there_is_none(auricle: Command) -> None:
    done = auricle("score", "silent.txt", "hyps.txt")
    assert done.code == 0
    assert "no rate: there is no word in the references to divide by" in done.out
    assert "%" not in done.out.replace("95 % interval", "")
    found = json.loads(auricle("score", "silent.txt", "hyps.txt", "--json").out)
    assert found["normalized"]["words"]["rate"] is None
    assert found["normalized"]["words"]["insertions"] == 8


@pytest.mark.usefixtures("texts")
def test_unknown_normalisers_are_usage_errors(auricle: Command) -> None:
    done = auricle("score", "refs.txt", "hyps.txt", "--normalizer", "whsper-english")
    assert done.code == 2
    assert "Did you mean whisper-english?" in done.complaint


def test_characters_are_said_aloud(auricle: Command, texts: Path) -> None:
    (texts / "zh.txt").write_text("今天天气很好\n", "utf-8")
    done = auricle("score", "zh.txt", "zh.txt", "--language", "zh")
    assert "CER normalised" in done.out
    assert "counted characters, not words: the script is written without spaces" in done.out


def test_warnings_go_to_stderr(auricle: Command, texts: Path) -> None:
    (texts / "dv.txt").write_text("ދިވެހި ބަސް\n", "utf-8")
    done = auricle("score", "dv.txt", "dv.txt", "--normalizer", "whisper-basic")
    assert done.code == 0
    assert "warning: the normaliser makes 5 words of 2" in done.err


def test_speakers(auricle: Command, texts: Path) -> None:
    (texts / "refs.stm").write_text("t 1 ann 0 2 hello you\nt 1 bob 2 3 yes\n")
    (texts / "hyps.stm").write_text("t 1 x 0 2 hello you\nt 1 x 2 3 yes\n")
    done = auricle("score", "refs.stm", "hyps.stm", "--measure", "speakers")
    assert done.code == 0
    assert "1 recording, 2 speakers" in done.out
    assert "the hypotheses have 1 of them too few and 0 too many" in done.out
    assert "cpWER normalised        66.67 %       2    0    1    1   3" in done.out
    assert "diarization error rate 33.33 % (no collar, overlaps scored)" in done.out
    found = json.loads(auricle("score", "refs.stm", "hyps.stm", "--measure", "speakers", "--json").out)
    assert found["cp"]["rate"] == pytest.approx(2 / 3)
    assert found["diarization"]["rate"] == pytest.approx(1 / 3)


def test_times(auricle: Command, texts: Path) -> None:
    (texts / "refs.ctm").write_text("t 1 0.5 0.2 hello\nt 1 1.0 0.2 you\n")
    (texts / "hyps.ctm").write_text("t 1 0.6 0.2 hello\nt 1 1.3 0.2 there\n")
    done = auricle("score", "refs.ctm", "hyps.ctm", "--measure", "times")
    assert "1 word (50.00 %) are in both" in done.out
    assert "mean distance        100 ms" in done.out
    found = json.loads(auricle("score", "refs.ctm", "hyps.ctm", "--measure", "times", "--json").out)
    assert found["starts"]["mean"] == pytest.approx(0.1)


@pytest.mark.usefixtures("texts")
def test_options_of_another_measure_are_refused(auricle: Command) -> None:
    done = auricle("score", "refs.txt", "hyps.txt", "--collar", "0.25")
    assert done.code == 1
    assert "collar has no meaning for --measure text, only for speakers." in done.complaint
    assert auricle("score", "refs.txt", "hyps.txt", "--measure", "times", "--top", "3").code == 1
    assert "are read from stm" in auricle("score", "refs.txt", "hyps.txt", "--measure", "speakers").complaint
