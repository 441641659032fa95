"""A page in headless Chromium, and what it was seen to do there.

Chromium comes from the system (``apt-get install chromium``). Where there is none the tests skip,
unless CI=true: CI has to look at the pages.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The program; skips where there is none."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("needs Chromium: apt-get install chromium, or name the program in CHROMIUM")
    assert found, "CI needs Chromium: apt-get install chromium"
    return found


@contextmanager
def browser(*flags: str) -> Iterator[Browser]:
    """Close it before other tests run: it keeps an event loop in this thread."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *flags])
        yield started
        started.close()


@dataclass
class Opened:
    """A page, the addresses it asked for, and what it complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe finds: rule and elements."""
        from axe_playwright_python.sync_playwright import Axe

        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]

    def fits(self) -> bool:
        """Whether nothing stands out on the right."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def open_file(browser: Browser, path: Path, *, width: int = 1280, scheme: str = "light") -> Opened:
    """A file as if somebody had clicked on it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    opened = Opened(context.new_page())
    opened.page.on("request", lambda request: opened.asked.append(request.url))
    opened.page.on("console", lambda message: opened.said.append(message.text))
    opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.page.goto(path.resolve().as_uri())
    return opened


def wait_for(page: Page, selector: str, count: int) -> None:
    """Wait until so many elements are there, without code of ours in the page, which its rules may forbid."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_have_count(count)
