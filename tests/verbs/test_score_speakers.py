"""Who said what, and when words begin: cpWER, diarization and word starts from files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from auricle.errors import FormatError, OptionError, ScoreError
from auricle.verbs.score import SpeakerScore, score_speakers, score_times

REFERENCE = "t 1 ann 0 2 hello there you\nt 1 bob 2 3 yes\nt 1 ann 3 4 bye\nu 1 cat 0 1 good morning\n"


def stm(tmp_path: Path, hypothesis: str, **options: object) -> SpeakerScore:
    one, other = tmp_path / "refs.stm", tmp_path / "hyps.stm"
    one.write_text(REFERENCE)
    other.write_text(hypothesis)
    return score_speakers(one, other, **options)


def test_names_of_speakers_do_not_matter(tmp_path: Path) -> None:
    found = stm(tmp_path, REFERENCE.replace("ann", "x").replace("bob", "y").replace("cat", "x"))
    assert found.cp is not None
    assert (found.cp.errors, found.cp.reference) == (0, 7)
    assert found.diarization.rate == 0
    assert (found.recordings, found.speakers, found.missed, found.extra) == (2, 3, 0, 0)
    assert found.matching["t"] == (("ann", "x"), ("bob", "y"))


def test_a_word_of_the_wrong_speaker_counts_twice(tmp_path: Path) -> None:
    """All words are right, but bye is given to bob: left out of one, put into the other."""
    found = stm(tmp_path, REFERENCE.replace("ann 3 4", "bob 3 4"))
    assert found.cp is not None
    assert (found.cp.deletions, found.cp.insertions, found.cp.substitutions) == (1, 1, 0)
    assert found.diarization.confused == 1
    assert found.diarization.speech == 5


def test_speakers_too_many_and_too_few(tmp_path: Path) -> None:
    found = stm(tmp_path, "t 1 x 0 4 hello there you yes bye\nu 1 x 0 1 good\nu 1 y 0 1 morning\n")
    assert (found.missed, found.extra) == (1, 1)


def test_words_far_away_match_only_without_times(tmp_path: Path) -> None:
    far = REFERENCE.replace("cat 0 1", "cat 60 61")
    found = stm(tmp_path, far, word_collar=5.0)
    assert found.cp is not None
    assert found.tcp is not None
    assert found.cp.errors == 0
    assert found.tcp.errors == 4
    assert stm(tmp_path, far, word_collar=100.0).tcp == found.cp


def test_both_scores_and_the_normaliser(tmp_path: Path) -> None:
    found = stm(tmp_path, REFERENCE.replace("hello", "Hello,"), language="en")
    assert found.cp is not None
    assert found.cp_orthographic is not None
    assert (found.cp.errors, found.cp_orthographic.errors) == (0, 1)
    assert found.normalizer == "whisper-english"


def test_a_recording_in_which_nobody_speaks(tmp_path: Path) -> None:
    one, other = tmp_path / "r.jsonl", tmp_path / "h.jsonl"
    said = {"start": 0, "end": 1, "speaker": "a", "text": "hello you"}
    one.write_text(lines([{"id": "1", "segments": []}, {"id": "2", "segments": [said]}]))
    other.write_text(lines([{"id": "1", "segments": [said]}, {"id": "2", "segments": []}]))
    found = score_speakers(one, other)
    assert found.cp is not None
    assert (found.cp.insertions, found.cp.deletions, found.cp.reference) == (2, 2, 2)
    assert (found.diarization.false_alarm, found.diarization.missed) == (1, 1)
    assert (found.missed, found.extra) == (1, 1)


def lines(values: Iterable[object]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def test_rttm_has_no_words(tmp_path: Path) -> None:
    one, other = tmp_path / "r.rttm", tmp_path / "h.rttm"
    one.write_text("SPKR-INFO t 1 <NA> <NA>\nSPEAKER t 1 0.0 2.0 <NA> <NA> ann <NA> <NA>\n")
    other.write_text("SPEAKER t 1 0.5 1.5 <NA> <NA> x <NA> <NA>\n")
    found = score_speakers(one, other)
    assert found.cp is None
    assert found.tcp is None
    assert found.diarization.rate == 0.25
    assert score_speakers(one, other, collar=0.5).diarization.rate == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has no speakers: there is nothing to score"),
        ("SPEAKER t 1 0.0\n", "line 1: SPEAKER has a file"),
        ("SPEAKER t 1 0.0 x <NA> <NA> ann\n", "'x' is no time"),
        ("SPEAKER t 1 0.0 -1 <NA> <NA> ann\n", "'-1' is no time"),
    ],
)
def test_bad_rttm(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "a.rttm").write_text(text)
    with pytest.raises((FormatError, ScoreError), match=complaint):
        score_speakers(tmp_path / "a.rttm", tmp_path / "a.rttm")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"id": "1"}, "no field 'segments'"),
        ({"id": "1", "segments": None}, "segments is not a list of objects"),
        ({"id": "1", "segments": [{"start": 0, "end": 1}]}, "has no speaker"),
        ({"id": "1", "segments": [{"start": 2, "end": 1, "speaker": "a"}]}, "before it begins"),
        ({"id": "1", "segments": [{"end": 1, "speaker": "a"}]}, "None is no time"),
    ],
)
def test_bad_segments(tmp_path: Path, value: object, complaint: str) -> None:
    (tmp_path / "a.jsonl").write_text(lines([value]))
    with pytest.raises(FormatError, match=complaint):
        score_speakers(tmp_path / "a.jsonl", tmp_path / "a.jsonl")


def test_recordings_have_to_match(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"hyps.stm lacks 1 recordings of .*refs.stm \(u\)"):
        stm(tmp_path, "t 1 x 0 1 hello\n")
    with pytest.raises(ScoreError, match=r"refs.stm lacks 1 recordings of .*hyps.stm \(v\)"):
        stm(tmp_path, REFERENCE + "v 1 x 0 1 hello\n")
    with pytest.raises(OptionError, match="a collar is 0"):
        stm(tmp_path, REFERENCE, collar=-1.0)
    (tmp_path / "a.jsonl").write_text(lines([{"id": "1", "segments": []}] * 2))
    with pytest.raises(ScoreError, match="is there twice"):
        score_speakers(tmp_path / "a.jsonl", tmp_path / "a.jsonl")


def test_word_times(tmp_path: Path) -> None:
    one, other = tmp_path / "r.ctm", tmp_path / "h.ctm"
    one.write_text("t 1 0.5 0.2 hello\nt 1 1.0 0.2 you\n")
    other.write_text("t 1 1.1 0.2 You\nt 1 0.5 0.2 hello\n")
    found = score_times(one, other)
    assert found.starts is not None
    assert (found.words, found.starts.matched) == (2, 2)
    assert found.starts.worst == pytest.approx(0.1)
    with pytest.raises(FormatError, match="word times are read from ctm and jsonl"):
        score_times(tmp_path / "a.txt", other)


def test_word_times_in_json_lines(tmp_path: Path) -> None:
    words = [{"start": 0.5, "word": " Hello"}, {"start": 1.0, "text": "you"}]
    (tmp_path / "a.jsonl").write_text(lines([{"id": 1, "words": words}]))
    found = score_times(tmp_path / "a.jsonl", tmp_path / "a.jsonl")
    assert found.starts is not None
    assert (found.starts.matched, found.starts.worst) == (2, 0)
    (tmp_path / "b.jsonl").write_text(lines([{"id": 1, "words": [{"start": 0}]}]))
    with pytest.raises(FormatError, match="a word has no text"):
        score_times(tmp_path / "b.jsonl", tmp_path / "b.jsonl")


def meetings(speech: Path, target: Path, late: float = 0.0) -> Path:
    """The meetings of the AMI corpus as JSON lines, perhaps with everything later and a turn stolen."""
    rows = []
    for line in (speech / "diar_ami" / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        for said in row["segments"] if late else ():
            said["start"], said["end"] = said["start"] + late, said["end"] + late
        words = [{**word, "start": word["start"] + late} for word in row["words"]]
        rows.append({"id": row["rttm"].removesuffix(".rttm"), "segments": row["segments"], "words": words})
    target.write_text(lines(rows), "utf-8")
    return target


def test_real_meetings_against_themselves(speech: Path, tmp_path: Path) -> None:
    refs = meetings(speech, tmp_path / "refs.jsonl")
    found = score_speakers(refs, refs, language="en")
    assert (found.recordings, found.speakers) == (7, 19)
    assert found.cp is not None
    assert (found.cp.errors, found.diarization.rate) == (0, 0)


def test_real_meetings_a_little_late(speech: Path, tmp_path: Path) -> None:
    refs, hyps = meetings(speech, tmp_path / "refs.jsonl"), meetings(speech, tmp_path / "hyps.jsonl", 0.1)
    found = score_speakers(refs, hyps)
    assert found.cp is not None
    assert found.cp.errors == 0
    assert found.diarization.missed == pytest.approx(found.diarization.false_alarm)
    assert 0 < (found.diarization.rate or 0) < 0.2
    assert score_speakers(refs, hyps, collar=0.25).diarization.rate == pytest.approx(0, abs=1e-9)
    starts = score_times(refs, hyps).starts
    assert starts is not None
    assert starts.mean == pytest.approx(0.1)


def test_the_segments_of_real_meetings_are_their_rttm(speech: Path, tmp_path: Path) -> None:
    files = sorted((speech / "diar_ami").glob("*.rttm"))
    (tmp_path / "refs.rttm").write_text("".join(file.read_text() for file in files))
    found = score_speakers(tmp_path / "refs.rttm", meetings(speech, tmp_path / "h.jsonl"))
    assert found.diarization.rate == 0
