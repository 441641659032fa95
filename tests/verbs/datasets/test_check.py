"""check: every kind of fault is planted in a copy of real data and found; the clean copy has none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_files import write
from auricle.audio import Audio
from auricle.errors import OptionError
from auricle.verbs.datasets import open_dataset
from auricle.verbs.datasets.check import KINDS, Checked, CheckOptions, check, kept
from auricle.verbs.datasets.labels import LabelOptions, rank_labels
from auricle.verbs.datasets.make import clean
from auricle.verbs.datasets.measure import measure
from auricle.verbs.datasets.needs import Needs, needs_of

Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows(speech: Path) -> list[Row]:
    """Sixty clips of both splits, no text of which is in both."""
    folder = speech / "speechocean762"
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    found: list[Row] = []
    for split in ("train", "test"):
        known = {row["text"] for row in found}
        fresh = [row for row in lines if row["split"] == split and row["text"] not in known]
        found += [{**row, "audio": str(folder / row["audio"])} for row in fresh[:30]]
    return found


@pytest.fixture
def corpus(rows: list[Row], tmp_path: Path) -> Iterator[Callable[..., Checked]]:
    """Checks the copy after ``change`` has planted a fault in its rows."""

    def run(change: Callable[[list[Row]], None] | None = None, **options: object) -> Checked:
        copy = [dict(row) for row in rows]
        if change is not None:
            change(copy)
        path = tmp_path / "manifest.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in copy))
        needs = options.pop("needs", None)
        return check(open_dataset(path), CheckOptions(**options), needs=needs)

    return run  # type: ignore[return-value]


def sound(row: Row) -> np.ndarray:
    return Audio.load(row["audio"]).samples


def replaced(row: Row, folder: Path, samples: np.ndarray, rate: int = 16000, kind: str = "flac") -> None:
    row["audio"] = str(write(folder / f"planted.{kind}", samples, rate))


def test_the_clean_copy_has_no_fault(corpus: Callable[..., Checked]) -> None:
    found = corpus()
    assert found.findings == {}
    assert found.fit
    assert found.utterances == 60


def planted(kind: str, folder: Path) -> Callable[[list[Row]], None]:
    """Plants one fault of a kind in the sixth row, or between it and the last, which is of another split."""

    def change(rows: list[Row]) -> None:
        row, other = rows[5], rows[-1]
        if kind == "unreadable":
            (folder / "broken.flac").write_bytes(Path(row["audio"]).read_bytes()[:40])
            row["audio"] = str(folder / "broken.flac")
        elif kind == "no-text":
            row["text"] = " … "
        elif kind == "markup":
            row["text"] += " <noise>"
        elif kind == "too-long":
            replaced(row, folder, np.tile(sound(row), 12))
            row["text"] = " ".join([row["text"]] * 12)
        elif kind == "too-many-labels":
            row["text"] = " ".join(["ꙮ ꙮ"] * 150)
        elif kind == "shared-speaker":
            row["speaker"] = other["speaker"]
        elif kind == "shared-text":
            row["text"] = other["text"].lower() + "."
        elif kind == "shared-audio":
            replaced(row, folder, 0.5 * np.pad(sound(other), (2000, 1000)), kind="mp3")
        elif kind == "duplicate-audio":
            replaced(row, folder, 0.7 * sound(rows[9]), kind="opus")
        elif kind == "odd-speed":
            row["text"] = row["text"] * 9
        elif kind == "clipped":
            replaced(row, folder, np.clip(40 * sound(row), -1, 1))
        elif kind == "near-silent":
            replaced(row, folder, 0.003 * sound(row) / np.abs(sound(row)).max())
        elif kind == "low-rate":
            replaced(row, folder, sound(row)[::2], 8000)

    return change


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unknown-letters"])
def test_a_planted_fault_is_found(kind: str, corpus: Callable[..., Checked], tmp_path: Path) -> None:
    found = corpus(planted(kind, tmp_path))
    assert kind in found.findings
    others = {"too-many-labels": {"odd-speed"}, "shared-audio": set()}.get(kind, set())
    assert set(found.findings) - others == {kind}
    places = {item.place for item in found.findings[kind]}
    assert places & {5, 9, 59}
    assert len(places) <= 2 if kind != "shared-speaker" else 5 in places
    assert found.fit is not KINDS[kind][0]


def test_letters_that_the_vocabulary_lacks(corpus: Callable[..., Checked], tmp_path: Path) -> None:
    model = tmp_path / "ctc"
    model.mkdir()
    (model / "config.json").write_text('{"architectures": ["Wav2Vec2ForCTC"], "model_type": "wav2vec2"}')
    letters = {sign: number for number, sign in enumerate("abcdefghijklmnopqrstuvwxyz'|")}
    (model / "vocab.json").write_text(json.dumps({"<pad>": 30, **letters}))

    def change(rows: list[Row]) -> None:
        rows[5]["text"] = "naïve 3"

    needs = Needs("ctc", alphabet=frozenset(letters))
    found = corpus(change, needs=needs)
    assert [item.detail for item in found.findings["unknown-letters"]] == ["3ï"]
    assert not corpus(needs=needs).findings


def test_what_a_model_needs() -> None:
    needs = needs_of("tiny.en")
    assert (needs.labels, needs.longest, needs.alphabet) == (448, 30.0, None)
    assert needs.tokens is not None
    assert 6 < needs.tokens("a short text") < 12
    assert needs_of("fake").tokens is None


def test_missing_audio_is_a_fault_too(corpus: Callable[..., Checked]) -> None:
    def change(rows: list[Row]) -> None:
        for row in rows[5:13]:
            row["audio"] = "gone.flac"

    found = corpus(change)
    assert len(found.findings["unreadable"]) == 8
    assert "there is no file" in found.findings["unreadable"][0].detail
    assert not found.fit
    assert corpus(change, drop=("unreadable",)).fit


@pytest.mark.parametrize(
    ("options", "fates", "fit"),
    [
        ({}, {"markup": "", "clipped": "keep"}, False),
        ({"drop": ("markup",)}, {"markup": "drop", "clipped": "keep"}, True),
        ({"drop": ("all",)}, {"markup": "drop", "clipped": "keep"}, True),
        ({"drop": ("all", "clipped")}, {"markup": "drop", "clipped": "drop"}, True),
        ({"keep": ("markup",)}, {"markup": "keep", "clipped": "keep"}, True),
        ({"keep": ("all",)}, {"markup": "keep", "clipped": "keep"}, True),
    ],
)
def test_what_is_done_with_faults(
    corpus: Callable[..., Checked], tmp_path: Path, options: dict[str, Any], fates: dict[str, str], fit: bool
) -> None:
    def change(rows: list[Row]) -> None:
        rows[3]["text"] += " [laughs]"
        planted("clipped", tmp_path)(rows)

    found = corpus(change, **options)
    assert {kind: found.fates[kind] for kind in found.findings} == fates
    assert found.fit is fit
    left = {place for place, kind in ((3, "markup"), (5, "clipped")) if fates[kind] == "drop"}
    assert found.dropped() == left
    assert len(list(kept(range(60), found))) == 60 - len(left)  # type: ignore[arg-type]


def test_a_cleaned_manifest_is_clean(corpus: Callable[..., Checked], tmp_path: Path) -> None:
    found = corpus(planted("markup", tmp_path), drop=("markup",))
    dataset = open_dataset(tmp_path / "manifest.jsonl")
    assert clean(dataset, found, tmp_path / "out/clean.jsonl") == 59
    again = open_dataset(tmp_path / "out/clean.jsonl")
    assert len(again) == 59
    assert not check(again).findings
    assert {item.columns["accent"] for item in again} == {"Mandarin L1"}


def test_wrong_options_are_refused(corpus: Callable[..., Checked]) -> None:
    with pytest.raises(OptionError, match="Did you mean markup"):
        corpus(drop=("markpu",))
    with pytest.raises(OptionError, match="both dropped and kept"):
        corpus(drop=("markup",), keep=("markup",))


def test_copies_of_a_recording_are_alike_and_others_are_not(rows: list[Row], tmp_path: Path) -> None:
    folder = tmp_path
    first, second = sound(rows[0]), sound(rows[1])
    files = [
        write(folder / "a.flac", first, 16000),
        write(folder / "b.mp3", 0.3 * first, 16000),
        write(folder / "c.opus", np.pad(first, (3000, 9000)), 16000),
        write(folder / "d.flac", second, 16000),
    ]
    manifest = folder / "m.jsonl"
    manifest.write_text("".join(json.dumps({"audio": path.name, "text": "x"}) + "\n" for path in files))
    bits = [np.unpackbits(np.frombuffer(measure(item).sketch, np.uint8)) for item in open_dataset(manifest)]
    apart = [float(np.mean(bits[0] != other)) for other in bits]
    assert apart[1] < 0.15
    assert apart[2] < 0.28
    assert apart[3] > 0.35


def test_wrong_labels_come_first(speech: Path, tmp_path: Path) -> None:
    folder = speech / "ljspeech"
    copy = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()[:6]]
    copy[1]["text"], copy[4]["text"] = "The quick brown fox jumped.", "Nobody ever said this before."
    path = tmp_path / "manifest.jsonl"
    rows = ({**row, "audio": str(folder / row["audio"])} for row in copy)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    worst = rank_labels(open_dataset(path), LabelOptions(label_errors=3))
    assert {copy[1]["text"], copy[4]["text"]} == {item.text for item in worst[:2]}
    assert len(worst) == 3
    assert worst[1].rate > 0.5 > worst[2].rate


def test_the_rate_is_the_models_own(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2", "architectures": ["Wav2Vec2ForCTC"]}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "vocab.json").write_text('{"a": 0}')
    assert needs_of(str(tmp_path)).rate == 16_000
    (tmp_path / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')
    assert needs_of(str(tmp_path)).rate == 8000
