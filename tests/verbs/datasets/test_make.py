"""Datasets made of others: splits without a leak, exports that open again, texts in steps, cut recordings."""

from __future__ import annotations

import itertools
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import DatasetError, OptionError
from auricle.transcript import Word
from auricle.verbs.datasets import AudioRef, Utterance, open_dataset
from auricle.verbs.datasets.export import TARGETS, export
from auricle.verbs.datasets.make import build, filtered, normalise, split
from auricle.verbs.datasets.partition import SplitOptions, partition
from auricle.verbs.datasets.rewrite import STEPS, FilterOptions, choose, parse_steps
from auricle.verbs.datasets.segment import Segmenter, SegmentOptions, Timed, pieces, timed_words
from auricle.verbs.datasets.text import same_text

utterances = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.floats(0.5, 20)), min_size=15, max_size=60
).map(
    lambda rows: [
        Utterance(str(n), AudioRef(name=str(n)), f"text {text}", None, f"s{speaker}", seconds)
        for n, (speaker, text, seconds) in enumerate(rows)
    ]
)


@given(utterances, st.integers(0, 3), st.sampled_from(["speaker", "text"]))
@settings(max_examples=40, deadline=None)
def test_nothing_is_in_two_splits_and_nothing_is_lost(items: list[Utterance], seed: int, by: str) -> None:
    options = SplitOptions(by=by, test=0.2, validation=0.2, seed=seed)
    try:
        dealt = partition(items, options)
    except DatasetError:
        return
    assert [item.id for item in dealt] == [item.id for item in items]
    where: dict[str, set[str]] = {}
    for item in dealt:
        key = item.speaker if by == "speaker" else same_text(item.text or "")
        where.setdefault(str(key), set()).add(str(item.columns["split"]))
    assert all(len(splits) == 1 for splits in where.values())
    assert partition(items, options) == dealt


def items_of(count: int, speakers: int) -> list[Utterance]:
    return [
        Utterance(str(n), AudioRef(name=str(n)), f"text {n % 7}", None, f"s{n % speakers}", 2.0)
        for n in range(count)
    ]


def test_by_both_neither_speaker_nor_text_is_shared() -> None:
    items = [
        Utterance(f"{g}-{n}", AudioRef(name="x"), f"text {g} {n % 2}", None, f"s{g}{n % 3}", 1.0)
        for g in range(20)
        for n in range(6)
    ]
    dealt = partition(items, SplitOptions(by="both"))
    for name in ("speaker", "text"):
        sides: dict[str, set[str]] = {}
        for item in dealt:
            sides.setdefault(getattr(item, name), set()).add(item.columns["split"])
        assert all(len(found) == 1 for found in sides.values())
    shares = [sum(item.columns["split"] == name for item in dealt) / 120 for name in ("test", "validation")]
    assert all(0.05 <= share <= 0.15 for share in shares)


def test_another_seed_deals_otherwise() -> None:
    items = items_of(200, 40)
    first, second = (partition(items, SplitOptions(seed=seed)) for seed in (0, 1))
    assert [item.columns["split"] for item in first] != [item.columns["split"] for item in second]


def test_impossible_splits_are_refused() -> None:
    with pytest.raises(OptionError, match="leave something for training"):
        partition(items_of(10, 5), SplitOptions(test=0.6, validation=0.5))
    with pytest.raises(DatasetError, match=r"too few for .* Split --by text"):
        partition(items_of(10, 1), SplitOptions())
    nameless = [Utterance(str(n), AudioRef(name="x"), "t") for n in range(4)]
    with pytest.raises(DatasetError, match=r"4 of 4 utterances name no speaker\. Type: --by text"):
        partition(nameless, SplitOptions())


@pytest.fixture
def corpus(manifest: Callable[..., Path]) -> Path:
    return manifest(
        [
            {
                "audio": f"{n}.flac",
                "text": f"Text {n} & “more”",
                "language": "en",
                "speaker": f"s{n // 2}",
                "duration_s": 0.2,
                "split": "train" if n < 6 else "test",
                "votes": n,
                "accent": None if n else "x",
            }
            for n in range(8)
        ]
    )


def test_a_split_manifest_opens_with_its_splits(corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "out/new.jsonl"
    parts = split(open_dataset(corpus), SplitOptions(test=0.25, validation=0.25), target)
    assert [part.name for part in parts] == ["train", "validation", "test"]
    assert sum(part.utterances for part in parts) == 8
    assert len(open_dataset(target, split="test")) == 2
    assert open_dataset(target).fingerprint == open_dataset(corpus).fingerprint
    story = json.loads((tmp_path / "out/new.story.json").read_text())
    assert story["made_by"] == "auricle datasets split"
    assert story["options"]["seed"] == 0


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_exported_opens_again(corpus: Path, tmp_path: Path, target: str) -> None:
    if target in ("parquet", "save_to_disk"):
        pytest.importorskip("datasets")
    folder = tmp_path / "out" / target
    before = open_dataset(corpus)
    assert export(before, folder, target) == 8
    if target == "webdataset":
        with tarfile.open(folder / "webdataset-000000.tar") as tar:
            names = tar.getnames()
            assert names[:3] == ["00000000.flac", "00000000.json", "00000000.txt"]
            assert len(names) == 24
            assert tar.extractfile("00000003.txt").read().decode() == "Text 3 & “more”"  # type: ignore[union-attr]
    after = open_dataset(folder)
    assert after.fingerprint == before.fingerprint
    assert after.splits == ("test", "train")
    for one, other in zip(before, sorted(after, key=lambda item: item.id), strict=True):
        assert (one.text, one.speaker, one.language, one.duration) == (
            other.text,
            other.speaker,
            other.language,
            other.duration,
        )
        assert one.columns["votes"] == other.columns["votes"]
    with pytest.raises(DatasetError, match="is not empty"):
        export(before, folder, target)


def test_a_part_of_a_recording_is_exported_as_a_clip(
    clip: Callable[..., Path], manifest: Callable[..., Path], tmp_path: Path
) -> None:
    clip("corpus/long.flac", seconds=3.0)
    path = manifest([{"audio": "long.flac", "text": "x", "start": 1.0, "end": 2.5}])
    export(open_dataset(path), tmp_path / "out", "folder")
    (item,) = open_dataset(tmp_path / "out")
    assert item.audio.start is None
    assert item.load().duration == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(
    ("steps", "text", "result"),
    [
        ("nfc", "e\u0301", "é"),
        ("spaces", "  a \n b ", "a b"),
        ("markup", "a <unk> [noise] b", "a b"),
        ("entities", "R&amp;B", "R&B"),
        ("quotes", "“don’t” – so", '"don\'t" - so'),
        ("lower", "İstanbul ABC", "i̇stanbul abc"),
        ("sentence", "WE CALL IT BEAR", "We call it bear"),
        ("no-punctuation", "Don't pay 3.50, (now)!", "Don't pay 3.50 now"),
        ("no-punctuation,lower", "हिन्दी, OK.", "हिन्दी ok"),
    ],
)
def test_steps(manifest: Callable[..., Path], tmp_path: Path, steps: str, text: str, result: str) -> None:
    path = manifest([{"audio": "a.flac", "text": text}])
    assert normalise(open_dataset(path), tuple(steps.split(",")), tmp_path / "n.jsonl") == 1
    (item,) = open_dataset(tmp_path / "n.jsonl")
    assert item.text == result
    assert item.columns.get("text_raw", item.text) == text or steps == "spaces"
    story = json.loads((tmp_path / "n.story.json").read_text())
    assert story["options"]["steps"] == {name: STEPS[name].version for name in steps.split(",")}


@given(st.text(max_size=60), st.sampled_from(sorted(STEPS)))
@settings(max_examples=60, deadline=None)
def test_a_step_done_twice_is_done_once(text: str, name: str) -> None:
    if name in ("entities", "lower", "sentence", "markup"):
        return  # &amp;amp; and "İ" change again, and taking one tag away may make another
    apply = parse_steps([name])[0][1].apply
    assert " ".join(apply(apply(text)).split()) == " ".join(apply(text).split())


def test_filters(corpus: Path, tmp_path: Path) -> None:
    dataset = open_dataset(corpus)
    assert filtered(dataset, FilterOptions(where=("speaker=s1",)), tmp_path / "a.jsonl") == 2
    assert filtered(dataset, FilterOptions(where=("split=test", "votes=7")), tmp_path / "b.jsonl") == 1
    with pytest.raises(DatasetError, match="is left to write"):
        filtered(dataset, FilterOptions(min_seconds=9.0), tmp_path / "c.jsonl")
    assert not (tmp_path / "c.jsonl").exists()
    with pytest.raises(OptionError, match="Did you mean votes"):
        filtered(dataset, FilterOptions(where=("vote=7",)), tmp_path / "c.jsonl")
    with pytest.raises(OptionError, match="is no condition"):
        filtered(dataset, FilterOptions(where=("votes",)), tmp_path / "c.jsonl")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ZERO THREE, five!", True),
        ("three", True),
        ("three blind mice", False),
        ("", False),
        (None, False),
        ("…", False),
    ],
)
def test_only_words_keeps_what_is_made_of_them(text: str | None, kept: bool) -> None:
    item = Utterance("a", AudioRef(name="a"), text)
    options = FilterOptions(only_words="zero, three Five")
    assert list(choose([item], options)) == ([item] if kept else [])


def test_only_words_wants_words() -> None:
    with pytest.raises(OptionError, match="takes words"):
        list(choose([], FilterOptions(only_words=" , ")))


def word(text: str, start: float, end: float) -> Word:
    return Word(text, start, end)


def test_words_of_the_transcript_get_the_times_of_their_counterparts() -> None:
    heard = [word("the", 0.0, 0.2), word("kwick", 0.3, 0.6), word("fox,", 1.0, 1.4), word("jumps", 1.5, 2.0)]
    timed = timed_words("The quick brown fox jumps.", heard)
    assert [(item.text, item.sure) for item in timed] == [
        ("The", True),
        ("quick", False),
        ("brown", False),
        ("fox", True),
        ("jumps.", True),
    ]
    assert (timed[0].start, timed[3].start, timed[4].end) == (0.0, 1.0, 2.0)
    assert 0.2 <= timed[1].start <= timed[1].end <= timed[2].end <= 1.0


@given(st.lists(st.floats(0.05, 3.0), min_size=1, max_size=80), st.floats(5.0, 30.0))
@settings(max_examples=50, deadline=None)
def test_pieces_hold_every_word_once_and_are_never_too_long(gaps: list[float], longest: float) -> None:
    words, at = [], 0.0
    for number, gap in enumerate(gaps):
        words.append(Timed(f"w{number}{'.' if number % 7 == 0 else ''}", at, at + 0.3, True))
        at += 0.3 + gap
    found = pieces(words, SegmentOptions(longest=longest))
    assert " ".join(piece.text for piece in found).split() == [item.text for item in words]
    for piece, following in itertools.pairwise(found):
        assert piece.end <= following.start + 1e-6
    assert all(0 < piece.end - piece.start <= longest + 1e-6 for piece in found)


def test_a_piece_has_the_columns_of_its_recording_but_its_seconds() -> None:
    import auricle

    words = [Word(text, 0.5 + at, 0.9 + at, 1.0) for at, text in enumerate(("And", "so"))]
    listener: Any = SimpleNamespace(transcribe=lambda audio: SimpleNamespace(words=words))
    columns = {"title": "A talk", "segments": [{"start": 0.0, "end": 2.0}], "words": [{"word": "And"}]}
    item = Utterance("talk", AudioRef(path=auricle.sample(), start=1.0), "And so.", columns=columns)
    (piece,) = Segmenter(SegmentOptions(), listener).cut(item)
    assert (piece.id, piece.text, piece.audio.start) == ("talk-0001", "And so.", pytest.approx(1.35))
    assert piece.duration == pytest.approx(piece.load().duration) == pytest.approx(1.7)
    assert piece.columns == {"title": "A talk", "match": 1.0}


def test_a_recording_is_cut_where_the_speaker_pauses(speech: Path, tmp_path: Path) -> None:
    import shutil

    from auricle.audio import Audio
    from auricle.verbs.datasets.export import flac

    rows = [json.loads(line) for line in (speech / "ljspeech/manifest.jsonl").read_text().splitlines()[:4]]
    import numpy as np

    sounds = [Audio.load(speech / "ljspeech" / row["audio"]).samples for row in rows]
    talk = tmp_path / "talks"
    talk.mkdir()
    whole = Audio(np.concatenate([np.pad(sound, (0, 8000)) for sound in sounds]), 16000)
    (talk / "one.flac").write_bytes(flac(whole))
    text = " ".join(row["text"].rstrip(",;.") + "." for row in rows)
    (talk / "one.txt").write_text(text)
    (talk / "orphan.txt").write_text("nobody")
    dataset = open_dataset(talk)
    built = build(dataset, SegmentOptions(longest=12.0), tmp_path / "out")
    assert built.failed == {}
    made = list(open_dataset(tmp_path / "out"))
    assert built.count == len(made) >= 2
    said = " ".join(item.text or "" for item in made).split()
    assert len(said) >= 0.9 * len(text.split())
    assert all(item.load().duration <= 12.1 for item in made)
    assert dataset.faults.counts == {"no audio": 1}
    assert sum(item.duration or 0 for item in made) > 0.8 * whole.duration
    shutil.rmtree(talk)
    with pytest.raises(OptionError, match="1 to 30 seconds"):
        Segmenter(SegmentOptions(longest=60.0))
