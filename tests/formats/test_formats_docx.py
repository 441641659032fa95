"""docx: what a person reads in it."""

from __future__ import annotations

import io
import sys

import docx
import pytest
from format_strategies import NASTY, bare, transcripts
from hypothesis import given, settings

from auricle.errors import FormatError, MissingExtraError
from auricle.formats import dumps, loads
from auricle.transcript import Coverage, Record, Segment, Source, Transcript


def paragraphs(transcript: Transcript) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(dumps(transcript, "docx"))).paragraphs]


def test_turns_times_and_speakers() -> None:
    said = Transcript(
        (
            Segment(1, 2, "Good morning.", speaker="Anna"),
            Segment(2.5, 3, "Sit down.", speaker="Anna"),
            Segment(3, 4, "Thanks.", speaker="Ben"),
            Segment(7, 8, "Well?", speaker="Ben"),
            Segment(8, 9, " "),
            Segment(3700, 3701, "今天"),
            Segment(3701, 3702, "很好"),
        ),
        duration=3702,
        language="en",
        coverage=Coverage(12),
        record=Record("tiny", "ct2", source=Source("talk.mp3", "", 3702)),
        warnings=("mind the gap",),
    )
    assert paragraphs(said) == [
        "talk.mp3",
        "01:01:42 long · language: en · transcribed by tiny · 12.0 s of speech, all of it has text",
        "[00:00:01] Anna: Good morning. Sit down.",
        "[00:00:03] Ben: Thanks.",
        "[00:00:07] Ben: Well?",
        "[01:01:40] 今天很好",
        "Note: mind the gap",
    ]


def test_right_to_left_paragraphs() -> None:
    document = docx.Document(
        io.BytesIO(dumps(Transcript((Segment(0, 1, "שלום"), Segment(9, 10, "x"))), "docx"))
    )
    assert ["w:bidi" in paragraph._p.xml for paragraph in document.paragraphs] == [False, True, False]


def test_nasty_text_survives() -> None:
    said = Transcript(tuple(Segment(at * 9, at * 9 + 1, text) for at, text in enumerate(NASTY)))
    for text, paragraph in zip(NASTY, paragraphs(said)[1:], strict=True):
        assert bare(paragraph).endswith(bare(text))


@settings(max_examples=10, deadline=None)
@given(transcripts)
def test_anything_can_be_written(transcript: Transcript) -> None:
    assert docx.Document(io.BytesIO(dumps(transcript, "docx"))).paragraphs[0].text


def test_the_same_transcript_makes_the_same_file() -> None:
    said = Transcript((Segment(0, 1, "a"),))
    assert dumps(said, "docx") == dumps(said, "docx")
    assert paragraphs(Transcript()) == ["Transcript"]
    long = Transcript(duration=360_001, record=Record("m", "e", source=Source("x" * 300, "", 1)))
    assert paragraphs(long) == ["x" * 300, "100:00:01 long · transcribed by m"]


def test_without_python_docx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(MissingExtraError, match=r'Type: pip install "auricle\[docx\]"'):
        dumps(Transcript(), "docx")


def test_it_cannot_be_read() -> None:
    with pytest.raises(FormatError, match=r"docx can be written but not read\. Give one of: txt, srt"):
        loads(b"", "docx")
