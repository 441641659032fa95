"""What the tests of the page share: how to find one's way on it."""

from __future__ import annotations

import gc
import os
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import auricle
from auricle.audio import Audio
from auricle.demo import DemoOptions, running
from browser import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SECONDS = 1000  # ms
# A machine may be busy with other things: no test here is about speed.
PATIENCE = int(os.environ.get("AURICLE_PATIENCE", "180")) * SECONDS
Open = Callable[..., Opened]

# Gradio's queue uses what pandas 3 deprecates, and its decoder leaves files to the collector.
WARNINGS = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def showing(options: DemoOptions) -> Iterator[str]:
    """The address of a page; what Gradio's server leaves behind is collected before the next test."""
    pytest.importorskip("gradio")
    with running(options) as address:
        yield address
    gc.collect()


def microphone(path: Path) -> Path:
    """The sample as Chromium's fake microphone takes it, with pauses before and after."""
    sound = Audio.load(auricle.sample(), rate=48_000).samples
    quiet = np.zeros(24_000, np.float32)
    samples = (np.concatenate([quiet, sound, quiet, quiet, quiet]) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(samples.tobytes())
    return path


def letter(folder: Path) -> Path:
    """Text that calls itself sound."""
    path = folder / "letter.wav"
    path.write_bytes(b"Dear Ann, this is not sound. " * 20)
    return path


def tab(page: Page, name: str) -> Locator:
    """Go to a tab; what is on it."""
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel")  # the others are hidden


def take_the_sample(page: Page) -> None:
    """Transcribe the sample on the tab of files."""
    here = tab(page, "File")
    here.get_by_role("button", name="Take the sample: 11 seconds").click()
    here.get_by_text("jfk").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".word").nth(20).wait_for()
