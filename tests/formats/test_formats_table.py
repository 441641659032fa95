"""The table: names, endings, files, and what no format does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import FormatError, MissingFileError
from auricle.formats import FORMATS, CueStyle, dumps, format_of, load, load_cues, loads, save
from auricle.formats.cues import lint
from auricle.transcript import Segment, Transcript, Word

SAID = Transcript(
    (
        Segment(0.5, 2.0, "Hello there.", (Word("Hello", 0.5, 1.0), Word("there.", 1.1, 2.0)), "Anna"),
        Segment(3.0, 4.5, "And you?", speaker="Ben"),
    ),
    duration=6.0,
)
READABLE = [name for name, row in FORMATS.items() if row.parse]


def test_the_table() -> None:
    assert list(FORMATS) == ["txt", "srt", "vtt", "tsv", "json", "ass", "lrc", "TextGrid", "docx"]
    assert all(row.suffix == f".{name}" for name, row in FORMATS.items())
    assert [name for name, row in FORMATS.items() if not row.loses] == ["json"]
    assert [name for name, row in FORMATS.items() if row.read] == ["srt", "vtt", "ass"]


@pytest.mark.parametrize("name", FORMATS)
def test_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"talk.en.{name.upper()}"
    assert SAID.save(path) == path
    assert path.read_bytes() == dumps(SAID, name.lower())
    assert format_of(path) == name
    if name in READABLE:
        assert Transcript.load(path) == loads(path.read_bytes(), name)
        assert load(str(path)).text.split() == SAID.text.split()


def test_a_named_format_beats_the_ending(tmp_path: Path) -> None:
    path = save(SAID, tmp_path / "talk.txt", format="SRT")
    assert path.read_bytes() == dumps(SAID, "srt")
    assert load(path, format="srt").segments[0].speaker == "Anna"


def test_styles_reach_the_captions(tmp_path: Path) -> None:
    path = save(SAID, tmp_path / "talk.vtt", style=CueStyle(max_line_chars=8))
    assert all(len(line) <= 8 for cue in load_cues(path) for line in cue.lines)
    assert lint(load_cues(path), CueStyle(max_line_chars=8, max_lines=9)) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dumps(SAID, "srtt"), "there is no format 'srtt'. Did you mean srt?"),
        (lambda: loads(b"", "mp3"), "there is no format 'mp3'. Known: TextGrid, ass, docx"),
        (lambda: format_of("talk"), "'talk' has no ending to tell its format by. Add one, such as .srt."),
        (lambda: format_of("talk.textgird"), "there is no format 'textgird'. Did you mean TextGrid?"),
        (lambda: load_cues("talk.txt"), "txt has no captions. Give a file of srt, vtt or ass."),
    ],
)
def test_unknown_names(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FormatError, match=message):
        call()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"there is no file .*none\.srt"):
        load(tmp_path / "none.srt")
    with pytest.raises(FormatError, match=r"cannot read .*: Is a directory"):
        load(tmp_path, format="srt")
    (tmp_path / "bad.tsv").write_text("x")
    with pytest.raises(FormatError, match=r"bad\.tsv: line 1 is not start"):
        load(tmp_path / "bad.tsv")


@pytest.mark.parametrize("name", FORMATS)
def test_times_that_are_no_times(name: str) -> None:
    with pytest.raises(FormatError, match="the start of a word in segment 1 is nan"):
        dumps(Transcript((Segment(0, 1, "a", (Word("a", float("nan"), 1),)),)), name)


def test_nothing_heavy_is_loaded() -> None:
    heavy = {"docx", "pysubs2", "lxml", "numpy", "av"}
    code = f"import sys, auricle.formats; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", READABLE)
@settings(max_examples=20, deadline=None)
@given(data=st.binary(max_size=80) | st.text(max_size=40).map(lambda text: text.encode()))
def test_garbage_is_a_format_error(name: str, data: bytes) -> None:
    _refused_or_read(data, name)


@pytest.mark.parametrize("name", READABLE)
@settings(max_examples=30, deadline=None)
@given(seed=st.randoms(use_true_random=False))
def test_damaged_files_are_a_format_error(name: str, seed) -> None:  # type: ignore[no-untyped-def]
    data = bytearray(dumps(SAID, name))
    for _ in range(seed.randint(1, 6)):
        at, wide = seed.randrange(len(data)), seed.randint(0, 6)
        new = seed.choice([b"", b"\0", b"\xff", b"9" * 20, b"-", b"\n", b"{", b'"', b"<", b":", b"\xf0\x9f"])
        data[at : at + wide] = new
        data = data or bytearray(b" ")
    _refused_or_read(bytes(data), name)


def _refused_or_read(data: bytes, name: str) -> None:
    try:
        found = loads(data, name)
    except FormatError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert all(0 <= segment.start <= segment.end for segment in found.segments) or name == "json"
        for other in FORMATS:
            if other != "docx" and name != "json":
                dumps(found, other)
