"""Sentences read aloud on the page become the dataset that the terminal makes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from audio_files import tone, write
from auricle.audio import Audio
from auricle.demo import DemoOptions
from auricle.demo.reading import Book, Reading
from auricle.errors import DatasetError, MissingFileError, OptionError
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.record import RecordOptions, Takes

PROMPTS = ["The <b>cat</b> sat.", "On the mat.", "All day."]


@pytest.fixture
def spoken(tmp_path: Path) -> str:
    return str(write(tmp_path / "take.wav", tone(300.0, seconds=0.5, rate=48_000), 48_000))


@pytest.fixture
def prompts(tmp_path: Path) -> str:
    path = tmp_path / "prompts.txt"
    path.write_text("\n".join(PROMPTS))
    return str(path)


def test_what_is_kept_is_the_dataset_of_the_terminal(tmp_path: Path, spoken: str, prompts: str) -> None:
    reading = Reading(Book(str(tmp_path / "voice"), prompts), "", " Anna  B ", "en")
    assert "&lt;b&gt;cat" in reading.card() and "1 of 3" in reading.card()
    assert "0.5 s" in reading.keep(spoken)
    assert "On the mat." in reading.card() and "2 of 3" in reading.card()
    reading.skip()
    reading.keep(spoken)
    assert "2 of 3 sentences are in voice" in reading.card()
    items = list(open_dataset(tmp_path / "voice"))
    assert [(item.text, item.speaker, item.language) for item in items] == [
        (text, "Anna B", "en") for text in (PROMPTS[0], PROMPTS[2])
    ]
    assert items[0].load(48_000).duration == pytest.approx(0.5)
    with pytest.raises(OptionError, match="all sentences"):
        reading.keep(spoken)


def test_it_goes_on_where_the_terminal_stopped(tmp_path: Path, spoken: str, prompts: str) -> None:
    folder = tmp_path / "voice"
    clip = Audio(tone(300.0, seconds=0.5, rate=8000), 8000)
    Takes(folder).keep(PROMPTS[0], clip, RecordOptions("anna", "en"))
    assert Reading(Book(str(folder), prompts), "", "anna", "en").prompt == PROMPTS[1]
    assert Reading(Book(str(folder), prompts), "", "", "auto").prompt == PROMPTS[0]


def test_visitors_read_into_one_manifest(tmp_path: Path, spoken: str) -> None:
    book = Book(str(tmp_path / "voice"))
    text = "\n".join(f"Sentence {number}." for number in range(10))
    readers = [Reading(book, text, name, "en") for name in ("ann", "bob", "cem")]

    def read(reading: Reading) -> None:
        while reading.prompt:
            reading.keep(spoken)

    threads = [threading.Thread(target=read, args=(reading,)) for reading in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item.id for item in open_dataset(tmp_path / "voice")}) == 30


def test_a_bad_recording_is_told_before_it_is_kept(tmp_path: Path, spoken: str) -> None:
    reading = Reading(Book(str(tmp_path / "voice")), "One.", "ann", "en")
    quiet = write(tmp_path / "quiet.wav", np.zeros(48_000, np.float32), 48_000)
    assert "Read it again: it is silent" in reading.judge(str(quiet))
    assert "Read it again" not in reading.judge(spoken)
    (tmp_path / "letter.wav").write_bytes(b"Dear Ann, " * 30)
    told = reading.judge(str(tmp_path / "letter.wav"))
    assert "the recording holds text, not sound" in told and str(tmp_path) not in told
    with pytest.raises(OptionError, match="on its way"):
        reading.keep(None)
    assert reading.prompt == "One."


def test_what_cannot_begin(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no sentence to read"):
        Reading(Book(str(tmp_path / "voice")), " \n# not this\n", "ann", "en")
    with pytest.raises(OptionError, match="something else"):
        Book(str(Path(__file__).parent))
    with pytest.raises(MissingFileError):
        Book(str(tmp_path / "voice"), str(tmp_path / "none.txt"))
    with pytest.raises(OptionError, match="name its folder"):
        Book.of(DemoOptions(prompts="prompts.txt"))
    assert Book.of(DemoOptions()) is None
    (tmp_path / "empty.txt").write_text("# nothing")
    with pytest.raises(DatasetError, match="no sentence"):
        Book.of(DemoOptions(record=str(tmp_path / "voice"), prompts=str(tmp_path / "empty.txt")))
