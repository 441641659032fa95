"""auricle convert"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Command

from auricle.transcript import Segment, Transcript, Word

WORDS = (Word("Hello", 0.0, 0.5), Word("world.", 0.5, 1.0))


@pytest.fixture
def talk(here: Path) -> Path:
    return Transcript((Segment(0.0, 1.0, "Hello world.", WORDS),), 1.0).save(here / "talk.json")


@pytest.mark.parametrize("name", ["txt", "srt", "vtt", "tsv", "json", "ass", "lrc", "TextGrid"])
def test_to_stdout_and_to_a_file(name: str, talk: Path, auricle: Command, here: Path) -> None:
    result = auricle("convert", talk, "--format", name)
    assert (result.code, result.err) == (0, "")
    assert "Hello" in result.out
    assert auricle("convert", talk, "-o", f"new/talk.{name}").code == 0
    assert (here / f"new/talk.{name}").read_text() == result.out


def test_from_standard_input(talk: Path, process: Command) -> None:
    data = talk.read_bytes()
    assert process("convert", "-", "--from", "json", "-f", "txt", stdin=data).out == "Hello world.\n"
    assert "Type: --from json" in process("convert", "-", "-f", "txt", stdin=data).complaint
    assert process("convert", "-", "--from", "json", "-f", "txt", stdin=b"{").code == 1


MISTAKES = [
    ("talk.json", 2, "Type: --format srt, or --output talk.srt"),
    ("talk.json -f srtt", 2, "'srtt' is not known. Did you mean srt?"),
    ("talk.json -f json,srt", 2, "'json,srt' is several, and one is taken."),
    ("talk.json --from docx -f txt", 2, "'docx' is not known"),
    ("gone.json -f srt", 1, "there is no file 'gone.json'"),
    ("talk.json -o talk", 1, "has no ending to tell its format by"),
    ("talk.json -o talk.mp3", 1, "there is no format 'mp3'"),
    ("talk.json -o old.srt", 1, "old.srt is there already. Type: --overwrite"),
    ("talk.json -o talk.json", 1, "talk.json is there already"),
    ("talk.json -f srt --overwrite", 1, "overwrite is for files"),
    ("talk.json -f txt --max-lines 1", 1, "--max-lines is for captions, and txt has none"),
    ("talk.json -o new.tsv --min-gap 1", 1, "--min-gap is for captions, and tsv has none"),
    ("talk.json -f srt --highlight-words", 1, "srt cannot highlight words"),
    ("talk.json -o talk.json/new.srt", 1, "cannot write talk.json/new.srt"),
    ("old.srt -f txt", 1, "old.srt"),
]


@pytest.mark.parametrize(("typed", "code", "said"), MISTAKES, ids=[typed for typed, _, _ in MISTAKES])
def test_a_mistake(typed: str, code: int, said: str, talk: Path, auricle: Command, here: Path) -> None:
    (here / "old.srt").write_text("mine")
    before = {path: path.read_bytes() for path in here.iterdir()}
    result = auricle("convert", *typed.split())
    assert said in result.complaint
    assert (result.code, result.out) == (code, "")
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_overwrite(talk: Path, auricle: Command, here: Path) -> None:
    (here / "old.srt").write_text("mine")
    assert auricle("convert", talk, "-o", "old.srt", "--overwrite").code == 0
    assert "Hello world." in (here / "old.srt").read_text()


def test_caption_options_reach_the_captions(talk: Path, auricle: Command) -> None:
    result = auricle("convert", talk, "-f", "srt", "--max-line-chars", "7")
    assert "Hello\nworld." in result.out
