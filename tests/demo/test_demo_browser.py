"""The page in a real browser, with a microphone that plays the sample."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import auricle
from auricle.audio import Audio
from auricle.demo import DemoOptions, running
from browser import Opened, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Gradio's queue uses what pandas 3 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SECONDS = 1000  # ms
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
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
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

    def open_page(
        *, width: int = 1100, scheme: str = "light", permissions: tuple[str, ...] = ("microphone",)
    ) -> Opened:
        context = chrome.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=list(permissions),
        )
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


def take_the_sample(page: Page) -> None:
    page.get_by_role("button", name="Take the sample: 11 seconds").click()
    page.get_by_text("jfk").first.wait_for()
    page.get_by_role("button", name="Transcribe").first.click()
    page.locator(".word").nth(20).wait_for(timeout=60 * SECONDS)


def test_a_file_becomes_text_that_follows_the_player(page: Open) -> None:
    opened = page()
    take_the_sample(opened.page)
    assert "ask what you can do for your country" in opened.page.locator(".heard .text").inner_text()
    assert opened.page.locator("a[href*='jfk.srt']").count()
    word = opened.page.locator(".word", has_text="Americans")
    word.click()
    opened.page.locator(".word.now").first.wait_for(timeout=10 * SECONDS)
    time = opened.page.evaluate("document.querySelector('.player').currentTime")
    assert time >= float(word.get_attribute("data-start") or 0)
    assert not opened.said
    here = ("http://127.0.0.1:", "data:", "blob:")
    assert all(url.startswith(here) for url in opened.asked), "nothing is fetched from elsewhere"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1100, "dark")])
def test_everybody_can_use_it(page: Open, width: int, scheme: str) -> None:
    opened = page(width=width, scheme=scheme)
    take_the_sample(opened.page)
    assert opened.fits()
    assert not opened.violations()


def test_what_is_no_sound_is_a_sentence(page: Open, tmp_path: Path) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_bytes(b"Dear Ann, this is not sound. " * 20)
    opened = page()
    opened.page.locator("input[type=file]").first.set_input_files(letter)
    opened.page.get_by_text("letter").first.wait_for()
    opened.page.get_by_role("button", name="Transcribe").first.click()
    told = opened.page.get_by_role("alert")
    told.wait_for(timeout=20 * SECONDS)
    assert "holds text, not sound" in told.inner_text()


@pytest.mark.slow
def test_words_appear_while_one_speaks(page: Open) -> None:
    opened = page()
    opened.page.get_by_role("tab", name="Live").click()
    opened.page.get_by_role("button", name="Record").last.click()
    opened.page.locator(".live", has_text="fellow").wait_for(timeout=60 * SECONDS)
    opened.page.locator(".live", has_text="country").wait_for(timeout=60 * SECONDS)
    opened.page.get_by_role("button", name="Stop").last.click()


@pytest.mark.slow
def test_what_the_microphone_recorded_becomes_text(page: Open) -> None:
    opened = page()
    opened.page.get_by_role("tab", name="Microphone").click()
    opened.page.get_by_role("button", name="Record", exact=True).first.click()
    opened.page.wait_for_timeout(5 * SECONDS)
    opened.page.get_by_role("button", name="Stop").first.click()
    opened.page.get_by_role("button", name="Transcribe").nth(1).click()
    opened.page.locator(".word", has_text="Americans").wait_for(timeout=60 * SECONDS)


@pytest.mark.slow
def test_two_models_are_compared(page: Open) -> None:
    opened = page()
    opened.page.get_by_role("tab", name="Compare").click()
    opened.page.get_by_role("button", name="Take the sample", exact=True).click()
    opened.page.get_by_text("jfk").last.wait_for()
    opened.page.get_by_role("button", name="Compare", exact=True).click()
    opened.page.get_by_text("The texts differ").wait_for(timeout=60 * SECONDS)


@pytest.mark.slow
def test_a_microphone_that_is_refused_leaves_the_page_in_order(page: Open) -> None:
    opened = page(permissions=())
    opened.page.get_by_role("tab", name="Microphone").click()
    opened.page.get_by_role("button", name="Transcribe").nth(1).click()
    opened.page.get_by_text("on its way").wait_for(timeout=20 * SECONDS)
