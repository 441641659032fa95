"""srt, vtt and ass: what they keep is exactly their captions, and other hands' files are read."""

from __future__ import annotations

import io
import json
from itertools import pairwise

import av
import pysubs2
import pytest
from format_strategies import NASTY, bare, ordered, said
from hypothesis import given, settings

from auricle.errors import FormatError
from auricle.formats import FORMATS, CueStyle, dumps, loads
from auricle.formats.cues import Cue, cues, to_transcript
from auricle.formats.wire import one_line
from auricle.transcript import Segment, Transcript, Word

CAPTIONS = ["srt", "vtt", "ass"]


def rounded(seconds: float, name: str) -> float:
    return (int(round(seconds * 1000) + 5) // 10) / 100 if name == "ass" else seconds


def kept(transcript: Transcript, name: str) -> Transcript:
    """The transcript less what ``loses`` declares: its captions, without words."""
    found: list[Segment] = []
    for cue in to_transcript(_captions(transcript, name)).segments:
        speaker = cue.speaker.replace(",", ";") if cue.speaker and name == "ass" else cue.speaker
        found.append(
            Segment(rounded(cue.start, name), rounded(cue.end, name), one_line(cue.text), speaker=speaker)
        )
    return Transcript(tuple(found))


def _captions(transcript: Transcript, name: str) -> list[Cue]:
    """In srt the speaker takes up width, so captions are cut elsewhere; the label is then taken out."""
    found = cues(transcript, labelled=name == "srt")
    plain: list[Cue] = []
    for cue, before in zip(found, [None, *(cue.speaker for cue in found)], strict=False):
        lines = cue.lines
        if name == "srt" and cue.speaker != before:
            first = "\n".join(lines).replace(f"[{cue.speaker or '?'}]:", "", 1)
            lines = tuple(filter(None, map(str.strip, first.split("\n"))))
        plain.append(Cue(cue.start, cue.end, lines, speaker=cue.speaker))
    return plain


@pytest.mark.parametrize("name", CAPTIONS)
@settings(max_examples=35, deadline=None)
@given(transcript=ordered)
def test_round_trip_is_exact_up_to_the_declared_losses(name: str, transcript: Transcript) -> None:
    assert loads(dumps(transcript, name), name) == kept(transcript, name)


@pytest.mark.parametrize("name", ["vtt", "ass"])
@settings(max_examples=25, deadline=None)
@given(transcript=said(turns=True))
def test_highlighting_changes_no_text(name: str, transcript: Transcript) -> None:
    lit = dumps(transcript, name, CueStyle(highlight_words=True))
    assert loads(lit, name) == loads(dumps(transcript, name), name)
    assert len(lit) >= len(dumps(transcript, name))


@pytest.mark.parametrize("name", CAPTIONS)
def test_nasty_text_survives(name: str) -> None:
    for text in NASTY:
        back = loads(dumps(Transcript((Segment(1, 9, text), Segment(10, 12, "next"))), name), name)
        assert bare(back.text) == bare(text) + "next"
        assert all(segment.speaker is None for segment in back.segments)


@pytest.mark.parametrize("name", CAPTIONS)
def test_a_hundred_hours(name: str) -> None:
    late = Transcript((Segment(360_000.5, 360_003.25, "late"),))
    assert loads(dumps(late, name), name) == late
    assert b"100:00:00" in dumps(late, name)


@pytest.mark.parametrize("name", CAPTIONS)
def test_empty_and_zero_length(name: str) -> None:
    assert loads(dumps(Transcript(), name), name) == Transcript()
    assert loads(b"", name) == Transcript()
    instant = Transcript((Segment(5.0, 5.0, "now"),), duration=5.0)
    assert loads(dumps(instant, name), name).segments == (Segment(5.0, 5.0, "now"),)


@pytest.mark.parametrize("name", CAPTIONS)
def test_ffmpeg_reads_what_we_write(name: str) -> None:
    said = Transcript(
        (
            Segment(1, 3, "Hello, <b>world</b> & {\\an8}co.", speaker="Anna"),
            Segment(4, 6, "a --> b, C:\\New", speaker="Ben"),
        )
    )
    with av.open(io.BytesIO(dumps(said, name)), format={"vtt": "webvtt"}.get(name, name)) as container:
        stream = container.streams.subtitles[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        shown = [
            set_.dialogue.decode() for packet in packets for set_ in stream.codec_context.decode2(packet)
        ]
    times = [float(packet.pts * packet.time_base) for packet in packets]
    assert times == [1.0, 4.0]
    assert len(shown) == 2
    text = "".join(shown).replace("\u2060", "")
    assert "world" in text
    assert "<b>" in text
    assert "co." in text
    assert "C:\\New" in text
    assert "a --> b" in text


@pytest.mark.parametrize("name", CAPTIONS)
def test_pysubs2_reads_what_we_write(name: str) -> None:
    said = Transcript((Segment(1, 3, "Hello there."), Segment(4, 6.5, "And again.")))
    subs = pysubs2.SSAFile.from_string(dumps(said, name).decode(), format_=name)
    assert [(event.start, event.end, event.plaintext) for event in subs] == [
        (1000, 3000, "Hello there."),
        (4000, 6500, "And again."),
    ]


def test_srt_by_the_letter() -> None:
    said = Transcript((Segment(0.5, 2.0, "Hello, <i>you</i> --> me."),))
    assert dumps(said, "srt").decode() == (
        "1\n00:00:00,500 --> 00:00:02,000\nHello, <\u2060i>you<\u2060/i> --\u2060> me.\n"
    )
    named = Transcript((Segment(0, 2, "Hi.", speaker="Anna"), Segment(3, 5, "Yes.", speaker="Anna")))
    assert dumps(named, "srt").decode().split("\n")[2::4] == ["[Anna]: Hi.", "Yes."]


def test_srt_refuses_to_highlight() -> None:
    with pytest.raises(FormatError, match="Write vtt or ass"):
        dumps(Transcript(), "srt", CueStyle(highlight_words=True))


@pytest.mark.parametrize(
    "text",
    [
        "1\r\n00:00:01,000 --> 00:00:02,000\r\none\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\ntwo",
        "00:00:01.000 --> 00:00:02.000\none\n\n00:00:03.000 --> 00:00:04.000\ntwo\n",
        "1\n0:01 --> 0:02\none\n2\n0:03,0 --> 0:04,00 X1:3 Y1:4\ntwo\n\n\n\n",
        "\n\n7\n0:00:01,000-->0:00:02,0\n<font color=red>{\\an8}one</font>\n\n\n9\n0:03 --> 0:04\n<i>two</i>",
        "2\n00:00:03,000 --> 00:00:04,000\ntwo\n\n1\n00:00:01,000 --> 00:00:02,000\none\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_srt_by_other_hands(text: str, encoding: str) -> None:
    assert loads(text.encode(encoding), "srt").segments == (Segment(1, 2, "one"), Segment(3, 4, "two"))


def test_srt_numbers_that_are_text_stay() -> None:
    text = "1\n0:01 --> 0:02\n42\n\n0:03 --> 0:04\n7\n\n3\n0:05 --> 0:06\n\n4\n0:07 --> 0:08\nx\n"
    assert [segment.text for segment in loads(text.encode(), "srt").segments] == ["42", "7", "", "x"]


def test_old_encodings_are_read() -> None:
    assert loads("1\n0:01 --> 0:02\ncafé – “hé”\n".encode("cp1252"), "srt").text == "café – “hé”"
    assert loads(b"1\n0:01 --> 0:02\n\xe9\x81\n", "srt").text == "é"


def test_srt_speakers_carry_on() -> None:
    text = (
        "0:01 --> 0:02\n[Anna]: a\n\n0:03 --> 0:04\nb\n\n0:05 --> 0:06\n[?]: c\n\n0:07 --> 0:08\n[music] d\n"
    )
    assert [(s.speaker, s.text) for s in loads(text.encode(), "srt").segments] == [
        ("Anna", "a"),
        ("Anna", "b"),
        (None, "c"),
        (None, "[music] d"),
    ]


def test_vtt_by_the_letter() -> None:
    word = (Word("Hi", 0.5, 0.7), Word("you.", 1.0, 1.2))
    said = Transcript((Segment(0.5, 2.0, "Hi you.", word, "A & B"),))
    assert dumps(said, "vtt").decode() == ("WEBVTT\n\n00:00:00.500 --> 00:00:01.500\n<v A &amp; B>Hi you.\n")
    lit = dumps(said, "vtt", CueStyle(highlight_words=True)).decode()
    assert lit.endswith("<v A &amp; B>Hi <00:00:01.000>you.\n")


def test_vtt_by_other_hands() -> None:
    text = """\ufeffWEBVTT - a title
Kind: captions

NOTE
00:00.000 --> 00:01.000
not a caption

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 align:start position:0%
<v.loud Anna>Fish &amp; <i>chips</i>&lrm;
<v Ben Ali>Yes.</v>

01:00:03.000 --> 01:00:04.000
<00:00:01.5><c.yellow>on</c> &lt;b&gt; <laughs>
"""
    assert loads(text.encode(), "vtt").segments == (
        Segment(1, 2, "Fish & chips\u200e", speaker="Anna"),
        Segment(1, 2, "Yes.", speaker="Ben Ali"),
        Segment(3603, 3604, "on <b> <laughs>"),
    )
    assert loads(b"WEBVTT", "vtt") == Transcript()


def test_ass_by_the_letter() -> None:
    word = (Word("Hi", 0.6, 0.8), Word("{you}", 1.0, 1.2))
    said = Transcript((Segment(0.5, 2.0, "Hi {you}", word, "A, B"),))
    event = dumps(said, "ass").decode().splitlines()[-1]
    assert event == "Dialogue: 0,0:00:00.60,0:00:01.60,Default,A; B,0,0,0,,Hi \\{{}you}"
    lit = dumps(said, "ass", CueStyle(highlight_words=True)).decode().splitlines()[-1]
    assert lit.endswith(",,{\\k20}Hi {\\k20}{\\k20}\\{{}you}")


def test_ass_by_other_hands() -> None:
    text = """[Script Info]
Title: x
[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial
[Events]
Format: Start, End, Name, Text
Comment: 0:00:00.00,0:00:01.00,,no
Dialogue: 0:00:03.00,0:00:04.5,,{\\i1}two{\\i0}\\Nlines\\hhere, and a comma
Dialogue: 0:00:01.00,0:00:02.00,Anna,one
Dialogue: 0:00:01.00,0:00:02.00,,{\\p1}m 0 0 l 1 1{\\p0}
[Fonts]
"""
    assert loads(text.encode("utf-16"), "ass").segments == (
        Segment(1, 2, "one", speaker="Anna"),
        Segment(3, 4.5, "two lines here, and a comma"),
    )


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("srt", b"hello\nworld", "line 1: no caption times such as"),
        ("vtt", b"hello\nworld", "line 1: neither WEBVTT nor caption times"),
        ("ass", b"hello\nworld", r"line 1: no \[Events\] section"),
        ("ass", b"[Events]\nDialogue: 0,x,0:00:01.00,,,,,,,a", "line 2 is no event"),
        ("srt", b"\xff\xfe\x00", "byte 2 is not utf-16"),
    ],
)
def test_what_is_no_such_file_is_refused(name: str, data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        loads(data, name)


@pytest.mark.parametrize("name", CAPTIONS)
def test_captions_are_read_as_they_stand(name: str) -> None:
    text = "I think we should start with the budget, because nothing else can be decided."
    read = FORMATS[name].read
    assert read
    (cue,) = read(dumps(Transcript((Segment(0, 6, text),)), name))
    assert cue.lines == ("I think we should start with the budget,", "because nothing else can be decided.")


def test_hundredths_never_overlap() -> None:
    many = Transcript(tuple(Segment(n * 1.1037, n * 1.1037 + 1.1, f"number {n}") for n in range(40)))
    back = loads(dumps(many, "ass"), "ass").segments
    assert all(a.end <= b.start for a, b in pairwise(back))
    assert json.dumps([segment.text for segment in back]).count("number") == 40
