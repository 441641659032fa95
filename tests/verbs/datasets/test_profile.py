"""profile: figures that are known beforehand, from tones and from real speech."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_files import tone, write
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.measure import measure
from auricle.verbs.datasets.page import page
from auricle.verbs.datasets.profile import Profile, Spread, profile
from auricle.verbs.datasets.text import Texts, is_empty, markup, same_text


def measured(path: Path, samples: np.ndarray, rate: int = 16000):
    write(path, samples, rate)
    (path.parent / "m.jsonl").write_text(json.dumps({"audio": path.name, "text": "x"}) + "\n")
    (item,) = open_dataset(path.parent / "m.jsonl")
    return measure(item)


def test_levels_and_silence_of_a_tone(tmp_path: Path) -> None:
    half = tone(440, seconds=2.0, rate=16000, peak=0.5)
    half[16000:] = 0
    found = measured(tmp_path / "a.flac", half)
    assert found.duration == 2.0
    assert (found.rate, found.channels, found.error) == (16000, 1, "")
    assert found.peak == pytest.approx(-6.02, abs=0.1)
    assert found.level == pytest.approx(-9.03, abs=0.1)
    assert found.silence == pytest.approx(0.5, abs=0.02)
    assert found.clipped == 0


def test_noise_under_a_tone_is_estimated(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    samples = tone(440, seconds=4.0, rate=16000, peak=0.5)
    samples[32000:] = 0
    samples += (0.5 / np.sqrt(2) * 10 ** (-20 / 20) * random.standard_normal(len(samples))).astype(np.float32)
    assert measured(tmp_path / "a.flac", samples).snr == pytest.approx(20, abs=1.5)


def test_clipping_is_a_share_of_samples(tmp_path: Path) -> None:
    samples = np.clip(3 * tone(440, seconds=1.0, rate=16000, peak=1.0), -1, 1)
    assert measured(tmp_path / "a.flac", samples).clipped == pytest.approx(0.78, abs=0.03)


def test_what_cannot_be_decoded_is_told(manifest: Callable[..., Path]) -> None:
    path = manifest([{"audio": "a.flac", "text": "a"}, {"audio": "b.flac", "text": "b"}])
    (path.parent / "b.flac").write_bytes(b"no sound")
    found = profile(open_dataset(path))
    assert (found.utterances, found.unreadable) == (2, 1)
    assert "holds text" in found.clips[1].error


@pytest.fixture
def small(manifest: Callable[..., Path]) -> Profile:
    rows = [
        {"audio": "a.flac", "text": "Um, the the cat.", "language": "en", "speaker": "ann", "split": "train"},
        {"audio": "b.flac", "text": "A dog!", "language": "en", "speaker": "bob", "split": "test"},
        {"audio": "a.flac", "text": "a DOG", "language": "en", "speaker": "ann", "split": "train"},
        {"audio": "c.flac", "text": None, "language": None, "speaker": None},
    ]
    return profile(open_dataset(manifest(rows)))


def test_a_small_profile(small: Profile) -> None:
    assert small.hours == pytest.approx(0.8 / 3600)
    assert (small.speakers, small.words, small.vocabulary) == (2, 8, 5)
    assert dict(small.languages) == {"en": 3, "unknown": 1}
    assert dict(small.splits) == {"train": 2, "test": 1}
    assert (small.without_text, small.same_text) == (1, 1)
    assert small.same_audio == (("a.flac", "a.flac"),)
    assert small.shares["mixed case"] == 1.0
    assert small.shares["punctuation"] == pytest.approx(2 / 3)
    assert small.style.guess == "spontaneous"
    assert small.style.evidence[:2] == ("um ×1", "the ×1")
    assert small.growth[-1] == (8, 5)
    assert small.letters["t"] == 3
    json.dumps(small.to_json(), allow_nan=False)


def test_a_spread_is_its_quantiles() -> None:
    spread = Spread.of([float(number) for number in range(101)])
    assert spread is not None
    assert spread.quantiles == (0, 5, 25, 50, 75, 95, 100)
    assert sum(count for _, _, count in spread.bins) == 101
    assert Spread.of([]) is None
    one = Spread.of([2.0, 2.0])
    assert one is not None and one.mean == 2.0


def test_words_of_other_languages_are_no_hesitation() -> None:
    texts = Texts()
    texts.add("Er ging um das Haus.", "de")
    assert texts.style.fillers == 0
    texts = Texts()
    texts.add("Er, I went, um, home.", "en")
    assert texts.style.fillers == 400


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a <unk> b", "<unk>"),
        ("[Music] hello", "[Music]"),
        ("he (laughs) said", "(laughs)"),
        ("see https://a.b/c", "https://a.b/c"),
        ("R&amp;B", "&amp;"),
        ("5 < 6 and 7 > 3 (or so) [", ""),
        ("plain", ""),
    ],
)
def test_markup(text: str, found: str) -> None:
    assert markup(text) == found


def test_texts_that_are_read_alike() -> None:
    assert same_text("It's  a Dog!") == same_text("it s a dog")
    assert same_text("की") != same_text("का")
    assert is_empty("… -") and is_empty(None) and not is_empty("3")


def test_the_page_holds_every_clip_and_fetches_nothing(manifest: Callable[..., Path], tmp_path: Path) -> None:
    path = manifest([{"audio": f"{n}.flac", "text": "</script><b>&"} for n in range(3)])
    dataset = open_dataset(path)
    found = profile(dataset)
    text = page(found, dataset, tmp_path / "out/p.html", 1_000_000)
    assert text.count("data:audio/flac;base64,") == 3
    assert "default-src &#x27;none&#x27;" in text
    assert "</script><b>" not in text
    beside = page(found, dataset, tmp_path / "out/p.html", 0)
    assert "data:audio" not in beside
    assert "../corpus/0.flac" in beside


def test_the_page_in_a_browser(manifest: Callable[..., Path], tmp_path: Path) -> None:
    from browser import browser, open_file

    path = manifest([{"audio": f"{n}.flac", "text": f"number {n}", "speaker": "ann"} for n in range(40)])
    dataset = open_dataset(path)
    target = tmp_path / "p.html"
    target.write_text(page(profile(dataset), dataset, target, 20_000), "utf-8")
    with browser() as chromium:
        opened = open_file(chromium, target)
        shown = opened.page
        assert shown.locator("#rows tr").count() == 25
        shown.click("#more")
        assert shown.locator("#rows tr").count() == 40
        shown.fill("#search", "number 39")
        assert shown.locator("#rows tr").count() == 1
        shown.click("#rows button")
        shown.wait_for_function("document.querySelector('audio').duration > 0.1")
        assert not opened.violations()
        assert opened.fits()
        assert [url for url in opened.asked if not url.startswith(("data:", "file:"))] == []
        assert not opened.said


def test_real_speech_is_read_speech(speech: Path) -> None:
    found = profile(open_dataset(speech / "ljspeech", split="all[:6]"))
    assert found.style.guess == "narrated"
    assert found.speakers == 1
    assert found.snr is not None and found.snr.quantiles[3] > 25
    assert found.unreadable == found.clipped == 0
