"""What a visitor waits for: seconds from the command `auricle demo` to a page that can be used.

python benchmarks/demo.py                # five starts in headless Chromium, which is open already
python benchmarks/demo.py --runs 9

"Usable" is when the button for the sample can be pressed: Chromium's own check that it is there, is
enabled, and takes clicks. The embedded model is loaded when the page is there; the last column says
when the sample's text stood on the page after it was asked for at once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser import chromium

COMMAND = [sys.executable, "-m", "auricle", "demo", "--port", "0"]


def start(browser: Any) -> tuple[float, float, float]:
    """Seconds from the command to the address, to the usable page, and from then to the sample's text."""
    context = browser.new_context()
    page = context.new_page()
    began = time.perf_counter()
    with subprocess.Popen(COMMAND, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = next(line for line in process.stderr if "http://" in line).split("open ")[1].split()[0]
        listening = time.perf_counter() - began
        page.goto(address, wait_until="commit")
        sample = page.get_by_role("button", name="Take the sample: 11 seconds")
        sample.click(trial=True)
        usable = time.perf_counter() - began
        sample.click()
        page.get_by_text("jfk").first.wait_for()
        page.get_by_role("button", name="Transcribe").click()
        page.locator(".word").nth(20).wait_for()
        text = time.perf_counter() - began - usable
        context.close()
        process.terminate()
    return listening, usable, text


def told(name: str, values: Sequence[float]) -> str:
    return f"{name}: {statistics.median(values):.2f} s ({min(values):.2f}–{max(values):.2f})"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        runs = [start(browser) for _ in range(arguments.runs)]
        browser.close()
    names = ("command to address", "command to usable page", "from then to the text of the sample")
    for name, values in zip(names, zip(*runs, strict=True), strict=True):
        print(told(name, values))
    print("load average", *(f"{value:.1f}" for value in os.getloadavg()), file=sys.stderr)


if __name__ == "__main__":
    main()
