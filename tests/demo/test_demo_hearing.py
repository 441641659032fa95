"""What the buttons do ends in something to read, whatever comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import auricle
from audio_files import write
from auricle.audio import Audio
from auricle.demo import DemoOptions, hearing
from auricle.demo.hearing import Wanted
from auricle.demo.live import Talk
from auricle.demo.shelf import Shelf
from auricle.engines import LoadOptions
from auricle.errors import OptionError
from auricle.serve.batching import Abandoned, Stop

SAMPLE = str(auricle.sample())


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    found = Shelf(DemoOptions(LoadOptions("fake"), also=("tiny.en", "nothing-like-it")))
    yield found
    found.close()


def last(shelf: Shelf, path: str | None, wanted: Wanted, folder: Path) -> tuple[str, list[str]]:
    *_, (page, files) = hearing.hear(shelf, path, wanted, folder)
    return page, files


def test_a_recording_becomes_text_and_files(shelf: Shelf, tmp_path: Path) -> None:
    steps = list(hearing.hear(shelf, SAMPLE, Wanted("fake", formats=hearing.EVERY), tmp_path))
    assert "progress" in steps[1][0]
    page, files = steps[-1]
    assert '<audio src="/gradio_api/file=' in page
    assert page.count('class="word') >= 8
    assert [Path(file).name for file in files] == [f"jfk.{name}" for name in hearing.EVERY]
    assert all(Path(file).stat().st_size for file in files)


def test_a_microphone_that_has_not_handed_over_yet(shelf: Shelf, tmp_path: Path) -> None:
    page, files = last(shelf, None, Wanted("fake"), tmp_path)
    assert "on its way" in page
    assert not files
    assert "on its way" in list(hearing.compare(shelf, None, ("fake", "tiny.en"), "auto"))[-1]


@pytest.mark.parametrize(
    ("data", "part"), [(b"a letter " * 99, "letter.wav holds text, not sound"), (b"", "0 bytes")]
)
def test_what_is_no_sound_is_a_sentence_without_our_folders(
    shelf: Shelf, tmp_path: Path, data: bytes, part: str
) -> None:
    path = tmp_path / "letter.wav"
    path.write_bytes(data)
    page, files = last(shelf, str(path), Wanted("fake"), tmp_path)
    assert part in page
    assert str(tmp_path) not in page
    assert 'role="alert"' in page
    assert not files


def test_a_model_that_is_not_there_is_a_sentence(shelf: Shelf, tmp_path: Path) -> None:
    assert "nothing-like-it" in last(shelf, SAMPLE, Wanted("nothing-like-it"), tmp_path)[0]
    assert "not offered here" in last(shelf, SAMPLE, Wanted("/etc"), tmp_path)[0]


def test_what_a_model_cannot_do_is_a_sentence(shelf: Shelf, tmp_path: Path) -> None:
    page, _ = last(shelf, SAMPLE, Wanted("tiny.en", task="translate"), tmp_path)
    assert "cannot translate" in page.lower()
    page, _ = last(shelf, SAMPLE, Wanted("tiny.en", language="de"), tmp_path)
    assert "does not know the language" in page


def test_who_goes_ends_the_work(shelf: Shelf, tmp_path: Path) -> None:
    stop = Stop()
    steps = hearing.hear(shelf, SAMPLE, Wanted("fake"), tmp_path, stop)
    next(steps)
    steps.close()
    with pytest.raises(Abandoned):
        stop.check()
    assert last(shelf, SAMPLE, Wanted("fake"), tmp_path)[1]


def test_who_cancels_keeps_the_text_so_far(shelf: Shelf, tmp_path: Path) -> None:
    path, stop = tmp_path / "long.wav", Stop()
    write(path, np.tile(Audio.load(SAMPLE).samples, 20), 16_000)
    steps = hearing.hear(shelf, str(path), Wanted("fake"), tmp_path, stop)
    heard = next(page for page, _ in steps if "<progress" in page)
    stop.set()
    *_, (page, files) = steps
    assert "Cancelled. This is the text so far." in page
    assert re.findall("<p>.*?</p>", page)[-1] == re.findall("<p>.*?</p>", heard)[-1]
    assert not files


def test_who_cancels_before_anything_was_heard(shelf: Shelf, tmp_path: Path) -> None:
    stop = Stop()
    stop.set()
    *_, (page, _) = hearing.hear(shelf, SAMPLE, Wanted("fake"), tmp_path, stop)
    assert "Cancelled." in page and "so far" not in page
    assert "Cancelled." in list(hearing.compare(shelf, SAMPLE, ("fake", "fake"), "auto", stop))[-1]


def test_two_models_side_by_side(shelf: Shelf) -> None:
    pages = list(hearing.compare(shelf, SAMPLE, ("fake", "tiny.en"), "auto"))
    told = [re.search(r"([\w.]+) is listening", page) for page in pages[:-1]]
    assert list(dict.fromkeys(found[1] for found in told if found)) == ["fake", "tiny.en"]
    assert any("<progress" in page for page in pages)
    assert "<mark>" in pages[-1]
    assert "real time" in pages[-1]


@pytest.mark.parametrize("channels", [1, 2])
def test_words_while_one_speaks(shelf: Shelf, channels: int) -> None:
    sound = (Audio.load(auricle.sample(), rate=48_000).samples[: 48_000 * 3] * 32767).astype(np.int16)
    sound = np.concatenate([sound, np.zeros(48_000, np.int16)])
    pieces = sound if channels == 1 else np.stack([sound, sound], axis=1)
    talk = Talk(shelf, "tiny.en", "en")
    assert "americans" not in talk.feed(None).lower()
    pages = [talk.feed((48_000, pieces[at : at + 19_200])) for at in range(0, len(pieces), 19_200)]
    assert len(pages) == 10
    *_, page = talk.finish()
    assert "americans" in page.lower()


def test_a_talk_ends_when_the_visitor_goes(shelf: Shelf) -> None:
    left, silent = Talk(shelf, "fake", "auto"), Talk(shelf, "fake", "auto", gone=0.01)
    left.leave()
    silent._thread.join()
    for talk in (left, silent):
        list(talk.finish())
        assert not talk._thread.is_alive()
    assert "Press Record again" in silent.feed((48_000, np.zeros(4800, np.int16))), "if it was only slow"


def test_what_is_wrong_with_a_talk_is_a_sentence(shelf: Shelf) -> None:
    *_, page = Talk(shelf, "tiny.en", "de").finish()
    assert "does not know the language" in page
    assert 'role="alert"' in page


def test_passwords() -> None:
    assert DemoOptions(auth=("ann:se:cret",)).visitors == [("ann", "se:cret")]
    with pytest.raises(OptionError, match="colon"):
        _ = DemoOptions(auth=("ann",)).visitors


def test_a_model_that_cannot_be_loaded_is_told_when_asked_for() -> None:
    shelf = Shelf(DemoOptions(LoadOptions("nothing-like-it")))
    shelf._first()
    with pytest.raises(Exception, match="nothing-like-it"):
        shelf.engine("nothing-like-it", Stop())
