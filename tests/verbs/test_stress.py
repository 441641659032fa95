"""Stress tests: the rates of each condition, going on after an interruption, and what is refused.

The engine counts seconds, so what a condition does to the length of a sound is what it costs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from audio_files import tone, write
from auricle.augment import Augment, Speed
from auricle.engines.fake import FakeEngine
from auricle.errors import MissingFileError, OptionError
from auricle.metrics import ErrorRate
from auricle.options import build
from auricle.verbs.datasets import open_dataset
from auricle.verbs.evaluate import Run, Scored
from auricle.verbs.stress import Quiet, Stress, Stressing, StressOptions, results, stress
from auricle.verbs.stress.page import render
from auricle.verbs.stress.views import altered, joined, wordless
from auricle.verbs.transcribe import TranscribeOptions, Transcriber
from browser import browser as chromium
from browser import open_file
from runs import write_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NUMBERS = ("one", "two", "three", "four")
SOME = ("noise:5", "speed:0.5", "silence:2", "long-form", "no-speech")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones of 1 to 4 seconds by six speakers, each with the text that the engine finds in it."""
    folder = tmp_path_factory.mktemp("talks")
    lines = []
    for at in range(12):
        seconds = at % 4 + 1
        write(folder / f"{at}.wav", tone(seconds=seconds, rate=8000) * 0.1, 8000)
        text = f"{' '.join(NUMBERS[:seconds])} second{'s' if seconds > 1 else ''}"
        entry = {"audio": f"{at}.wav", "text": text, "speaker": f"s{at % 6}", "duration": seconds}
        lines.append(json.dumps({**entry, "language": "en"}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder / "manifest.jsonl"


def options(**more: Any) -> StressOptions:
    base = {
        "model": "fake",
        "vad": False,
        "normalizer": "none",
        "no_speech_minutes": 1.0,
        "long_minutes": 0.1,
    }
    return build(StressOptions, {**base, "conditions": SOME, **more})


class Engine:
    """Loads the engine, and counts how often."""

    def __init__(self) -> None:
        self.fake = FakeEngine()
        self.loaded = 0

    def __call__(self, asked: TranscribeOptions) -> Transcriber:
        self.loaded += 1
        return Transcriber(asked, engine=self.fake)


def stressed(data: Path, folder: Path, engine: Engine | None = None, **more: Any) -> Stress:
    return Stressing(data, options(**more), folder=folder, load=engine or Engine()).run()


@pytest.fixture(scope="module")
def found(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Stress:
    return stressed(data, tmp_path_factory.mktemp("stress"))


def test_each_condition_costs_what_it_costs(found: Stress) -> None:
    by_name = {one.name: one for one in found.conditions}
    assert list(by_name) == ["clean", "noise:5", "speed:0.5", "silence:2", "long-form"]
    clean, slow, late = by_name["clean"], by_name["speed:0.5"], by_name["silence:2"]
    assert (clean.normalized.rate, clean.verdict) == (0.0, "")
    assert by_name["noise:5"].verdict == "no difference shown"
    words = sum(seconds + 1 for seconds in (1, 2, 3, 4)) * 3
    assert slow.normalized.reference == late.normalized.reference == words
    assert slow.normalized.insertions == 3 * (1 + 2 + 3 + 4)
    assert late.normalized.insertions == 12 * 2
    assert slow.difference is not None
    assert slow.difference.value == pytest.approx(slow.normalized.rate)
    assert slow.verdict == late.verdict == "worse"
    assert slow.p is not None
    assert slow.difference.p is not None
    assert slow.p >= slow.difference.p


def test_text_where_nothing_is_said_is_counted_by_noise(found: Stress) -> None:
    assert set(found.nothing) == {"silence", "white", "pink"}
    assert found.invented.clips == found.invented.clips_with_text == 6
    assert found.invented.per_hour == 360


def test_all_is_on_disk(found: Stress) -> None:
    saved = json.loads((found.folder / "stress.json").read_text("utf-8"))
    assert [one["name"] for one in saved["conditions"]] == [one.name for one in found.conditions]
    assert saved["conditions"][2]["verdict"] == "worse"
    assert saved["no_speech"]["pink"]["clips_with_text"] == 2
    for one in (*found.conditions, "no-speech"):
        folder = found.folder / (one if isinstance(one, str) else one.folder)
        assert (folder / "report.html").is_file()
    run = Run.load(found.folder / "speed_0.5")
    assert run.story.options["condition"] == "speed:0.5"
    assert run.rows[3].duration == pytest.approx(8.0)
    page = (found.folder / "stress.html").read_text("utf-8")
    assert page == render(found)
    assert 'href="speed_0.5/report.html"' in page


def test_what_was_done_is_not_done_again(data: Path, tmp_path: Path) -> None:
    first, second = Engine(), Engine()
    before = stressed(data, tmp_path, first)
    assert first.loaded == 1  # for all conditions
    assert stressed(data, tmp_path, second) == before
    assert second.loaded == 0


class Stopping(Quiet):
    """Stops when the condition of this number begins."""

    def __init__(self, number: int) -> None:
        self._number = number

    def condition(self, name: str, number: int, count: int) -> None:
        if number == self._number:
            raise KeyboardInterrupt


def test_an_interrupted_test_goes_on(data: Path, tmp_path: Path, found: Stress) -> None:
    stopped = Stressing(data, options(), folder=tmp_path, watcher=Stopping(3), load=Engine())
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    assert not (tmp_path / "stress.json").exists()
    assert (tmp_path / "noise_5" / "report.json").exists()
    again = stressed(data, tmp_path)
    assert (again.conditions, again.nothing) == (found.conditions, found.nothing)


def test_another_noise_under_the_same_name_is_refused(data: Path, tmp_path: Path) -> None:
    noise = write(tmp_path / "noise.wav", tone(100, seconds=1.0, rate=8000), 8000)
    made: dict[str, Any] = {"conditions": ("noise:5",), "noises": (str(noise),)}
    stressed(data, tmp_path / "run", **made)
    write(noise, tone(200, seconds=1.0, rate=8000), 8000)
    with pytest.raises(OptionError, match="noises="):
        stressed(data, tmp_path / "run", **made)
    with pytest.raises(OptionError, match="augment_seed=0, not 1"):
        stressed(data, tmp_path / "run", conditions=("noise:5",), augment_seed=1)


def test_a_part_of_the_data_is_marked_everywhere(data: Path, tmp_path: Path) -> None:
    found = stressed(data, tmp_path, max_utterances=8, conditions=("gain:-20", "long-form"))
    assert found.mark == "PARTIAL: 8 of 12 utterances"
    assert "PARTIAL" in (tmp_path / "stress.html").read_text("utf-8")
    for name in ("clean", "gain_-20", "long-form"):
        assert "PARTIAL" in (tmp_path / name / "report.html").read_text("utf-8")


def test_long_recordings_have_all_words_and_only_those(data: Path) -> None:
    dataset = open_dataset(data)
    pieces = joined(dataset, 6.0)
    assert [name for _, ids in pieces for name in ids] == [item.id for item in dataset]
    for whole, ids in pieces:
        members = [item for item in dataset if item.id in ids]
        assert whole.text == " ".join(item.text or "" for item in members)
        seconds = sum(item.load().duration for item in members) + 0.5 * (len(members) - 1)
        assert whole.load().duration == pytest.approx(seconds, abs=0.01)
    assert all(whole.load().duration >= 6 for whole, _ in pieces[:-1])


def test_joined_recordings_are_paired_where_numbers_run_together(tmp_path: Path) -> None:
    """ "Twenty" and "two" of two utterances are one word of the recording, and of what it is paired with."""
    said = ["I saw twenty", "two more came", "that is all of it"]
    heard = ["I saw twenty", "two more come", "that is all"]
    pieces = [
        Scored(f"{at}-{part}", text, heard[part], language="en", speaker=f"s{at}")
        for at in range(8)
        for part, text in enumerate(said)
    ]
    whole = [
        Scored(
            f"long-{at}", " ".join(said), " ".join(heard if at % 2 else said), language="en", speaker=f"s{at}"
        )
        for at in range(8)
    ]
    members = {f"long-{at}": tuple(f"{at}-{part}" for part in range(3)) for at in range(8)}
    made = {"normalizer": "whisper-english"}
    clean = results.Tested("clean", Run.load(write_run(tmp_path / "clean", pieces, **made)), "clean")
    joined_up = results.Tested("long", Run.load(write_run(tmp_path / "long", whole, **made)), "long", members)
    found = joined_up.condition(clean).difference
    assert found is not None
    assert found.value == pytest.approx(-0.5 * 3 / 10)  # half of them lack the three errors
    assert found.interval is not None


def test_an_altered_utterance_is_the_same_whenever_it_is_read(data: Path) -> None:
    (first, second, *_) = altered(open_dataset(data), Augment((Speed((0.8, 1.2)),), seed=4))
    assert np.array_equal(first.load().samples, first.load().samples)
    assert first.load().duration / 1 != pytest.approx(second.load().duration / 2, abs=0.001)


def test_clips_without_speech() -> None:
    clips = wordless(1.0, None, 0, "en")
    sounds = {item.id: item.load() for item in clips}
    assert [item.text for item in clips] == [""] * 6
    assert {round(audio.duration, 3) for audio in sounds.values()} == {10.0}
    assert not sounds["silence-000"].samples.any()
    assert sounds["pink-001"].samples.any()
    assert not np.array_equal(sounds["pink-001"].samples, sounds["pink-004"].samples)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"conditions": ("noisy",)}, "no condition 'noisy'. Did you mean noise?"),
        ({"conditions": ("speed:9",)}, "0.25 to 4"),
        ({"conditions": ("long-form:3",)}, "too many parts. Type: long-form"),
        ({"conditions": ("speed:0.9",), "noises": ("x.wav",)}, "noises has no meaning"),
        ({"conditions": ("noise:5",), "rooms": ("x.wav",)}, "rooms has no meaning"),
        ({"long_minutes": 0.0}, "above 0"),
        ({"streaming": True}, "Leave streaming out"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_opened(made: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Stressing("no dataset", options(**made))


def test_missing_sounds() -> None:
    with pytest.raises(MissingFileError, match="Name a sound file"):
        Stressing("no dataset", options(noises=("nowhere/",)))


def test_the_python_function(data: Path, tmp_path: Path) -> None:
    found = stress("fake", data, folder=tmp_path, vad=False, conditions=("silence:1",), normalizer="none")
    assert [one.name for one in found.conditions] == ["clean", "silence:1"]
    assert found.conditions[0].normalized == ErrorRate(hits=42)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_the_page_is_for_everybody(chrome: Browser, data: Path, tmp_path: Path) -> None:
    names = ("noise:20", "noise:0", "speed:0.9", "speed:1.1", "silence:2", "no-speech")
    stressed(data, tmp_path, conditions=names)
    for width, scheme in ((390, "light"), (1280, "dark")):
        opened = open_file(chrome, tmp_path / "stress.html", width=width, scheme=scheme)
        assert opened.page.locator("svg[role=img]").count() == 2
        assert opened.violations() == []
        assert opened.fits()
        assert opened.said == []


@pytest.mark.slow
def test_noise_makes_real_speech_harder(speech: Path, tmp_path: Path) -> None:
    manifest = speech / "cv_en_delta13" / "manifest.jsonl"
    found = stress(
        "tiny.en",
        manifest,
        folder=tmp_path,
        conditions=("noise:20", "noise:0"),
        max_utterances=60,
        language="en",
    )
    clean, mild, hard = found.conditions
    assert (clean.normalized.rate or 1) < 0.3
    assert hard.verdict == "worse"
    assert (hard.normalized.rate or 0) > (mild.normalized.rate or 1)
