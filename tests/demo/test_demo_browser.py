"""The page in a real browser, with a microphone that plays the sample."""

from __future__ import annotations

import re
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import auricle
from audio_files import write
from auricle.audio import Audio
from auricle.demo import DemoOptions, running
from browser import Opened, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

# Gradio's queue uses what pandas 3 deprecates, and its decoder leaves files to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]
SECONDS = 1000  # ms
PATIENCE = 180 * SECONDS  # a machine may be busy with other things: no test here is about speed
SPOKEN = re.compile("americans|fellow|country", re.IGNORECASE)
Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pytest.importorskip("gradio")
    with running(DemoOptions(port=0, also=("fake",))) as found:
        yield found


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    from playwright.sync_api import sync_playwright

    microphone = tmp_path_factory.mktemp("sound") / "microphone.wav"
    _record(microphone)
    flags = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=flags)
        yield started
        started.close()


def _record(path: Path) -> None:
    sound = Audio.load(auricle.sample(), rate=48_000).samples
    quiet = np.zeros(24_000, np.float32)
    samples = (np.concatenate([quiet, sound, quiet, quiet, quiet]) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(samples.tobytes())


@pytest.fixture
def page(chrome: Browser, address: str) -> Iterator[Open]:
    contexts = []

    def open_page(*, width: int = 1100, scheme: str = "light", refuse: bool = False) -> Opened:
        context = chrome.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=[] if refuse else ["microphone"],
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.goto(address)
        opened.page.get_by_role("tab", name="File").wait_for()
        return opened

    yield open_page
    for context in contexts:
        context.close()


def tab(page: Page, name: str) -> Locator:
    """Go to a tab; what is on it."""
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel")  # the others are hidden


def take_the_sample(page: Page) -> None:
    here = tab(page, "File")
    here.get_by_role("button", name="Take the sample: 11 seconds").click()
    here.get_by_text("jfk").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".word").nth(20).wait_for()


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
    letter = tmp_path / "letter.wav"
    letter.write_bytes(b"Dear Ann, this is not sound. " * 20)
    opened = page()
    here = tab(opened.page, "File")
    here.locator("input[type=file]").set_input_files(letter)
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
def test_two_pages_at_once_get_each_its_own(page: Open, tmp_path: Path) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_bytes(b"Dear Ann, this is not sound. " * 20)
    one, two = page().page, page().page
    take_the_sample(one)
    tab(two, "File").locator("input[type=file]").set_input_files(letter)
    two.get_by_text("letter").first.wait_for()
    for each in (one, two):
        each.get_by_role("button", name="Transcribe").click()
    two.get_by_role("alert").filter(has_text="holds text, not sound").wait_for()
    one.locator(".word").nth(20).wait_for()
    assert not one.get_by_role("alert").filter(has_text="text").count()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_everybody_can_use_it(page: Open, width: int, scheme: str) -> None:
    opened = page(width=width, scheme=scheme)
    take_the_sample(opened.page)
    for name in ("File", "Microphone", "Live", "Compare"):
        tab(opened.page, name).get_by_role("button").first.wait_for()
        assert opened.fits(), name
        assert not opened.violations(), name
