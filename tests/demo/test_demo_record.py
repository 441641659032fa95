"""The tab that records a dataset, in a real browser with a microphone that plays the sample."""

from __future__ import annotations

import gc
import os
import re
import wave
from pathlib import Path

import numpy as np
import pytest

import auricle
from auricle.audio import Audio
from auricle.demo import DemoOptions, running
from auricle.engines import LoadOptions
from auricle.verbs.datasets import open_dataset
from browser import Opened, browser

# Gradio's queue uses what pandas 3 deprecates, and its server leaves sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
PATIENCE = 180_000  # ms: a machine may be busy with other things


def microphone(path: Path) -> Path:
    """The sample as Chromium's fake microphone takes it."""
    sound = Audio.load(auricle.sample(), rate=48_000).samples
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes((np.tile(0.1 * sound, 4) * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (390, "dark")])
def test_a_sentence_is_read_heard_and_kept(tmp_path: Path, width: int, scheme: str) -> None:
    pytest.importorskip("gradio")
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone(tmp_path / 'microphone.wav')}",
    ]
    (tmp_path / "prompts.txt").write_text("Ask not what your country can do for you.\nThe second.\n")
    options = DemoOptions(
        LoadOptions("fake"), port=0, record=str(tmp_path / "voice"), prompts=str(tmp_path / "prompts.txt")
    )
    with running(options) as address, browser(*flags) as chromium:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["microphone"],
        )
        context.set_default_timeout(PATIENCE)
        opened = Opened(context.new_page())
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.goto(address)
        read_one(opened)
        if shots := os.environ.get("AURICLE_SHOTS"):
            opened.page.screenshot(path=f"{shots}/demo-record-{width}.png")
        opened.page.get_by_role("button", name="Keep").click()
        opened.page.get_by_text("The second.").wait_for()
        opened.page.get_by_role("button", name="Skip").click()
        opened.page.get_by_text("1 of 2 sentences are in voice").wait_for()
        context.close()
    (item,) = open_dataset(tmp_path / "voice")
    assert (item.text, item.speaker) == ("Ask not what your country can do for you.", "ann")
    clip = item.load()
    assert clip.duration > 2
    assert float(np.abs(clip.samples).max()) > 0.1
    assert not opened.said
    gc.collect()  # while what Gradio's server leaves behind is not held against this test


def read_one(opened: Opened) -> None:
    """Begin, record some seconds, and look at the page as it is then."""
    page = opened.page
    page.get_by_role("tab", name="Record").click()
    page.get_by_label("Your name in the dataset").fill("ann")
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("Ask not what your country").wait_for()
    here = page.get_by_role("tabpanel")
    here.get_by_role("button", name="Record", exact=True).click()
    here.get_by_role("button", name="Stop").wait_for()  # a browser takes its time to open a microphone
    page.wait_for_timeout(4000)  # the recording is spoken
    here.get_by_role("button", name="Stop").click()
    here.get_by_role("button", name="Play", exact=True).wait_for()
    here.get_by_text(re.compile("0:0[2-9]")).wait_for()
    assert opened.fits()
    assert not opened.violations()
