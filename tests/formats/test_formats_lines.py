"""txt, tsv and lrc: one segment a line."""

from __future__ import annotations

import pytest
from format_strategies import NASTY, bare, ordered, said
from hypothesis import given, settings

from auricle.errors import FormatError
from auricle.formats import dumps, loads
from auricle.formats.wire import one_line
from auricle.transcript import Segment, Transcript, Word


@settings(max_examples=35, deadline=None)
@given(ordered)
def test_txt_keeps_the_text(transcript: Transcript) -> None:
    texts = [one_line(segment.text) for segment in transcript.segments]
    kept = Transcript(tuple(Segment(0.0, 0.0, text) for text in texts if text))
    assert loads(dumps(transcript, "txt"), "txt") == kept


@settings(max_examples=35, deadline=None)
@given(ordered)
def test_tsv_keeps_times_and_text(transcript: Transcript) -> None:
    kept = []
    for segment in transcript.segments:
        start, end = round(segment.start * 1000), round(segment.end * 1000)
        kept.append(Segment(start / 1000, max(start, end) / 1000, one_line(segment.text)))
    assert loads(dumps(transcript, "tsv"), "tsv") == Transcript(tuple(kept))


def test_tsv_is_that_of_whisper() -> None:
    said = Transcript((Segment(0.5, 1.25, " a\tb\nc "), Segment(2, 1, "")))
    assert dumps(said, "tsv") == b"start\tend\ttext\n500\t1250\ta b c\n2000\t2000\t\n"
    assert loads(b"\xef\xbb\xbfSTART\tEND\tTEXT\r\n\r\n5\t10\tx", "tsv").segments == (
        Segment(0.005, 0.01, "x"),
    )


@pytest.mark.parametrize("row", ["1.5\t2\tx", "1\t2 x", "a\tb\tc", "-1\t2\tx"])
def test_tsv_names_the_line(row: str) -> None:
    with pytest.raises(FormatError, match="line 2 is not start, end and text"):
        loads(f"0\t1\tfine\n{row}\n".encode(), "tsv")


def hundredths(seconds: float) -> float:
    return round(seconds * 100) / 100


@settings(max_examples=35, deadline=None)
@given(ordered)
def test_lrc_keeps_starts_and_text(transcript: Transcript) -> None:
    plain = [(hundredths(s.start), one_line(s.text)) for s in transcript.segments if one_line(s.text)]
    back = loads(dumps(transcript, "lrc"), "lrc").segments
    assert [(segment.start, segment.text) for segment in back] == plain


@settings(max_examples=35, deadline=None)
@given(said())
def test_lrc_is_exact_up_to_the_declared_losses(transcript: Transcript) -> None:
    kept = []
    for number, segment in enumerate(transcript.segments):
        following = transcript.segments[number + 1 :]
        until = hundredths(following[0].start) if following else float("inf")
        starts = [hundredths(word.start) for word in segment.words]
        ends = [*starts[1:], hundredths(segment.words[-1].end)]
        words = tuple(
            Word(word.text, start, end) for word, start, end in zip(segment.words, starts, ends, strict=True)
        )
        kept.append(Segment(starts[0], min(hundredths(segment.end), until), segment.text, words))
    assert loads(dumps(transcript, "lrc"), "lrc") == Transcript(tuple(kept))


@pytest.mark.parametrize("name", ["txt", "tsv", "lrc"])
def test_nasty_text_survives(name: str) -> None:
    said = Transcript(tuple(Segment(at, at + 1, text) for at, text in enumerate(NASTY)))
    back = loads(dumps(said, name), name)
    assert [bare(segment.text) for segment in back.segments] == list(map(bare, NASTY))


def test_lrc_by_the_letter() -> None:
    words = (Word("今", 6000.0, 6000.5, joined=True), Word("天", 6000.5, 6001.0, joined=True))
    said = Transcript((Segment(0, 1.5, "one"), Segment(1.5, 2, "two"), Segment(6000, 6002, "今天", words)))
    text = (
        "[00:00.00]one\n[00:01.50]two\n[00:02.00]\n"
        "[100:00.00]<100:00.00>今<100:00.50>天<100:01.00>\n[100:02.00]\n"
    )
    assert dumps(said, "lrc").decode() == text
    back = loads(text.encode(), "lrc").segments[-1].words
    assert [word.joined for word in back] == [False, True]


def test_lrc_by_other_hands() -> None:
    text = (
        "[ar:Somebody]\r\n[offset:+500]\r\n\r\n"
        "[00:10.00][00:30]la la\r\n[00:20:5] <00:20.50>one <00:21.00>two\r\n"
    )
    assert loads(text.encode("utf-16"), "lrc").segments == (
        Segment(9.5, 20.0, "la la"),
        Segment(20.0, 29.5, "one two", (Word("one", 20.0, 20.5), Word("two", 20.5, 20.5))),
        Segment(29.5, 29.5, "la la"),
    )


@pytest.mark.parametrize(
    ("text", "message"), [("[00:01.00]a\nb", "line 2 has no time"), ("[offset: soon]", "line 1: the offset")]
)
def test_lrc_names_the_line(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        loads(text.encode(), "lrc")


@pytest.mark.parametrize("name", ["txt", "tsv", "lrc"])
def test_empty(name: str) -> None:
    assert loads(dumps(Transcript(), name), name) == Transcript()
    assert loads(b"", name) == Transcript()
