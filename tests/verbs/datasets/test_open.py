"""Opening a dataset: columns, splits, slices, what is left out and why."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import DatasetError, MissingFileError, OptionError
from auricle.verbs.datasets import AudioRef, Utterance, open_dataset
from auricle.verbs.datasets.splits import Part, parse_split

ROWS = [
    {"audio": f"{number}.flac", "text": f"text {number}", "language": "en", "split": split, "accent": "none"}
    for number, split in enumerate(["train"] * 6 + ["validation"] * 2 + ["test"] * 2)
]


def texts(path: Path, **options: object) -> list[str | None]:
    return [item.text for item in open_dataset(path, **options)]


def test_a_manifest_and_its_folder_are_the_same_dataset(manifest: Callable[..., Path]) -> None:
    path = manifest(ROWS)
    one, other = open_dataset(path), open_dataset(path.parent)
    assert list(one) == list(other)
    assert len(one) == len(list(one)) == 10
    assert one.splits == ("test", "train", "validation")
    assert one.columns == ("audio", "text", "language", "split", "accent")
    assert not one.faults


def test_an_utterance_has_what_its_row_says(manifest: Callable[..., Path]) -> None:
    row = {"audio": "a.flac", "text": "ja", "language": "de", "speaker": 7, "duration_s": 0.2, "words": [1]}
    (item,) = open_dataset(manifest([row]))
    assert (item.id, item.text, item.language, item.speaker, item.duration) == (
        "a.flac",
        "ja",
        "de",
        "7",
        0.2,
    )
    assert item.columns == {"words": [1]}
    sound = item.load()
    assert (sound.rate, len(sound)) == (16000, 3200)


def test_a_dataset_is_iterated_again_and_again(manifest: Callable[..., Path]) -> None:
    dataset = open_dataset(manifest(ROWS))
    assert list(dataset) == list(dataset)


@pytest.mark.parametrize(
    ("split", "numbers"),
    [
        ("test", [8, 9]),
        ("train+validation", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("validation+train[:2]", [6, 7, 0, 1]),
        ("train[:4]", [0, 1, 2, 3]),
        ("train[4:]", [4, 5]),
        ("train[-2:]", [4, 5]),
        ("train[:50%]", [0, 1, 2]),
        ("train[50%:]", [3, 4, 5]),
        ("all[8:]", [8, 9]),
        (None, list(range(10))),
    ],
)
def test_splits(manifest: Callable[..., Path], split: str | None, numbers: list[int]) -> None:
    path = manifest(ROWS)
    assert texts(path, split=split) == [f"text {number}" for number in numbers]
    assert len(open_dataset(path, split=split)) == len(numbers)


@given(st.integers(0, 12), st.booleans())
@settings(max_examples=30, deadline=None)
def test_two_slices_at_one_place_share_nothing_and_miss_nothing(place: int, percent: bool) -> None:
    count = 11
    limit = f"{place * 8}%" if percent else str(place)
    first, second = Part("train", "", limit), Part("train", limit, "")
    numbers = list(range(count))
    joined = [number for part in (first, second) for number in numbers[slice(*part.limits(count))]]
    assert joined == numbers


@pytest.mark.parametrize("text", ["", "train[", "train[1]", "a b", "train[a:b]", "train++test", "train[:5"])
def test_no_split(text: str) -> None:
    with pytest.raises(OptionError, match="is no split"):
        parse_split(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": "tset"}, "Did you mean test"),
        ({"split": "train[6:]"}, r"\[6:\] of the split train of .* is empty: it has 6 utterances"),
        ({"text_column": "sentence"}, r"Columns: audio, text, .*Likely text: type --text-column text"),
        ({"audio_column": "clip"}, "Likely audio: type --audio-column audio"),
    ],
)
def test_what_is_not_there_is_named(
    manifest: Callable[..., Path], options: dict[str, str], said: str
) -> None:
    with pytest.raises(DatasetError, match=said):
        open_dataset(manifest(ROWS), **options)


def test_the_text_column_is_never_guessed(manifest: Callable[..., Path]) -> None:
    path = manifest([{"audio": "a.flac", "sentence": "yes"}])
    with pytest.raises(DatasetError, match="Likely sentence: type --text-column sentence"):
        open_dataset(path)
    assert texts(path, text_column="sentence") == ["yes"]


def test_a_language_for_those_that_have_none(manifest: Callable[..., Path]) -> None:
    path = manifest([{"audio": "a.flac", "text": "a"}, {"audio": "b.flac", "text": "b", "language": "fr"}])
    assert [item.language for item in open_dataset(path, language="tw")] == ["tw", "fr"]
    with pytest.raises(OptionError, match="Leave language out"):
        open_dataset(manifest(ROWS), language="tw")


def test_faults_are_named_and_counted_and_the_rest_goes_on(manifest: Callable[..., Path]) -> None:
    path = manifest([{"audio": "a.flac", "text": "a"}, {"audio": "b.flac", "text": None}])
    with path.open("ab") as file:
        file.write(b'{"audio": "a.flac", "text": "caf\xe9"}\n')
        file.write(b'{"audio": "a.flac", "text": \n')
        file.write(b"\n[1]\n")
        file.write(b'{"audio": "gone.flac", "text": "x"}\n{"text": "y"}\n{"audio": "a.flac", "text": 5}\n')
    dataset = open_dataset(path)
    assert [item.text for item in dataset] == ["a", None]
    assert len(dataset) == 2
    assert dataset.faults.counts == {
        "no transcript": 1,
        "encoding": 1,
        "broken line": 3,
        "missing audio": 1,
        "no audio": 1,
    }
    assert dataset.faults.left_out == 6
    first = dataset.faults.examples["broken line"][0]
    assert str(first) == "manifest.jsonl line 4: not JSON (Expecting value at column 29)"
    assert "manifest.jsonl line 3: not UTF-8 at byte 32" in "\n".join(dataset.faults.lines())


def test_nothing_usable_is_an_error(manifest: Callable[..., Path], tmp_path: Path) -> None:
    path = manifest([])
    with pytest.raises(DatasetError, match="it is empty"):
        open_dataset(path)
    path.write_text('{"audio": "gone.flac", "text": "x"}\n')
    with pytest.raises(DatasetError, match=r"no utterance that can be used\. manifest.jsonl line 1: there"):
        open_dataset(path)
    with pytest.raises(MissingFileError, match="there is no dataset"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="not laid out as a dataset"):
        open_dataset(tmp_path)


def test_utf_16_is_read(manifest: Callable[..., Path]) -> None:
    path = manifest([{"audio": "a.flac", "text": "häuser"}])
    path.write_text(path.read_text("utf-8"), "utf-16")
    assert texts(path) == ["häuser"]


def test_a_part_of_a_recording(clip: Callable[..., Path], manifest: Callable[..., Path]) -> None:
    clip("corpus/long.flac", seconds=25.0)
    rows = [
        {"audio": "long.flac", "text": "x", "start": 12.5, "end": 21.0},
        {"audio": "long.flac", "start": 24},
    ]
    first, last = open_dataset(manifest(rows))
    assert first.duration == 8.5
    assert (first.load().start, first.load().duration) == (12.5, 8.5)
    assert last.load().duration == 1.0
    whole = Utterance("all", AudioRef(path=first.audio.path)).load()
    assert (first.load().samples == whole.slice(12.5, 21.0).samples).all()
    assert first.id == "long.flac#12.5-21"


def test_the_fingerprint_is_that_of_content(manifest: Callable[..., Path], clip: Callable[..., Path]) -> None:
    rows = [{"audio": f"{number}.flac", "text": f"text {number}"} for number in range(5)]
    first = open_dataset(manifest(rows)).fingerprint
    shuffled = random.Random(1).sample(rows, 5)
    assert open_dataset(manifest(shuffled)).fingerprint == first
    assert open_dataset(manifest([{**row, "accent": "x"} for row in rows])).fingerprint == first
    assert open_dataset(manifest([*rows, rows[0]])).fingerprint != first
    assert open_dataset(manifest([*rows, rows[0], rows[0]])).fingerprint != first
    assert open_dataset(manifest([{**rows[0], "text": "text 9"}, *rows[1:]])).fingerprint != first
    assert open_dataset(manifest([{**rows[0], "audio": "same.flac"}, *rows[1:]])).fingerprint == first
    clip("corpus/other.flac", pitch=300.0)
    assert open_dataset(manifest([{**rows[0], "audio": "other.flac"}, *rows[1:]])).fingerprint != first


def test_opening_touches_no_audio(manifest: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = manifest(ROWS)
    monkeypatch.setattr("auricle.audio.source._open", lambda *_: pytest.fail("audio was opened"))
    assert len(list(open_dataset(path))) == 10


@pytest.mark.slow
def test_ten_thousand_utterances_open_in_under_two_seconds(manifest: Callable[..., Path]) -> None:
    path = manifest([{"audio": "a.flac", "text": "a"}])
    row = {"audio": "a.flac", "text": "word " * 12, "language": "en", "speaker": "s", "duration_s": 1.0}
    path.write_text("".join(json.dumps({**row, "number": number}) + "\n" for number in range(10_000)))
    start = time.perf_counter()
    dataset = open_dataset(path)
    assert len(dataset) == 10_000
    assert time.perf_counter() - start < 2.0


def test_real_splits(speech: Path) -> None:
    train, test = (open_dataset(speech / "speechocean762", split=name) for name in ("train", "test"))
    assert (len(train), len(test)) == (1250, 260)
    assert not {item.speaker for item in train} & {item.speaker for item in test}
