"""Every control of the page is reached with the Tab key, is seen to be, and does its work by keys alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from visiting import WARNINGS, Open

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [*WARNINGS, pytest.mark.slow]

# What has the focus: its name, whether it had it before, and whether an outline shows that it has it.
FOCUSED = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const style = getComputedStyle(node), box = node.getBoundingClientRect();
  const named = document.getElementById(node.getAttribute("aria-labelledby"));
  const written = named?.textContent || node.labels?.[0]?.textContent || node.textContent;
  const label = (node.getAttribute("aria-label") || written || "").trim().replace(/\\s+/g, " ");
  const again = "walked" in node.dataset;
  node.dataset.walked = "";
  return {
    again, name: (node.role === "tab" ? "tab " : "") + label.slice(0, 60),
    shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    here: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth,
  };
}"""
# What somebody with a mouse can use and Tab did not come to; through radio buttons go the arrow keys.
LEFT = """() => [...document.querySelectorAll("button, input, select, textarea, a[href], [controls]")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((node) => node.getBoundingClientRect().width >= 2 && !node.disabled && node.type !== "radio")
  .filter((node) => !("walked" in node.dataset) && !node.closest('[aria-hidden="true"]'))
  .map((node) => `${node.tagName} ${node.getAttribute("aria-label") || node.textContent.trim() || node.type}`)
"""


def walk(page: Page) -> list[dict[str, Any]]:
    """All that Tab comes to from the top of the page, once around."""
    page.evaluate("document.querySelectorAll('[data-walked]').forEach((node) => delete node.dataset.walked)")
    page.evaluate(
        "document.querySelector('h1').setAttribute('tabindex', '-1'); document.querySelector('h1').focus()"
    )
    found: list[dict[str, Any] | None] = []
    for _ in range(150):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        if (now and now["again"]) or (found and now is None and found[-1] is None):
            break
        found.append(now)  # nothing has it for one step after a list has closed
    return [one for one in found if one]


def reach(page: Page, name: str) -> dict[str, Any]:
    """Tab on until something of this name has the focus."""
    seen = []
    for _ in range(150):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED) or {"name": "the end"}
        seen.append(now["name"])
        if now["name"].startswith(name):
            return now
    raise AssertionError(f"{name!r} is not among {seen}")


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["File", "Microphone", "Live", "Compare", "Record"])
def test_tab_comes_to_everything_and_shows_where_it_is(
    page: Open, width: int, scheme: str, name: str
) -> None:
    opened = page(width=width, scheme=scheme)
    opened.page.get_by_role("button", name="Model, language and formats").click()
    opened.page.get_by_text("Formats to download").wait_for()
    go_to(opened.page, name)
    visited = walk(opened.page)
    assert not opened.page.evaluate(LEFT), [one["name"] for one in visited]
    assert not [one for one in visited if not one["shown"]], "focus cannot be seen"
    assert not [one for one in visited if not one["here"]], "focus is outside of what is seen"
    assert all(one["name"] for one in visited), visited


def go_to(page: Page, name: str) -> None:
    """To a tab by keys."""
    reach(page, f"tab {name}")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name=name, selected=True).wait_for()


def test_a_recording_is_transcribed_and_heard_by_keys(page: Open) -> None:
    opened = page()
    keyboard = opened.page.keyboard
    reach(opened.page, "Model, language and formats")
    keyboard.press("Enter")
    opened.page.get_by_text("Formats to download").wait_for()
    reach(opened.page, "Language")
    keyboard.type("English")
    keyboard.press("Enter")
    reach(opened.page, "vtt")
    keyboard.press("Space")
    with opened.page.expect_file_chooser():
        reach(opened.page, "Click to upload")
        keyboard.press("Enter")
    reach(opened.page, "Take the sample")
    keyboard.press("Enter")
    opened.page.get_by_text("jfk").first.wait_for()
    reach(opened.page, "Transcribe")
    keyboard.press("Enter")
    opened.page.locator(".word").nth(20).wait_for()
    assert opened.page.locator("a[href$='jfk.vtt']").count()
    reach(opened.page, "play from 0:00")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        keyboard.press(key)
    assert opened.page.evaluate("document.activeElement.textContent") == "my"
    opened.page.locator(".word.now").first.wait_for()


def test_somebody_speaks_and_is_written_down_by_keys(page: Open) -> None:
    opened = page()
    go_to(opened.page, "Live")
    reach(opened.page, "Record")
    opened.page.keyboard.press("Enter")
    opened.page.locator(".live", has_text="fellow").wait_for()
    reach(opened.page, "Stop")
    opened.page.keyboard.press("Enter")
    opened.page.get_by_role("button", name="Record").last.wait_for()
