"""Pairs by id: whatever does not match is said, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from auricle.errors import ScoreError
from auricle.verbs.score.pairing import Pairs, pair
from auricle.verbs.score.reading import read


@pytest.fixture
def paired(tmp_path: Path):  # type: ignore[no-untyped-def]
    def make(refs: str, hyps: str, one: str = "trn", other: str = "") -> Pairs:
        first, second = tmp_path / f"refs.{one}", tmp_path / f"hyps.{other or one}"
        first.write_text(refs, "utf-8")
        second.write_text(hyps, "utf-8")
        return pair(read(first), read(second))

    return make


def texts(pairs: Pairs) -> list[tuple[str, str, str]]:
    return [(row.id, row.reference, row.hypothesis) for row in pairs.rows]


def test_order_does_not_matter_where_there_are_ids(paired) -> None:  # type: ignore[no-untyped-def]
    found = paired("a (1)\nb (2)\n", "y (2)\nx (1)\n")
    assert texts(found) == [("1", "a", "x"), ("2", "b", "y")]


def test_shifted_lines_are_errors_and_not_dropped(paired) -> None:  # type: ignore[no-untyped-def]
    """A scorer that drops empty lines on each side pairs the rest wrongly, and says nothing."""
    found = paired("a\n\nb\n", "\na\nb\n", "txt")
    assert texts(found) == [("1", "a", ""), ("2", "", "a"), ("3", "b", "b")]


@pytest.mark.parametrize(
    ("refs", "hyps", "kind", "complaint"),
    [
        ("a\nb\n", "a\n", "txt", "has 2 lines and .* 1"),
        ("a (1)\nb (1)\n", "a (1)\n", "trn", "refs.trn, line 2: the id '1' is there twice, first in line 1"),
        ("a (1)\n", "a (1)\nb (1)\n", "trn", "hyps.trn, line 2: the id '1' is there twice"),
        ("a (1)\nb (2)\n", "a (1)\n", "trn", r"hyps.trn lacks 1 of .*refs.trn \(2\)"),
        ("a (1)\n", "a (1)\nb (2)\n", "trn", r"refs.trn lacks 1 of .*hyps.trn \(2\)"),
        ("a (1)\n", "a (2)\n", "trn", "lacks 1 .* and .* lacks 1 "),
        ("", "", "txt", "refs.txt has no utterances"),
        ("a (1)\n", ";; nothing\n", "trn", "hyps.trn has no utterances"),
        ("t 1 s 0 1 a\n", "t 1 s 0 2 a\n", "stm", "Segments must have the same times"),
    ],
)
def test_what_does_not_match(paired, refs: str, hyps: str, kind: str, complaint: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScoreError, match=complaint):
        paired(refs, hyps, kind)


def test_lines_are_no_ids(paired) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScoreError, match=r"refs.txt has no ids and .*hyps.trn has"):
        paired("a\n", "a (1)\n", "txt", "trn")


SEGMENTS = "t 1 ann 0 1 a b\nt 1 bob 1 2 c\n"


def test_words_go_into_the_segment_of_their_middle(paired) -> None:  # type: ignore[no-untyped-def]
    words = "t 1 0.9 0.3 c\nt 1 0.6 0.3 b\nt 1 0.1 0.3 a\n"  # in any order; c begins before its segment
    found = paired(SEGMENTS, words, "stm", "ctm")
    assert [row.hypothesis for row in found.rows] == ["a b", "c"]
    assert [row.speaker for row in found.rows] == ["ann", "bob"]
    assert [row.duration for row in found.rows] == [1, 1]
    assert found.notes == ()


def test_what_is_outside_or_not_there_is_said(paired) -> None:  # type: ignore[no-untyped-def]
    found = paired(SEGMENTS + "u 1 ann 0 1 d\n", "t 1 5.0 0.2 z\n", "stm", "ctm")
    assert [row.hypothesis for row in found.rows] == ["", "", ""]
    assert "has no word of u 1" in found.notes[0]
    assert "1 words of" in found.notes[1]
    assert "outside all segments" in found.notes[1]


def test_words_of_recordings_nobody_knows(paired) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScoreError, match="lacks the recordings v 1"):
        paired(SEGMENTS, "v 1 0 1 a\n", "stm", "ctm")


def test_overlapping_segments_cannot_share_words(paired) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScoreError, match="lines 1 and 2 overlap"):
        paired("t 1 ann 0 2 a\nt 1 bob 1 3 b\n", "t 1 0 1 a\n", "stm", "ctm")


def test_two_ctm_files_are_compared_recording_by_recording(paired) -> None:  # type: ignore[no-untyped-def]
    found = paired("t A 1 1 b\nt A 0 1 a\nt B 0 1 c\n", "t A 0 1 a\nt B 0 1 d\n", "ctm")
    assert texts(found) == [("t A", "a b", "a"), ("t B", "c", "d")]
