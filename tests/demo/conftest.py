"""The page with all its tabs, and a browser whose microphone plays the sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from visiting import PATIENCE, Open, microphone, showing

from auricle.demo import DemoOptions
from browser import Opened, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("reading")
    (folder / "prompts.txt").write_text("Ask not what your country can do for you.\nThe second.\n")
    options = DemoOptions(
        port=0,
        also=("fake",),
        record=str(folder / "voice"),
        prompts=str(folder / "prompts.txt"),
        max_upload=20.0,
    )
    with showing(options) as found:
        yield found


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    sound = microphone(tmp_path_factory.mktemp("sound") / "microphone.wav")
    with browser(
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={sound}"
    ) as started:
        yield started


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
