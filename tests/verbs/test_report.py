"""The page of a run: what is on it, that untrusted text is harmless, and how it does in a browser."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

import auricle
from auricle.audio import Audio
from auricle.errors import OptionError, OutputError
from auricle.verbs.evaluate import Failed, Run, RunWriter, Scored, Story
from auricle.verbs.report import ReportOptions, render, rows, sound, write_html
from browser import browser as chromium
from browser import open_file, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EVIL = '</script><script>document.title="owned"</script><img src=x onerror="document.title=1"> "&\'\u2028'
MANY = 2500

STORY = Story(
    model="tiny.en",
    engine="ctranslate2",
    revision=None,
    device="cpu",
    compute_type="int8",
    dataset=f"talks {EVIL.replace('/', '')}",
    fingerprint="f00d",
    normalizer="multilingual",
    normalizer_version="1",
    options={"beam_size": 1, "prompt": EVIL},
    total=MANY + 5,
)


def row(name: str, reference: str, hypothesis: str, **more: Any) -> Scored:
    return Scored(name, reference, hypothesis, "en", **{"duration": 2.0, "elapsed": 0.5, **more})


def saved(folder: Path, some: list[Scored | Failed], story: Story = STORY) -> Run:
    writer = RunWriter(folder, story)
    writer.add(some)
    return writer.finish({})


def data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Thousands of utterances, some wrong in each way, one with a recording, and texts that attack."""
    folder = tmp_path_factory.mktemp("a run & more")
    recording = folder / "clips #1" / "jfk 50%.flac"
    recording.parent.mkdir()
    recording.write_bytes(Path(auricle.sample()).read_bytes())
    some: list[Scored | Failed] = [
        row("silence", "", "thanks for watching this", snr=3.0),
        row(
            "jfk",
            "ask not what your country",
            "ask now your country can",
            audio=str(recording),
            duration=11.0,
        ),
        row(f"evil {EVIL}", EVIL, f"heard {EVIL}", speaker=EVIL, columns={"accent": EVIL, EVIL: EVIL}),
        row("gone", "no recording here", "no recording here", audio=str(folder / "missing.wav")),
        Failed(f"broken {EVIL}", f"broken.mp3 holds text, not sound. {EVIL}"),
    ]
    for number in range(MANY):
        heard = "the quick brown fox" if number % 4 else "the quick brawn"
        speaker, accent = f"s{number % 70}", ("Irish", "Scottish", "Welsh")[number % 3]
        some.append(
            row(f"u{number:04}", "The quick brown fox.", heard, speaker=speaker, duration=1.0 + number % 20,
                snr=number % 40 - 2.0, columns={"accent": accent, "number": number, "score": 0.5})
        )  # fmt: skip
    return saved(folder / "run", some)


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    return write_html(run, options=ReportOptions(spectrograms=3, clips=2)).read_text("utf-8")


def test_both_scores_the_mark_and_the_story_are_on_the_page(page: str) -> None:
    assert "PARTIAL" in page
    for text in ("WER, normalised by multilingual", "WER, as written", "Text on silence", "RTFx", "f00d"):
        assert text in page


def test_the_counts_of_the_page_are_those_of_the_run(run: Run, page: str) -> None:
    entries = {one["id"]: one for one in data(page)["rows"]}
    assert len(entries) == MANY + 5
    jfk = entries["jfk"]
    assert (jfk["n"], jfk["s"], jfk["d"], jfk["i"]) == (5, 1, 1, 1)
    assert jfk["pairs"] == ["ask", ["not", "now"], ["what", None], "your", "country", [None, "can"]]
    assert entries["silence"]["i"] == 4
    assert sum(one["n"] for one in entries.values()) == sum(line.counts.reference for line in rows.lines(run))


def test_slices_and_curves_have_a_table_of_their_numbers(page: str) -> None:
    assert "Error rate by accent, the worst first" in page
    assert "Against duration" in page
    assert "Against noise" in page
    for text in ("Most taken for another", "The errors of the texts as written", "Punctuation and capitals"):
        assert text in page


def test_no_markup_of_the_data_is_in_the_page(page: str) -> None:
    assert "<img src=x" not in page
    assert page.count("<script") == 2  # the data and the page's own
    assert page.count("document.title=") == page.count("document.title=&quot;") + page.count(
        'document.title=\\"'
    ) + page.count("document.title=1")


def test_a_recording_is_named_as_seen_from_the_page(run: Run, page: str, tmp_path: Path) -> None:
    entries = {one["id"]: one for one in data(page)["rows"]}
    assert entries["jfk"]["audio"] == "../clips%20%231/jfk%2050%25.flac"
    assert entries["gone"]["audio"] is None
    elsewhere = data(render(run, ReportOptions(spectrograms=0), folder=tmp_path))
    assert elsewhere["rows"][1]["audio"].endswith("clips%20%231/jfk%2050%25.flac")
    assert elsewhere["media"]["pictures"] == []


def test_a_part_of_a_long_recording_is_played_alone(tmp_path: Path) -> None:
    part = row("two", "a b", "a c", audio=str(auricle.sample()), start=3.0, duration=2.0)
    assert (rows.address(part, tmp_path) or "").endswith("jfk.flac#t=3.000,5.000")
    media = data(render(saved(tmp_path, [part])))["media"]
    assert picture(media["pictures"][0]).shape[1] == 2.0 / 0.02


def test_the_page_is_of_what_was_asked(run: Run) -> None:
    for options in (ReportOptions(spectrograms=-1), ReportOptions(clips=-1)):
        with pytest.raises(OptionError, match="0 or more"):
            render(run, options)


def test_a_run_without_utterances_has_a_page(tmp_path: Path) -> None:
    assert "There are no utterances" in render(saved(tmp_path, []))


def test_a_folder_in_the_way_is_an_error(run: Run, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_html(run, tmp_path, ReportOptions(spectrograms=0))


def picture(url: str) -> Any:
    """The pixels of a data URL, [height, width, 3], read by FFmpeg."""
    assert url.startswith("data:image/png;base64,")
    with av.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24")


def test_a_tone_is_a_bright_line_at_its_height(tone: Audio) -> None:
    pixels = picture(sound.spectrogram(tone)).sum(axis=2)
    assert pixels.shape == (sound.BANDS, tone.duration / 0.02)
    brightest = sound.BANDS - 1 - int(np.median(pixels.argmax(axis=0)))
    assert brightest == pytest.approx(
        sound.BANDS * 440 / 1000 * 15 / 45.25, abs=2
    )  # linear to 1 kHz: 15 mel of 45


@pytest.mark.parametrize("seconds", [0.01, 0.37, 61.0])
def test_a_spectrogram_of_any_length_is_a_picture(seconds: float) -> None:
    pixels = picture(sound.spectrogram(Audio.silence(seconds)))
    assert 1 <= pixels.shape[1] <= sound.WIDEST


def test_a_clip_is_the_sound(tone: Audio) -> None:
    again = Audio.load(base64.b64decode(sound.clip(tone).split(",")[1]))
    assert again.duration == pytest.approx(tone.duration, abs=0.1)
    assert np.abs(again.samples).max() == pytest.approx(0.3, abs=0.05)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.usefixtures("page")
def test_in_a_browser(chrome: Browser, run: Run) -> None:
    opened = open_file(chrome, run.path / "report.html")
    page, count = opened.page, opened.page.locator("#count")
    assert page.title().startswith("tiny.en on talks <script>")
    assert f"{MANY + 5:,} of {MANY + 5:,}" in count.inner_text()
    assert page.locator("#rows > tr").count() <= 300  # the rest comes when it is scrolled to
    page.fill("[name=search]", "brawn u0004")
    wait_for(page, "#rows > tr", 1)
    assert "WER 50.0 % of 4 words" in count.inner_text()
    page.fill("[name=search]", "")
    page.select_option("[name=kind]", "failed")
    assert "holds text, not sound" in page.locator("#rows").inner_text()
    page.click("text=Reset")
    page.click("[data-sort=seconds]")
    assert page.locator("th[aria-sort]").inner_text().startswith("Secs")
    assert page.locator("#rows > tr").first.locator("td").nth(2).inner_text() == "20.0"
    page.select_option("[name=column]", "accent")
    page.select_option("[name=value]", "Welsh")
    assert f"{MANY // 3} of" in count.inner_text()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.click(".pick:text-is('Irish')")
    assert page.input_value("[name=column]") == "accent"
    assert f"{MANY // 3 + 1} of" in count.inner_text()
    page.click(".pick[data-search=brown] >> nth=0")
    assert page.input_value("[name=search]") == "brown"
    assert opened.said == []


@pytest.mark.usefixtures("page")
def test_an_utterance_is_opened_and_heard_by_keyboard(chrome: Browser, run: Run) -> None:
    opened = open_file(chrome, run.path / "report.html")
    page = opened.page
    page.fill("[name=search]", "jfk")
    wait_for(page, "#rows > tr", 1)
    page.focus(".open")
    page.keyboard.press("Enter")
    assert page.locator(".aligned li.s").inner_text().split() == ["not", "now", "substituted", "S"]
    page.locator("text=Show the spectrogram").press("Enter")
    assert (
        page.evaluate(
            "async () => { const i = document.querySelector('img'); await i.decode(); return i.naturalWidth }"
        )
        == 550
    )
    heard = "async () => { const a = document.querySelector('audio'); await a.play(); return a.duration }"
    assert page.evaluate(heard) == pytest.approx(11, abs=0.2)
    page.keyboard.press("Shift+Tab")
    page.fill("[name=search]", "evil")
    wait_for(page, "#rows > tr", 1)
    page.click(".open")
    assert page.locator(".inside dd").last.inner_text()
    assert page.title().startswith("tiny.en")
    assert opened.said == []
    assert all(address.startswith(("file:", "data:")) for address in opened.asked)


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_is_for_everybody(chrome: Browser, run: Run, width: int, scheme: str) -> None:
    opened = open_file(chrome, run.path / "report.html", width=width, scheme=scheme)
    opened.page.fill("[name=search]", "jfk")
    opened.page.click(".open")
    opened.page.click("text=Show the spectrogram")
    assert opened.violations() == []
    assert opened.fits()
