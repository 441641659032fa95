"""Pictures of the demo for its page: python docs/pictures.py [FOLDER]

Needs Chromium, whose microphone plays the sample. With --all, every tab on a wide and on a narrow page,
light and dark: to be looked at, not to be kept.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "demo")]

from visiting import PATIENCE, microphone, tab, take_the_sample  # noqa: E402

import auricle  # noqa: E402
from audio_files import write  # noqa: E402
from auricle.audio import Audio  # noqa: E402
from auricle.demo import DemoOptions, running  # noqa: E402
from browser import browser  # noqa: E402

WIDE, NARROW = 1100, 390


def file(page: Any, folder: Path) -> None:
    """The sample's text, with a word being said."""
    take_the_sample(page)
    page.locator(".word", has_text="Americans").click()
    page.locator(".word.now").first.wait_for()
    page.evaluate("document.querySelector('.player').pause()")


def video(page: Any, folder: Path) -> None:
    """A film with a caption."""
    sound = Audio.load(auricle.sample(), rate=48_000).samples
    film = write(folder / "film.webm", sound, video=11.0)
    here = tab(page, "File")
    here.locator("input[type=file]").set_input_files(film)
    here.get_by_text("film").first.wait_for()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".word", has_text="Americans").click()
    shown = "document.querySelector('video.player').textTracks[0]"
    page.wait_for_function(f"{shown}.mode === 'showing' && {shown}.activeCues?.length > 0")
    page.evaluate("document.querySelector('.player').pause()")


def spoken(page: Any, folder: Path) -> None:
    """A recording of the microphone."""
    here = tab(page, "Microphone")
    here.get_by_role("button", name="Record").click()
    page.wait_for_timeout(9000)
    here.get_by_role("button", name="Stop").click()
    here.get_by_role("button", name="Transcribe").click()
    here.locator(".word").nth(4).wait_for()


def live(page: Any, folder: Path) -> None:
    """Words that stay and words that may change."""
    here = tab(page, "Live")
    here.get_by_role("button", name="Record").click()
    here.locator(".live", has_text="country").wait_for()
    page.wait_for_function("document.querySelector('.live .open').textContent.trim().includes(' ')")


def compare(page: Any, folder: Path) -> None:
    """Two models side by side."""
    here = tab(page, "Compare")
    here.get_by_role("button", name="Take the sample").click()
    here.get_by_text("jfk").first.wait_for()
    here.get_by_role("button", name="Compare").click()
    here.get_by_text("The texts differ").wait_for()


def record(page: Any, folder: Path) -> None:
    """A sentence that was just read."""
    here = tab(page, "Record")
    page.get_by_label("Your name in the dataset").fill("ann")
    here.get_by_role("button", name="Begin").click()
    page.get_by_text("Ask not what your country").wait_for()
    here.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(4000)
    here.get_by_role("button", name="Stop").click()
    here.get_by_text("0:04").wait_for()


def choices(page: Any, folder: Path) -> None:
    """What stands above the tabs."""
    page.get_by_role("button", name="Model, language and formats").click()
    page.get_by_text("Formats to download").wait_for()


Scene = Callable[[Any, Path], None]
KEPT: dict[str, tuple[Scene, int, str]] = {
    "demo-file": (file, WIDE, "light"),
    "demo-video": (video, WIDE, "light"),
    "demo-live": (live, WIDE, "light"),
    "demo-narrow": (compare, NARROW, "dark"),
    "demo-record": (record, WIDE, "light"),
}
SCENES: tuple[Scene, ...] = (file, video, spoken, live, compare, record, choices)


@contextlib.contextmanager
def visits(folder: Path) -> Iterator[Callable[..., Any]]:
    """What opens the page anew, for a width and a scheme."""
    (folder / "prompts.txt").write_text("Ask not what your country can do for you.\nThe second.\n")
    options = DemoOptions(
        port=0, also=("fake",), record=str(folder / "my-voice"), prompts=str(folder / "prompts.txt")
    )
    sound = microphone(folder / "microphone.wav")
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={sound}")
    with running(options) as address, browser(*flags) as chromium:

        def visit(width: int, scheme: str) -> Any:
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                permissions=["microphone"],
            )
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(address)
            return page

        yield visit


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=HERE / "images")
    parser.add_argument("--all", action="store_true", help="every tab, wide and narrow, light and dark")
    parser.add_argument("--only", help="names that begin so")
    arguments = parser.parse_args()
    wanted = dict(KEPT)
    if arguments.all:
        wanted = {
            f"{scene.__name__}-{width}-{scheme}": (scene, width, scheme)
            for scene in SCENES
            for width, scheme in ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark"))
        }
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, visits(Path(temporary)) as visit:
        for name, (scene, width, scheme) in wanted.items():
            if not name.startswith(arguments.only or ""):
                continue
            page = visit(width, scheme)
            scene(page, Path(temporary))
            page.screenshot(path=arguments.folder / f"{name}.png", full_page=True)
            page.context.close()
            sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    main()
