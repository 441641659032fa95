"""The page in a real browser, with a microphone that plays the sample."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from visiting import SECONDS, WARNINGS, Open, letter, tab, take_the_sample

import auricle
from audio_files import write
from auricle.audio import Audio
from auricle.formats import FORMATS, load

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = WARNINGS
SPOKEN = re.compile("americans|fellow|country", re.IGNORECASE)


def test_a_file_becomes_text_that_follows_the_player(page: Open) -> None:
    opened = page()
    take_the_sample(opened.page)
    assert "ask what you can do for your country" in opened.page.locator(".heard .text").inner_text()
    assert opened.page.locator("a[href*='jfk.srt']").count()
    word = opened.page.locator(".word", has_text="Americans")
    word.click()
    opened.page.locator(".word.now").first.wait_for()
    time = opened.page.evaluate("document.querySelector('.player').currentTime")
    assert time >= float(word.get_attribute("data-start") or 0)
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        opened.page.keyboard.press(key)
    assert opened.page.evaluate("document.activeElement.textContent") == "ask"
    assert not opened.said
    here = ("http://127.0.0.1:", "data:", "blob:")
    assert all(url.startswith(here) for url in opened.asked), "nothing is fetched from elsewhere"


@pytest.mark.slow
def test_a_video_shows_its_captions(page: Open, tmp_path: Path) -> None:
    sound = Audio.load(auricle.sample(), rate=48_000).samples
    film = write(tmp_path / "film.webm", sound, video=11.0)
    opened = page()
    here = tab(opened.page, "File")
    here.locator("input[type=file]").set_input_files(film)
    here.get_by_text("film").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".word", has_text="Americans").click()  # plays from there
    shown = "document.querySelector('video.player').textTracks[0]"
    opened.page.wait_for_function(f"{shown}.mode === 'showing' && {shown}.activeCues?.length > 0")
    assert "fellow" in opened.page.evaluate(f"[...{shown}.cues].map((cue) => cue.text).join(' ')")


def test_what_is_no_sound_is_a_sentence(page: Open, tmp_path: Path) -> None:
    opened = page()
    here = tab(opened.page, "File")
    here.locator("input[type=file]").set_input_files(letter(tmp_path))
    here.get_by_text("letter").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    told = opened.page.get_by_role("alert")
    told.wait_for()
    assert "holds text, not sound" in told.inner_text()


def test_words_appear_while_one_speaks(page: Open) -> None:
    opened = page()
    here = tab(opened.page, "Live")
    here.get_by_role("button", name="Record").click()
    here.locator(".live", has_text=SPOKEN).wait_for()
    here.get_by_role("button", name="Stop").click()


def test_what_the_microphone_recorded_becomes_text(page: Open) -> None:
    opened = page()
    here = tab(opened.page, "Microphone")
    here.get_by_role("button", name="Record").click()
    opened.page.wait_for_timeout(12 * SECONDS)  # the recording is spoken
    here.get_by_role("button", name="Stop").click()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".text", has_text=SPOKEN).wait_for()


@pytest.mark.slow
def test_two_models_are_compared(page: Open) -> None:
    opened = page()
    here = tab(opened.page, "Compare")
    here.get_by_role("button", name="Take the sample").click()
    here.get_by_text("jfk").first.wait_for()
    here.get_by_role("button", name="Compare").click()
    here.get_by_text("The texts differ").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Microphone", "Live"])
def test_a_microphone_that_is_refused_is_told(page: Open, name: str) -> None:
    opened = page(refuse=True)
    here = tab(opened.page, name)
    here.get_by_role("button", name="Record").click()
    here.get_by_role("alert").filter(has_text="does not give this page the microphone").wait_for()


@pytest.mark.slow
def test_a_recorder_that_was_not_ready_is_told(page: Open) -> None:
    opened = page()
    here = tab(opened.page, "Live")
    opened.page.evaluate("Promise.reject(new TypeError('ge is not a constructor')), null")
    here.get_by_role("alert").filter(has_text="Press Stop, then Record again").wait_for()
    assert opened.said


@pytest.mark.slow
def test_two_pages_at_once_get_each_its_own(page: Open, tmp_path: Path) -> None:
    one, two = page().page, page().page
    take_the_sample(one)
    tab(two, "File").locator("input[type=file]").set_input_files(letter(tmp_path))
    two.get_by_text("letter").first.wait_for()
    for each in (one, two):
        each.get_by_role("button", name="Transcribe").click()
    two.get_by_role("alert").filter(has_text="holds text, not sound").wait_for()
    one.locator(".word").nth(20).wait_for()
    assert not one.get_by_role("alert").filter(has_text="text").count()


def dropped(page: Page, file: Path) -> None:
    """Drop a file on the place for it, as from a folder."""
    script = """async ([bytes, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name));
      const places = [...document.querySelectorAll("button")].filter((node) => node.offsetParent);
      const place = places.find((node) => /Drop File/.test(node.textContent));
      for (const kind of ["dragenter", "dragover", "drop"])
        place.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(script, [base64.b64encode(file.read_bytes()).decode(), file.name])


def test_a_file_is_dropped(page: Open) -> None:
    opened = page()
    here = tab(opened.page, "File")
    dropped(opened.page, auricle.sample())
    here.get_by_text("jfk").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".word").nth(20).wait_for()


def long_file(folder: Path) -> Path:
    """Ten minutes: the sample again and again."""
    samples = np.tile(Audio.load(auricle.sample()).samples, 55)
    return write(folder / "long.flac", samples, 16_000)


@pytest.mark.slow
def test_a_long_file_shows_how_far_it_is_and_what_it_has_when_it_is_cancelled(
    page: Open, tmp_path: Path
) -> None:
    opened = page()
    here = tab(opened.page, "File")
    here.locator("input[type=file]").set_input_files(long_file(tmp_path))
    here.get_by_text("long").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    here.locator("progress").wait_for()
    assert re.search(r"% · \d:\d\d of 10:05", here.locator(".far").inner_text())
    here.get_by_text(SPOKEN).first.wait_for()
    here.get_by_role("button", name="Cancel").click()
    here.get_by_text("Cancelled. This is the text so far.").wait_for()
    text = here.locator(".text").inner_text()
    assert SPOKEN.search(text)
    opened.page.wait_for_timeout(2 * SECONDS)
    assert here.locator(".text").inner_text() == text, "the work has ended"
    take_the_sample(opened.page)  # and the next one is heard


@pytest.mark.slow
def test_formats_and_language_are_chosen_and_downloaded(page: Open, tmp_path: Path) -> None:
    opened = page()
    opened.page.get_by_role("button", name="Model, language and formats").click()
    opened.page.get_by_label("Language", exact=True).first.click()
    opened.page.get_by_role("option", name="English").click()
    for name in FORMATS:
        opened.page.get_by_label(name, exact=True).check()
    take_the_sample(opened.page)
    for name in FORMATS:
        with opened.page.expect_download() as coming:
            opened.page.locator(f"a[href$='jfk.{name}']").first.click()
        kept = tmp_path / coming.value.suggested_filename
        coming.value.save_as(kept)
        assert kept.stat().st_size, name
        if FORMATS[name].parse:
            assert "country" in load(kept).text


@pytest.mark.slow
def test_a_file_that_cannot_be_taken_is_a_sentence(page: Open, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(bytes(21_000_000))
    opened = page()
    here = tab(opened.page, "File")
    here.locator("input[type=file]").set_input_files(path)
    too_large = opened.page.get_by_role("status").filter(has_text="exceed the maximum allowed size of 20")
    too_large.wait_for()
    path.write_bytes(b"")
    here.locator("input[type=file]").set_input_files(path)
    here.get_by_text("talk").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    opened.page.get_by_role("alert").filter(has_text="0 bytes").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_everybody_can_use_it(page: Open, width: int, scheme: str) -> None:
    opened = page(width=width, scheme=scheme)
    take_the_sample(opened.page)
    for name in ("File", "Microphone", "Live", "Compare", "Record"):
        tab(opened.page, name).get_by_role("button").first.wait_for()
        assert opened.fits(), name
        assert not opened.violations(), name
