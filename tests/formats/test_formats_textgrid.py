"""TextGrid: Praat's rules hold, both text forms are read."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from format_strategies import NASTY, bare, ordered, said
from hypothesis import given, settings

from auricle.errors import FormatError
from auricle.formats import dumps, loads
from auricle.formats.textgrid import _Reader
from auricle.formats.wire import decode
from auricle.transcript import Segment, Transcript, Word


def fine(item: Any) -> Any:
    return replace(item, start=round(item.start, 9), end=round(item.end, 9))


@settings(max_examples=35, deadline=None)
@given(said(turns=True))
def test_round_trip_is_exact_up_to_the_declared_losses(transcript: Transcript) -> None:
    segments = tuple(
        replace(fine(segment), words=tuple(replace(fine(word), speaker=None) for word in segment.words))
        for segment in transcript.segments
    )
    kept = Transcript(segments, duration=round(transcript.duration, 9))
    assert loads(dumps(transcript, "TextGrid"), "TextGrid") == kept


@settings(max_examples=35, deadline=None)
@given(ordered)
def test_intervals_tile_the_file_and_no_text_is_lost(transcript: Transcript) -> None:
    data = dumps(transcript, "TextGrid")
    reader = _Reader(decode(data))
    reader.string("type"), reader.string("class")
    start, end = reader.number("start"), reader.number("end")
    reader.next(2, "exists")
    for _ in range(int(reader.number("tiers"))):
        tier = reader.tier()
        assert tier
        assert tier.intervals[0].start == start
        assert tier.intervals[-1].end == end
        assert all(a.end == b.start for a, b in pairwise(tier.intervals))
        assert all(interval.start < interval.end for interval in tier.intervals)
    said = sorted(bare(segment.text) for segment in transcript.segments if bare(segment.text))
    back = sorted(bare(segment.text) for segment in loads(data, "TextGrid").segments)
    # a speaker without segments of text may still have words: those become a segment
    assert [text for text in said if text not in back] == []


def test_nasty_text_survives() -> None:
    said = Transcript(tuple(Segment(at, at + 1, text) for at, text in enumerate(NASTY)))
    back = loads(dumps(said, "TextGrid"), "TextGrid")
    assert [bare(segment.text) for segment in back.segments] == list(map(bare, NASTY))


def test_by_the_letter() -> None:
    said = Transcript((Segment(0.5, 1.0, 'a "b" c', speaker="Anna"),), duration=1e-05)
    assert (
        dumps(said, "TextGrid").decode()
        == """\
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "Anna"
        xmin = 0
        xmax = 1
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1
            text = "a ""b"" c"
"""
    )


def test_crowded_intervals_make_room() -> None:
    said = Transcript((Segment(1, 3, "a"), Segment(2, 4, "b"), Segment(4, 4, "c")))
    assert loads(dumps(said, "TextGrid"), "TextGrid") == Transcript(
        (Segment(1, 3, "a"), Segment(3, 4, "b"), Segment(4, 4.001, "c")), duration=4.001
    )


def test_no_times_in_exponents() -> None:
    tiny = Transcript((Segment(1e-7, 2e16, "a"),))
    assert b"xmin = 0.0000001\n" in dumps(tiny, "TextGrid")
    assert b"xmax = 20000000000000000\n" in dumps(tiny, "TextGrid")
    assert loads(dumps(tiny, "TextGrid"), "TextGrid").segments == tiny.segments


SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
2.5
<exists>
4
"IntervalTier"
"words"
0
2.5
3
0
1
"one"
1
1.5
""
1.5
2.5
"two"
"IntervalTier"
"phones"
0
2.5
1
0
2.5
"w"
"TextTier"
"clicks"
0
2.5
1
1.25
"click"
"IntervalTier"
"Ben - words"
0
2.5
1
0
2.5
"say ""hi""
there"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_short_form_by_other_hands(encoding: str, end: str) -> None:
    assert loads(SHORT.replace("\n", end).encode(encoding), "textgrid") == Transcript(
        (
            Segment(0, 2.5, "one two", (Word("one", 0, 1), Word("two", 1.5, 2.5))),
            Segment(0, 2.5, 'say "hi" there', (Word('say "hi" there', 0, 2.5),), "Ben"),
        ),
        duration=2.5,
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "line 1: expected a TextGrid"),
        ('"ooTextFile" "Sound"', "line 1: not a TextGrid"),
        (SHORT[:53], "line 4: expected the end of the file"),
        (SHORT.replace("2.5\n3", "2.5\n99999999999"), "expected the start of an interval"),
        (SHORT.replace("\n1.5\n", "\n1e999\n"), "is inf"),
        (SHORT.replace("\n1.5\n", "\n-2\n"), "is -2.0"),
    ],
)
def test_what_is_no_textgrid_is_refused(data: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        loads(data.encode(), "TextGrid")


def test_empty() -> None:
    assert loads(dumps(Transcript(duration=3.0), "TextGrid"), "TextGrid") == Transcript(duration=3.0)
